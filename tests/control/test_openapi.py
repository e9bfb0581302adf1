"""The OpenAPI document of the control API."""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from mockserver.control.app import OPERATIONS
from tests.outside import AcmeWorld
from tests.support import ORIGIN

pytestmark = pytest.mark.anyio


async def document_of(world: AcmeWorld) -> dict[str, Any]:
    document: dict[str, Any] = await world.steer("GET", "/openapi.json")
    return document


async def test_the_document_is_valid_openapi_3_1(world: AcmeWorld) -> None:
    document = await document_of(world)
    assert document["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


async def test_its_operations_are_exactly_those_that_there_are(world: AcmeWorld) -> None:
    document = await document_of(world)
    described = {(method.upper(), path) for path, one in document["paths"].items() for method in one}
    assert described == {(one.method, f"/_mock{one.path}") for one in OPERATIONS}
    names = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(names) == len(set(names)) == len(OPERATIONS)


async def test_every_field_of_a_path_is_a_parameter(world: AcmeWorld) -> None:
    for path, methods in (await document_of(world))["paths"].items():
        for one in methods.values():
            told = [row["name"] for row in one["parameters"] if row["in"] == "path"]
            assert told == re.findall(r"\{(\w+)\}", path)


async def test_the_server_of_a_sandboxs_document_is_its_own(world: AcmeWorld) -> None:
    assert (await document_of(world))["servers"] == [{"url": ORIGIN}]
    assert (await document_of(world.beside("other")))["servers"] == [{"url": f"{ORIGIN}/~other"}]


async def test_what_is_open_asks_for_no_token(world: AcmeWorld) -> None:
    paths = (await document_of(world))["paths"]
    open_ones = {path for path, methods in paths.items() for one in methods.values() if one.get("security") == [{}]}
    assert open_ones == {"/_mock/ca.pem", "/_mock/health", "/_mock/inbox/{name}", "/_mock/live", "/_mock/ready"}


async def test_every_answer_is_as_its_schema_says(world: AcmeWorld) -> None:
    order = await world.rent()
    await world.steer("PATCH", "/accounts/acme/demo", {"webhook_url": "http://127.0.0.1:1/"})
    await world.advance("8s")
    await world.steer("POST", "/faults", {"name": "nothing", "path": "/nowhere", "wire": "reset"})
    fields = {
        "{provider}/{id}": {"/orders": f"acme/{order}", "/accounts": "acme/demo", "/ledger": "acme/demo"},
        "{name}": {"/sandboxes": "default", "/inbox": "in", "/scenarios": "quick"},
        "{provider}/{kind}": {"/machines": "acme/activation"},
        "{id}": {"/requests": "req_00000001", "/webhooks/deliveries": "dlv_00000001", "/faults": "flt_00000001"},
        "{provider}": {"/events": "acme"},
        "{provider}.json": {"/openapi": "acme.json"},
    }
    checked = 0
    for one in OPERATIONS:
        if one.method != "GET" or one.path == "/state" or "application/json" not in one.produces:
            continue
        stem, _, rest = one.path.partition("/{")
        path = f"{stem}/{fields[f'{{{rest}'][stem]}" if rest else stem
        answer = await world.control("GET", path)
        assert answer.status_code == one.status, (path, answer.text)
        Draft202012Validator.check_schema(dict(one.gives))
        Draft202012Validator(dict(one.gives)).validate(
            answer.json() if "application/json" in one.produces else answer.text
        )
        checked += 1
    assert checked >= 20


async def test_media_types_are_those_that_are_served(world: AcmeWorld) -> None:
    asked = {
        "/scenarios/schema.json": ["/scenarios/schema.json"],
        "/machines/{provider}/{kind}": [
            f"/machines/acme/activation?format={one}" for one in ("json", "mermaid", "dot")
        ],
        "/docs/{provider}": ["/docs/acme"],
        "/fidelity": ["/fidelity"],
    }
    paths = (await document_of(world))["paths"]
    for one in OPERATIONS:
        if one.method != "GET" or (one.path not in asked and "{" in one.path) or one.endless:
            continue
        described = set(paths[f"/_mock{one.path}"]["get"]["responses"][str(one.status)]["content"])
        answers = [await world.control("GET", path) for path in asked.get(one.path, [one.path])]
        if one.path == "/fidelity":
            answers.append(await world.control("GET", one.path, headers={"Accept": "text/html"}))
        served = {answer.headers["content-type"].partition(";")[0] for answer in answers}
        assert served == described, one.path


async def test_a_body_is_required_exactly_where_a_call_without_one_is_refused(world: AcmeWorld) -> None:
    await world.rent()
    fields = {"{provider}": "acme", "{id}": "demo", "{name}": "x", "{kind}": "activation"}
    order = (await world.steer("GET", "/orders"))["orders"][0]["id"]
    for one in OPERATIONS:
        described = (await document_of(world))["paths"][f"/_mock{one.path}"][one.method.lower()].get("requestBody")
        if described is None:
            continue
        path = one.path.replace("{id}", order) if one.path.startswith("/orders") else one.path
        for field, value in fields.items():
            path = path.replace(field, value)
        answer = await world.beside("w").control(one.method, path) if "orders" not in path else None
        answer = answer or await world.control(one.method, path)
        assert (answer.status_code in (400, 422)) == described["required"], (one.method, one.path, answer.text)


async def test_the_provider_documents_are_linked_and_name_this_sandbox(world: AcmeWorld) -> None:
    index = await world.beside("other").steer("GET", "")
    link = index["providers"]["acme"]["openapi"]
    document = (await world.client.get(link)).json()
    assert document["servers"][0]["url"] == f"{ORIGIN}/~other/api.acme.example/v1"

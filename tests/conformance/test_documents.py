"""The OpenAPI document of each provider says what the server does."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from mockserver.domain.errors import RateLimited
from mockserver.http.provider import Endpoint, Provider, word
from mockserver.http.samples import samples_of
from mockserver.providers.discovery import data_roots
from mockserver.scenario.library import Library
from tests.conformance.client import Client
from tests.conformance.judge import document_of, exact, responses_of, schema_store, validator
from tests.ways import NAMED

pytestmark = pytest.mark.anyio


async def test_the_document_is_valid_and_served(client: Client, provider: Provider) -> None:
    found = await client.world.steer("GET", f"/openapi/{provider.name}.json")
    OpenAPIV31SpecValidator(json.loads(json.dumps(found))).validate()
    mount = provider.mounts[0]
    assert found["servers"][0]["url"].endswith(f"/{mount.host}{mount.prefix}")


async def test_its_operations_are_the_endpoints_of_the_provider_and_its_annexes(
    client: Client, provider: Provider
) -> None:
    found = await client.world.steer("GET", f"/openapi/{provider.name}.json")
    operations = {
        (server["url"], method.upper(), path, item[method]["operationId"])
        for path, item in found["paths"].items()
        for method in item.keys() - {"servers"}
        for server in item.get("servers", found["servers"])
    }
    mount = provider.mounts[0]
    base = f"{NAMED}/{mount.host}{mount.prefix}"
    expected = {(base, one.method, one.path, one.operation_id) for one in provider.endpoints}
    for annex in provider.annexes:
        base, prefix = f"{NAMED}/{annex.mount.host}", annex.mount.prefix
        expected |= {(base, one.method, prefix + one.path, one.operation_id) for one in annex.endpoints}
    assert operations == expected
    names = [item[method]["operationId"] for item in found["paths"].values() for method in item.keys() - {"servers"}]
    assert len(set(names)) == len(names)
    assert set(found.get("webhooks", {})) == set(provider.webhooks)


def test_the_events_that_are_assumed_are_events_of_the_providers_orders(provider: Provider) -> None:
    library = Library.of_providers(data_roots("scenarios", [provider]), providers=[provider.name])
    machines = library.default(provider.name).machines.values()
    assert provider.rules.assumed_events <= {event for machine in machines for event in machine.events()}


async def test_each_operation_is_where_the_document_says(client: Client, provider: Provider) -> None:
    await client.world.steer("POST", "/sandboxes", {"name": "w"})
    other = Client(client.world.beside("w"), provider)
    found = await other.world.steer("GET", f"/openapi/{provider.name}.json")
    for path, item in found["paths"].items():
        server = item.get("servers", found["servers"])[0]["url"]
        for method in item.keys() - {"servers"}:
            answer = await client.world.client.request(method.upper(), server + re.sub("{[^}]+}", "1", path))
            operation = item[method].get("x-alias-of", item[method]["operationId"])
            assert (await other.journaled(answer))["operation"] == operation


def test_each_mistake_has_its_status_in_the_document(provider: Provider, endpoint: Endpoint) -> None:
    responses = responses_of(provider, endpoint)
    limits = (RateLimited,) if endpoint.limit else ()
    for kind in (*endpoint.mistakes, *limits):
        for mistake in samples_of(kind):
            wording = word(provider, mistake)
            assert wording.status == endpoint.status or 400 <= wording.status < 600
            assert wording.text
            codes = responses[str(wording.status)]["x-codes"]
            assert wording.code in [one["code"] for one in codes]


def test_each_wording_is_one_of_a_refusal(provider: Provider) -> None:
    for kind in provider.mistakes:
        for mistake in samples_of(kind):
            wording = word(provider, mistake)
            assert wording.status == 200 or 400 <= wording.status < 600
            assert wording.provenance in ("documented", "observed", "assumed")


def test_each_example_of_a_schema_is_valid(provider: Provider) -> None:
    names = [name for name in schema_store().all_names() if name.startswith(f"{provider.name}/")]
    assert names
    for name in names:
        schema = exact(json.dumps(schema_store().load(name)))
        assert schema["examples"], name
        for example in schema["examples"]:
            validator(name).validate(example)


def test_each_schema_that_is_named_exists(provider: Provider) -> None:
    used = {provider.failure_schema, *provider.webhooks.values()}
    used |= {provider.answer_headers} if provider.answer_headers else set()
    used |= {annex.failure_schema for annex in provider.annexes if annex.failure_schema}
    for one in (*provider.endpoints, *(one for annex in provider.annexes for one in annex.endpoints)):
        read = (one.takes, one.form, one.query, one.path_fields, one.request_headers)
        used |= {name for name in (*read, one.gives) if name}
    known = set(schema_store().all_names())
    assert used <= known


def test_the_document_asks_for_no_division_of_binary_fractions(provider: Provider) -> None:
    # To many a validator 12.85 is no multiple of 0.0001.
    steps = _values(document_of(provider.name), "multipleOf")
    assert all(isinstance(step, int) for step in steps)


def _values(data: Any, key: str) -> Iterator[Any]:
    """Whatever the key has for a value, at any depth."""
    inner = data.values() if isinstance(data, Mapping) else data if isinstance(data, list) else ()
    if isinstance(data, Mapping) and key in data:
        yield data[key]
    for one in inner:
        yield from _values(one, key)

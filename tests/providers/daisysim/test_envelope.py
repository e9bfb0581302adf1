"""The envelope of every answer, and requests as clients in production send them."""

import json
from typing import Any

import pytest

from tests.providers.daisysim.judged import Daisy
from tests.support import DAISY, DEMO, code_of

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "path", ["", "/", "/nope", "/balance/", "/check", "/check/", "/services", "/check/1/2", "/Balance"]
)
async def test_an_unknown_path_is_not_found(world: Daisy, path: str) -> None:
    answer = await world.daisy("GET", path)
    assert code_of(answer) == (404, "NOT_FOUND")
    assert "x-mock-assumed" not in answer.headers


async def test_an_unknown_path_needs_no_credential(world: Daisy) -> None:
    assert await world.refused("GET", "/nope", key=None) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/balance", "GET"),
        ("DELETE", "/countries", "GET"),
        ("PUT", "/services/6", "GET"),
        ("GET", "/prices", "POST"),
        ("GET", "/purchase", "POST"),
        ("PATCH", "/check/1", "GET"),
        ("GET", "/cancel/1", "POST"),
        ("OPTIONS", "/history", "GET"),
    ],
)
async def test_a_wrong_method_is_refused(world: Daisy, method: str, path: str, allowed: str) -> None:
    answer = await world.daisy(method, path)
    assert code_of(answer) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == allowed
    assert answer.headers["x-mock-assumed"] == "true"


@pytest.mark.parametrize("path", ["/prices", "/purchase"])
@pytest.mark.parametrize("body", [b"{", b"country=6&service=wa", b"\xff\xfe", b'{"country": 6,}'])
async def test_malformed_json_is_a_validation_error(world: Daisy, path: str, body: bytes) -> None:
    answer = await world.daisy("POST", path, content=body, headers=JSON)
    assert code_of(answer) == (422, "VALIDATION_ERROR")
    assert answer.headers["x-mock-assumed"] == "true"
    data = answer.json()
    assert set(data) == {"success", "error", "code", "message", "errors"}
    assert data["errors"] == {"body": [data["message"]]}


@pytest.mark.parametrize("path", ["/prices", "/purchase", "/cancel/1"])
async def test_a_body_over_a_mebibyte_is_too_large(world: Daisy, path: str) -> None:
    answer = await world.daisy("POST", path, content=b" " * (2**20 + 1))
    assert code_of(answer) == (413, "PAYLOAD_TOO_LARGE")
    assert answer.headers["x-mock-assumed"] == "true"


async def test_documented_refusals_are_not_marked_as_assumed(world: Daisy) -> None:
    for method, path, key in (("GET", "/balance", None), ("GET", "/check/1", "daisy-demo")):
        assert "x-mock-assumed" not in (await world.daisy(method, path, key=key)).headers


@pytest.mark.parametrize("path", ["/balance", "/countries", "/services/6", "/history"])
@pytest.mark.parametrize("content", [None, b"", b"[]", b"{}", b"null", b"not json"])
async def test_a_get_may_have_a_content_type_and_a_body(world: Daisy, path: str, content: bytes | None) -> None:
    plain = await world.daisy("GET", path)
    answer = await world.daisy("GET", path, headers=JSON, content=content)
    assert answer.content == plain.content


@pytest.mark.parametrize("content", [None, b"", b"[]", b"{}", b"null", b"not json"])
@pytest.mark.parametrize("headers", [{}, JSON, {"Content-Type": "text/plain"}])
async def test_a_cancel_needs_no_body_and_minds_none(
    world: Daisy, content: bytes | None, headers: dict[str, str]
) -> None:
    bought = (await world.bought())["activation_id"]
    await world.advance("60s")
    answer = await world.daisy("POST", f"/cancel/{bought}", headers=headers, content=content)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded", ""]
)
async def test_a_body_is_read_as_json_whatever_its_content_type(world: Daisy, kind: str) -> None:
    content = json.dumps({"country": 6, "service": "wa"}).encode()
    answer = await world.daisy("POST", "/prices", headers={"Content-Type": kind}, content=content)
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/prices", "/purchase"])
@pytest.mark.parametrize("content", [b"", b"[]", b"{}"])
async def test_an_empty_body_lacks_every_field(world: Daisy, path: str, content: bytes) -> None:
    answer = await world.daisy("POST", path, headers=JSON, content=content)
    assert code_of(answer) == (422, "VALIDATION_ERROR")
    assert {"country", "service"} <= set(answer.json()["errors"])


@pytest.mark.parametrize("path", ["/balance", "/countries", "/services/6", "/history", "/check/1", "/nope"])
async def test_head_answers_as_get_without_the_body(world: Daisy, path: str) -> None:
    got, head = await world.daisy("GET", path), await world.daisy("HEAD", path)
    assert head.status_code == got.status_code
    assert head.content == b""
    assert head.headers["content-length"] == str(len(got.content))


async def test_head_of_what_is_posted_is_a_wrong_method(world: Daisy) -> None:
    for path in ("/prices", "/purchase", "/cancel/1"):
        assert (await world.daisy("HEAD", path)).status_code == 405


@pytest.mark.parametrize("host", ["daisysim.com", "DaisySIM.com", "daisysim.com:443", "daisysim.com:7460"])
async def test_the_host_header_alone_finds_the_api(world: Daisy, host: str) -> None:
    headers = {**DEMO, "Host": host}
    answer = await world.call("GET", "/api/v1/virtual/balance", headers=headers)
    assert answer.json()["data"]["email"] == "demo@example.com"
    answer = await world.call("GET", "/api/v1/other", headers=headers)
    assert code_of(answer) == (404, "NOT_FOUND")
    answer = await world.beside("w").call("GET", "/api/v1/virtual/check/1", headers=headers)
    assert code_of(answer) == (404, "NOT_FOUND")


async def test_the_path_prefix_wins_over_the_host_header(world: Daisy) -> None:
    answer = await world.call("GET", f"{DAISY}/balance", headers={**DEMO, "Host": "other.example"})
    assert answer.status_code == 200


async def test_another_path_of_the_host_is_in_the_envelope(world: Daisy) -> None:
    for path in ("/daisysim.com", "/daisysim.com/", "/daisysim.com/api/v1/virtualx/balance", "/daisysim.com/login"):
        assert code_of(await world.call("GET", path)) == (404, "NOT_FOUND")


async def test_what_no_provider_serves_is_a_problem_that_names_the_bases(world: Daisy) -> None:
    answer = await world.call("GET", "/api/v1/virtual/balance")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert DAISY in answer.json()["base_paths"]


async def test_an_unexpected_failure_is_a_server_error(world: Daisy) -> None:
    scenario = b"scenario: broken\nprovider: daisysim\nabout: x\nrules: [{then: {refuse: InternalError}}]\n"
    assert (await world.control("POST", "/scenarios", content=scenario)).status_code == 201
    await world.steer("PUT", "/scenarios/active", ["broken"])
    assert await world.refused("GET", "/balance") == (500, "SERVER_ERROR")


async def test_the_document_names_each_code_of_the_documented_endpoints(world: Daisy) -> None:
    found: dict[str, Any] = await world.steer("GET", "/openapi/daisysim.json")
    codes = {
        operation["operationId"]: {
            one["code"] for answer in operation["responses"].values() for one in answer.get("x-codes", ())
        }
        for methods in found["paths"].values()
        for operation in methods.values()
    }
    assert {"NOT_FOUND", "ALREADY_REFUNDED", "CODE_RECEIVED", "TOO_EARLY", "RATE_LIMITED"} <= codes["cancel"]
    assert {"INVALID_PRICE", "INSUFFICIENT_BALANCE", "NO_NUMBERS_AVAILABLE", "PROVIDER_ERROR"} <= codes["purchase"]
    assert "NOT_FOUND" in codes["check"]
    assert "PROVIDER_ERROR" in codes["countries"]
    always = {"MISSING_TOKEN", "INVALID_TOKEN", "ACCOUNT_SUSPENDED", "ACCOUNT_LOCKED", "SERVER_ERROR"}
    assert all(always <= one for one in codes.values())

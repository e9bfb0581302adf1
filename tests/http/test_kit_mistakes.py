"""The kit's own refusals at a provider without responses for them, and refusals that are not JSON."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from mockserver.app import App
from mockserver.domain.errors import HeadTooLarge, InternalError, TargetTooLong, UnknownRoute, UnsupportedEncoding
from mockserver.http.body import MOST
from mockserver.http.openapi import document
from mockserver.http.provider import word
from mockserver.http.schemas import SchemaStore
from mockserver.providers.discovery import data_roots
from tests.acme.errors import TEXT
from tests.served import ACME
from tests.support import World, frozen_settings, started

pytestmark = pytest.mark.anyio
BASE = "/api.acme.example/v1"
DEMO = {"Authorization": "Bearer acme-demo"}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with started(App(frozen_settings(), [ACME])) as made:
        yield made


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status", "code", "message"),
    [
        ("GET", "/nowhere", {}, b"", 404, "not_found", "Not Found."),
        ("PUT", "/balance", {}, b"", 405, "method_not_allowed", "Method Not Allowed."),
        (
            *("POST", "/orders", {}, b" " * (MOST + 1), 413, "payload_too_large"),
            f"The body is larger than {MOST} bytes.",
        ),
        (
            *("POST", "/orders", {"Content-Encoding": "br"}, b"{}", 415, "unsupported_media_type"),
            "The Content-Encoding 'br' is not supported, only gzip and deflate.",
        ),
    ],
)
async def test_a_mistake_that_nobody_words_is_answered_in_the_providers_envelope(
    world: World,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    status: int,
    code: str,
    message: str,
) -> None:
    answer = await world.call(method, f"{BASE}{path}", headers={**DEMO, **headers}, content=body)
    assert answer.status_code == status
    assert answer.json() == {"error": {"code": code, "message": message}}
    assert answer.headers["x-mock-assumed"] == "true"
    assert answer.headers.get("allow") == ("GET" if status == 405 else None)


def test_those_that_only_a_real_connection_meets_are_worded_too() -> None:
    assert (word(ACME, TargetTooLong(99)).status, word(ACME, TargetTooLong(99)).code) == (414, "URI_TOO_LONG")
    head = word(ACME, HeadTooLarge(99, 7))
    assert (head.status, head.text) == (431, "The head is larger than 99 bytes or has more than 7 headers.")
    assert word(ACME, InternalError()).status == 500


def test_a_word_of_the_provider_for_a_wider_kind_does_not_hide_the_kits() -> None:
    # Acme words NotFound and Invalid, of which these two are kinds.
    assert word(ACME, UnknownRoute("route", "/x")).text == "Not Found."
    assert word(ACME, UnsupportedEncoding("br")).status == 415


async def test_a_refusal_may_be_plain_text(world: World) -> None:
    for _ in range(20):
        assert (await buy(world)).status_code == 201
    answer = await buy(world)
    assert (answer.status_code, answer.headers["content-type"]) == (429, TEXT)
    assert answer.text == "Slow down: try again in 60 s."
    entry = await world.steer("GET", f"/requests/{answer.headers['x-mock-request-id']}")
    assert (entry["mistake"], entry["response"]["body"]) == ("RateLimited", answer.text)


@pytest.mark.parametrize("stage", ["before", "after"])
async def test_a_fault_answers_in_plain_text_where_the_provider_does(world: World, stage: str) -> None:
    fault = {"times": 1, "stage": stage, "answer": {"mistake": "RateLimited", "retry_after": "7s"}}
    await world.steer("POST", "/faults", fault)
    answer = await world.call("GET", f"{BASE}/balance", headers=DEMO)
    assert (answer.headers["content-type"], answer.text) == (TEXT, "Slow down: try again in 7 s.")


@pytest.mark.parametrize(
    ("status", "code"), [(413, "payload_too_large"), (405, "method_not_allowed"), (418, "invalid")]
)
async def test_a_fault_that_names_a_status_is_worded_as_the_kit_words_it(world: World, status: int, code: str) -> None:
    await world.steer("POST", "/faults", {"times": 1, "answer": {"status": status}})
    answer = await world.call("GET", f"{BASE}/balance", headers=DEMO)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_the_document_tells_the_media_types_of_refusals() -> None:
    schemas = SchemaStore(*data_roots("schemas", [ACME]))
    responses = document(ACME, schemas, origin="http://localhost")["paths"]["/orders"]["post"]["responses"]
    assert responses["429"]["content"] == {TEXT: {"schema": {"type": "string"}}}
    assert list(responses["402"]["content"]) == ["application/json"]
    assert {"405", "413", "414", "415", "431", "500"} <= set(responses)


async def test_a_provider_may_refuse_everything_in_plain_text() -> None:
    plain = replace(ACME, failure_media=TEXT, refuse=lambda call, wording: wording.text.encode())
    async with started(App(frozen_settings(), [plain])) as world:
        for path, text in (("/nowhere", "Not Found."), ("/balance", "This key opens no account.")):
            answer = await world.call("GET", f"{BASE}{path}")
            assert (answer.headers["content-type"], answer.text) == (TEXT, text)


async def buy(world: World) -> httpx.Response:
    return await world.call("POST", f"{BASE}/orders", headers=DEMO, json={"service": "chat"})

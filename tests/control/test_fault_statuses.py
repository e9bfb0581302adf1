"""A fault's status without a body, in the provider's words: with settings, other envelopes, raw answers."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from mockserver.app import App
from tests.outside import AcmeWorld
from tests.support import World, frozen_settings, started

pytestmark = pytest.mark.anyio
V1 = {"DSIM_KEY": "sandbox-key", "DSIM_SECRET": "sandbox-secret"}


@pytest.fixture
async def all_four() -> AsyncIterator[World]:
    """A frozen sandbox of every provider."""
    async with started(App(frozen_settings(rate_limits="off"))) as made:
        yield made


async def struck(world: World, answer: dict[str, Any], method: str, path: str, **more: Any) -> httpx.Response:
    await world.steer("POST", "/faults", {"times": 1, "answer": answer})
    return await world.call(method, path, **more)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "invalid"),
        (401, "unauthorized"),
        (402, "no_money"),
        (404, "not_found"),
        (409, "sold_out"),
        (422, "invalid"),
        (500, "internal_server_error"),
        (503, "internal_server_error"),
        (504, "internal_server_error"),
    ],
)
async def test_a_status_is_worded_as_the_nearest_mistake_that_has_it(world: AcmeWorld, status: int, code: str) -> None:
    await world.steer("POST", "/faults", {"times": 1, "answer": {"status": status}})
    answer = await world.ask("GET", "/balance")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert (answer.headers.get("x-mock-assumed") == "true") is (status == 400 or status >= 500)


async def test_a_status_whose_words_are_plain_text_is_worded_so(world: AcmeWorld) -> None:
    await world.steer("POST", "/faults", {"times": 1, "answer": {"status": 429}})
    answer = await world.ask("GET", "/balance")
    assert (answer.status_code, answer.headers["content-type"]) == (429, "text/plain; charset=utf-8")
    assert answer.text.startswith("Slow down")


@pytest.mark.parametrize("setting", [429, 409])
@pytest.mark.parametrize("status", [429, 409])
async def test_a_setting_that_rewords_leaves_the_status_that_was_asked_for(
    all_four: World, setting: int, status: int
) -> None:
    await all_four.steer("PATCH", "/settings", {"doctorsim_v1.limit_status": setting})
    answer = await struck(all_four, {"status": status}, "GET", "/api.doctorsim.com/brands", headers=V1)
    assert (answer.status_code, answer.json()["code"]) == (status, str(status))
    assert (answer.json()["status"] == "TOO_MANY_REQUESTS") == (status == setting)


async def test_another_envelope_words_its_own(all_four: World) -> None:
    path = "/www.doctorsim.com/oauth/token"
    answer = await struck(all_four, {"status": 503}, "POST", path, data={"grant_type": "client_credentials"})
    assert answer.status_code == 503
    assert set(answer.json()) == {"error", "error_description"}


async def test_a_body_even_an_empty_one_is_the_whole_answer(world: AcmeWorld) -> None:
    for body, text in (("", ""), ("down", "down"), ({"a": 1}, '{"a":1}'), (None, "null")):
        await world.steer("POST", "/faults", {"times": 1, "answer": {"status": 503, "body": body}})
        answer = await world.ask("GET", "/balance")
        assert (answer.status_code, answer.text) == (503, text)


async def test_a_status_that_refuses_nothing_stays_empty(world: AcmeWorld) -> None:
    await world.steer("POST", "/faults", {"times": 1, "answer": {"status": 202}})
    answer = await world.ask("GET", "/balance")
    assert (answer.status_code, answer.content) == (202, b"")

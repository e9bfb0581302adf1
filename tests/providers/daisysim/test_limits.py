"""Rate limits: per account and minute of the sandbox's clock."""

from typing import Any

import pytest

from tests.providers.daisysim.judged import Daisy
from tests.support import DAISY, DEMO, code_of

pytestmark = pytest.mark.anyio

#: What is limited: a call, how many a minute, and how the refusal calls it.
LIMITED: list[tuple[str, str, Any, int, str]] = [
    ("POST", "/prices", {"country": 6, "service": "wa"}, 30, "price"),
    ("POST", "/purchase", {"country": 6, "service": "wa", "price": 999}, 10, "purchase"),
    ("GET", "/check/1", None, 60, "check"),
    ("POST", "/cancel/1", None, 10, "cancel"),
]
limited = pytest.mark.parametrize(("method", "path", "body", "calls", "word"), LIMITED)


async def use_up(world: Daisy, method: str, path: str, body: Any, calls: int, **more: Any) -> None:
    for _ in range(calls):
        assert (await world.daisy(method, path, body, **more)).status_code != 429


@limited
async def test_one_call_too_many_is_refused(
    world: Daisy, method: str, path: str, body: Any, calls: int, word: str
) -> None:
    await use_up(world, method, path, body, calls)
    for _ in range(2):
        answer = await world.daisy(method, path, body)
        assert code_of(answer) == (429, "RATE_LIMITED")
        assert answer.headers["retry-after"] == "60"
        assert answer.json()["error"] == f"Too many {word} attempts. Please wait 60s."


@limited
async def test_the_window_lasts_a_minute_of_the_sandboxs_clock(
    world: Daisy, method: str, path: str, body: Any, calls: int, word: str
) -> None:
    await use_up(world, method, path, body, 1)
    await world.advance("17s")
    await use_up(world, method, path, body, calls - 1)
    answer = await world.daisy(method, path, body)
    assert answer.headers["retry-after"] == "43"
    assert "Please wait 43s." in answer.json()["error"]
    await world.advance("42.999s")
    answer = await world.daisy(method, path, body)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    await world.advance("0.001s")
    await use_up(world, method, path, body, calls)
    assert (await world.daisy(method, path, body)).status_code == 429


async def test_waiting_as_long_as_told_is_long_enough(world: Daisy) -> None:
    call = ("POST", "/cancel/1", None)
    await use_up(world, *call, 10)
    await world.advance("0.4s")
    wait = (await world.daisy(*call)).headers["retry-after"]
    assert wait == "60"
    await world.advance(f"{wait}s")
    assert (await world.daisy(*call)).status_code == 404


@pytest.mark.parametrize("path", ["/balance", "/countries", "/services/6", "/history"])
async def test_the_others_are_unlimited(world: Daisy, path: str) -> None:
    for _ in range(100):
        assert (await world.call("GET", f"{DAISY}{path}", headers=DEMO)).status_code == 200


async def test_each_account_and_each_operation_has_its_own_window(world: Daisy) -> None:
    await use_up(world, "POST", "/cancel/1", None, 10)
    assert (await world.daisy("POST", "/cancel/1")).status_code == 429
    assert (await world.daisy("POST", "/cancel/1", key="daisy-poor")).status_code == 404
    assert (await world.daisy("GET", "/check/1")).status_code == 404
    assert (await world.beside("other").daisy("POST", "/cancel/1")).status_code == 404


@pytest.mark.parametrize("body", [{}, {"country": 0}, {"country": 6, "service": "wa", "price": 999}])
async def test_calls_that_are_refused_later_count_too(world: Daisy, body: Any) -> None:
    await use_up(world, "POST", "/purchase", body, 10)
    good = await world.order_of(6, "wa")
    assert await world.refused("POST", "/purchase", good) == (429, "RATE_LIMITED")
    assert await world.wallet() == 100


async def test_malformed_bodies_count_too(world: Daisy) -> None:
    for _ in range(10):
        assert (await world.daisy("POST", "/purchase", content=b"{")).status_code == 422
    assert (await world.daisy("POST", "/purchase", content=b"{")).status_code == 429


async def test_calls_without_a_good_credential_do_not_count(world: Daisy) -> None:
    for key in (None, "nobody"):
        await use_up(world, "POST", "/cancel/1", None, 15, key=key)
    await use_up(world, "POST", "/cancel/1", None, 10)
    assert (await world.daisy("POST", "/cancel/1")).status_code == 429


async def test_different_activations_share_the_limit(world: Daisy) -> None:
    for number in range(10):
        assert (await world.daisy("POST", f"/cancel/{number}")).status_code == 404
    assert (await world.daisy("POST", "/cancel/10")).status_code == 429


async def test_limits_can_be_switched_off_and_on(world: Daisy) -> None:
    await use_up(world, "POST", "/cancel/1", None, 10)
    await world.unlimited()
    await use_up(world, "POST", "/cancel/1", None, 30)
    await world.steer("PATCH", "/settings", {"rate_limits": "documented"})
    assert (await world.daisy("POST", "/cancel/1")).status_code == 429


async def test_head_counts_as_get(world: Daisy) -> None:
    for _ in range(30):
        assert (await world.daisy("HEAD", "/check/1")).status_code == 404
        assert (await world.daisy("GET", "/check/1")).status_code == 404
    assert (await world.daisy("HEAD", "/check/1")).status_code == 429

"""Concurrent clients over real sockets: one wins, and the money adds up."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from decimal import Decimal
from typing import Any

import httpx
import pytest

from mockserver.app import create_app
from mockserver.server import LiveServer
from tests.support import World, code_of, frozen_settings

pytestmark = pytest.mark.anyio

MANY = 20


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A world behind a real server; each call of a gathering has a connection of its own."""
    app = create_app(frozen_settings(rate_limits="off"))
    with LiveServer(app) as live:
        limits = httpx.Limits(max_connections=MANY * 2, max_keepalive_connections=MANY * 2)
        async with httpx.AsyncClient(base_url=live.url, limits=limits, timeout=10) as client:
            yield World(app, client)


async def at_once(*calls: Coroutine[Any, Any, httpx.Response]) -> list[httpx.Response]:
    """All calls at one time."""
    return list(await asyncio.gather(*calls))


def outcomes(answers: list[httpx.Response]) -> Counter[str]:
    """How often each outcome came."""
    return Counter("done" if one.is_success else code_of(one)[1] for one in answers)


async def wallet(world: World) -> Decimal:
    return Decimal((await world.steer("GET", "/accounts/daisysim/demo"))["balance"])


async def movements(world: World) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = (await world.steer("GET", "/ledger/daisysim/demo"))["entries"]
    assert sum(Decimal(one["amount"]) for one in entries) == await wallet(world)
    return entries


async def test_twenty_cancels_give_one_refund(world: World) -> None:
    bought = (await world.buy(999, "ns"))["activation_id"]
    await world.advance("60s")
    answers = await at_once(*(world.daisy("POST", f"/cancel/{bought}") for _ in range(MANY)))
    assert outcomes(answers) == {"done": 1, "ALREADY_REFUNDED": MANY - 1}
    assert await wallet(world) == 100
    assert len(await movements(world)) == 3


async def test_a_wallet_for_three_buys_three(world: World) -> None:
    price = await world.price(6, "wa")
    await world.steer("PATCH", "/accounts/daisysim/demo", {"balance": str(3 * Decimal(str(price)))})
    body = {"country": 6, "service": "wa", "price": price}
    answers = await at_once(*(world.daisy("POST", "/purchase", body) for _ in range(MANY)))
    assert Counter(one.status_code for one in answers) == {201: 3, 400: MANY - 3}
    assert outcomes(answers) == {"done": 3, "INSUFFICIENT_BALANCE": MANY - 3}
    assert await wallet(world) == 0
    assert len((await world.steer("GET", "/orders"))["orders"]) == 3
    await movements(world)


async def test_the_last_number_is_sold_once(world: World) -> None:
    body = {"country": 999, "service": "lo", "price": await world.price(999, "lo")}
    answers = await at_once(*(world.daisy("POST", "/purchase", body) for _ in range(MANY)))
    assert outcomes(answers) == {"done": 1, "NO_NUMBERS_AVAILABLE": MANY - 1}
    assert await wallet(world) == 100 - Decimal(str(body["price"]))


async def test_of_a_code_and_a_cancel_one_wins(world: World) -> None:
    ids = [(await world.buy(999, "ns"))["activation_id"] for _ in range(MANY)]
    await world.advance("60s")
    calls = []
    for number, one in enumerate(ids):
        code = world.control("POST", f"/orders/daisysim/{one}/events", {"event": "sms", "code": "123456"})
        cancel = world.daisy("POST", f"/cancel/{one}")
        calls += [code, cancel] if number % 2 else [cancel, code]
    answers = await at_once(*calls)
    for number, one in enumerate(ids):
        pair = answers[2 * number : 2 * number + 2]
        pushed, cancelled = pair if number % 2 else pair[::-1]
        assert {pushed.status_code, cancelled.status_code} in ({200, 422}, {200, 409})
        assert pushed.is_success is not cancelled.is_success
        state = (await world.order(one))["state"]
        assert state == ("completed" if pushed.is_success else "cancelled")
        if pushed.is_success:
            assert code_of(cancelled) == (422, "CODE_RECEIVED")
    settled = Counter(entry["order"] for entry in await movements(world) if entry["order"])
    assert settled == dict.fromkeys(ids, 2)


async def test_a_crowd_of_sandboxes_does_not_meet(world: World) -> None:
    worlds = [world.beside(f"w{number}") for number in range(MANY)]
    bought = await asyncio.gather(*(one.buy(6, "wa") for one in worlds))
    assert all(one == bought[0] for one in bought)
    await asyncio.gather(*(one.advance(f"{number}s") for number, one in enumerate(worlds)))
    answers = await at_once(*(one.daisy("GET", f"/check/{bought[0]['activation_id']}") for one in worlds))
    statuses = [one.json()["data"]["status"] for one in answers]
    assert statuses == ["Waiting"] * 8 + ["Completed"] * (MANY - 8)

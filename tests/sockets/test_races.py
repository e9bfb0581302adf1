"""Concurrent clients over real sockets: one wins, and the money adds up."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from decimal import Decimal
from typing import Any

import httpx
import pytest

from mockserver.server import LiveServer
from tests.outside import AcmeWorld, acme_app

pytestmark = pytest.mark.anyio

MANY = 20


@pytest.fixture
async def world() -> AsyncIterator[AcmeWorld]:
    """A world behind a real server; each call of a gathering has a connection of its own."""
    app = acme_app(rate_limits="off")
    with LiveServer(app) as live:
        limits = httpx.Limits(max_connections=MANY * 2, max_keepalive_connections=MANY * 2)
        async with httpx.AsyncClient(base_url=live.url, limits=limits, timeout=10) as client:
            yield AcmeWorld(app, client)


async def at_once(*calls: Coroutine[Any, Any, httpx.Response]) -> list[httpx.Response]:
    """All calls at one time."""
    return list(await asyncio.gather(*calls))


def outcomes(answers: list[httpx.Response]) -> Counter[str]:
    """How often each outcome came."""
    return Counter("taken" if one.is_success else one.json()["error"]["code"] for one in answers)


async def wallet(world: AcmeWorld) -> Decimal:
    return Decimal((await world.steer("GET", "/accounts/acme/demo"))["balance"])


async def movements(world: AcmeWorld) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = (await world.steer("GET", "/ledger/acme/demo"))["entries"]
    assert sum(Decimal(one["amount"]) for one in entries) == await wallet(world)
    return entries


async def test_twenty_cancels_give_one_refund(world: AcmeWorld) -> None:
    rented = await world.rent("silent")
    await world.advance("60s")
    answers = await at_once(*(world.ask("POST", f"/orders/{rented}/cancel") for _ in range(MANY)))
    assert outcomes(answers) == {"taken": 1, "done": MANY - 1}
    assert await wallet(world) == 100
    assert len(await movements(world)) == 3


async def test_a_wallet_for_three_buys_three(world: AcmeWorld) -> None:
    services = (await world.ask("GET", "/services")).json()["services"]
    price = Decimal(next(one["price"] for one in services if one["service"] == "chat"))
    await world.steer("PATCH", "/accounts/acme/demo", {"balance": str(3 * price)})
    answers = await at_once(*(world.ask("POST", "/orders", {"service": "chat"}) for _ in range(MANY)))
    assert Counter(one.status_code for one in answers) == {201: 3, 402: MANY - 3}
    assert outcomes(answers) == {"taken": 3, "no_money": MANY - 3}
    assert await wallet(world) == 0
    assert len((await world.steer("GET", "/orders"))["orders"]) == 3
    await movements(world)


async def test_the_last_number_is_sold_once(world: AcmeWorld) -> None:
    answers = await at_once(*(world.ask("POST", "/orders", {"service": "last"}) for _ in range(MANY)))
    assert outcomes(answers) == {"taken": 1, "sold_out": MANY - 1}
    (sold,) = [one.json() for one in answers if one.is_success]
    assert await wallet(world) == 100 - Decimal(sold["price"])


async def test_of_a_code_and_a_cancel_one_wins(world: AcmeWorld) -> None:
    ids = [await world.rent("silent") for _ in range(MANY)]
    await world.advance("60s")
    calls = []
    for number, one in enumerate(ids):
        code = world.control("POST", f"/orders/acme/{one}/events", {"event": "sms", "code": "123456"})
        cancel = world.ask("POST", f"/orders/{one}/cancel")
        calls += [code, cancel] if number % 2 else [cancel, code]
    answers = await at_once(*calls)
    expected: dict[str, int] = {}
    for number, one in enumerate(ids):
        pair = answers[2 * number : 2 * number + 2]
        pushed, cancelled = pair if number % 2 else pair[::-1]
        assert {pushed.status_code, cancelled.status_code} == {200, 409}
        assert pushed.is_success is not cancelled.is_success
        state = (await world.order(one))["state"]
        assert state == ("completed" if pushed.is_success else "cancelled")
        if pushed.is_success:
            assert cancelled.json()["error"]["code"] == "done"
        expected[one] = 1 if pushed.is_success else 2
    settled = Counter(entry["order"] for entry in await movements(world) if entry["order"])
    assert settled == expected, "the charge, and the refund of those that were cancelled"


async def test_a_crowd_of_sandboxes_does_not_meet(world: AcmeWorld) -> None:
    worlds = [world.beside(f"w{number}") for number in range(MANY)]
    bought = await asyncio.gather(*(one.rent() for one in worlds))
    assert all(one == bought[0] for one in bought)
    await asyncio.gather(*(one.advance(f"{number}s") for number, one in enumerate(worlds)))
    answers = await at_once(*(one.ask("GET", f"/orders/{bought[0]}") for one in worlds))
    statuses = [one.json()["state"] for one in answers]
    assert statuses == ["waiting"] * 8 + ["completed"] * (MANY - 8)

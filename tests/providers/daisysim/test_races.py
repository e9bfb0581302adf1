"""Concurrent calls in process: one wins, and the money adds up. The same over sockets: tests/sockets."""

import asyncio
from collections import Counter
from decimal import Decimal

import httpx
import pytest

from tests.providers.daisysim.judged import Daisy
from tests.support import code_of

pytestmark = pytest.mark.anyio

MANY = 20


async def codes(*answers: httpx.Response) -> Counter[str]:
    """How often each outcome came."""
    return Counter("done" if one.is_success else code_of(one)[1] for one in answers)


async def test_twenty_cancels_give_one_refund(world: Daisy) -> None:
    await world.unlimited()
    bought = (await world.bought())["activation_id"]
    await world.advance("60s")
    answers = await asyncio.gather(*(world.daisy("POST", f"/cancel/{bought}") for _ in range(MANY)))
    assert await codes(*answers) == {"done": 1, "ALREADY_REFUNDED": MANY - 1}
    assert await world.wallet() == 100
    assert len(await world.ledger()) == 2


async def test_parallel_purchases_never_overdraw_a_wallet(world: Daisy) -> None:
    await world.unlimited()
    order = await world.order_of(6, "wa")
    price = Decimal(str(order["price"]))
    await world.change(balance=str(3 * price + Decimal("0.0001")))
    answers = await asyncio.gather(*(world.daisy("POST", "/purchase", order) for _ in range(MANY)))
    assert await codes(*answers) == {"done": 3, "INSUFFICIENT_BALANCE": MANY - 3}
    assert await world.wallet() == Decimal("0.0001")
    assert (await world.data("GET", "/history"))["pagination"]["total"] == 3


async def test_parallel_purchases_never_oversell(world: Daisy) -> None:
    await world.unlimited()
    order = await world.order_of(999, "lo")
    answers = await asyncio.gather(*(world.daisy("POST", "/purchase", order) for _ in range(MANY)))
    assert await codes(*answers) == {"done": 1, "NO_NUMBERS_AVAILABLE": MANY - 1}
    assert await world.wallet() == 100 - Decimal(str(order["price"]))


async def test_parallel_purchases_have_ids_and_numbers_of_their_own(world: Daisy) -> None:
    await world.unlimited()
    order = await world.order_of(6, "wa")
    answers = await asyncio.gather(*(world.data("POST", "/purchase", order) for _ in range(MANY)))
    assert len({one["activation_id"] for one in answers}) == MANY
    assert len({one["phone_number"] for one in answers}) == MANY
    assert sorted(one["balance_after"] for one in answers)[0] == await world.wallet()


@pytest.mark.parametrize("first", ["code", "cancel"])
async def test_of_a_code_and_a_cancel_one_wins(world: Daisy, first: str) -> None:
    await world.unlimited()
    bought = await world.bought()
    path = bought["activation_id"]
    await world.advance("60s")
    code = world.control("POST", f"/orders/daisysim/{path}/events", {"event": "sms", "code": "123456"})
    cancel = world.daisy("POST", f"/cancel/{path}")
    both = (code, cancel) if first == "code" else (cancel, code)
    answers = await asyncio.gather(*both)
    pushed, cancelled = answers if first == "code" else answers[::-1]
    assert {pushed.is_success, cancelled.is_success} == {True, False}
    status = await world.status(path)
    if pushed.is_success:
        assert code_of(cancelled) == (422, "CODE_RECEIVED")
        assert status == "Completed"
        assert await world.wallet() < 100
    else:
        assert pushed.status_code == 409
        assert status == "Cancelled"
        assert await world.wallet() == 100
    assert len(await world.ledger()) == 2


async def test_a_cancel_races_the_clock(world: Daisy) -> None:
    await world.unlimited()
    ids = [(await world.bought(999, "sl"))["activation_id"] for _ in range(5)]
    await world.advance("80s")
    moving = world.advance("20s")
    cancels = [world.daisy("POST", f"/cancel/{one}") for one in ids]
    _, *answers = await asyncio.gather(moving, *cancels)
    for one, answer in zip(ids, answers, strict=True):
        assert await world.status(one) == ("Cancelled" if answer.is_success else "Completed")
    settled = Counter(entry["order"] for entry in await world.ledger())
    assert settled == dict.fromkeys(ids, 2)

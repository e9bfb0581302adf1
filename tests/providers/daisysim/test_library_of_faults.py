"""The bundled scenarios in which webhooks, connections and answers go wrong: each does what its sentence says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest

from tests.support import World, code_of, running
from tests.webhooks.receivers import Receiver, Visit, receiving

pytestmark = pytest.mark.anyio


async def accept(visit: Visit) -> None:
    await visit.answer(b"HTTP/1.1 204 No Content\r\n\r\n")


@asynccontextmanager
async def under(name: str) -> AsyncIterator[World]:
    async with running() as world:
        await world.steer("PUT", "/scenarios/active", [name])
        yield world


@asynccontextmanager
async def world_with_receiver(name: str) -> AsyncIterator[tuple[World, Receiver]]:
    """A world under a scenario whose demo account has a receiver of webhooks."""
    async with under(name) as world, receiving(accept) as receiver:
        await world.steer("PATCH", "/accounts/daisysim/demo", {"webhook_url": receiver.url()})
        yield world, receiver


def ids(receiver: Receiver) -> list[str]:
    return [orjson.loads(visit.body)["activation_id"] for visit in receiver.visits]


async def buy_number(world: World) -> str:
    order: str = (await world.buy())["activation_id"]
    return order


async def try_to_buy(world: World, price: float) -> httpx.Response:
    return await world.daisy("POST", "/purchase", {"country": 6, "service": "wa", "price": price})


async def numbers(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await world.daisy("GET", "/history")).json()["data"]["orders"]
    return found


async def balance(world: World) -> float:
    held: float = (await world.daisy("GET", "/balance")).json()["data"]["balance"]
    return held


async def test_webhook_before_answer() -> None:
    async with under("webhook-before-answer") as world:
        happened = []

        async def look(visit: Visit) -> None:
            order = orjson.loads(visit.body)["activation_id"]
            happened.append(order)
            seen = await world.daisy("GET", f"/check/{order}")
            happened.append(seen.json()["data"]["status"])
            await accept(visit)

        async with receiving(look) as receiver:
            await world.steer("PATCH", "/accounts/daisysim/demo", {"webhook_url": receiver.url()})
            order = await buy_number(world)
            happened.append("answer")
        assert happened == [order, "Completed", "answer"]


async def test_webhook_before_answer_leaves_testland_its_rules() -> None:
    async with under("webhook-before-answer") as world:
        order = (await world.buy(999, "ns"))["activation_id"]
        await world.advance("1m")
        assert (await world.order(order))["state"] == "waiting"


async def test_webhook_twice() -> None:
    async with world_with_receiver("webhook-twice") as (world, receiver):
        order = await buy_number(world)
        assert (await world.advance("8s"))["delivered"] == 2
        await world.advance("1h")
        assert ids(receiver) == [order, order]


async def test_webhook_late() -> None:
    async with world_with_receiver("webhook-late") as (world, receiver):
        order = await buy_number(world)
        await world.advance("8s")
        assert (await world.daisy("GET", f"/check/{order}")).json()["data"]["code"]
        await world.advance("119s")
        assert ids(receiver) == []
        await world.advance("1s")
        assert ids(receiver) == [order]


async def test_webhook_reordered() -> None:
    async with world_with_receiver("webhook-reordered") as (world, receiver):
        orders = []
        for _ in range(3):
            orders.append(await buy_number(world))
            await world.advance("9s")
        assert ids(receiver) == [orders[1], orders[0]]
        await world.advance("58s")
        assert len(receiver.visits) == 2
        await world.advance("1s")
        assert ids(receiver) == [orders[1], orders[0], orders[2]]


async def test_webhook_lost() -> None:
    async with world_with_receiver("webhook-lost") as (world, receiver):
        order = await buy_number(world)
        await world.advance("1d")
        assert (await world.daisy("GET", f"/check/{order}")).json()["data"]["code"]
        assert receiver.visits == []
        (delivery,) = (await world.steer("GET", "/webhooks/deliveries"))["deliveries"]
        assert (delivery["state"], delivery["faults"]) == ("dropped", ["lost"])


async def test_connection_reset() -> None:
    async with under("connection-reset") as world:
        price, before = await world.price(), await balance(world)
        with pytest.raises(httpx.ReadError):
            await try_to_buy(world, price)
        assert (await numbers(world), await balance(world)) == ([], before)
        assert (await try_to_buy(world, price)).status_code == 201


async def test_answer_lost_after_purchase() -> None:
    async with under("answer-lost-after-purchase") as world:
        price, before = await world.price(), await balance(world)
        with pytest.raises(httpx.ReadError):
            await try_to_buy(world, price)
        (number,) = await numbers(world)
        assert await balance(world) < before
        await world.advance("60s")
        assert code_of(await world.daisy("POST", f"/cancel/{number['activation_id']}")) == (422, "CODE_RECEIVED")
        assert (await try_to_buy(world, price)).status_code == 201
        assert len(await numbers(world)) == 2


async def test_slow_answers() -> None:
    async with running() as world:
        price = await world.price()
        await world.steer("PUT", "/scenarios/active", ["slow-answers"])
        asking = asyncio.ensure_future(try_to_buy(world, price))
        rows: list[Any] = []
        async with asyncio.timeout(5):
            while not rows:
                await asyncio.sleep(0)
                rows = (await world.steer("GET", "/orders"))["orders"]
        (fault,) = (await world.steer("GET", "/faults"))["faults"]
        assert (fault["name"], fault["hits"], fault["source"]) == ("held-back", 1, "scenario slow-answers")
        assert not asking.done()
        asking.cancel()
        await asyncio.wait([asking])
        await world.steer("PUT", "/scenarios/active", ["quick"])
        assert len(await numbers(world)) == 1
        await world.steer("POST", "/clock/advance", {"by": "8s"})
        assert (await numbers(world))[0]["status"] == "Completed"

"""Long work in one sandbox does not block other requests."""

import asyncio

import pytest

from mockserver.sandbox.transactions import IN_A_ROW
from tests.outside import acme_running

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("apart", ["0s", "1ms"])
@pytest.mark.slow
async def test_many_timers_leave_others_their_turn(apart: str) -> None:
    async with acme_running(rate_limits="off") as world:
        await world.steer("PATCH", "/accounts/acme/demo", {"balance": "1000.00"})
        for _ in range(3 * IN_A_ROW):
            await world.rent()
            await world.advance(apart)
        reached = []

        async def advance() -> None:
            await world.advance("1200s")
            reached.append("idle")

        async def ask() -> None:
            assert (await world.control("GET", "/health")).status_code == 200
            assert (await world.beside("other").ask("GET", "/balance")).status_code == 200
            reached.append("others")

        task = asyncio.create_task(advance())
        await asyncio.sleep(0)
        await ask()
        await task
        assert reached == ["others", "idle"]
        assert {one["state"] for one in (await world.steer("GET", "/orders"))["orders"]} == {"completed"}

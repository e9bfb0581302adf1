"""Other calls to a sandbox while a history is made in it, by the customers of the package's providers."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.control.problems import problem_of
from tests.support import World, running

pytestmark = pytest.mark.anyio

NOON = "2026-01-31T12:00:00Z"
CLOCK = {"mode": "frozen", "now": NOON, "rate": 0}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as made:
        await made.steer("POST", "/sandboxes", {"name": "mine"})
        yield made.beside("mine")


async def begun(world: World, orders: int = 200, **more: Any) -> "asyncio.Task[httpx.Response]":
    """A history that has placed its first orders."""
    history = asyncio.ensure_future(world.control("POST", "/populate", {"orders": orders, **more}))
    while not (await world.steer("GET", "/orders"))["orders"]:
        assert not history.done()
        await asyncio.sleep(0)
    return history


async def deleted(world: World, snapshot: Any) -> str:
    await world.steer("DELETE", "/sandboxes/mine")
    return "deleted"


async def restored(world: World, snapshot: Any) -> str:
    await world.steer("PUT", "/state", snapshot)
    return "reset or restored"


async def was_reset(world: World, snapshot: Any) -> str:
    await world.steer("POST", "/reset")
    return "reset or restored"


@pytest.mark.parametrize("replace", [was_reset, restored, deleted], ids=lambda replace: replace.__name__)
async def test_a_history_ends_with_its_world_and_leaves_the_new_one_alone(world: World, replace: Any) -> None:
    snapshot = await world.steer("GET", "/state")
    # So many that it is still under way when the first restore has imported what it needs.
    history = await begun(world, 2_000)
    how = await replace(world, snapshot)
    detail = problem_of(await history, 409)["detail"]
    assert detail == f"the sandbox was {how} meanwhile"
    assert (await world.steer("GET", "/orders"))["orders"] == []
    assert await world.steer("GET", "/clock") == CLOCK
    ledger = await world.steer("GET", "/ledger/daisysim/demo")
    assert [entry["cause"] for entry in ledger["entries"]] == ["opening balance"]


async def test_a_history_that_ended_so_does_not_change_how_the_new_clock_runs() -> None:
    async with running() as world:
        await world.steer("PUT", "/clock", {"mode": "scaled", "rate": 60})
        history = await begun(world)
        await world.steer("POST", "/reset")
        problem_of(await history, 409)
        assert await world.steer("GET", "/clock") == CLOCK


async def test_after_such_an_end_another_history_can_be_made(world: World) -> None:
    history = await begun(world)
    await world.steer("POST", "/reset")
    assert (await world.steer("POST", "/populate", {"orders": 5}))["placed"] == 5
    problem_of(await history, 409)


async def test_a_reset_that_is_overtaken_by_a_reset_leaves_one_history(world: World) -> None:
    await world.steer("POST", "/sandboxes", {"name": "past", "populate": {"orders": 40}})
    past = world.beside("past")
    first, second = await asyncio.gather(past.control("POST", "/reset"), past.control("POST", "/reset"))
    assert sorted([first.status_code, second.status_code]) == [200, 409]
    assert len((await past.steer("GET", "/orders"))["orders"]) == 40


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/clock", {"mode": "real"}),
        ("PUT", "/clock", {"mode": "scaled", "rate": 60}),
        ("PUT", "/clock", {"now": "2027-01-01T00:00:00Z"}),
        ("PUT", "/clock", {"per_poll": "3s"}),
        ("POST", "/clock/advance", {"by": "1d"}),
        ("POST", "/clock/advance", {"until": "idle"}),
        ("PATCH", "/accounts/daisysim/demo", {"balance": "7"}),
        ("PATCH", "/accounts/daisysim/demo", {"total_spent": "7"}),
        ("POST", "/populate", {"orders": 1}),
    ],
)
async def test_what_a_history_would_undo_is_refused_meanwhile(
    world: World, method: str, path: str, body: dict[str, Any]
) -> None:
    history = await begun(world, 100)
    refused = await world.control(method, path, body)
    assert "a history is being made in this sandbox" in problem_of(refused, 409)["detail"]
    assert (await history).status_code == 200
    assert (await world.control(method, path, body)).status_code == 200


async def test_what_a_history_does_not_touch_can_be_changed_meanwhile_and_stays(world: World) -> None:
    history = await begun(world, 100)
    await world.steer("PATCH", "/accounts/daisysim/demo", {"email": "shop@example.com", "webhook_url": None})
    assert (await history).status_code == 200
    assert (await world.steer("GET", "/accounts/daisysim/demo"))["email"] == "shop@example.com"


async def test_polls_do_not_move_the_clock_of_a_history() -> None:
    async with running() as world:
        bought = await world.buy()
        await world.steer("PUT", "/clock", {"per_poll": "30d"})
        history = await begun(world, 100, over="2d")
        await world.daisy("GET", f"/check/{bought['activation_id']}")
        done = (await history).json()
        assert (await world.steer("GET", "/clock"))["now"] == done["to"]

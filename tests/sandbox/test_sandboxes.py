"""Worlds side by side: made on first use, named, limited in number, and closed off from each other."""

import asyncio
from typing import Any

import pytest

from tests.support import World, running

pytestmark = pytest.mark.anyio


async def names(world: World) -> list[str]:
    return [one["name"] for one in (await world.steer("GET", "/sandboxes"))["sandboxes"]]


async def test_a_sandbox_is_made_on_first_use_by_a_client_or_by_the_control_api() -> None:
    async with running() as world:
        assert await names(world) == ["default"]
        assert (await world.beside("worker3").daisy("GET", "/balance")).status_code == 200
        assert (await world.beside("worker4").control("GET", "/clock")).status_code == 200
        assert await names(world) == ["default", "worker3", "worker4"]


@pytest.mark.parametrize("path", ["/health", "/sandboxes", "/sandboxes/nobody", "/openapi.json", "/nothing/here"])
async def test_what_concerns_no_sandbox_makes_none(path: str) -> None:
    async with running() as world:
        await world.beside("worker9").control("GET", path)
        assert await names(world) == ["default"]


@pytest.mark.parametrize("name", ["a", "0", "worker-3_b", "x" * 64])
async def test_names_are_lower_case_letters_digits_dashes_and_underscores(name: str) -> None:
    async with running() as world:
        assert (await world.beside(name).daisy("GET", "/balance")).status_code == 200
        assert name in await names(world)


@pytest.mark.parametrize("name", ["Worker", "-a", "_a", "a.b", "x" * 65, "%C3%A9", "a%0A", "%00", ""])
@pytest.mark.parametrize("path", ["/_mock/clock", "/daisysim.com/api/v1/virtual/balance"])
async def test_other_names_are_not_found_and_make_nothing(name: str, path: str) -> None:
    async with running() as world:
        answer = await world.call("GET", f"/~{name}{path}", headers={"Authorization": "Bearer daisy-demo"})
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert await names(world) == ["default"]


async def use(world: World, *names: str) -> None:
    for name in names:
        assert (await world.beside(name).daisy("GET", "/balance")).status_code == 200


async def test_beyond_the_limit_the_longest_unused_implicit_one_goes() -> None:
    async with running(max_sandboxes=3) as world:
        await world.steer("POST", "/sandboxes", {"name": "kept"})
        await use(world, "one", "two", "one", "three")
        assert await names(world) == ["default", "kept", "one", "three"]


async def test_looking_at_the_list_is_not_use() -> None:
    async with running(max_sandboxes=2) as world:
        await use(world, "one", "two")
        await world.steer("GET", "/sandboxes/one")
        await use(world, "three")
        assert await names(world) == ["default", "three", "two"]


async def test_what_was_made_by_name_stays_and_counts_and_the_next_one_is_429() -> None:
    async with running(max_sandboxes=2) as world:
        for name in ("one", "two"):
            await world.steer("POST", "/sandboxes", {"name": name})
        problem = await world.control("POST", "/sandboxes", {"name": "three"})
        assert (problem.status_code, problem.json()["type"]) == (429, "too-many-sandboxes")
        for answer in (
            await world.beside("new").daisy("GET", "/balance"),
            await world.beside("new").control("GET", "/clock"),
            await world.control("PUT", "/sandboxes/new", {}),
        ):
            assert (answer.status_code, answer.json()["type"]) == (429, "too-many-sandboxes")
        assert await names(world) == ["default", "one", "two"]


async def test_an_evicted_sandbox_begins_anew_when_used_again() -> None:
    async with running(max_sandboxes=1) as world:
        one = world.beside("one")
        await one.buy()
        await use(world, "two")
        assert (await one.daisy("GET", "/history")).json()["data"]["orders"] == []


async def test_twenty_first_uses_at_once_make_one_sandbox() -> None:
    async with running() as world:
        worker = world.beside("worker")
        await asyncio.gather(*(worker.steer("PATCH", "/accounts/daisysim/demo", {"balance": "5"}) for _ in range(20)))
        ledger = await worker.steer("GET", "/ledger/daisysim/demo")
        assert [entry["cause"] for entry in ledger["entries"]] == ["opening balance", "balance set by a test"]


async def life(world: World) -> list[Any]:
    """A small story, and everything a client saw of it."""
    seen: list[Any] = [(await world.daisy("GET", "/balance")).content]
    for service in ("wa", "tg"):
        seen.append(await world.buy(6, service))
        await world.advance("5s")
    seen.append((await world.daisy("GET", "/history")).content)
    return seen


async def test_parallel_sandboxes_live_the_same_life_and_never_meet() -> None:
    async with running() as world:
        workers = [world.beside(f"worker{number}") for number in range(5)]
        alone = await life(world.beside("alone"))
        together = await asyncio.gather(*map(life, workers))
        assert all(seen == alone for seen in together)


async def test_nothing_of_one_sandbox_shows_in_another() -> None:
    async with running() as world:
        other = world.beside("other")
        bought = await world.buy()
        await world.steer("PATCH", "/settings", {"rate_limits": "off"})
        await world.steer("PUT", "/scenarios/active", ["no-sms"])
        await world.steer("PATCH", "/accounts/daisysim/demo", {"status": "locked"})
        await world.advance("1h")
        await world.call("POST", "/_mock/inbox/in", json={})
        assert (await other.daisy("GET", f"/check/{bought['activation_id']}")).status_code == 404
        assert (await other.daisy("GET", "/balance")).json()["data"]["balance"] == 100
        assert (await other.steer("GET", "/settings"))["rate_limits"] == "documented"
        assert await other.steer("GET", "/scenarios/active") == []
        assert (await other.steer("GET", "/clock"))["now"] == "2026-01-31T12:00:00Z"
        assert (await other.steer("GET", "/orders"))["orders"] == []
        assert (await other.steer("GET", "/inbox/in"))["received"] == []
        assert {one["operation"] for one in (await other.steer("GET", "/requests"))["requests"]} == {"check", "balance"}


async def test_another_seed_is_another_world() -> None:
    async with running() as world:
        await world.steer("POST", "/sandboxes", {"name": "seeded", "seed": "other"})
        assert (await world.buy())["activation_id"] != (await world.beside("seeded").buy())["activation_id"]

"""Sandboxes are made on first use, named, limited in number, and separate from each other."""

import asyncio
from typing import Any

import pytest

from tests.outside import AcmeWorld, acme_running

pytestmark = pytest.mark.anyio


async def names(world: AcmeWorld) -> list[str]:
    return [one["name"] for one in (await world.steer("GET", "/sandboxes"))["sandboxes"]]


async def test_a_sandbox_is_made_on_first_use_by_a_client_or_by_the_control_api() -> None:
    async with acme_running() as world:
        assert await names(world) == ["default"]
        assert (await world.beside("worker3").ask("GET", "/balance")).status_code == 200
        assert (await world.beside("worker4").control("GET", "/clock")).status_code == 200
        assert await names(world) == ["default", "worker3", "worker4"]


@pytest.mark.parametrize("path", ["/health", "/sandboxes", "/sandboxes/nobody", "/openapi.json", "/nothing/here"])
async def test_what_concerns_no_sandbox_makes_none(path: str) -> None:
    async with acme_running() as world:
        await world.beside("worker9").control("GET", path)
        assert await names(world) == ["default"]


@pytest.mark.parametrize("name", ["a", "0", "worker-3_b", "x" * 64])
async def test_names_are_lower_case_letters_digits_dashes_and_underscores(name: str) -> None:
    async with acme_running() as world:
        assert (await world.beside(name).ask("GET", "/balance")).status_code == 200
        assert name in await names(world)


@pytest.mark.parametrize("name", ["Worker", "-a", "_a", "a.b", "x" * 65, "%C3%A9", "a%0A", "%00", ""])
@pytest.mark.parametrize("path", ["/_mock/clock", "/api.acme.example/v1/balance"])
async def test_other_names_are_not_found_and_make_nothing(name: str, path: str) -> None:
    async with acme_running() as world:
        answer = await world.call("GET", f"/~{name}{path}", headers={"Authorization": "Bearer acme-demo"})
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert await names(world) == ["default"]


async def use(world: AcmeWorld, *names: str) -> None:
    for name in names:
        assert (await world.beside(name).ask("GET", "/balance")).status_code == 200


async def test_beyond_the_limit_the_longest_unused_implicit_one_goes() -> None:
    async with acme_running(max_sandboxes=3) as world:
        await world.steer("POST", "/sandboxes", {"name": "kept"})
        await use(world, "one", "two", "one", "three")
        assert await names(world) == ["default", "kept", "one", "three"]


async def test_looking_at_the_list_is_not_use() -> None:
    async with acme_running(max_sandboxes=2) as world:
        await use(world, "one", "two")
        await world.steer("GET", "/sandboxes/one")
        await use(world, "three")
        assert await names(world) == ["default", "three", "two"]


async def test_what_was_made_by_name_stays_and_counts_and_the_next_one_is_429() -> None:
    async with acme_running(max_sandboxes=2) as world:
        for name in ("one", "two"):
            await world.steer("POST", "/sandboxes", {"name": name})
        problem = await world.control("POST", "/sandboxes", {"name": "three"})
        assert (problem.status_code, problem.json()["type"]) == (429, "too-many-sandboxes")
        for answer in (
            await world.beside("new").ask("GET", "/balance"),
            await world.beside("new").control("GET", "/clock"),
            await world.control("PUT", "/sandboxes/new", {}),
        ):
            assert (answer.status_code, answer.json()["type"]) == (429, "too-many-sandboxes")
        assert await names(world) == ["default", "one", "two"]


async def test_an_evicted_sandbox_begins_anew_when_used_again() -> None:
    async with acme_running(max_sandboxes=1) as world:
        one = world.beside("one")
        await one.rent()
        await use(world, "two")
        assert (await one.ask("GET", "/orders")).json()["orders"] == []


async def test_twenty_first_uses_at_once_make_one_sandbox() -> None:
    async with acme_running() as world:
        worker = world.beside("worker")
        await asyncio.gather(*(worker.steer("PATCH", "/accounts/acme/demo", {"balance": "5"}) for _ in range(20)))
        ledger = await worker.steer("GET", "/ledger/acme/demo")
        assert [entry["cause"] for entry in ledger["entries"]] == ["opening balance", "balance set by a test"]


async def life(world: AcmeWorld) -> list[Any]:
    """A small story, and everything a client saw of it."""
    seen: list[Any] = [(await world.ask("GET", "/balance")).content]
    for service in ("chat", "mail"):
        seen.append((await world.ask("POST", "/orders", {"service": service})).content)
        await world.advance("5s")
    seen.append((await world.ask("GET", "/orders")).content)
    return seen


async def test_parallel_sandboxes_live_the_same_life_and_never_meet() -> None:
    async with acme_running() as world:
        workers = [world.beside(f"worker{number}") for number in range(5)]
        alone = await life(world.beside("alone"))
        together = await asyncio.gather(*map(life, workers))
        assert all(seen == alone for seen in together)


async def test_nothing_of_one_sandbox_shows_in_another() -> None:
    async with acme_running() as world:
        other = world.beside("other")
        bought = await world.rent()
        await world.steer("PATCH", "/settings", {"rate_limits": "off"})
        await world.steer("PUT", "/scenarios/active", ["down"])
        await world.steer("PATCH", "/accounts/acme/demo", {"status": "locked"})
        await world.advance("1h")
        await world.call("POST", "/_mock/inbox/in", json={})
        assert (await other.ask("GET", f"/orders/{bought}")).status_code == 404
        assert (await other.ask("GET", "/balance")).json()["balance"] == "100.00"
        assert (await other.steer("GET", "/settings"))["rate_limits"] == "documented"
        assert await other.steer("GET", "/scenarios/active") == []
        assert (await other.steer("GET", "/clock"))["now"] == "2026-01-31T12:00:00Z"
        assert (await other.steer("GET", "/orders"))["orders"] == []
        assert (await other.steer("GET", "/inbox/in"))["received"] == []
        assert {one["operation"] for one in (await other.steer("GET", "/requests"))["requests"]} == {"show", "balance"}


async def test_another_seed_is_another_world() -> None:
    async with acme_running() as world:
        await world.steer("POST", "/sandboxes", {"name": "seeded", "seed": "other"})
        assert await world.rent() != await world.beside("seeded").rent()

"""Answers that take time on the sandbox's clock."""

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest

from mockserver.domain.moments import parse_moment
from tests.outside import AcmeWorld, acme_running
from tests.support import START

pytestmark = pytest.mark.anyio


async def slow(world: AcmeWorld, rule: str) -> None:
    """One rule in force."""
    scenario = f"scenario: slow\nprovider: acme\nabout: Takes time.\nrules:\n  - {rule}\n"
    answer = await world.control("POST", "/scenarios", content=scenario)
    assert answer.status_code == 201, answer.text
    await world.steer("PUT", "/scenarios/active", ["slow"])


async def passed(world: AcmeWorld) -> timedelta:
    """How far the clock has moved."""
    return parse_moment((await world.steer("GET", "/clock"))["now"]) - START


async def test_the_clock_moves_before_the_request_is_worked_on() -> None:
    async with acme_running() as world:
        bought = await world.rent()
        await slow(world, "{when: {operation: show}, then: {takes: 8s}}")
        answer = await world.ask("GET", f"/orders/{bought}")
        assert answer.json()["state"] == "completed"
        assert answer.headers["date"] == "Sat, 31 Jan 2026 12:00:08 GMT"
        await world.ask("GET", "/balance")
        assert await passed(world) == timedelta(seconds=8)
        entry = await world.steer("GET", f"/requests/{answer.headers['x-mock-request-id']}")
        assert (entry["at"], entry["rule"]) == ("2026-01-31T12:00:00Z", "slow#1")


async def test_times_and_conditions_hold_for_it_as_for_everything() -> None:
    async with acme_running() as world:
        await slow(world, "{when: {operation: buy, request.service: mail}, times: 1, then: {takes: 5s}}")
        for service in ("chat", "mail", "mail", "mail"):
            await world.ask("POST", "/orders", {"service": service})
        assert await passed(world) == timedelta(seconds=5)


async def test_a_rule_can_take_time_and_refuse_then() -> None:
    async with acme_running() as world:
        await slow(world, "{when: {operation: services}, then: {takes: 30s, refuse: OutOfStock}}")
        refused = await world.ask("GET", "/services")
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "sold_out")
        assert await passed(world) == timedelta(seconds=30)


async def test_what_is_refused_before_takes_no_time() -> None:
    async with acme_running() as world:
        await slow(world, "{then: {takes: 30s}}")
        await world.ask("GET", "/services", key="nobody")
        await world.ask("GET", "/orders?limit=x")
        await world.ask("GET", "/nothing")
        assert await passed(world) == timedelta()


async def test_a_setting_can_say_how_long_and_dice_choose_the_same_for_the_same_seed() -> None:
    async with acme_running() as world:
        await slow(world, "{then: {takes: {setting: acme.cancel_after}}}")
        await world.ask("GET", "/services")
        assert await passed(world) == timedelta(seconds=60)
        moves = []
        for name in ("one", "two"):
            other = world.beside(name)
            await slow(other, "{then: {takes: {uniform: [1s, 1h]}}}")
            for _ in range(3):
                await other.ask("GET", "/services")
                moves.append(await passed(other))
        assert moves[:3] == moves[3:]
        assert len({later - earlier for earlier, later in pairwise(moves[:3])}) == 2


async def test_many_slow_answers_at_once_all_end() -> None:
    async with acme_running() as world:
        await slow(world, "{when: {operation: balance}, then: {takes: 10s}}")
        answers = await asyncio.gather(*(world.ask("GET", "/balance") for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        assert timedelta(seconds=10) <= await passed(world) <= timedelta(seconds=200)

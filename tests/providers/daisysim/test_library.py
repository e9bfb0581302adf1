"""The scenarios that come with the server: each does what its sentence says, and several of them compose."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from mockserver.resources import bundled
from mockserver.scenario.check import load_file
from tests.support import World, code_of, running

pytestmark = pytest.mark.anyio
FILES = sorted((bundled("scenarios") / "daisysim").glob("*.yaml"))


@asynccontextmanager
async def under(*names: str) -> AsyncIterator[World]:
    async with running() as world:
        await world.steer("PUT", "/scenarios/active", list(names))
        yield world


async def buy_number(world: World, **more: Any) -> str:
    order: str = (await world.buy(**more))["activation_id"]
    return order


async def try_to_buy(world: World, price: float) -> httpx.Response:
    return await world.daisy("POST", "/purchase", {"country": 6, "service": "wa", "price": price})


async def state(world: World, order: str) -> str:
    found: str = (await world.order(order))["state"]
    return found


async def balance(world: World) -> float:
    held: float = (await world.daisy("GET", "/balance")).json()["data"]["balance"]
    return held


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_each_tells_what_happens_and_what_it_teaches(file: Any) -> None:
    scenario = load_file(file, place=("daisysim", file.stem))
    assert scenario.about.endswith(".")
    assert scenario.teaches.endswith(".")
    assert scenario.about != scenario.teaches


async def test_the_library_lists_the_sentences() -> None:
    async with running() as world:
        rows = (await world.steer("GET", "/scenarios"))["scenarios"]
        assert all(row["about"] and row["teaches"] for row in rows if row["provider"] == "daisysim")
        assert {file.stem for file in FILES} <= {row["name"] for row in rows}


async def test_code_while_cancelling() -> None:
    async with under("code-while-cancelling") as world:
        order = await buy_number(world)
        await world.advance("59s")
        assert code_of(await world.daisy("POST", f"/cancel/{order}")) == (422, "TOO_EARLY")
        await world.advance("1s")
        assert code_of(await world.daisy("POST", f"/cancel/{order}")) == (422, "CODE_RECEIVED")
        assert (await world.daisy("GET", f"/check/{order}")).json()["data"]["code"]


async def test_code_at_the_last_second() -> None:
    async with under("code-at-the-last-second") as world:
        order = await buy_number(world)
        await world.advance("1198s")
        assert await state(world, order) == "waiting"
        await world.steer("POST", "/clock/advance", {"until": "idle"})
        assert await state(world, order) == "completed"


async def test_order_stuck() -> None:
    async with under("order-stuck") as world:
        order = await buy_number(world)
        await world.steer("POST", "/clock/advance", {"until": "idle"})
        await world.advance("30d")
        assert await state(world, order) == "waiting"
        assert (await world.daisy("POST", f"/cancel/{order}")).is_success


async def test_balance_just_too_small() -> None:
    async with under("balance-just-too-small") as world:
        price, before = await world.price(), await balance(world)
        assert code_of(await try_to_buy(world, price))[1] == "INSUFFICIENT_BALANCE"
        assert await balance(world) == before
        assert (await try_to_buy(world, price)).status_code == 201


async def test_rate_limit_storm() -> None:
    async with under("rate-limit-storm") as world:
        for _ in range(2):
            answers = [await world.daisy("GET", path) for path in ("/balance", "/countries")]
            assert [answer.status_code for answer in answers] == [429, 429]
            assert all(int(answer.headers["retry-after"]) > 0 for answer in answers)
        assert [(await world.daisy("GET", "/balance")).status_code for _ in range(2)] == [429, 200]


async def test_upstream_burst() -> None:
    async with under("upstream-burst") as world:
        answers = [await world.daisy("GET", "/countries") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [502, 502, 502, 200]
        assert (await world.buy())["activation_id"]


async def test_slow_start() -> None:
    async with under("slow-start") as world:
        orders = [await buy_number(world) for _ in range(6)]
        await world.advance("8s")
        assert [await state(world, one) for one in orders] == ["waiting"] * 5 + ["completed"]
        await world.advance("171s")
        assert await state(world, orders[0]) == "waiting"
        await world.advance("121s")
        assert {await state(world, one) for one in orders} == {"completed"}


async def test_sold_between_quote_and_purchase() -> None:
    async with under("sold-between-quote-and-purchase") as world:
        price, before = await world.price(), await balance(world)
        assert code_of(await try_to_buy(world, price)) == (503, "NO_NUMBERS_AVAILABLE")
        assert await balance(world) == before


async def test_last_number() -> None:
    async with under("last-number") as world:
        price = await world.price()
        statuses = [(await try_to_buy(world, price)).status_code for _ in range(2)]
        assert statuses == [201, 503]


async def test_last_number_is_one_of_all_tiers_together() -> None:
    pair = {"country": 6, "service": "tg"}
    async with under("quick") as world:
        assert len((await world.daisy("POST", "/prices", pair)).json()["data"]["tiers"]) > 1
        await world.steer("PUT", "/scenarios/active", ["last-number"])
        quote = (await world.daisy("POST", "/prices", pair)).json()["data"]
        assert quote["total_numbers"] == sum(one["available"] for one in quote["tiers"]) == 1


async def test_key_rejected_once() -> None:
    async with under("key-rejected-once") as world:
        order = await buy_number(world)
        statuses = [(await world.daisy("GET", f"/check/{order}")).status_code for _ in range(2)]
        assert statuses == [401, 200]


async def test_suspended_midway() -> None:
    async with under("suspended-midway") as world:
        order = await buy_number(world)
        refused = [await world.daisy("GET", f"/check/{order}"), await world.daisy("POST", f"/cancel/{order}")]
        assert {code_of(one) for one in refused} == {(403, "ACCOUNT_SUSPENDED")}


async def test_error_on_purchase() -> None:
    async with under("error-on-purchase") as world:
        price, before = await world.price(), await balance(world)
        assert (await try_to_buy(world, price)).status_code == 500
        assert (await world.daisy("GET", "/history")).json()["data"]["orders"] == []
        assert await balance(world) == before
        assert (await try_to_buy(world, price)).status_code == 201


async def test_late_refund() -> None:
    async with under("late-refund") as world:
        before = await balance(world)
        order = await buy_number(world)
        await world.steer("PATCH", "/settings", {"daisysim.cancel_after": "1s"})
        await world.advance("1s")
        paid = await balance(world)
        cancelled = (await world.daisy("POST", f"/cancel/{order}")).json()["data"]
        assert cancelled["balance_after"] == paid
        assert (await world.daisy("GET", f"/check/{order}")).json()["data"]["status"] == "Cancelled"
        await world.advance("599s")
        assert await balance(world) == paid < before
        await world.advance("1s")
        assert await balance(world) == before


async def test_flaky_sms() -> None:
    async with under("flaky-sms") as world:
        await world.steer("PATCH", "/settings", {"rate_limits": "off"})
        before = await balance(world)
        orders = [await buy_number(world) for _ in range(20)]
        await world.advance("8s")
        found = [await state(world, one) for one in orders]
        assert set(found) == {"completed", "lost"}
        assert 1 <= found.count("lost") <= 10
        lost = orders[found.index("lost")]
        assert (await world.daisy("GET", f"/check/{lost}")).json()["data"]["status"] == "Waiting"
        await world.steer("POST", "/clock/advance", {"until": "idle"})
        assert await state(world, lost) == "cancelled"
        assert await balance(world) < before


async def test_of_several_active_ones_the_first_rule_that_matches_decides_and_is_named() -> None:
    async def decision(world: World) -> dict[str, Any]:
        entries = (await world.steer("POST", "/requests/find", {"operation": "purchase"}))["requests"]
        told = (await world.steer("GET", f"/requests/{entries[-1]['id']}"))["explanation"]
        (one,) = [row for row in told["decisions"] if row["aspect"] == "life"]
        return {key: one[key] for key in ("scenario", "rule")}

    async with under("slow-sms", "no-sms") as world:
        order = await buy_number(world)
        assert await decision(world) == {"scenario": "slow-sms", "rule": "slow-sms#1"}
        assert (await world.order(order))["timers"][0]["at"] == "2026-01-31T12:01:30Z"
        await world.steer("PUT", "/scenarios/active", ["no-sms", "slow-sms"])
        order = await buy_number(world)
        assert await decision(world) == {"scenario": "no-sms", "rule": "no-sms#1"}
        assert [timer["event"] for timer in (await world.order(order))["timers"]] == ["expire"]


async def test_scenarios_that_speak_of_different_aspects_hold_together() -> None:
    async with under("slow-start", "price-moves", "late-refund", "upstream-burst") as world:
        for _ in range(3):
            assert (await world.daisy("GET", "/countries")).status_code == 502
        price = await world.price()
        assert code_of(await try_to_buy(world, price))[1] == "INVALID_PRICE"
        order = await buy_number(world)
        told = (await world.order(order))["explanation"]
        assert told["rule"]["scenario"] == "slow-start"
        assert told["machine"]["scenario"] == "late-refund"


async def test_what_one_scenario_has_used_up_is_the_next_ones() -> None:
    async with under("error-on-purchase", "balance-just-too-small") as world:
        price = await world.price()
        statuses = [(await try_to_buy(world, price)).status_code for _ in range(3)]
        assert (statuses[0], statuses[2]) == (500, 201)
        entries = (await world.steer("POST", "/requests/find", {"operation": "purchase"}))["requests"]
        told = (await world.steer("GET", f"/requests/{entries[1]['id']}"))["explanation"]
        (one,) = told["decisions"]
        assert (one["aspect"], one["scenario"]) == ("refuse", "balance-just-too-small")
        assert [row["scenario"] for row in one["passed_over"]] == ["error-on-purchase"]

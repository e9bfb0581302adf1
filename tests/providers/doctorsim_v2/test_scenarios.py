"""The life of an order: default times, magic recipients, scenarios, pushed events."""

from typing import Any

import pytest

from mockserver.resources import bundled
from mockserver.scenario.check import check_file
from tests.providers.doctorsim_v2.judged import V2

pytestmark = pytest.mark.anyio

NAMES = ("quick", "slow", "failing", "manual-revision", "out-of-credits")


async def course(world: V2, order: str, *moments: int, key: str = "test_demo") -> list[str]:
    """The order's status at these seconds from now on."""
    found, now = [], 0
    for moment in moments:
        await world.advance(f"{moment - now}s")
        now = moment
        found.append(await world.status(order, key=key))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_is_in_order(name: str) -> None:
    assert check_file(bundled("scenarios") / "doctorsim_v2" / f"{name}.yaml", ["doctorsim_v2"]) == []


async def test_an_order_is_processing_after_2_and_fulfilled_after_10_seconds(world: V2) -> None:
    order = (await world.ordered())["order_id"]
    statuses = await course(world, order, 0, 1, 2, 9, 10)
    assert statuses == ["pending", "pending", "processing", "processing", "fulfilled"]
    history = (await world.steer("GET", f"/orders/doctorsim_v2/{order}"))["history"]
    assert [one["state"] for one in history] == ["pending", "processing", "fulfilled"]


@pytest.mark.parametrize("key", ["test_demo", "live_demo"])
@pytest.mark.parametrize(
    ("ending", "statuses"),
    [
        ("0000", ["fulfilled", "fulfilled", "fulfilled", "fulfilled"]),
        ("0001", ["pending", "processing", "failed", "failed"]),
        ("0002", ["pending", "processing", "MANUAL_REVISION", "MANUAL_REVISION"]),
        ("0003", ["pending", "processing", "processing", "fulfilled"]),
        ("0004", ["pending", "processing", "processing", "processing"]),
        ("0005", ["pending", "processing", "fulfilled", "fulfilled"]),
    ],
)
async def test_the_recipients_last_digits_decide(world: V2, ending: str, statuses: list[str], key: str) -> None:
    order = (await world.ordered(phone=f"+52222123{ending}", key=key))["order_id"]
    assert await course(world, order, 0, 2, 10, 600, key=key) == statuses


async def test_every_magic_recipient_is_listed_with_the_others(world: V2) -> None:
    found = [one for one in (await world.steer("GET", "/magic"))["magic"] if one["provider"] == "doctorsim_v2"]
    assert [one["value"] for one in found] == ["0000", "0001", "0002", "0003", "0004", "0009"]
    assert all(one["provenance"] == "assumed" for one in found)


async def test_a_failed_production_order_is_refunded(world: V2) -> None:
    order = (await world.ordered(phone="+522221230001", key="live_demo"))["order_id"]
    assert await world.balance(key="live_demo") != "250.00"
    await world.advance("10s")
    assert await world.balance(key="live_demo") == "250.00"
    assert await world.status(order, key="live_demo") == "failed"


async def test_manual_revision_keeps_the_credits_until_it_is_decided(world: V2) -> None:
    orders = [(await world.ordered(phone="+522221230002", key="live_demo"))["order_id"] for _ in range(2)]
    await world.advance("10s")
    held = await world.balance(key="live_demo")
    await world.push(orders[0], "fulfil")
    assert await world.balance(key="live_demo") == held
    assert await world.status(orders[0], key="live_demo") == "fulfilled"
    await world.push(orders[1], "refund")
    refunded = await world.order(orders[1], key="live_demo")
    assert (refunded["status"], refunded["delivery_status"]) == ("refunded", "refunded")
    assert float(await world.balance(key="live_demo")) > float(held)
    assert orders[1] in [one["order_id"] for one in await world.data("GET", "/orders?status=refunded", key="live_demo")]


@pytest.mark.parametrize(
    ("event", "status"), [("fulfil", "fulfilled"), ("fail", "failed"), ("review", "MANUAL_REVISION")]
)
async def test_a_test_pushes_an_order_along(world: V2, event: str, status: str) -> None:
    for ending in ("1231", "0004"):
        order = (await world.ordered(phone=f"+52222123{ending}"))["order_id"]
        if ending == "0004":
            await world.advance("2s")
        await world.push(order, event)
        assert await world.status(order) == status
        again = await world.control("POST", f"/orders/doctorsim_v2/{order}/events", {"event": "fail"})
        assert again.status_code == 409


@pytest.mark.parametrize(
    ("scenario", "statuses"),
    [
        ("slow", ["pending", "pending", "processing", "fulfilled"]),
        ("failing", ["processing", "failed", "failed", "failed"]),
        ("manual-revision", ["processing", "MANUAL_REVISION", "MANUAL_REVISION", "MANUAL_REVISION"]),
    ],
)
async def test_a_scenario_decides_all_but_magic_recipients(world: V2, scenario: str, statuses: list[str]) -> None:
    await world.steer("PUT", "/scenarios/active", [scenario])
    order = (await world.ordered())["order_id"]
    card = (await world.ordered(operator=await world.card(), phone=None))["order_id"]
    magic = (await world.ordered(phone="+522221230000"))["order_id"]
    assert await world.status(magic) == "fulfilled"
    assert await course(world, order, 2, 10, 60, 600) == statuses
    assert await world.status(card) == statuses[-1]


async def test_out_of_credits_refuses_orders_and_nothing_else(world: V2) -> None:
    before = (await world.ordered())["order_id"]
    await world.steer("PUT", "/scenarios/active", ["out-of-credits"])
    body = await world.order_body()
    for key in ("test_demo", "live_demo"):
        assert await world.refused("POST", "/orders", body, key=key) == (402, "INSUFFICIENT_CREDITS")
    assert await world.data("POST", "/orders/preview", body)
    await world.advance("10s")
    assert await world.status(before) == "fulfilled"


async def test_a_rule_does_not_refuse_an_order_that_was_placed(world: V2) -> None:
    key = {"Idempotency-Key": "k"}
    before = await world.ordered(headers=key)
    await world.steer("PUT", "/scenarios/active", ["out-of-credits"])
    assert await world.ordered(headers=key) == before
    body = await world.order_body()
    for headers in ({}, {"Idempotency-Key": "another"}):
        refused = await world.refused("POST", "/orders", body, headers=headers)
        assert refused == (402, "INSUFFICIENT_CREDITS")
    assert await world.wrong_fields("POST", "/orders", body, headers={"Idempotency-Key": "a\tb"}) == {"Idempotency-Key"}


async def test_many_small_steps_are_one_big_step() -> None:
    from tests.providers.doctorsim_v2.judged import v2_running

    async def story(*steps: str) -> Any:
        async with v2_running() as world:
            for ending in ("1231", "0001", "0002", "0003", "0004"):
                await world.ordered(phone=f"+52222123{ending}", key="live_demo")
            for step in steps:
                await world.advance(step)
            return await world.data("GET", "/orders", key="live_demo"), await world.steer(
                "GET", "/ledger/doctorsim_v2/live_demo"
            )

    assert await story("20m") == await story(*["1s"] * 30, "1170s")

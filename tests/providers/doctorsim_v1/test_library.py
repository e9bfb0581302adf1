"""The scenarios that come with the server for doctorSIM v1: each does what its sentence says."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import httpx
import pytest

from mockserver.resources import bundled
from mockserver.scenario.check import load_file
from tests.providers.doctorsim_v1.client import IMEI, V1, error_of, serving, valid_imeis

pytestmark = pytest.mark.anyio
FILES = sorted((bundled("scenarios") / "doctorsim_v1").glob("*.yaml"))
NOTAVAILABLE = "355710060480006"
FULL = "1000.00"


@asynccontextmanager
async def under(*names: str) -> AsyncIterator[V1]:
    async with serving() as v1:
        await v1.scenario(*names)
        yield v1


async def all_orders(v1: V1) -> dict[str, Any]:
    found: dict[str, Any] = await v1.res("GET", "/check_order_status")
    return found


async def cancel(v1: V1, ticket: str) -> httpx.Response:
    return await v1.call("DELETE", f"/cancel_order/{ticket}")


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_each_tells_what_happens_and_what_it_teaches(file: Any) -> None:
    scenario = load_file(file, place=("doctorsim_v1", file.stem))
    assert scenario.about.endswith(".")
    assert scenario.teaches.endswith(".")
    assert scenario.about != scenario.teaches


async def test_the_library_lists_the_sentences(v1: V1) -> None:
    rows = (await v1.world.steer("GET", "/scenarios"))["scenarios"]
    mine = {row["name"]: row for row in rows if row["provider"] == "doctorsim_v1"}
    assert mine.keys() >= {file.stem for file in FILES}
    assert all(row["about"] and row["teaches"] for row in mine.values())


async def test_slow_answer() -> None:
    async with under("slow-answer") as v1:
        answer = await v1.create()
        assert answer.status_code == 200
        seconds = int(answer.headers["date"][20:22]) * 60 + int(answer.headers["date"][23:25])
        assert 10 <= seconds <= 30
        assert await v1.status(answer.json()["res"]["id_ticket"]) == "open"


async def test_answer_lost() -> None:
    async with under("answer-lost") as v1:
        tool = (await v1.tools())[0]["id_tool"]
        with pytest.raises(httpx.ReadError):
            await v1.create(tool=tool)
        (order,) = (await all_orders(v1)).values()
        assert order["imei"] == IMEI
        assert await v1.balance() != FULL
        await v1.order(tool=tool)
        assert len(await all_orders(v1)) == 2


async def test_connection_reset() -> None:
    async with under("connection-reset") as v1:
        tool = (await v1.tools())[0]["id_tool"]
        with pytest.raises(httpx.ReadError):
            await v1.create(tool=tool)
        assert (await all_orders(v1), await v1.balance()) == ({}, FULL)
        await v1.order(tool=tool)


async def test_nothing_offered_in_the_words_that_the_provider_has_for_it() -> None:
    async with under("nothing-offered") as v1:
        asked = [(method, path) for method in ("GET", "POST") for path in ("/tools/1697/3", "/tools/15910/1")]
        tools = [await v1.call(method, path) for method, path in asked]
        assert {error_of(answer)[:2] for answer in tools} == {(200, "API_ERROR")}
        # Nokia 5230 is never served on this network: the same bytes.
        await v1.scenario("quick")
        real = await v1.call("GET", "/tools/1697/5815")
        assert {answer.content for answer in tools} == {real.content}
        assert tools[0].headers["content-type"] == real.headers["content-type"]


async def test_no_free_checks() -> None:
    async with under("no-free-checks") as v1:
        for imei in (IMEI, *valid_imeis(9)):
            found = await v1.res("POST", f"/imeicheck/{imei}")
            assert (found["type_pay"]["type"], found["result"], found["error"]) == ("P", {}, [])
            assert found["data"]["brandname"] != "NA"
        for imei, kind in (("353047098598802", "F"), ("359405085972766", "F"), ("123456789876543", "P")):
            assert (await v1.res("POST", f"/imeicheck/{imei}"))["type_pay"]["type"] == kind


async def test_tool_withdrawn() -> None:
    async with under("tool-withdrawn") as v1:
        assert error_of(await v1.create())[:2] == (404, "API_ERROR")
        assert await v1.balance() == FULL
        await v1.order()
        assert (await v1.create(pair="live")).status_code == 404


async def test_balance_just_too_small() -> None:
    async with under("balance-just-too-small") as v1:
        assert error_of(await v1.create()) == (400, "API_ERROR", "Not enough credits.")
        assert await v1.balance() == FULL
        await v1.order()
        assert (await v1.create(pair="live")).status_code == 400


async def test_ready_while_canceling() -> None:
    async with under("ready-while-canceling") as v1:
        ticket = await v1.order()
        paid = await v1.balance()
        assert "is available" in error_of(await cancel(v1, ticket))[2]
        assert await v1.status(ticket) == "available"
        assert await v1.balance() == paid != FULL


async def test_late_refund_of_what_was_canceled() -> None:
    async with under("late-refund") as v1:
        ticket = await v1.order()
        paid = await v1.balance()
        assert (await cancel(v1, ticket)).json()["res"] == {ticket: {"status": "canceled"}}
        assert error_of(await cancel(v1, ticket))[0] == 400
        await v1.world.advance("3599s")
        assert await v1.balance() == paid != FULL
        await v1.world.advance("1s")
        assert await v1.balance() == FULL
        assert await v1.status(ticket) == "canceled"


async def test_late_refund_of_what_is_not_available() -> None:
    async with under("late-refund", "always-notavailable") as v1:
        ticket = await v1.order()
        await v1.world.advance("1m")
        paid = await v1.balance()
        assert await v1.status(ticket) == "notavailable"
        await v1.world.advance("1h")
        assert await v1.status(ticket) == "notavailable"
        assert await v1.balance() == FULL != paid


async def test_late_refund_holds_for_the_test_imei_too() -> None:
    async with under("late-refund") as v1:
        ticket = await v1.order(NOTAVAILABLE)
        assert await v1.status(ticket) == "notavailable"
        assert await v1.balance() != FULL
        await v1.world.advance("1h")
        assert await v1.balance() == FULL


async def test_mixed_outcomes() -> None:
    async with under("mixed-outcomes") as v1:
        await v1.world.steer("PATCH", "/settings", {"rate_limits": "off"})
        await v1.world.steer("PATCH", "/accounts/doctorsim_v1/sandbox", {"balance": "90000.00"})
        tool = (await v1.tools())[0]
        for imei in valid_imeis(60):
            await v1.order(imei, tool=tool["id_tool"])
        await v1.world.advance("1m")
        seen = Counter(order["status"] for order in (await all_orders(v1)).values())
        assert set(seen) == {"available", "notavailable", "error"}
        assert 30 <= seen["available"] <= 54
        charged = Decimal("90000.00") - Decimal(await v1.balance())
        assert charged == Decimal(str(tool["price"])) * (seen["available"] + seen["error"])


async def outcomes_by_ratio(v1: V1, tool: dict[str, Any], *, force: bool) -> Counter[str]:
    """How forty orders of a tool end."""
    tickets = [await v1.order(imei, tool=tool["id_tool"]) for imei in [*valid_imeis(20), *[IMEI] * 20]]
    if force:
        for ticket in tickets:
            await v1.call("POST", f"/update_order/{ticket}", data={"force": "nowait"})
    await v1.world.advance("1m")
    orders = await all_orders(v1)
    return Counter(orders[ticket]["status"] for ticket in tickets)


@pytest.mark.parametrize("force", [False, True])
async def test_by_success_ratio(force: bool) -> None:
    async with under("by-success-ratio") as v1:
        await v1.world.steer("PATCH", "/settings", {"rate_limits": "off"})
        await v1.world.steer("PATCH", "/accounts/doctorsim_v1/sandbox", {"balance": "90000.00"})
        for tool in await v1.tools():
            before = Decimal(await v1.balance())
            seen = await outcomes_by_ratio(v1, tool, force=force)
            assert set(seen) <= {"available", "notavailable"}
            # Within three standard deviations of what forty orders of this ratio should give.
            ratio = float(tool["success_ratio"])
            assert abs(seen["available"] - 40 * ratio) <= 3 * (40 * ratio * (1 - ratio)) ** 0.5
            assert before - Decimal(await v1.balance()) == Decimal(str(tool["price"])) * seen["available"]


async def test_duplicate_imei() -> None:
    async with under("duplicate-imei") as v1:
        first, second = [tool["id_tool"] for tool in await v1.tools()]
        ticket = await v1.order(tool=first)
        held = await v1.balance()
        for by in ("0s", "10s", "49s"):
            await v1.world.advance(by)
            answer = await v1.create(tool=first)
            status, word, info = error_of(answer)
            assert (status, word) == (400, "API_ERROR")
            assert ticket in info
            assert answer.headers["x-mock-assumed"] == "true"
        assert await v1.balance() == held
        await v1.order(tool=second)
        await v1.order(valid_imeis(3)[1], tool=first)
        await v1.order(tool=first, pair="live")
        await v1.world.advance("1s")
        again = await v1.order(tool=first)
        await cancel(v1, again)
        await v1.order(tool=first)


async def test_an_imei_that_was_ordered_before_is_taken_unless_a_setting_refuses_it(v1: V1) -> None:
    ticket = await v1.order()
    assert await v1.order() != ticket
    await v1.setting("duplicate_imei", "refuse")
    assert error_of(await v1.create())[0] == 400
    assert len(await all_orders(v1)) == 2


async def test_key_rejected_once() -> None:
    async with under("key-rejected-once") as v1:
        ticket = await v1.order()
        assert error_of(await v1.call("GET", f"/check_order_status/{ticket}"))[:2] == (401, "WRONG_ACCESS")
        assert await v1.status(ticket) == "open"
        assert ticket in await all_orders(v1)


async def test_access_withdrawn() -> None:
    async with under("access-withdrawn") as v1:
        ticket = await v1.order()
        answers = [
            await v1.call("GET", f"/check_order_status/{ticket}"),
            await v1.call("GET", "/check_order_status"),
            await v1.call("POST", f"/update_order/{ticket}", data={"force": "nowait"}),
            await v1.call("GET", f"/retrieve_order_instructions/{ticket}"),
            await cancel(v1, ticket),
        ]
        assert [error_of(answer)[:2] for answer in answers] == [(401, "WRONG_ACCESS")] * 5


async def test_upstream_burst() -> None:
    async with under("upstream-burst") as v1:
        paths = ("/countries", "/brands", "/tools/1697/3", "/countries")
        answers = [await v1.call("GET", path) for path in paths]
        assert [error_of(answer)[:2] for answer in answers[:3]] == [(500, "API_ERROR")] * 3
        assert answers[3].status_code == 200
        assert (await v1.call("GET", "/countries", pair="live")).status_code == 500


async def test_rate_limit_storm() -> None:
    async with under("rate-limit-storm") as v1:
        for _ in range(3):
            answers = [await v1.call("GET", path) for path in ("/countries", "/brands")]
            assert [error_of(answer)[:2] for answer in answers] == [(429, "TOO_MANY_REQUESTS")] * 2
            assert all("retry-after" not in answer.headers for answer in answers)
        assert {(await v1.call("GET", path)).status_code for path in ("/countries", "/brands")} == {200}


async def test_order_stuck() -> None:
    async with under("order-stuck") as v1:
        first, second, third = [await v1.order() for _ in range(3)]
        assert (await cancel(v1, first)).status_code == 200
        await v1.world.advance("90d")
        assert await v1.status(second) == "pending"
        assert "is over" in error_of(await cancel(v1, second))[2]
        await v1.res("POST", f"/update_order/{third}", data={"force": "nowait"})
        assert await v1.status(third) == "available"


async def test_slow_start() -> None:
    async with under("slow-start") as v1:
        tool = (await v1.tools())[0]["id_tool"]
        tickets = [await v1.order(tool=tool) for _ in range(6)]
        await v1.world.advance("1m")
        assert [await v1.status(one) for one in tickets] == ["pending"] * 5 + ["available"]
        await v1.world.advance("119m")
        assert await v1.status(tickets[0]) == "pending"
        await v1.world.advance("61m")
        assert {await v1.status(one) for one in tickets} == {"available"}


@pytest.mark.parametrize("scenario", ["order-stuck", "slow-start", "late-refund", "mixed-outcomes", "by-success-ratio"])
async def test_imei_checks_work_as_always(scenario: str) -> None:
    async with under(scenario) as v1:
        tool = await v1.tool("15910", "1", tool_type="check")
        ticket = await v1.order(device="15910", network="1", tool=tool["id_tool"])
        assert await v1.status(ticket) == "available"

"""Orders from open to their end: status, update, cancel, instructions, scenarios."""

import asyncio
import re
from typing import Any

import pytest

from tests.docs.pages import read
from tests.providers.doctorsim_v1.client import DEVICE, IMEI, NETWORK, V1, error_of

pytestmark = pytest.mark.anyio

AVAILABLE, NOTAVAILABLE = "123456789876543", "355710060480006"


async def slow_order(v1: V1) -> str:
    """An order of a service that takes days, under `guaranteed-times`."""
    await v1.scenario("guaranteed-times")
    tool = next(one for one in await v1.tools() if one["time"]["type"] in ("days", "weeks"))
    return await v1.order(tool=tool["id_tool"])


async def test_an_order_is_open_for_ten_seconds_and_pending_for_fifty(v1: V1) -> None:
    ticket = await v1.order()
    seen = []
    for by in ("0s", "9.999s", "0.001s", "49.999s", "0.001s"):
        await v1.world.advance(by)
        seen.append(await v1.status(ticket))
    assert seen == ["open", "open", "pending", "pending", "available"]


async def test_an_order_has_the_documented_fields_all_texts(v1: V1) -> None:
    ticket = await v1.order()
    expected = {
        "id_device": DEVICE,
        "id_network": NETWORK,
        "imei": IMEI,
        "creation_datetime": "2026-01-31 12:00:00",
        "status": "open",
        "ok_sent": "false",
    }
    assert await v1.res("GET", f"/check_order_status/{ticket}") == {ticket: expected}
    await v1.world.advance("1m")
    done = expected | {"status": "available", "ok_sent": "true"}
    assert await v1.res("GET", f"/check_order_status/{ticket}") == {ticket: done}


async def test_without_a_ticket_all_orders_of_the_account_are_shown(v1: V1) -> None:
    assert await v1.res("GET", "/check_order_status") == {}
    mine = [await v1.order() for _ in range(3)]
    other = await v1.order(pair="live")
    answer = await v1.call("GET", "/check_order_status")
    assert list(answer.json()["res"]) == mine[::-1]
    assert answer.headers["x-mock-assumed"] == "true"
    assert list(await v1.res("GET", "/check_order_status", pair="live")) == [other]


async def test_more_orders_than_one_page_are_all_shown(v1: V1) -> None:
    await v1.world.steer("PATCH", "/settings", {"rate_limits": "off"})
    await v1.world.steer("PATCH", "/accounts/doctorsim_v1/live", {"balance": "90000.00"})
    tool = (await v1.tools())[0]["id_tool"]
    tickets = [await v1.order(pair="live", tool=tool) for _ in range(501)]
    assert list(await v1.res("GET", "/check_order_status", pair="live")) == tickets[::-1]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/check_order_status"),
        ("POST", "/update_order"),
        ("DELETE", "/cancel_order"),
        ("GET", "/retrieve_order_instructions"),
    ],
)
async def test_an_order_of_somebody_else_is_not_found(v1: V1, method: str, path: str) -> None:
    ticket = await v1.order()
    for pair, one in (("live", ticket), ("sandbox", "1")):
        answer = await v1.call(
            method, f"{path}/{one}", pair=pair, data={"force": "nowait"} if method == "POST" else None
        )
        assert error_of(answer)[:2] == (404, "API_ERROR")
    assert await v1.status(ticket) == "open"


# -- test IMEIs ------------------------------------------------------------------------------------------------------


async def test_the_first_test_imei_is_available_at_once_with_instructions(v1: V1) -> None:
    ticket = await v1.order(AVAILABLE)
    order = (await v1.res("GET", f"/check_order_status/{ticket}"))[ticket]
    assert (order["status"], order["ok_sent"]) == ("available", "true")
    howto = (await v1.res("GET", f"/retrieve_order_instructions/{ticket}"))[ticket]["howto"]
    assert AVAILABLE in howto
    assert await v1.balance() != "1000.00"


async def test_the_code_stands_behind_the_label_of_the_pages_sample(v1: V1) -> None:
    tool = (await v1.tools("1697", "1"))[0]["id_tool"]
    ticket = await v1.order(AVAILABLE, device="1697", network="1", tool=tool)
    howto = (await v1.res("GET", f"/retrieve_order_instructions/{ticket}"))[ticket]["howto"]
    assert howto.startswith(f"IMEI number: {AVAILABLE}\nModel: Nokia 5230\nNetwork Provider: Movistar\n")
    (code,) = re.findall(r"Enter your unlock code: (#pw\+[0-9]+\+1#)", howto)
    assert (await v1.world.steer("GET", f"/orders/doctorsim_v1/{ticket}"))["facts"]["code"] == code


async def test_the_second_test_imei_is_not_available_and_refunded_at_once(v1: V1) -> None:
    ticket = await v1.order(NOTAVAILABLE)
    order = (await v1.res("GET", f"/check_order_status/{ticket}"))[ticket]
    assert (order["status"], order["ok_sent"]) == ("notavailable", "false")
    assert await v1.balance() == "1000.00"
    entries = (await v1.world.steer("GET", "/ledger/doctorsim_v1/sandbox"))["entries"]
    assert [entry["amount"][0] for entry in entries[1:]] == ["-", entries[2]["amount"][0]]
    assert len(entries) == 3


@pytest.mark.parametrize("imei", [AVAILABLE, NOTAVAILABLE])
async def test_for_a_production_pair_they_are_ordinary_numbers(v1: V1, imei: str) -> None:
    ticket = await v1.order(imei, pair="live")
    assert await v1.status(ticket, pair="live") == "open"
    await v1.world.advance("1m")
    assert await v1.status(ticket, pair="live") == "available"


async def test_the_test_imeis_are_listed_with_their_source(v1: V1) -> None:
    rows = [row for row in (await v1.world.steer("GET", "/magic"))["magic"] if row["provider"] == "doctorsim_v1"]
    assert all(row["provenance"] == "documented" for row in rows)
    orders = [row["value"] for row in rows if "create_order" in row["where"]]
    checks = [row["value"] for row in rows if "imeicheck" in row["where"]]
    assert orders == [AVAILABLE, NOTAVAILABLE]
    assert checks == ["353047098598802", "359405085972766", "123456789876543", "123456789987654"]


# -- update_order ----------------------------------------------------------------------------------------------------


async def test_nowait_makes_an_order_ready_at_once(v1: V1) -> None:
    for wait in ("0s", "30s"):
        ticket = await v1.order()
        await v1.world.advance(wait)
        order = (await v1.res("POST", f"/update_order/{ticket}", data={"force": "nowait"}))[ticket]
        assert (order["status"], order["ok_sent"]) == ("available", "1")
        assert list(order) == ["id_device", "id_network", "imei", "creation_datetime", "status", "ok_sent"]
        assert (await v1.res("GET", f"/check_order_status/{ticket}"))[ticket]["ok_sent"] == "true"


async def test_nowait_may_end_without_instructions(v1: V1) -> None:
    await v1.scenario("always-notavailable")
    ticket = await v1.order()
    order = (await v1.res("POST", f"/update_order/{ticket}", data={"force": "nowait"}))[ticket]
    assert (order["status"], order["ok_sent"]) == ("notavailable", "0")
    assert await v1.balance() == "1000.00"


async def test_nowait_leaves_a_ready_order_as_it_is(v1: V1) -> None:
    for imei, word, sent in ((AVAILABLE, "available", "1"), (NOTAVAILABLE, "notavailable", "0")):
        ticket = await v1.order(imei)
        before = await v1.world.steer("GET", f"/orders/doctorsim_v1/{ticket}")
        order = (await v1.res("POST", f"/update_order/{ticket}", data={"force": "nowait"}))[ticket]
        assert (order["status"], order["ok_sent"]) == (word, sent)
        after = await v1.world.steer("GET", f"/orders/doctorsim_v1/{ticket}")
        # Only the list of requests that asked about the order has grown.
        assert {**after, "explanation": None} == {**before, "explanation": None}


async def test_nowait_is_refused_for_an_order_that_is_canceled_or_failed(v1: V1) -> None:
    canceled, failed = await v1.order(), await v1.order()
    await v1.call("DELETE", f"/cancel_order/{canceled}")
    await v1.world.steer("POST", f"/orders/doctorsim_v1/{failed}/events", {"event": "break"})
    for ticket, word in ((canceled, "canceled"), (failed, "error")):
        status, kind, info = error_of(await v1.call("POST", f"/update_order/{ticket}", data={"force": "nowait"}))
        assert (status, kind) == (400, "API_ERROR")
        assert word in info


async def test_what_is_only_assumed_says_so(v1: V1) -> None:
    ticket = await v1.order()
    await v1.call("DELETE", f"/cancel_order/{ticket}")
    answer = await v1.call("POST", f"/update_order/{ticket}", data={"force": "nowait"})
    assert answer.headers["x-mock-assumed"] == "true"
    assert "x-mock-assumed" not in (await v1.call("DELETE", f"/cancel_order/{ticket}")).headers


async def test_the_form_can_be_multipart_as_curl_makes_it_of_an_array_in_php(v1: V1) -> None:
    ticket = await v1.order()
    wrong = {"files": {"force": (None, "now")}}, {"files": {"force": ("a.txt", b"nowait")}}
    for body in wrong:
        assert error_of(await v1.call("POST", f"/update_order/{ticket}", **body))[:2] == (400, "API_ERROR")
    order = (await v1.res("POST", f"/update_order/{ticket}", files={"force": (None, "nowait")}))[ticket]
    assert (order["status"], order["ok_sent"]) == ("available", "1")


@pytest.mark.parametrize(
    "media", ["multipart/form-data", "multipart/form-data; boundary=other", 'Multipart/Mixed; boundary="', "multipart/"]
)
async def test_a_multipart_form_that_is_none_has_no_fields(v1: V1, media: str) -> None:
    ticket = await v1.order()
    body = b'--b\r\nContent-Disposition: form-data; name="force"\r\n\r\nnowait\r\n--b--\r\n'
    answer = await v1.call("POST", f"/update_order/{ticket}", content=body, headers={"Content-Type": media})
    assert error_of(answer)[:2] == (400, "API_ERROR")


@pytest.mark.parametrize(
    "body",
    [{}, {"data": {"force": "now"}}, {"data": {"force": ""}}, {"json": {"force": "nowait"}}, {"data": {"x": "nowait"}}],
)
async def test_another_value_or_none_is_a_bad_parameter(v1: V1, body: dict[str, Any]) -> None:
    ticket = await v1.order()
    assert error_of(await v1.call("POST", f"/update_order/{ticket}", **body))[:2] == (400, "API_ERROR")
    assert await v1.status(ticket) == "open"


# -- cancel_order ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wait", ["0s", "30s"])
async def test_an_open_or_pending_order_is_canceled_and_refunded(v1: V1, wait: str) -> None:
    ticket = await v1.order()
    await v1.world.advance(wait)
    answer = await v1.call("DELETE", f"/cancel_order/{ticket}")
    assert answer.json() == {"status": "OK", "info": "", "res": {ticket: {"status": "canceled"}}}
    assert await v1.balance() == "1000.00"
    assert await v1.status(ticket) == "canceled"
    await v1.world.advance("1h")
    assert await v1.status(ticket) == "canceled"


async def test_the_window_is_ten_minutes_to_the_second(v1: V1) -> None:
    first = await slow_order(v1)
    second = await slow_order(v1)
    third = await slow_order(v1)
    await v1.world.advance("599s")
    assert (await v1.call("DELETE", f"/cancel_order/{first}")).status_code == 200
    await v1.world.advance("0.999s")
    assert (await v1.call("DELETE", f"/cancel_order/{second}")).status_code == 200
    held = await v1.balance()
    await v1.world.advance("0.001s")
    status, word, info = error_of(await v1.call("DELETE", f"/cancel_order/{third}"))
    assert (status, word) == (400, "API_ERROR")
    assert "is over" in info
    assert await v1.balance() == held
    assert await v1.status(third) == "pending"


async def test_under_the_default_scenario_it_is_too_late_after_a_minute(v1: V1) -> None:
    tool = next(one for one in await v1.tools() if one["time"]["type"] in ("days", "weeks"))["id_tool"]
    for wait, status in (("30s", 200), ("65s", 400), ("300s", 400), ("599s", 400)):
        other = v1.beside(f"after-{wait}")
        ticket = await other.order(tool=tool)
        await other.world.advance(wait)
        answer = await other.call("DELETE", f"/cancel_order/{ticket}")
        assert answer.status_code == status
        assert status == 200 or f"{ticket} is available" in error_of(answer)[2]


async def test_whoever_reads_of_cancelling_reads_of_the_scenario_that_has_the_window(v1: V1) -> None:
    told = (await v1.world.steer("GET", "/fidelity"))["providers"]
    endpoints = next(one for one in told if one["provider"] == "doctorsim_v1")["endpoints"]
    (summary,) = [one["summary"] for one in endpoints if one["name"] == "cancel_order"]
    settings = await v1.world.steer("GET", "/settings?help=1")
    page = read("docs/doctorsim-v1.md")
    (paragraph,) = [part for part in page.split("\n\n") if "ten" in part.split() and "minutes" in part]
    for text in (summary, settings["doctorsim_v1.cancel_window"]["help"], paragraph):
        assert "guaranteed-times" in text


async def test_the_window_is_a_setting(v1: V1) -> None:
    await v1.setting("cancel_window", "20s")
    early, late = await v1.order(), await v1.order()
    await v1.world.advance("19s")
    assert (await v1.call("DELETE", f"/cancel_order/{early}")).status_code == 200
    await v1.world.advance("1s")
    assert "is over" in error_of(await v1.call("DELETE", f"/cancel_order/{late}"))[2]


async def test_final_states_have_their_own_errors(v1: V1) -> None:
    tickets = {word: await v1.order(imei) for word, imei in (("available", AVAILABLE), ("notavailable", NOTAVAILABLE))}
    tickets |= {"canceled": await v1.order(), "error": await v1.order()}
    await v1.call("DELETE", f"/cancel_order/{tickets['canceled']}")
    await v1.world.steer("POST", f"/orders/doctorsim_v1/{tickets['error']}/events", {"event": "break"})
    held = await v1.balance()
    for word, ticket in tickets.items():
        for _ in range(2):
            status, kind, info = error_of(await v1.call("DELETE", f"/cancel_order/{ticket}"))
            assert (status, kind) == (400, "API_ERROR")
            assert f" is {word} " in info
    assert await v1.balance() == held


async def test_imei_checks_are_processed_at_once_and_never_canceled(v1: V1) -> None:
    tool = await v1.tool("15910", "1", tool_type="check")
    ticket = await v1.order(device="15910", network="1", tool=tool["id_tool"], pair="live")
    assert await v1.status(ticket, pair="live") == "available"
    info = error_of(await v1.call("DELETE", f"/cancel_order/{ticket}", pair="live"))[2]
    assert "IMEI checks" in info
    howto = (await v1.res("GET", f"/retrieve_order_instructions/{ticket}", pair="live"))[ticket]["howto"]
    assert IMEI in howto


async def test_twenty_cancels_at_once_refund_exactly_once(v1: V1) -> None:
    ticket = await v1.order()
    answers = await asyncio.gather(*(v1.call("DELETE", f"/cancel_order/{ticket}") for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 19
    assert await v1.balance() == "1000.00"
    assert len((await v1.world.steer("GET", "/ledger/doctorsim_v1/sandbox"))["entries"]) == 3


async def test_a_cancel_and_a_failure_at_once_refund_exactly_once(v1: V1) -> None:
    for _ in range(5):
        ticket = await v1.order()
        await asyncio.gather(
            v1.call("DELETE", f"/cancel_order/{ticket}"),
            v1.world.control("POST", f"/orders/doctorsim_v1/{ticket}/events", {"event": "fail"}),
            v1.call("POST", f"/update_order/{ticket}", data={"force": "now"}),
        )
        assert await v1.status(ticket) in ("canceled", "notavailable")
        assert await v1.balance() == "1000.00"


# -- instructions ----------------------------------------------------------------------------------------------------


async def test_instructions_before_availability_are_an_error(v1: V1) -> None:
    ticket = await v1.order()
    for by in ("0s", "10s", "49s"):
        await v1.world.advance(by)
        assert error_of(await v1.call("GET", f"/retrieve_order_instructions/{ticket}"))[:2] == (400, "API_ERROR")
    await v1.world.advance("1s")
    assert (await v1.call("GET", f"/retrieve_order_instructions/{ticket}")).status_code == 200


async def test_there_are_no_instructions_for_what_failed(v1: V1) -> None:
    ticket = await v1.order(NOTAVAILABLE)
    assert error_of(await v1.call("GET", f"/retrieve_order_instructions/{ticket}"))[:2] == (400, "API_ERROR")


@pytest.mark.parametrize("brand", ["Nokia", "Samsung", "iPhone", "Alcatel", "BlackBerry", "LG", "Huawei", "Sony"])
async def test_instructions_name_imei_model_network_and_a_code(v1: V1, brand: str) -> None:
    brands = await v1.res("GET", "/brands")
    id = next(id for id, known in brands.items() if known["brand"] == brand)
    device, data = next(iter((await v1.res("GET", f"/devices/{id}"))[id].items()))
    plain = dict.fromkeys(("sn", "prd", "pin", "mep", "sro"), "false")
    tool = await v1.tool(device, "2", tool_type="imei", **plain)
    ticket = await v1.order(device=device, network="2", tool=tool["id_tool"])
    await v1.world.advance("1m")
    howto = (await v1.res("GET", f"/retrieve_order_instructions/{ticket}"))[ticket]["howto"]
    code = (await v1.world.steer("GET", f"/orders/doctorsim_v1/{ticket}"))["facts"]["code"]
    assert len(howto.splitlines()) > 6
    lines = howto.splitlines()
    assert lines[0] == f"IMEI number: {IMEI}"
    assert re.fullmatch(rf"Model: .*{re.escape(data['name'])}", lines[1])
    assert lines[2] == "Network Provider: Vodafone"
    assert re.search(r"Enter your unlock code: (\S+)", howto)[1] == code  # type: ignore[index]
    assert "{" not in howto
    assert len(code) >= 6


async def test_instructions_differ_by_brand_and_codes_by_order(v1: V1) -> None:
    async def steps(device: str) -> tuple[str, str]:
        plain = dict.fromkeys(("sn", "prd", "pin", "mep", "sro"), "false")
        tool = await v1.tool(device, "1", tool_type="imei", **plain)
        ticket = await v1.order(device=device, network="1", tool=tool["id_tool"])
        await v1.world.advance("1m")
        howto: str = (await v1.res("GET", f"/retrieve_order_instructions/{ticket}"))[ticket]["howto"]
        code: str = (await v1.world.steer("GET", f"/orders/doctorsim_v1/{ticket}"))["facts"]["code"]
        return howto.partition("How to")[2].replace(code, ""), code

    nokia, again, iphone = await steps("1697"), await steps("1697"), await steps("15910")
    assert nokia[0] == again[0] != iphone[0]
    assert nokia[1] != again[1]


async def test_a_test_can_say_which_code_and_text_arrive(v1: V1) -> None:
    ticket = await v1.order()
    await v1.world.steer("POST", f"/orders/doctorsim_v1/{ticket}/events", {"event": "ready", "code": "4711"})
    assert "4711" in (await v1.res("GET", f"/retrieve_order_instructions/{ticket}"))[ticket]["howto"]
    other = await v1.order()
    event = {"event": "ready", "text": "Línea uno\nLine two"}
    await v1.world.steer("POST", f"/orders/doctorsim_v1/{other}/events", event)
    assert await v1.res("GET", f"/retrieve_order_instructions/{other}") == {other: {"howto": "Línea uno\nLine two"}}
    found = await v1.order()
    event = {"event": "ready", "text": "Enter your unlock code: 0815-4711"}
    data = await v1.world.steer("POST", f"/orders/doctorsim_v1/{found}/events", event)
    assert data["facts"]["code"] == "08154711", "the code that the text holds, not one of our own"
    for bad in ({"code": ""}, {"code": 4711}, {"code": "a\nb"}, {"text": ""}, {"text": 7}):
        third = await v1.order()
        answer = await v1.world.control("POST", f"/orders/doctorsim_v1/{third}/events", {"event": "ready", **bad})
        assert answer.status_code == 422
        assert await v1.status(third) == "open"


# -- scenarios -------------------------------------------------------------------------------------------------------


async def test_always_notavailable_refunds_every_order(v1: V1) -> None:
    await v1.scenario("always-notavailable")
    ticket = await v1.order()
    await v1.world.advance("59s")
    assert await v1.status(ticket) == "pending"
    await v1.world.advance("1s")
    assert await v1.status(ticket) == "notavailable"
    assert await v1.balance() == "1000.00"


async def test_error_ends_in_error_without_a_refund(v1: V1) -> None:
    await v1.scenario("error")
    ticket = await v1.order()
    await v1.world.advance("1m")
    assert await v1.status(ticket) == "error"
    assert await v1.balance() != "1000.00"


async def test_guaranteed_times_follow_the_tool(v1: V1) -> None:
    await v1.scenario("guaranteed-times")
    seconds = {"minutes": 60, "hours": 3600, "days": 86400, "weeks": 604800}
    plain = dict.fromkeys(("sn", "prd", "pin", "mep", "sro"), "false")
    seen = set()
    for device, network in (("1697", "3"), ("15429", "5815"), ("15531", "1"), ("15910", "2")):
        for tool in await v1.tools(device, network):
            if tool["tool_type"] == "check" or {name: tool[name] for name in plain} != plain:
                continue
            ticket = await v1.order(device=device, network=network, tool=tool["id_tool"])
            (due,) = (await v1.world.steer("GET", f"/orders/doctorsim_v1/{ticket}"))["timers"]
            assert due["event"] == "process"
            low, high = (int(tool["time"][name]) * seconds[tool["time"]["type"]] for name in ("min", "max"))
            other = v1.beside(f"tool-{tool['id_tool']}")
            await other.scenario("guaranteed-times")
            twin = await other.order(device=device, network=network, tool=tool["id_tool"])
            await other.world.advance(f"{low - 1}s")
            assert await other.status(twin) == "pending"
            await other.world.advance(f"{high - low + 1}s")
            assert await other.status(twin) == "available"
            seen.add(tool["time"]["type"])
    assert {"minutes", "days"} <= seen


async def test_nowait_overrides_the_guaranteed_time(v1: V1) -> None:
    ticket = await slow_order(v1)
    order = (await v1.res("POST", f"/update_order/{ticket}", data={"force": "nowait"}))[ticket]
    assert order["status"] == "available"


async def test_no_cancel_window_holds_for_services_of_minutes_only(v1: V1) -> None:
    await v1.scenario("no-cancel-window")
    plain = dict.fromkeys(("sn", "prd", "pin", "mep", "sro"), "false")
    tools = [tool for tool in await v1.tools("15531", "1") if {name: tool[name] for name in plain} == plain]
    instant = next(tool for tool in tools if tool["time"]["type"] == "minutes")
    slow = next(tool for tool in tools if tool["time"]["type"] != "minutes")
    first, second = [await v1.order(device="15531", network="1", tool=one["id_tool"]) for one in (instant, slow)]
    assert await v1.status(first) == "pending"
    assert "is over" in error_of(await v1.call("DELETE", f"/cancel_order/{first}"))[2]
    assert (await v1.call("DELETE", f"/cancel_order/{second}")).status_code == 200
    await v1.world.advance("5s")
    assert await v1.status(first) == "available"


@pytest.mark.parametrize("scenario", ["always-notavailable", "error", "guaranteed-times", "no-cancel-window"])
async def test_imei_checks_work_under_every_scenario(v1: V1, scenario: str) -> None:
    await v1.scenario(scenario)
    tool = await v1.tool("15910", "1", tool_type="check")
    ticket = await v1.order(device="15910", network="1", tool=tool["id_tool"])
    assert await v1.status(ticket) == "available"

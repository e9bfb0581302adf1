"""create_order: what it takes, what it refuses and why, what it costs."""

from typing import Any

import pytest

from tests.providers.doctorsim_v1.client import DEVICE, IMEI, NETWORK, V1, error_of

pytestmark = pytest.mark.anyio

#: A brand, its flag, a good suffix (of the page where it has one) and bad ones.
SUFFIXES = [
    ("Alcatel", "sn", "SN5678G-33574", ["SN567-33574", "SN567890-33574", "SN5678G33574", "SN5678G-3357"]),
    ("LG", "sn", "SN5678-3357490", ["SN56 8-33574", "sn5678G-33574", "SN5678G-33574901"]),
    ("BlackBerry", "prd", "PRD12345678", ["PRD1234567", "PRD123456789", "PRD1234567A", "PRD-12345678"]),
    ("BlackBerry", "pin", "PIN21FB6301", ["PIN21FB630", "PIN21FB63011", "PIN21FB 630"]),
    ("BlackBerry", "mep", "MEP-12345-678", ["MEP12345678", "MEP-1234-678", "MEP-1234A-678", "MEP-12345-6789"]),
    ("Alcatel", "sro", "SROXM66NA40", ["SROM66NA40", "SROXM66NA4", "SROX123456789012", "SROxM66NA40"]),
]  # fmt: skip


async def device_of(v1: V1, brand: str) -> str:
    """A device of the brand."""
    brands = await v1.res("GET", "/brands")
    id = next(id for id, known in brands.items() if known["brand"] == brand)
    devices: dict[str, Any] = (await v1.res("GET", f"/devices/{id}"))[id]
    return next(iter(devices))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"content": b""},
        {"content": b"null", "headers": {"Content-Type": "application/json"}},
        {"content": b"{}", "headers": {"Content-Type": "application/json"}},
        {"content": b"[]", "headers": {"Content-Type": "application/json"}},
        {"headers": {"Content-Type": "application/json"}},
    ],
)
async def test_the_body_may_be_missing_null_or_empty(v1: V1, body: dict[str, Any]) -> None:
    answer = await v1.create(**body)
    assert answer.status_code == 200
    assert list(answer.json()["res"]) == ["id_ticket"]


async def test_a_ticket_is_a_text_of_digits_and_never_the_same(v1: V1) -> None:
    tickets = [await v1.order() for _ in range(20)]
    assert all(ticket.isdecimal() and len(ticket) >= 7 for ticket in tickets)
    assert tickets == sorted(set(tickets), key=int)


async def test_the_price_is_charged_at_once_in_either_mode(v1: V1) -> None:
    price = (await v1.tools())[0]["price"]
    for pair in ("sandbox", "live"):
        await v1.order(pair=pair)
        assert float(await v1.balance(pair)) == pytest.approx(1000 - price)


async def test_too_few_credits_are_refused_and_nothing_is_charged(v1: V1) -> None:
    answer = await v1.create(pair="poor")
    status, word, info = error_of(answer)
    assert (status, word) == (400, "API_ERROR")
    assert "credits" in info
    assert answer.headers["x-mock-assumed"] == "true"
    assert await v1.balance("poor") == "1.00"
    assert await v1.res("GET", "/check_order_status", pair="poor") == {}


async def test_a_wallet_is_emptied_to_the_last_cent_and_no_further(v1: V1) -> None:
    tool = (await v1.tools())[0]
    await v1.world.steer("PATCH", "/accounts/doctorsim_v1/poor", {"balance": str(tool["price"])})
    await v1.order(pair="poor")
    assert await v1.balance("poor") == "0.00"
    assert error_of(await v1.create(pair="poor"))[0] == 400


@pytest.mark.parametrize(
    ("imei", "rule"),
    [
        ("01195000498002", "15 digits, not 14"),
        ("0119500049800281", "15 digits, not 16"),
        ("011950004980029", "check digit"),
        ("0", "15 digits, not 1"),
        ("SN5678G-33574", "begin with its 15 digits"),
        ("x" * 15, "begin with its 15 digits"),
        ("0" * 900, "15 digits, not 900"),
        (f"{IMEI}SN5678G-33574", "takes nothing after the IMEI"),
        (f"{IMEI}x", "takes nothing after the IMEI"),
        (f"{IMEI}%20", "takes nothing after the IMEI"),
        (f"{IMEI}%00", "takes nothing after the IMEI"),
    ],
)
async def test_a_bad_imei_is_refused_with_the_rule_it_breaks(v1: V1, imei: str, rule: str) -> None:
    status, word, info = error_of(await v1.create(imei))
    assert (status, word) == (400, "API_ERROR")
    assert rule in info
    assert await v1.balance() == "1000.00"


@pytest.mark.parametrize(("brand", "flag", "good", "bad"), SUFFIXES)
async def test_a_flag_demands_its_suffix(v1: V1, brand: str, flag: str, good: str, bad: list[str]) -> None:
    device = await device_of(v1, brand)
    tool = (await v1.tool(device, "1", **{flag: "true"}))["id_tool"]
    order: dict[str, str] = {"device": device, "network": "1", "tool": tool}
    ticket = await v1.order(f"{IMEI}{good}", **order)
    assert (await v1.res("GET", f"/check_order_status/{ticket}"))[ticket]["imei"] == IMEI
    texts = set()
    for suffix in bad:
        status, word, info = error_of(await v1.create(f"{IMEI}{suffix}", **order))
        assert (status, word) == (400, "API_ERROR"), suffix
        assert flag.upper() in info
        texts.add(info)
    missing = error_of(await v1.create(IMEI, **order))[2]
    other = error_of(await v1.create(f"{IMEI}{'PRD12345678' if flag != 'prd' else 'PIN21FB6301'}", **order))[2]
    wrong_digit = error_of(await v1.create(f"011950004980027{good}", **order))[2]
    assert "needs" in missing
    assert "not P" in other
    assert "check digit" in wrong_digit
    assert len(texts | {missing, other, wrong_digit}) == len(texts) + 3


async def test_an_sro_may_be_digits_or_letters(v1: V1) -> None:
    device = await device_of(v1, "Alcatel")
    tool = (await v1.tool(device, "1", sro="true"))["id_tool"]
    for suffix in ("SROX1234567", "SROX12345678901", "SROXM66NA40", "SROXABCDEFGHIJK"):
        await v1.order(f"{IMEI}{suffix}", device=device, network="1", tool=tool)


async def test_unknown_devices_networks_and_tools_are_not_found(v1: V1) -> None:
    tool = (await v1.tools())[0]["id_tool"]
    foreign = (await v1.tools("15910", "1"))[0]["id_tool"]
    for device, network, one, what in (
        ("1", NETWORK, tool, "device"),
        (DEVICE, "5", tool, "network"),
        (DEVICE, NETWORK, "1", "service"),
        (DEVICE, NETWORK, foreign, "service"),
        (DEVICE, "5815", tool, "service"),
    ):
        status, word, info = error_of(await v1.create(device=device, network=network, tool=one))
        assert (status, word) == (404, "API_ERROR")
        assert what in info
    assert await v1.balance() == "1000.00"


@pytest.mark.parametrize("path", [f"/x/3/{IMEI}/1", f"/1697/x/{IMEI}/1", f"/1697/3/{IMEI}/x", f"/1697/3/{IMEI}/-1"])
async def test_ids_that_are_no_numbers_are_bad_parameters(v1: V1, path: str) -> None:
    assert error_of(await v1.call("POST", f"/create_order{path}"))[:2] == (400, "API_ERROR")


async def test_an_answer_can_take_up_to_thirty_seconds_of_the_sandboxs_clock(v1: V1) -> None:
    earlier = await v1.order()
    await v1.scenario("slow-answer")
    took = []
    for _ in range(8):
        before = await v1.world.steer("GET", "/clock")
        ticket = await v1.order()
        after = await v1.world.steer("GET", "/clock")
        placed = (await v1.world.steer("GET", f"/orders/doctorsim_v1/{ticket}"))["created_at"]
        assert placed == after["now"]
        took.append(_seconds(after["now"]) - _seconds(before["now"]))
    assert all(10 <= seconds <= 30 for seconds in took)
    assert len(set(took)) > 4
    # Time passed for everybody: the order before is done.
    assert await v1.status(earlier) == "available"
    now = await v1.world.steer("GET", "/clock")
    await v1.tools()
    assert await v1.world.steer("GET", "/clock") == now


async def test_slow_answers_take_the_same_time_for_the_same_seed(v1: V1) -> None:
    async def ends(client: V1) -> list[str]:
        await client.scenario("slow-answer")
        return [str((await client.order(), (await client.world.steer("GET", "/clock"))["now"])) for _ in range(3)]

    assert await ends(v1.beside("one")) == await ends(v1.beside("two"))


def _seconds(moment: str) -> float:
    minutes, seconds = moment.rstrip("Z").split(":")[-2:]
    return 60 * int(minutes) + float(seconds)

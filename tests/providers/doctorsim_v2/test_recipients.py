"""A top-up for a number that is not the product's ends in MANUAL_REVISION in production, and nowhere else."""

from typing import Any

import pytest

from mockserver.providers.doctorsim_v2.carriers import carriers
from tests.providers.doctorsim_v2.judged import TELCEL, V2
from tests.providers.doctorsim_v2.test_lookup import example
from tests.webhooks.receivers import Visit, receiving

pytestmark = pytest.mark.anyio

LIVE = "live_demo"
MOVISTAR = 102  # in Mexico
VODAFONE = 111  # in Spain


async def outcome(world: V2, phone: str, *, operator: int = TELCEL, key: str = LIVE) -> str:
    """How an order for a number ends."""
    order = (await world.ordered(operator=operator, phone=phone, key=key))["order_id"]
    await world.advance("10s")
    return await world.status(order, key=key)


@pytest.mark.parametrize("phone", ["+34612345678", "+12125550123", "+447911123456"])
async def test_a_number_of_another_country_is_for_a_person_to_decide(world: V2, phone: str) -> None:
    order = (await world.ordered(phone=phone, key=LIVE))["order_id"]
    assert await world.status(order, key=LIVE) == "pending"
    await world.advance("2s")
    assert await world.status(order, key=LIVE) == "processing"
    held = await world.balance(key=LIVE)
    assert held != "250.00"
    await world.advance("8s")
    shown = await world.order(order, key=LIVE)
    assert (shown["status"], shown["delivery_status"]) == ("MANUAL_REVISION", "manual_revision")
    assert await world.balance(key=LIVE) == held
    await world.push(order, "refund")
    assert await world.balance(key=LIVE) == "250.00"


async def test_it_is_told_as_order_failed(world: V2) -> None:
    async def accept(visit: Visit) -> None:
        await visit.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with receiving(accept) as receiver:
        await world.hook(receiver.url(), key=LIVE)
        assert await outcome(world, "+34612345678") == "MANUAL_REVISION"
    assert [visit.headers["x-doctorsim-event"] for visit in receiver.visits] == ["order.created", "order.failed"]


async def test_sandbox_orders_simulate_success(world: V2) -> None:
    for phone in ("+34612345678", "+12125550123", "+520000000000"):
        assert await outcome(world, phone, key="test_demo") == "fulfilled"


@pytest.mark.parametrize(
    ("operator", "phone", "status"),
    [
        (TELCEL, "+522221231231", "fulfilled"),
        (MOVISTAR, "+522221231231", "MANUAL_REVISION"),  # the prefix is Telcel's
        (MOVISTAR, "+525512345678", "fulfilled"),  # the prefix tells nothing, whoever the number is cast to
        (TELCEL, "+525512345678", "fulfilled"),
        (VODAFONE, "+34607123456", "fulfilled"),
        (VODAFONE, "+34612345678", "MANUAL_REVISION"),
        (121, "+12125550123", "fulfilled"),
        (122, "+12125550123", "fulfilled"),
        (121, "+14165550123", "MANUAL_REVISION"),  # of Canada, though the calling code is the same
        (131, "+14165550123", "fulfilled"),
    ],
)
async def test_a_prefix_of_another_operator_is_a_mismatch_and_a_cast_operator_is_none(
    world: V2, operator: int, phone: str, status: str
) -> None:
    assert await outcome(world, phone, operator=operator) == status


@pytest.mark.parametrize("phone", ["+520000000000", "+346120005", "+999123456789"])
async def test_no_number_at_all_is_a_mismatch(world: V2, phone: str) -> None:
    assert await outcome(world, phone) == "MANUAL_REVISION"


@pytest.mark.parametrize("ending", ["0000", "0001", "0002", "0003", "0004"])
async def test_a_mismatch_goes_before_a_magic_ending(world: V2, ending: str) -> None:
    assert await outcome(world, f"+3461234{ending}") == "MANUAL_REVISION"


async def test_gift_cards_are_for_whoever_has_a_phone(world: V2) -> None:
    card = await world.card(needs_phone=True)
    assert await outcome(world, "+34612345678", operator=card) == "fulfilled"


async def test_the_older_body_is_held_against_the_number_as_well(world: V2) -> None:
    rate = (await world.rates())[0]
    body = {name: rate[name] for name in ("tool_id", "denomination_id", "amount")}
    body |= {"operator_id": TELCEL, "country_id": 52, "phone": "+34612345678"}
    order = (await world.data("POST", "/orders", body, key=LIVE))["order_id"]
    await world.advance("10s")
    assert await world.status(order, key=LIVE) == "MANUAL_REVISION"


async def test_the_story_of_an_order_names_the_rule_and_another_tells_why_it_did_not_match(world: V2) -> None:
    answer = await world.v2("POST", "/orders", await world.order_body(phone="+34612345678"), key=LIVE)
    order = await world.steer("GET", f"/orders/doctorsim_v2/{answer.json()['data']['order_id']}")
    assert order["rule"] == "mismatched-number"
    entry = await world.steer("GET", f"/requests/{answer.headers['x-mock-request-id']}")
    [decision] = entry["explanation"]["decisions"]
    assert (decision["aspect"], decision["rule"]) == ("life", "mismatched-number")
    other = await world.v2("POST", "/orders", await world.order_body(), key=LIVE)
    [miss, *_] = (await world.steer("GET", f"/requests/{other.headers['x-mock-request-id']}"))["near_misses"]
    assert (miss["rule"], miss["differences"][0]["name"]) == ("mismatched-number", "order.mismatch")
    assert miss["differences"][0]["found"] == "none"


async def scenario(world: V2, *rules: dict[str, Any]) -> None:
    data = {"scenario": "mine", "provider": "doctorsim_v2", "about": "A scenario of a test.", "rules": list(rules)}
    await world.steer("POST", "/scenarios", data)
    await world.steer("PUT", "/scenarios/active", ["mine"])


async def test_a_scenario_fulfils_mismatched_numbers(world: V2) -> None:
    await scenario(world, {"when": {"order.mismatch": "country"}, "then": {"outcomes": {"settle": "fulfilled"}}})
    assert await outcome(world, "+34612345678") == "fulfilled"
    assert await outcome(world, "+520000000000") == "MANUAL_REVISION"


async def test_a_scenario_fails_mismatched_numbers_in_the_sandbox(world: V2) -> None:
    await scenario(world, {"when": {"order.mismatch": ["country"]}, "then": {"outcomes": {"settle": "failed"}}})
    assert await outcome(world, "+34612345678", key="test_demo") == "failed"
    assert await outcome(world, "+522221231231", key="test_demo") == "fulfilled"


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        *(("failing", 10), ("late-refund", 10), ("order-stuck", 10), ("flaky", 10), ("slow-start", 10)),
        *(("slow", 600), ("manual-revision", 10)),
    ],
)
async def test_the_scenarios_leave_mismatched_numbers_their_outcome(world: V2, name: str, seconds: int) -> None:
    await world.steer("PUT", "/scenarios/active", [name])
    order = (await world.ordered(phone="+34612345678", key=LIVE))["order_id"]
    await world.advance(f"{seconds - 1}s")
    assert await world.status(order, key=LIVE) == "processing"
    await world.advance("1s")
    assert await world.status(order, key=LIVE) == "MANUAL_REVISION"


@pytest.mark.slow
async def test_in_every_country_what_lookup_says_can_be_topped_up(world: V2) -> None:
    """From the number to the fulfilled order, as the reference page has it: lookup, services, rates, order."""
    await world.steer("PATCH", "/settings", {"rate_limits": "off"})
    await world.steer("PATCH", "/accounts/doctorsim_v2/live_demo", {"balance": "100000"})
    placed = []
    for country in carriers().countries.values():
        phone = example(country.iso2)
        if phone is None:
            continue
        found = await world.data("GET", f"/carriers/lookup/{phone}", key=LIVE)
        services = await world.data("GET", f"/operators/{found['id_operator']}/service-types", key=LIVE)
        for service in services:
            rate = (await world.rates(service["id_operator"], key=LIVE))[0]
            order = await world.data("POST", "/orders", {"price_token": rate["token"], "phone": phone}, key=LIVE)
            placed.append((country.iso2, order["order_id"]))
    assert len(placed) > 300
    await world.advance("10s")
    failed = [place for place, order in placed if await world.status(order, key=LIVE) != "fulfilled"]
    assert failed == []


async def test_numbers_that_neighbours_share_fit_the_products_of_either(world: V2) -> None:
    """Saint Barthelemy has no numbers of its own: what Guadeloupe's operators may be ordered for, its may be, too."""
    for iso2 in ("BL", "MF", "GP", "VA", "AX", "SJ", "IM"):
        phone = example(iso2)
        assert phone is not None
        known = carriers()
        owner = known.owner(iso2, phone[1:]) or known.of_country[known.by_iso[iso2].id][0]
        assert await outcome(world, phone, operator=owner.id) == "fulfilled", iso2

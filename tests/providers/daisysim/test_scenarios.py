"""The six scenarios of DaisySIM."""

import pytest

from tests.providers.daisysim.judged import Daisy

pytestmark = pytest.mark.anyio


async def activate(world: Daisy, *names: str) -> None:
    assert await world.steer("PUT", "/scenarios/active", list(names)) == list(names)


async def test_the_documented_ones_are_there_and_quick_is_the_default(world: Daisy) -> None:
    listed = (await world.steer("GET", "/scenarios"))["scenarios"]
    ours = {one["name"]: one["default"] for one in listed if one["provider"] == "daisysim"}
    names = {"quick", "no-sms", "price-moves", "provider-down", "slow-sms", "sold-out"}
    assert names <= set(ours)
    assert [name for name, default in ours.items() if default] == ["quick"]
    assert await world.steer("GET", "/scenarios/active") == []


async def test_quick_changes_nothing_when_it_is_named(world: Daisy) -> None:
    await activate(world, "quick")
    bought = (await world.bought(6, "wa"))["activation_id"]
    await world.advance("8s")
    assert await world.status(bought) == "Completed"


async def test_slow_sms_is_slower_than_a_cancel(world: Daisy) -> None:
    await activate(world, "slow-sms")
    first, second = [(await world.bought(6, "wa"))["activation_id"] for _ in range(2)]
    await world.advance("60s")
    assert (await world.daisy("POST", f"/cancel/{first}")).status_code == 200
    await world.advance("29.999s")
    assert await world.status(second) == "Waiting"
    await world.advance("0.001s")
    assert await world.status(second) == "Completed"
    assert await world.status(first) == "Cancelled"


async def test_no_sms_never_sends_a_code(world: Daisy) -> None:
    await activate(world, "no-sms")
    bought = (await world.bought(6, "wa"))["activation_id"]
    await world.advance("19m")
    assert await world.status(bought) == "Waiting"
    await world.advance("1m")
    assert await world.status(bought) == "Cancelled"
    assert await world.wallet() == 100


@pytest.mark.parametrize("name", ["no-sms", "slow-sms"])
async def test_testland_keeps_its_own_rules(world: Daisy, name: str) -> None:
    await activate(world, name)
    instant, usual = [(await world.bought(999, service))["activation_id"] for service in ("ic", "wa")]
    assert await world.status(instant) == "Completed"
    await world.advance("8s")
    assert await world.status(usual) == "Completed"


async def test_sold_out_has_nothing_anywhere(world: Daisy) -> None:
    order = await world.order_of(6, "wa")
    await activate(world, "sold-out")
    for country, service in ((6, "wa"), (187, "go"), (999, "lo")):
        quote = await world.data("POST", "/prices", {"country": country, "service": service})
        assert (quote["total_numbers"], quote["tiers"]) == (0, [])
    for price in (order["price"], 999):
        refused = await world.refused("POST", "/purchase", {**order, "price": price})
        assert refused == (503, "NO_NUMBERS_AVAILABLE")
    assert await world.wallet() == 100
    await activate(world)
    assert (await world.daisy("POST", "/purchase", order)).status_code == 201


async def test_provider_down_fails_what_needs_the_upstream(world: Daisy) -> None:
    order = await world.order_of(6, "wa")
    bought = (await world.data("POST", "/purchase", order))["activation_id"]
    before = await world.wallet()
    await activate(world, "provider-down")
    for method, path, body in (
        ("GET", "/countries", None),
        ("GET", "/services/6", None),
        ("POST", "/prices", {"country": 6, "service": "wa"}),
        ("POST", "/purchase", order),
    ):
        assert await world.refused(method, path, body) == (502, "PROVIDER_ERROR")
    assert await world.wallet() == before
    assert (await world.daisy("GET", "/balance")).status_code == 200
    await world.advance("8s")
    assert await world.status(bought) == "Completed"
    assert (await world.data("GET", "/history"))["pagination"]["total"] == 1


async def test_provider_down_checks_credential_and_fields_first(world: Daisy) -> None:
    await activate(world, "provider-down")
    assert await world.refused("GET", "/countries", key=None) == (401, "MISSING_TOKEN")
    assert await world.refused("POST", "/purchase", {"country": 6}) == (422, "VALIDATION_ERROR")


async def test_price_moves_fails_a_quoted_price_once(world: Daisy) -> None:
    await activate(world, "price-moves")
    order = await world.order_of(6, "wa")
    assert await world.refused("POST", "/purchase", order) == (422, "INVALID_PRICE")
    assert await world.wallet() == 100
    fresh = await world.order_of(6, "wa")
    assert fresh["price"] != order["price"]
    for _ in range(2):
        assert (await world.daisy("POST", "/purchase", fresh)).status_code == 201


async def test_price_moves_once_for_each_country_and_service(world: Daisy) -> None:
    await activate(world, "price-moves")
    for country, service in ((6, "wa"), (6, "tg"), (36, "wa")):
        order = await world.order_of(country, service)
        assert await world.refused("POST", "/purchase", order) == (422, "INVALID_PRICE")
        fresh = await world.order_of(country, service)
        assert (await world.daisy("POST", "/purchase", fresh)).status_code == 201


async def test_a_running_activation_keeps_the_life_it_was_born_with(world: Daisy) -> None:
    quick = (await world.bought(6, "wa"))["activation_id"]
    await activate(world, "no-sms")
    silent = (await world.bought(6, "wa"))["activation_id"]
    await activate(world)
    await world.advance("8s")
    assert (await world.status(quick), await world.status(silent)) == ("Completed", "Waiting")


async def test_scenarios_lie_over_each_other_and_the_first_decides(world: Daisy) -> None:
    await activate(world, "slow-sms", "no-sms", "price-moves")
    order = await world.order_of(6, "wa")
    assert await world.refused("POST", "/purchase", order) == (422, "INVALID_PRICE")
    bought = (await world.bought(6, "wa"))["activation_id"]
    await world.advance("90s")
    assert await world.status(bought) == "Completed"

"""Country 999: its services decide the outcome."""

from decimal import Decimal

import pytest

from tests.providers.daisysim.judged import Daisy
from tests.support import code_of

pytestmark = pytest.mark.anyio


async def test_testland_is_listed_and_sells_its_services(world: Daisy) -> None:
    countries = {one["id"]: one["name"] for one in (await world.data("GET", "/countries"))["countries"]}
    assert countries[999] == "Testland"
    services = {one["code"] for one in (await world.data("GET", "/services/999"))["services"]}
    assert services == {"ic", "sl", "ns", "so", "lo", "pe", "wa", "tg", "go"}


async def test_each_magic_value_is_listed(world: Daisy) -> None:
    magic = (await world.steer("GET", "/magic"))["magic"]
    values = {one["value"] for one in magic if one["provider"] == "daisysim"}
    assert values == {"999", "ic", "sl", "ns", "so", "lo", "pe"}
    assert {one["provenance"] for one in magic if one["provider"] == "daisysim"} == {"assumed"}


async def test_ic_has_its_code_at_once(world: Daisy) -> None:
    bought = await world.bought(999, "ic")
    assert bought["balance_after"] == 100 - bought["amount_charged"]
    checked = await world.data("GET", f"/check/{bought['activation_id']}")
    assert checked["status"] == "Completed"
    assert checked["code"]


async def test_sl_has_its_code_after_ninety_seconds(world: Daisy) -> None:
    bought = (await world.bought(999, "sl"))["activation_id"]
    await world.advance("89.999s")
    assert await world.status(bought) == "Waiting"
    await world.advance("0.001s")
    assert await world.status(bought) == "Completed"


async def test_sl_can_be_cancelled_before_its_code(world: Daisy) -> None:
    bought = (await world.bought(999, "sl"))["activation_id"]
    await world.advance("60s")
    assert (await world.daisy("POST", f"/cancel/{bought}")).status_code == 200


async def test_ns_never_has_a_code(world: Daisy) -> None:
    first, second = [(await world.bought(999, "ns"))["activation_id"] for _ in range(2)]
    await world.advance("60s")
    assert (await world.daisy("POST", f"/cancel/{first}")).status_code == 200
    await world.advance("19m")
    assert await world.status(second) == "Cancelled"
    assert await world.wallet() == 100


async def test_so_is_always_sold_out(world: Daisy) -> None:
    quote = await world.data("POST", "/prices", {"country": 999, "service": "so"})
    assert (quote["total_numbers"], quote["tiers"]) == (0, [])
    for price in (1, 0.22, 1.14):
        answer = await world.daisy("POST", "/purchase", {"country": 999, "service": "so", "price": price})
        assert code_of(answer) == (503, "NO_NUMBERS_AVAILABLE")
    await world.advance("1d")
    assert await world.tiers(999, "so") == []


async def test_lo_has_exactly_one_number_left(world: Daisy) -> None:
    quote = await world.data("POST", "/prices", {"country": 999, "service": "lo"})
    assert quote["total_numbers"] == 1
    [tier] = quote["tiers"]
    assert tier["available"] == 1
    order = await world.order_of(999, "lo")
    assert (await world.daisy("POST", "/purchase", order)).status_code == 201
    empty = await world.data("POST", "/prices", {"country": 999, "service": "lo"})
    assert (empty["total_numbers"], empty["tiers"]) == (0, [])
    assert await world.refused("POST", "/purchase", order) == (503, "NO_NUMBERS_AVAILABLE")


async def test_lo_is_sold_once_in_each_sandbox(world: Daisy) -> None:
    await world.bought(999, "lo")
    await world.beside("other").buy(999, "lo")
    await world.steer("POST", "/reset")
    await world.bought(999, "lo")


async def test_pe_is_an_upstream_error_on_purchase_only(world: Daisy) -> None:
    order = await world.order_of(999, "pe")
    assert await world.refused("POST", "/purchase", order) == (502, "PROVIDER_ERROR")
    assert await world.wallet() == 100
    assert (await world.data("GET", "/history"))["pagination"]["total"] == 0
    assert len(await world.tiers(999, "pe")) > 0


@pytest.mark.parametrize("service", ["wa", "tg", "go"])
async def test_the_usual_services_behave_as_everywhere(world: Daisy, service: str) -> None:
    bought = await world.bought(999, service)
    assert bought["country"] == "Testland"
    await world.advance("7s")
    assert await world.status(bought["activation_id"]) == "Waiting"
    await world.advance("1s")
    assert await world.status(bought["activation_id"]) == "Completed"


@pytest.mark.parametrize("service", ["ic", "sl", "ns", "lo"])
async def test_testlands_codes_decide_nothing_elsewhere(world: Daisy, service: str) -> None:
    quote = await world.data("POST", "/prices", {"country": 6, "service": service})
    assert quote["tiers"] == []


async def test_the_rule_that_decided_is_in_the_journal(world: Daisy) -> None:
    order = await world.order_of(999, "sl")
    answer = await world.daisy("POST", "/purchase", order)
    entry = await world.steer("GET", f"/requests/{answer.headers['x-mock-request-id']}")
    assert entry["rule"] == "testland-slow"
    assert entry["order"] == answer.json()["data"]["activation_id"]
    assert Decimal((await world.order(entry["order"]))["amount"]) == Decimal(str(order["price"]))

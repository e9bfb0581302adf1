"""POST /purchase: its answers, its fields, and refusals that charge nothing."""

import re
from decimal import Decimal
from typing import Any

import pytest

from tests.providers.daisysim.judged import Daisy, daisy_running
from tests.support import code_of

pytestmark = pytest.mark.anyio


async def test_a_purchase_gives_a_number_and_charges_its_price(world: Daisy) -> None:
    order = await world.order_of(6, "wa")
    answer = await world.daisy("POST", "/purchase", order)
    assert answer.status_code == 201
    data = await world.data("GET", "/history")
    bought = answer.json()["data"]
    assert set(bought) == {"activation_id", "phone_number", "amount_charged", "balance_after", "service", "country"}
    assert re.fullmatch(r"[0-9]+", bought["activation_id"])
    assert re.fullmatch(r"\+7[0-9]{10}", bought["phone_number"])
    assert bought["amount_charged"] == order["price"]
    assert (bought["service"], bought["country"]) == ("WhatsApp", "Russia")
    assert Decimal(str(bought["balance_after"])) == 100 - Decimal(str(order["price"])) == await world.wallet()
    assert [one["activation_id"] for one in data["orders"]] == [bought["activation_id"]]


async def test_each_country_gives_numbers_of_its_own(world: Daisy) -> None:
    for country, prefix in ((6, "+7"), (36, "+1"), (187, "+1"), (4, "+93"), (999, "+999")):
        assert (await world.bought(country, "wa"))["phone_number"].startswith(prefix)


async def test_ids_and_numbers_never_repeat(world: Daisy) -> None:
    await world.unlimited()
    await world.change(balance="1000")
    bought = [await world.bought(6, "wa") for _ in range(60)]
    assert len({one["activation_id"] for one in bought}) == 60
    assert len({one["phone_number"] for one in bought}) == 60


async def test_the_label_is_the_name_given(world: Daisy) -> None:
    assert (await world.bought(6, "wa", service_name="My own läbel"))["service"] == "My own läbel"


@pytest.mark.parametrize("name", [None, ""])
async def test_without_a_name_the_label_is_the_catalogues(world: Daisy, name: str | None) -> None:
    assert (await world.bought(6, "tg", service_name=name))["service"] == "Telegram"


async def test_a_label_has_at_most_255_characters(world: Daisy) -> None:
    order = await world.order_of(6, "wa", service_name="ü" * 256)
    assert await world.refused("POST", "/purchase", order) == (422, "VALIDATION_ERROR")
    assert (await world.data("POST", "/purchase", {**order, "service_name": "ü" * 255}))["service"] == "ü" * 255


@pytest.mark.parametrize("form", ["{:.2f}", "{:.3f}", "{:.4f}", "{:.12f}", "{:e}", "{:.4e}", "{:.20E}"])
async def test_prices_are_compared_as_numbers(world: Daisy, form: str) -> None:
    price = await _price_with_two_decimals(world)
    body = f'{{"country": 6, "service": "wa", "price": {form.format(price)}}}'
    answer = await world.daisy("POST", "/purchase", content=body.encode())
    assert answer.status_code == 201, body
    assert Decimal(str(answer.json()["data"]["amount_charged"])) == price


@pytest.mark.parametrize("change", ["0.0001", "-0.0001", "1", "0.0049", "1000000000000000000000", "1e30"])
async def test_another_price_is_refused(world: Daisy, change: str) -> None:
    price = (await world.tiers(6, "wa"))[0]["price"] + Decimal(change)
    body = f'{{"country": 6, "service": "wa", "price": {price}}}'
    answer = await world.daisy("POST", "/purchase", content=body.encode())
    assert code_of(answer) == (422, "INVALID_PRICE")
    assert await world.wallet() == 100


async def test_every_tier_sells_at_its_own_price(world: Daisy) -> None:
    tiers = await world.tiers(6, "wa")
    assert len(tiers) > 1
    for index, tier in enumerate(tiers):
        order = await world.order_of(6, "wa", tier=index)
        assert (await world.data("POST", "/purchase", order))["amount_charged"] == tier["price"]


async def test_the_price_of_another_service_is_refused(world: Daisy) -> None:
    order = await world.order_of(6, "wa")
    prices = {one["price"] for one in await world.tiers(36, "tg")}
    assert Decimal(str(order["price"])) not in prices
    assert await world.refused("POST", "/purchase", {**order, "country": 36, "service": "tg"}) == (422, "INVALID_PRICE")


async def test_a_price_is_good_while_it_is_live(world: Daisy) -> None:
    order = await world.order_of(6, "wa")
    await world.advance("299.999s")
    assert (await world.daisy("POST", "/purchase", order)).status_code == 201
    await world.advance("0.001s")
    assert await world.refused("POST", "/purchase", order) == (422, "INVALID_PRICE")
    assert (await world.daisy("POST", "/purchase", await world.order_of(6, "wa"))).status_code == 201


async def test_nothing_is_sold_where_nothing_is_on_offer(world: Daisy) -> None:
    known = {one["id"] for one in (await world.data("GET", "/countries"))["countries"]}
    nowhere = next(country for country in range(1, 1000) if country not in known)
    for country, service in ((nowhere, "wa"), (6, "zzz")):
        order = {"country": country, "service": service, "price": 1}
        assert await world.refused("POST", "/purchase", order) == (422, "INVALID_PRICE")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        *[({"country": value}, "country") for value in (0, 1000, "0", "1000", "6.5", "6x", "", 6.5, None, True)],
        *[({"service": value}, "service") for value in ("", 6, None, ["wa"])],
        *[({"price": value}, "price") for value in ("", "x", "1,14", "NaN", "0x1", "1e", None, True, [1])],
        *[({"service_name": value}, "service_name") for value in (5, True, ["a"], {"a": 1})],
    ],
)
async def test_fields_of_wrong_types_are_refused(world: Daisy, change: dict[str, Any], field: str) -> None:
    answer = await world.daisy("POST", "/purchase", {**await world.order_of(6, "wa"), **change})
    assert code_of(answer) == (422, "VALIDATION_ERROR")
    body = answer.json()
    assert list(body["errors"]) == [field]
    assert body["message"] == body["errors"][field][0]
    assert isinstance(body["error"], str)


@pytest.mark.parametrize(
    "price", [0, -1, 0.0001, -0.0, 99, 1e9, 1e308, -1e308, 10**30, "0", "-1", "1e9", "1e9999", "-1e-9999", ".5", "5."]
)
async def test_every_number_that_is_no_live_price_is_an_invalid_price(world: Daisy, price: Any) -> None:
    order = {"country": 6, "service": "wa", "price": price}
    assert await world.refused("POST", "/purchase", order) == (422, "INVALID_PRICE")
    assert await world.wallet() == 100


@pytest.mark.parametrize("form", ["{:.4f}", " {:.4f} ", "+{:.4f}", "{:.4e}", "{:.6f}"])
async def test_numbers_may_come_as_texts(world: Daisy, form: str) -> None:
    order = await world.order_of(6, "wa")
    texts = {**order, "country": "6", "price": form.format(order["price"])}
    bought = await world.data("POST", "/purchase", texts)
    assert (float(bought["amount_charged"]), bought["country"]) == (order["price"], "Russia")


@pytest.mark.parametrize("country", ["999", "+999", " 999"])
async def test_rules_see_the_number_that_a_text_stands_for(world: Daisy, country: str) -> None:
    order = await world.order_of(999, "pe")
    assert await world.refused("POST", "/purchase", {**order, "country": country}) == (502, "PROVIDER_ERROR")


@pytest.mark.parametrize("field", ["country", "service", "price"])
async def test_a_required_field_that_is_missing_is_named(world: Daisy, field: str) -> None:
    order = await world.order_of(6, "wa")
    del order[field]
    answer = await world.daisy("POST", "/purchase", order)
    assert code_of(answer) == (422, "VALIDATION_ERROR")
    assert list(answer.json()["errors"]) == [field]


async def test_fields_are_checked_before_the_price(world: Daisy) -> None:
    order = {"country": 6, "service": "wa", "price": 999, "service_name": 5}
    assert await world.refused("POST", "/purchase", order) == (422, "VALIDATION_ERROR")


async def test_the_price_is_checked_before_the_stock(world: Daisy) -> None:
    order = await world.order_of(999, "lo")
    await world.data("POST", "/purchase", order)
    assert await world.refused("POST", "/purchase", {**order, "price": 999}) == (422, "INVALID_PRICE")
    assert await world.refused("POST", "/purchase", order) == (503, "NO_NUMBERS_AVAILABLE")


async def test_the_price_is_checked_before_the_balance(world: Daisy) -> None:
    order = await world.order_of(6, "wa")
    assert await world.refused("POST", "/purchase", {**order, "price": 999}, key="daisy-poor") == (422, "INVALID_PRICE")
    assert await world.refused("POST", "/purchase", order, key="daisy-poor") == (400, "INSUFFICIENT_BALANCE")


async def test_the_stock_is_checked_before_the_balance(world: Daisy) -> None:
    order = await world.order_of(999, "lo")
    await world.data("POST", "/purchase", order)
    refused = await world.refused("POST", "/purchase", order, key="daisy-poor")
    assert refused == (503, "NO_NUMBERS_AVAILABLE")


async def test_the_text_for_an_empty_wallet_is_the_one_clients_compare_with(world: Daisy) -> None:
    answer = await world.daisy("POST", "/purchase", await world.order_of(6, "wa"), key="daisy-poor")
    assert code_of(answer) == (400, "INSUFFICIENT_BALANCE")
    assert answer.json()["error"] == "Insufficient wallet balance."


async def test_the_text_for_an_empty_stock_is_the_one_clients_look_for(world: Daisy) -> None:
    answer = await world.daisy("POST", "/purchase", {"country": 999, "service": "so", "price": 1})
    assert code_of(answer) == (503, "NO_NUMBERS_AVAILABLE")
    assert "No numbers available" in answer.json()["error"]


async def test_a_wallet_may_be_emptied_but_not_overdrawn(world: Daisy) -> None:
    order = await world.order_of()
    price = Decimal(str(order["price"]))
    await world.change(balance=str(price - Decimal("0.0001")))
    assert await world.refused("POST", "/purchase", order) == (400, "INSUFFICIENT_BALANCE")
    await world.change(balance=str(price))
    assert '"balance_after":0.0000' in (await world.daisy("POST", "/purchase", order)).text
    assert await world.refused("POST", "/purchase", order) == (400, "INSUFFICIENT_BALANCE")


async def test_no_poor_account_can_buy_in_testland(world: Daisy) -> None:
    for service in ("ic", "sl", "ns", "lo", "wa", "tg", "go"):
        assert (await world.tiers(999, service))[0]["price"] > Decimal("0.10")


async def test_nothing_is_charged_on_any_failure(world: Daisy) -> None:
    await world.unlimited()
    good = await world.order_of(999, "lo")
    await world.data("POST", "/purchase", good)
    before = [await world.steer("GET", path) for path in ("/orders", "/accounts", "/ledger/daisysim/demo")]
    quotes = [await world.tiers(999, one) for one in ("lo", "ns", "pe")]
    for change, code in (
        ({"price": "x"}, "VALIDATION_ERROR"),
        ({"price": 999}, "INVALID_PRICE"),
        ({}, "NO_NUMBERS_AVAILABLE"),
        ({"service": "so"}, "NO_NUMBERS_AVAILABLE"),
        ({"service": "pe"}, "PROVIDER_ERROR"),
    ):
        assert (await world.refused("POST", "/purchase", {**good, **change}))[1] == code
    expensive = await world.order_of(999, "wa")
    assert await world.refused("POST", "/purchase", expensive, key="daisy-poor") == (400, "INSUFFICIENT_BALANCE")
    assert [await world.steer("GET", path) for path in ("/orders", "/accounts", "/ledger/daisysim/demo")] == before
    assert [await world.tiers(999, one) for one in ("lo", "ns", "pe")] == quotes


async def test_a_refused_purchase_uses_up_no_id_and_no_number() -> None:
    async with daisy_running(rate_limits="off") as calm, daisy_running(rate_limits="off") as harassed:
        order = await calm.order_of(6, "wa")
        for key, price in (("daisy-poor", order["price"]), ("daisy-demo", 999)):
            await harassed.refused("POST", "/purchase", {**order, "price": price}, key=key)
        first, second = [await one.data("POST", "/purchase", order) for one in (calm, harassed)]
        assert first == second


async def _price_with_two_decimals(world: Daisy) -> Decimal:
    """A live price of WhatsApp in Russia that two decimals can write."""
    await world.unlimited()
    for _ in range(400):
        for tier in await world.tiers(6, "wa"):
            price: Decimal = tier["price"]
            if price == round(price, 2):
                return price
        await world.advance("300s")
    raise AssertionError("no price has two decimals only")

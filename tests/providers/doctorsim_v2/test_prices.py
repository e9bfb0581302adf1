"""Rates and their tokens."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from decimal import Decimal
from typing import Any

import pytest

from mockserver.providers.doctorsim_v2.currencies import currency_of, dollar_cents, euro_cents, local_amount, per_euro
from tests.providers.doctorsim_v2.judged import PHONE, TELCEL, V2

pytestmark = pytest.mark.anyio


async def test_a_price_list_names_the_operator_and_adds_up(world: V2) -> None:
    data = await world.data("GET", f"/operators/{TELCEL}/rates")
    assert (data["id_operator"], data["operator_name"], data["country_name"]) == (TELCEL, "Telcel", "Mexico")
    assert data["iso_short_code"] == "mx"
    assert len({one["token"] for one in data["rates"]}) == len(data["rates"]) > 10
    for one in data["rates"]:
        assert one["currency"] == "MXN"
        assert Decimal(one["amount"]) / 20 + Decimal(one["service_fee_eur"]) == Decimal(one["total_cost_eur"])
        assert Decimal(one["total_cost_usd"]) > Decimal(one["total_cost_eur"])


async def test_a_parent_has_all_its_services_and_a_child_its_own(world: V2) -> None:
    services = await world.data("GET", f"/operators/{TELCEL}/service-types")
    lists = [await world.rates(one["id_operator"]) for one in services]
    assert [one for part in lists for one in part] == await world.rates()
    for service, part in zip(services, lists, strict=True):
        assert {one["tool_id"] for one in part} == {service["id_operator"]}
        assert await world.rates(TELCEL, f"?service_type={service['topup_type']}") == part


async def test_a_keyword_filters_names_and_descriptions(world: V2) -> None:
    found = await world.rates(TELCEL, "?q=mobile%20DATA")
    assert found
    assert all("mobile data" in one["description"].lower() for one in found)


@pytest.mark.parametrize("query", ["5GB", "5%20gb", "5GB+whatsapp", "whatsapp%205GB"])
async def test_the_vendors_own_examples_of_keywords_find_prices(world: V2, query: str) -> None:
    found = await world.rates(TELCEL, f"?q={query}")
    assert found
    for one in found:
        text = f"{one['product_name']} {one['description']}"
        assert "5 GB" in text
        assert "15 GB" not in text
        assert ("WhatsApp" in text) or "whatsapp" not in query


async def test_the_language_changes_texts_only(world: V2) -> None:
    english, spanish = await world.rates(TELCEL, "?lang=en"), await world.rates(TELCEL, "?lang=es")
    assert await world.rates(TELCEL, "?lang=fr") == english
    for same in ("ES", "es-MX"):
        assert await world.rates(TELCEL, f"?lang={same}") == spanish
    assert any("Saldo" in one["description"] for one in spanish)
    texts = ("product_name", "description")
    assert [_without(one, texts) for one in spanish] == [_without(one, texts) for one in english]


async def test_a_gift_card_has_prices_too(world: V2) -> None:
    assert all("Gift card" in one["description"] for one in await world.rates(await world.card()))


async def test_an_order_at_a_token_costs_what_the_token_said(world: V2) -> None:
    rate = (await world.rates())[0]
    order = await world.data("POST", "/orders", {"price_token": rate["token"], "phone": PHONE}, key="live_demo")
    assert order["credits_used"] == rate["total_cost_eur"]


async def test_a_token_is_taken_for_15_minutes_of_the_sandboxs_clock(world: V2) -> None:
    body = await world.order_body()
    await world.advance("899s")
    assert await world.data("POST", "/orders", body)
    await world.advance("1s")
    assert await world.refused("POST", "/orders", body) == (400, "INVALID_PRICE_TOKEN")
    assert await world.refused("POST", "/orders/preview", body) == (400, "INVALID_PRICE_TOKEN")


async def test_a_setting_says_how_long(world: V2) -> None:
    await world.setting(token_ttl="1h")
    body = await world.order_body()
    await world.advance("3599s")
    assert await world.data("POST", "/orders", body)
    await world.setting(token_ttl="10s")
    assert await world.refused("POST", "/orders", body) == (400, "INVALID_PRICE_TOKEN")


async def test_an_altered_token_is_refused(world: V2) -> None:
    body = await world.order_body()
    token = body["price_token"]
    raw = urlsafe_b64decode(token[3:] + "=" * (-len(token[3:]) % 4))
    cheaper = raw[:16] + raw[16:].replace(raw[16:].split(b".")[2], b"1")
    altered = [
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        "pt_" + ("A" if token[3] != "A" else "B") + token[4:],
        token + "A",
        token + "=",
        token[3:],
        "pt_",
        "pt_" + "A" * 60,
        "pt_é",
        "pt_" + urlsafe_b64encode(cheaper).decode().rstrip("="),
        token.upper(),
        f" {token}",
    ]
    for one in altered:
        assert await world.refused("POST", "/orders", {**body, "price_token": one}) == (400, "INVALID_PRICE_TOKEN"), one
    for one in range(3, len(token)):
        flipped = token[:one] + ("A" if token[one] != "A" else "B") + token[one + 1 :]
        assert (await world.refused("POST", "/orders/preview", {**body, "price_token": flipped}))[0] == 400


async def test_a_token_of_another_sandbox_is_refused_though_the_seed_is_the_same(world: V2) -> None:
    other = world.beside("other")
    assert await other.data("GET", "/balance")
    body = await world.order_body()
    assert await other.refused("POST", "/orders", body) == (400, "INVALID_PRICE_TOKEN")
    assert await world.data("POST", "/orders", body)


def _without(row: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


@pytest.mark.parametrize("currency", per_euro())
def test_amounts_in_every_currency_are_round_grow_and_are_worth_about_what_they_should(currency: str) -> None:
    amounts = [local_amount(cents, currency) for cents in (300, 500, 1000, 2000, 5000)]
    assert amounts == sorted(set(amounts))
    for cents, amount in zip((300, 500, 1000, 2000, 5000), amounts, strict=True):
        assert amount % 100 == 0
        assert abs(euro_cents(amount, currency) - cents) <= cents // 4


def test_countries_without_a_currency_of_the_table_sell_in_dollars() -> None:
    assert [currency_of(one) for one in ("ES", "MX", "TA", "US")] == ["EUR", "MXN", "USD", "USD"]
    assert dollar_cents(100) == 110

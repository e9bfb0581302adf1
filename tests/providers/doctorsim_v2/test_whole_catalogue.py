"""The calls of the reference page, chained, for every country, operator and gift card."""

import re
from decimal import Decimal

import pytest

from mockserver.engine.dice import Dice
from mockserver.providers.doctorsim_v2.catalogue import Product, catalogue
from mockserver.providers.doctorsim_v2.tokens import Signer
from tests.providers.doctorsim_v2.judged import V2
from tests.support import START

pytestmark = pytest.mark.anyio

NOWHERE_SOLD = {"TA"}  # Tristan da Cunha has no mobile network


def everything() -> list[Product]:
    known = catalogue()
    owners = [*known.carriers.operators]
    owners += [brand.id for country in known.carriers.countries.values() for brand in known.brands(country)]
    return [product for owner in owners for product in known.products(owner)]


def test_every_country_is_found_by_code_and_id_and_all_but_one_sell_top_ups() -> None:
    known = catalogue()
    for country in known.carriers.countries.values():
        for text in (country.iso2, country.iso2.lower(), str(country.id)):
            assert known.country(text) == country
    empty = {one.iso2 for one in known.carriers.countries.values() if not known.carriers.of_country[one.id]}
    assert empty == NOWHERE_SOLD


def test_every_operator_has_services_and_each_of_them_is_found_by_its_own_id() -> None:
    known = catalogue()
    for operator in known.carriers.operators:
        services = known.products(operator)
        assert services, operator
        assert len({one.id for one in services}) == len(services)
        for one in services:
            assert known.products(one.id) == (one,)
            assert one.service is not None


def test_every_product_has_prices_that_grow_in_a_currency_and_can_be_ordered() -> None:
    known = catalogue()
    for product in everything():
        rates = known.rates(product)
        assert rates, product
        assert re.fullmatch("[A-Z]{3}", product.currency)
        assert all(one.amount > 0 and 0 < one.fee_eur < one.total_eur < one.total_usd for one in rates)
        amounts = [one.amount for one in rates]
        assert amounts == sorted(set(amounts))
        assert all(known.rate(product.id, one.denomination) is one for one in rates)
        assert all(one.name["en"] and one.name["es"] and one.about["en"] and one.about["es"] for one in rates)


def test_every_kind_of_service_has_products() -> None:
    kinds = {one.service.name if one.service else one.kind for one in everything()}
    assert kinds == {"airtime", "data", "bundle", "giftcard"}


def test_every_price_has_a_token_that_says_it() -> None:
    known, signer = catalogue(), Signer(Dice(1), "sandbox")
    issue = signer.issuer(START)
    for product in everything():
        rate = known.rates(product)[-1]
        quote = signer.read(issue(rate).decode(), now=START, lives=START - START.min.replace(tzinfo=START.tzinfo))
        assert known.rate(quote.product, quote.denomination) is rate
        assert quote.price == rate.total_eur


@pytest.mark.slow
async def test_a_gift_card_of_every_country_is_found_and_previewed(world: V2) -> None:
    """Select a country, search it, load rates, preview: in every country, at the cheapest and the dearest price."""
    await world.steer("PATCH", "/settings", {"rate_limits": "off"})
    countries = await world.data("GET", "/countries")
    assert set(countries) == set(await world.data("GET", "/giftcards/countries"))
    for number in countries:
        cards = await world.data("GET", f"/giftcards/brands?country={number}&limit=1")
        assert (cards[0]["type"], str(cards[0]["id_country"])) == ("giftcard", number)
        rates = await world.rates(cards[0]["id_operator"])
        for rate in (rates[0], rates[-1]):
            preview = await world.data("POST", "/orders/preview", {"price_token": rate["token"]})
            assert preview["pricing"]["amount"] == rate["amount"]
            assert Decimal(preview["pricing"]["total_cost_eur"]) == Decimal(rate["total_cost_eur"])

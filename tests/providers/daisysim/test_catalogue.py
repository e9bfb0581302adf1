"""The catalogue: what is sold where, the tiers of a pair, and how their prices move."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.catalogue.numbers import fictional_number
from mockserver.engine.dice import Dice
from mockserver.providers.daisysim.catalogue import Catalogue
from mockserver.providers.daisysim.countries import TESTLAND_ID, countries_by_id
from mockserver.providers.daisysim.services import services

seeds = st.integers(0, 2**63)
country_ids = st.sampled_from(sorted(countries_by_id()))
codes = st.sampled_from(sorted(services().by_code))
draws = st.tuples(st.integers(0, 10**9), st.integers(0, 1000))
TESTLAND_CODES = {"ic", "sl", "ns", "so", "lo", "pe", "wa", "tg", "go"}


@pytest.mark.parametrize(
    ("country_id", "name", "iso2"),
    [(4, "Afghanistan", "AF"), (36, "Canada", "CA"), (6, "Russia", "RU"), (187, "USA", "US"), (999, "Testland", "ZZ")],
)
def test_countries_that_clients_know_have_the_numbers_they_know(country_id: int, name: str, iso2: str) -> None:
    country = Catalogue(Dice(1)).country(country_id)
    assert country is not None
    assert (country.id, country.name, country.iso2) == (country_id, name, iso2)


def test_countries_are_many_sorted_and_distinct() -> None:
    countries = Catalogue(Dice(1)).countries
    names = [country.name for country in countries]
    assert names == sorted(names, key=str.casefold)
    assert len(countries) > 150
    for values in (names, [country.id for country in countries], [country.iso2 for country in countries]):
        assert len(set(values)) == len(countries)
    assert all(1 <= country.id <= 999 for country in countries)


def test_every_country_has_numbers() -> None:
    dice = Dice(1)
    for country in Catalogue(dice).countries:
        assert fictional_number(country.iso2, dice, "test").startswith("+")


def test_service_codes_and_names_are_distinct_and_short() -> None:
    table = services()
    every = [*table.everywhere, *table.some, *table.testland]
    assert len(table.by_code) == len(every)
    assert len({service.name for service in every}) == len(every)
    assert all(2 <= len(service.code) <= 4 and service.code.isalnum() for service in every)
    assert len(every) - len(table.testland) >= 45
    assert tuple(table.by_code[code].name for code in ("go", "wa", "tg")) == ("Google", "WhatsApp", "Telegram")


@given(seeds, country_ids)
def test_a_country_sells_at_least_forty_services_and_always_the_great_three(seed: int, country_id: int) -> None:
    listed = Catalogue(Dice(seed)).services(country_id)
    names = [service.name for service in listed]
    sold = {service.code for service in listed}
    assert names == sorted(names, key=str.casefold)
    assert len(sold) == len(listed)
    assert {"go", "wa", "tg"} <= sold
    if country_id == TESTLAND_ID:
        assert sold == TESTLAND_CODES
    else:
        assert 40 <= len(sold) <= len(services().by_code) - len(services().testland)
        assert not sold & {"ic", "sl", "ns", "so", "lo", "pe"}


@given(seeds, country_ids, codes)
def test_a_service_is_found_if_and_only_if_its_country_lists_it(seed: int, country_id: int, code: str) -> None:
    catalogue = Catalogue(Dice(seed))
    found = catalogue.service(country_id, code)
    assert (found is not None) == (code in {service.code for service in catalogue.services(country_id)})
    assert bool(catalogue.tiers(country_id, code, draw=(0, 0))) == (found is not None)


@pytest.mark.parametrize("country_id", [0, -1, 998, 1000, 10**30])
def test_an_unknown_country_sells_nothing(country_id: int) -> None:
    catalogue = Catalogue(Dice(1))
    assert catalogue.country(country_id) is None
    assert catalogue.services(country_id) == ()
    assert catalogue.service(country_id, "wa") is None
    assert catalogue.tiers(country_id, "wa", draw=(0,)) == ()


@given(st.text())
def test_a_service_that_is_not_sold_has_no_tiers(code: str) -> None:
    catalogue = Catalogue(Dice(1))
    if code not in {service.code for service in catalogue.services(187)}:
        assert catalogue.service(187, code) is None
        assert catalogue.tiers(187, code, draw=(3,)) == ()


@given(seeds, country_ids, codes, draws)
def test_prices_rise_from_tier_to_tier_and_stay_realistic(
    seed: int, country_id: int, code: str, draw: tuple[int, int]
) -> None:
    tiers = Catalogue(Dice(seed)).tiers(country_id, code, draw=draw)
    prices = [tier.price for tier in tiers]
    assert prices == sorted(set(prices))
    assert [tier.number for tier in tiers] == list(range(1, len(tiers) + 1))
    assert len(tiers) <= 5
    assert all((2_000 if country_id == TESTLAND_ID else 500) <= price <= 80_000 for price in prices)


def test_no_pair_of_a_whole_catalogue_breaks_the_order_of_its_prices() -> None:
    catalogue = Catalogue(Dice("whole"))
    counts = set()
    for country in catalogue.countries:
        for service in catalogue.services(country.id):
            tiers = catalogue.tiers(country.id, service.code, draw=(5, 0))
            prices = [tier.price for tier in tiers]
            assert prices == sorted(set(prices)), (country.name, service.name)
            assert 500 <= prices[0] <= prices[-1] <= 80_000
            counts.add(len(tiers))
    assert counts == {1, 2, 3, 4, 5}


@given(seeds, country_ids, codes, draws, st.integers(1, 15), st.integers(0, 1))
def test_a_price_quoted_up_to_fifteen_draws_ago_is_never_live(
    seed: int, country_id: int, code: str, draw: tuple[int, int], later: int, component: int
) -> None:
    catalogue = Catalogue(Dice(seed))
    moved = (draw[0] + later, draw[1]) if component == 0 else (draw[0], draw[1] + later)
    before = {tier.price for tier in catalogue.tiers(country_id, code, draw=draw)}
    after = {tier.price for tier in catalogue.tiers(country_id, code, draw=moved)}
    assert not before & after


@given(seeds, country_ids, codes, draws, draws)
def test_a_draw_moves_prices_a_little_and_nothing_else(
    seed: int, country_id: int, code: str, one: tuple[int, int], other: tuple[int, int]
) -> None:
    catalogue = Catalogue(Dice(seed))
    before, after = (catalogue.tiers(country_id, code, draw=draw) for draw in (one, other))
    assert [(tier.number, tier.stock) for tier in before] == [(tier.number, tier.stock) for tier in after]
    for left, right in zip(before, after, strict=True):
        # From 8 percent below to 8 above, and both rounded to sixteen ten-thousandths.
        assert abs(left.price - right.price) * 92 <= 16 * min(left.price, right.price) + 32 * 100


@given(seeds, draws)
def test_stock_is_plentiful_but_where_it_is_the_point(seed: int, draw: tuple[int, int]) -> None:
    catalogue = Catalogue(Dice(seed))
    for country_id in (6, 36, 187, TESTLAND_ID):
        for code in ("go", "wa", "tg"):
            assert all(20 <= tier.stock < 10_000 for tier in catalogue.tiers(country_id, code, draw=draw))
    assert [tier.stock for tier in catalogue.tiers(TESTLAND_ID, "so", draw=draw)] == [0]
    assert [tier.stock for tier in catalogue.tiers(TESTLAND_ID, "lo", draw=draw)] == [1]


@given(seeds)
def test_the_same_seed_makes_the_same_catalogue_in_any_order_of_asking(seed: int) -> None:
    one, other = Catalogue(Dice(seed)), Catalogue(Dice(seed))
    one.services(4)
    assert one.tiers(187, "wa", draw=(2, 0)) == other.tiers(187, "wa", draw=(2, 0))
    assert one.services(187) == other.services(187)
    assert one.services(4) == other.services(4)


def test_another_seed_makes_other_prices_and_another_choice_of_services() -> None:
    one, other = Catalogue(Dice(1)), Catalogue(Dice(2))
    ids = [country.id for country in one.countries]
    assert [one.tiers(number, "wa", draw=(0,)) for number in ids] != [
        other.tiers(number, "wa", draw=(0,)) for number in ids
    ]
    assert [one.services(number) for number in ids] != [other.services(number) for number in ids]

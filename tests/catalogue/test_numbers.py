"""Invented numbers are possible, of the right country, and in reserved ranges where regulators have any."""

import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.catalogue.countries import TESTLAND, Country, countries, country_of
from mockserver.catalogue.numbers import blocks_of, fictional_number, how_many_numbers, number_at
from mockserver.engine.dice import Dice

ISO2 = [country.iso2 for country in countries()]


def places(iso2: str) -> list[int]:
    """The ends of every block and a few places between."""
    count = how_many_numbers(iso2)
    return sorted({0, 1, count // 3, count // 2, count - 2, count - 1})


@pytest.mark.parametrize("country", countries(), ids=ISO2)
def test_every_number_is_possible_and_has_the_calling_code_of_its_country(country: Country) -> None:
    for place in places(country.iso2):
        number = number_at(country.iso2, place)
        parsed = phonenumbers.parse(number, None)
        assert phonenumbers.is_possible_number_with_reason(parsed) == phonenumbers.ValidationResult.IS_POSSIBLE
        assert str(parsed.country_code) == country.calling_code
        assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == number


@pytest.mark.parametrize("iso2", ISO2)
def test_a_number_is_never_taken_for_one_of_a_neighbour_with_the_same_calling_code(iso2: str) -> None:
    for place in places(iso2):
        region = phonenumbers.region_code_for_number(phonenumbers.parse(number_at(iso2, place), None))
        # Ofcom's drama range is not in the public numbering data, so it belongs to no region there.
        assert region == (None if iso2 == "GB" else iso2)


@pytest.mark.parametrize("iso2", ISO2)
def test_a_number_is_as_long_as_the_mobile_numbers_of_its_country(iso2: str) -> None:
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(iso2, None)
    assert metadata is not None
    assert metadata.mobile is not None
    assert metadata.general_desc is not None
    lengths = metadata.mobile.possible_length or metadata.general_desc.possible_length
    national = phonenumbers.national_significant_number(phonenumbers.parse(number_at(iso2, 0), None))
    assert len(national) in lengths


@given(st.sampled_from([*ISO2, "ZZ"]), st.integers(0, 2**63), st.integers(0, 10**9))
def test_the_same_seed_and_purpose_give_the_same_number(iso2: str, seed: int, order: int) -> None:
    number = fictional_number(iso2, Dice(seed), "orders", order)
    assert number == fictional_number(iso2, Dice(seed), "orders", order)
    assert number.startswith("+")
    assert number[1:].isdigit()
    assert number[1:].isascii()


@pytest.mark.parametrize("iso2", ["AU", "DE", "DO", "MS", "SE", "US"])
def test_counting_up_meets_no_number_twice(iso2: str) -> None:
    count = how_many_numbers(iso2)
    assert len({number_at(iso2, place) for place in range(count)}) == count
    assert number_at(iso2, count) == number_at(iso2, 0)


@pytest.mark.parametrize(
    ("iso2", "pattern"),
    [
        ("US", r"\+1[2-9]\d\d55501\d\d"),
        ("CA", r"\+1[2-9]\d\d55501\d\d"),
        ("JM", r"\+1(658|876)55501\d\d"),
        ("GB", r"\+447700900\d{3}"),
        ("AU", r"\+6149157\d{4}"),
        ("FR", r"\+3363998\d{4}"),
        ("DE", r"\+49(17139200|176040690)\d\d"),
        ("IE", r"\+3532091\d{5}"),
        ("SE", r"\+467017406(0[5-9]|[1-9]\d)"),
        ("ZZ", r"\+999\d{9}"),
        ("ES", r"\+34\d{2}0{3}\d{4}"),
    ],
)
def test_numbers_stay_within_what_is_reserved(iso2: str, pattern: str) -> None:
    dice = Dice(7)
    for order in range(200):
        assert re.fullmatch(pattern, fictional_number(iso2, dice, order))


def test_a_country_that_the_table_lacks_is_named() -> None:
    for iso2 in ("XX", "us", "", "USA"):
        with pytest.raises(KeyError, match="no numbers for country"):
            blocks_of(iso2)


def test_codes_and_names_of_countries_are_theirs_alone() -> None:
    every = [*countries(), TESTLAND]
    for column in ("iso2", "iso3", "name"):
        values = [getattr(country, column) for country in every]
        assert len(set(values)) == len(values)
    assert all(country.name.isascii() and country.name.strip() == country.name for country in every)
    assert all(len(country.iso2) == 2 and len(country.iso3) == 3 for country in every)
    assert len(countries()) >= 150


def test_a_country_is_found_by_its_two_letters() -> None:
    assert country_of("US") == Country("US", "USA", "United States", "1")
    assert country_of("ZZ") is TESTLAND
    assert country_of("XX") is None

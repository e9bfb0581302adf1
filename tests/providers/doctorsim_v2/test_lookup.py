"""Carrier lookup finds an operator for every valid mobile number of a country with operators."""

import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from mockserver.providers.doctorsim_v2.carriers import Carriers, carriers
from mockserver.providers.doctorsim_v2.phones import is_valid_in, line_of
from tests.providers.doctorsim_v2.judged import TELCEL, V2, v2_running

pytestmark = pytest.mark.anyio

MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
#: Where the carrier metadata of the phone library knows few prefixes or none.
SPARSE = (
    *("US", "CA", "RU", "BE", "IT", "AR", "BR", "CL", "CO", "BG", "NR", "PW", "SA", "KH"),
    *("PR", "AG", "AI", "GD", "GU", "MP", "MS", "SX", "VA", "VI", "DO", "MX"),
)


def written(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def example(region: str) -> str | None:
    """The library's example of a mobile number, None where it has none."""
    number = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    return None if number is None else written(number)


def random_mobiles(region: str, count: int) -> Iterator[str]:
    """Valid mobile numbers of a region: its example with other last digits."""
    start = example(region)
    assert start is not None
    dice = random.Random(region)
    free = min(5, len(str(phonenumbers.parse(start).national_number)) - 1)
    while count:
        phone = start[:-free] + f"{dice.randrange(10**free):0{free}d}"
        number = phonenumbers.parse(phone)
        if phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) in MOBILE:
            if not phone.endswith("0009"):
                count -= 1
                yield phone


async def is_listed(world: V2, found: dict[str, Any]) -> bool:
    """Whether the operator found is one of those that its country lists."""
    operators = await world.data("GET", f"/operators?country={found['id_country']}")
    return bool(operators[str(found["id_operator"])]["operator_name"] == found["operator_name"])


async def test_the_example_mobile_number_of_every_country_finds_an_operator_of_its_country() -> None:
    async with v2_running(rate_limits="off") as world:
        asked = 0
        for region in sorted(phonenumbers.SUPPORTED_REGIONS):
            phone = example(region)
            if phone is None:
                assert await world.data("GET", f"/operators?country={region}") == []
                continue
            found = await world.data("GET", f"/carriers/lookup/{phone}")
            assert is_valid_in(phone, found["iso_short_code"].upper())
            assert await is_listed(world, found), (region, found)
            asked += 1
    assert asked >= 244


@pytest.mark.parametrize("region", [*SPARSE, "GB", "IN", "ES", "FR", "CU", "KZ", "JM", "GG"])
async def test_random_mobile_numbers_find_an_operator_of_their_country(world: V2, region: str) -> None:
    for phone in random_mobiles(region, 20):
        assert await is_listed(world, await world.data("GET", f"/carriers/lookup/{phone}")), phone


@pytest.mark.parametrize("region", sorted(set(phonenumbers.SUPPORTED_REGIONS) - {"TA"}))
def test_random_mobile_numbers_of_any_region_have_an_operator_of_the_same_country(region: str) -> None:
    known = carriers()
    for phone in random_mobiles(region, 5):
        line = line_of(phone)
        assert line is not None
        assert line.mobile
        operator = known.of_mobile(line.iso2, phone[1:])
        assert operator in known.of_country[known.by_iso[line.iso2].id]


@pytest.mark.parametrize(
    "phone",
    [
        *("+12125550123", "+14155552671", "+14165550123", "+18095551234", "+17872345678"),
        *("+573101234567", "+79161234567", "+5511961234567"),
    ],
)
async def test_a_number_whose_prefix_tells_nothing_gets_one_and_the_same_operator(world: V2, phone: str) -> None:
    found = await world.data("GET", f"/carriers/lookup/{phone}")
    assert await is_listed(world, found)
    assert await world.data("GET", f"/carriers/lookup/{quote(phone, safe='')}") == found
    other = world.beside("other")
    assert await other.data("GET", f"/carriers/lookup/{phone}") == found


def test_cast_operators_are_spread_over_those_of_the_country() -> None:
    known = carriers()
    found = {known.cast("US", f"1212555{place:04d}") for place in range(200)}
    assert found == set(known.of_country[1])


def test_what_is_cast_depends_on_country_and_number_alone() -> None:
    one, other = Carriers(), Carriers()
    for region, phone in (("US", "12125550123"), ("MX", "525512345678"), ("VA", "393123456789")):
        casts = {made.cast(region, phone) for made in (one, other)}
        assert len(casts) == 1
        assert None not in casts
    assert one.cast("TA", "2908999") is None
    assert one.cast("001", "80012345678") is None


@pytest.mark.parametrize(
    "phone",
    [
        "+34911234567",  # a fixed line in Madrid
        "+390612345678",  # one in Rome
        "+442079460123",  # one in London
        "+80012345678",  # free for whoever calls, of no country
        "+18005551234",
        "+2908999",  # Tristan da Cunha
        "+34900123456",
    ],
)
async def test_what_no_mobile_operator_has_is_not_found(world: V2, phone: str) -> None:
    assert line_of(phone) is not None
    assert await world.refused("GET", f"/carriers/lookup/{phone}") == (404, "CARRIER_NOT_FOUND")


@pytest.mark.parametrize("phone", ["+34612340009", "+522221230009", "+12125550009"])
async def test_a_number_that_ends_in_0009_is_not_found(world: V2, phone: str) -> None:
    answer = await world.v2("GET", f"/carriers/lookup/{phone}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "CARRIER_NOT_FOUND")
    assert answer.headers["x-mock-assumed"] == "true"
    entry = await world.steer("GET", f"/requests/{answer.headers['x-mock-request-id']}")
    assert entry["rule"] == "lookup-0009"
    assert await world.data("GET", f"/carriers/lookup/{phone[:-1]}8")


async def test_what_is_no_number_is_refused_as_such_whatever_its_ending(world: V2) -> None:
    assert await world.wrong_fields("GET", "/carriers/lookup/+34120009") == {"phone"}


async def test_an_order_does_not_mind_an_ending_of_0009(world: V2) -> None:
    order = (await world.ordered(phone="+522221230009", key="live_demo"))["order_id"]
    await world.advance("10s")
    assert await world.status(order, key="live_demo") == "fulfilled"


async def test_a_scenario_makes_other_numbers_unknown(world: V2) -> None:
    rule = {"when": {"operation": "lookup", "request.phone": {"prefix": "+52"}}, "then": {"stock": 0}}
    scenario = {"scenario": "no-mexico", "provider": "doctorsim_v2", "about": "Nobody knows Mexico.", "rules": [rule]}
    await world.steer("POST", "/scenarios", scenario)
    await world.steer("PUT", "/scenarios/active", ["no-mexico"])
    assert await world.refused("GET", "/carriers/lookup/+522221231231") == (404, "CARRIER_NOT_FOUND")
    assert await world.data("GET", "/carriers/lookup/+34612345678")


async def test_mexico_has_more_than_one_operator_by_number(world: V2) -> None:
    numbers = [f"+5255{place:08d}" for place in range(12_345_678, 12_345_718)]
    found = {(await world.data("GET", f"/carriers/lookup/{one}"))["operator_name"] for one in numbers}
    assert found == {"Telcel", "Movistar", "AT&T", "Unefon"}
    numbers = [f"+52222{place:07d}" for place in (1_231_231, 1_234_567, 2_000_000)]
    assert {(await world.data("GET", f"/carriers/lookup/{one}"))["id_operator"] for one in numbers} == {TELCEL}

"""Countries, operators, services, search and lookup."""

import subprocess
import sys
from typing import Any
from urllib.parse import quote

import phonenumbers
import pytest
from phonenumbers.carrierdata import CARRIER_DATA

from mockserver.providers.doctorsim_v2.carriers import Carriers, named_operators, operator_ids
from mockserver.providers.doctorsim_v2.catalogue import catalogue
from tests.providers.doctorsim_v2.judged import TELCEL, V2

pytestmark = pytest.mark.anyio


async def test_the_status_is_public(world: V2) -> None:
    answer = await world.v2("GET", "/status", key=None)
    assert answer.json()["data"]["status"] == "operational"
    assert answer.headers["x-ratelimit-remaining"] == answer.headers["x-ratelimit-limit"]


async def test_every_region_with_telephones_is_a_country(world: V2) -> None:
    countries = await world.data("GET", "/countries")
    assert len(countries) > 200
    assert {one["iso_short_code"].upper() for one in countries.values()} >= set(phonenumbers.SUPPORTED_REGIONS)
    assert all(key == str(one["id_country"]) for key, one in countries.items())
    assert (countries["34"]["country_name"], countries["34"]["iso_short_code"]) == ("Spain", "es")


async def test_there_are_over_1600_operators_and_the_counts_agree_with_the_lists(world: V2) -> None:
    countries = await world.data("GET", "/countries")
    assert sum(one["operators"] for one in countries.values()) >= 1_600
    for iso2 in ("es", "MX", "RU", "ta", "JE"):
        [country] = [one for one in countries.values() if one["iso_short_code"] == iso2.lower()]
        assert len(await world.data("GET", f"/operators?country={iso2}")) == country["operators"]


def test_the_operators_come_from_the_carrier_metadata() -> None:
    names = {name.get("en") for name in CARRIER_DATA.values()}
    operators = catalogue().carriers.operators.values()
    ours = {name for _, name in named_operators()}
    assert sum(one.name in names for one in operators) >= 1_600
    # Names that the metadata encodes twice are mended, so a handful differ.
    assert len([one.name for one in operators if one.name not in names | ours]) < 10


async def test_pictures_have_the_vendors_addresses(world: V2) -> None:
    pictures = "https://www.doctorsim.com/img"
    countries = await world.data("GET", "/countries")
    assert all(
        one["img"] == f"{pictures}/country_flags/vectored/{one['iso_short_code']}.svg" for one in countries.values()
    )
    for operator in (await world.data("GET", "/operators?country=ES")).values():
        assert operator["img"].startswith(f"{pictures}/oper/")
    assert (await world.data("GET", "/carriers/lookup/+34612345678"))["img"].startswith(f"{pictures}/oper/")
    products = await world.data("GET", "/products/search?country=ES&limit=100")
    products.append(await world.data("GET", f"/products/{TELCEL}"))
    for product in products:
        assert product["image"] == product["img"] == f"{pictures}/oper/{product['id_operator']}.png"
    assert {one["type"] for one in products} == {"topup", "giftcard"}


async def test_operators_are_found_by_code_in_any_case_and_by_id(world: V2) -> None:
    lists = [await world.data("GET", f"/operators?country={one}") for one in ("es", "ES", "34")]
    assert lists[0] == lists[1] == lists[2]
    assert {"Vodafone", "Movistar", "Orange"} <= {one["operator_name"] for one in lists[0].values()}
    assert all(key == str(one["id_operator"]) for key, one in lists[0].items())


async def test_an_empty_keyed_list_is_a_list(world: V2) -> None:
    answer = await world.v2("GET", "/operators?country=TA")
    assert answer.json()["data"] == []


@pytest.mark.parametrize("query", ["", "?country=", "?country=XX", "?country=9999", "?country=ESP", "?country=3%204"])
async def test_a_country_must_be_named_and_known(world: V2, query: str) -> None:
    assert await world.wrong_fields("GET", f"/operators{query}") == {"country"}
    assert await world.wrong_fields("GET", f"/products/search{query}") == {"country"}


async def test_each_service_of_an_operator_has_an_id_of_its_own(world: V2) -> None:
    services = await world.data("GET", f"/operators/{TELCEL}/service-types")
    assert {one["name"]: one["topup_type"] for one in services} == {"airtime": 1, "data": 5, "bundle": 6}
    ids = [one["id_operator"] for one in services]
    assert len({TELCEL, *ids}) == 4
    for one in services:
        assert await world.data("GET", f"/operators/{one['id_operator']}/service-types") == [one]


async def test_the_definitions_of_services(world: V2) -> None:
    found = {one["name"]: one["topup_type"] for one in await world.data("GET", "/service-types")}
    assert found == {"airtime": 1, "data": 5, "bundle": 6}


@pytest.mark.parametrize("path", ["/operators/{}/rates", "/operators/{}/service-types", "/products/{}"])
async def test_an_operator_must_be_known(world: V2, path: str) -> None:
    for unknown in (999, 10_001_012, 2_009_999, 999_999_999):
        assert await world.refused("GET", path.format(unknown)) == (404, "OPERATOR_NOT_FOUND")
    for text in ("x", "0", "-1", "1.5", "9999999999"):
        assert await world.wrong_fields("GET", path.format(text)) == {"id"}


# -- lookup -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("plus", ["+", "%2B"])
async def test_the_contracts_numbers_are_looked_up(world: V2, plus: str) -> None:
    mexican = await world.data("GET", f"/carriers/lookup/{plus}522221231231")
    assert (mexican["phone"], mexican["operator_name"], mexican["id_operator"]) == ("+522221231231", "Telcel", TELCEL)
    assert (mexican["id_country"], mexican["iso_short_code"], mexican["topup_type"]) == (52, "mx", 1)
    spanish = await world.data("GET", f"/carriers/lookup/{plus}34612345678?lang=es")
    assert (spanish["id_country"], spanish["country_name"]) == (34, "Spain")
    assert str(spanish["id_operator"]) in await world.data("GET", "/operators?country=34")


@pytest.mark.parametrize(
    ("phone", "operator", "country"),
    [
        ("+34607123456", "Vodafone", "es"),
        ("+447911123456", "JT", "gg"),
        ("+77011234567", "Kcell/Activ", "kz"),
        ("+61412345678", "Optus", "au"),
        ("+18764123456", "Digicel", "jm"),
    ],
)
async def test_real_prefixes_lead_to_real_operators(world: V2, phone: str, operator: str, country: str) -> None:
    found = await world.data("GET", f"/carriers/lookup/{phone}")
    assert (found["operator_name"], found["iso_short_code"]) == (operator, country)


@pytest.mark.parametrize(
    "text", ["34612345678", "hello", "+34", "+34123", "+999123456789", " +34612345678", "+٣٤612345678"]
)
async def test_what_is_no_number_is_refused(world: V2, text: str) -> None:
    assert await world.wrong_fields("GET", f"/carriers/lookup/{quote(text)}") == {"phone"}


# -- ids that stay -----------------------------------------------------------------------------------


def test_named_operators_keep_their_ids_and_others_mostly_do_when_the_metadata_changes() -> None:
    keys = [(one.country.iso2, one.name) for one in catalogue().carriers.operators.values()]
    before, after = operator_ids(keys), operator_ids([*keys, ("ES", "A newcomer"), ("AA", "Another")])
    assert all(before[key] == row.id for key, row in named_operators().items())
    moved = [key for key in keys if before[key] != after[key]]
    assert len(moved) <= 1
    fewer = operator_ids(keys[::2])
    assert sum(fewer[key] != before[key] for key in keys[::2]) <= 3


def test_two_runs_give_the_same_ids() -> None:
    one, other = Carriers(), Carriers()
    assert {key: value.name for key, value in one.operators.items()} == {
        key: value.name for key, value in other.operators.items()
    }


def test_ids_of_operators_services_and_gift_cards_never_meet() -> None:
    known = catalogue()
    parents = set(known.carriers.operators)
    children = {one.id for parent in parents for one in known.products(parent)}
    cards = {card.id for country in known.carriers.countries.values() for card in known.brands(country)}
    assert len(parents | children | cards) == len(parents) + len(children) + len(cards)
    assert max(children) < 10**9


# -- search ------------------------------------------------------------------------------------------


async def pages(world: V2, query: str) -> list[dict[str, Any]]:
    """All rows of a search, page by page."""
    rows: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = (await world.v2("GET", f"/products/search?{query}{cursor}")).json()
        rows += answer["data"]
        assert answer["meta"]["has_more"] is (answer["meta"]["cursor"] is not None)
        if not answer["meta"]["has_more"]:
            return rows
        cursor = f"&cursor={answer['meta']['cursor']}"


async def test_pages_of_any_size_add_up_to_all_products(world: V2) -> None:
    operators = set(await world.data("GET", "/operators?country=ES"))
    whole = await pages(world, "country=ES&limit=100")
    assert {str(one["id_operator"]) for one in whole if one["type"] == "topup"} == operators
    assert {one["type"] for one in whole} == {"topup", "giftcard"}
    for limit in (1, 7, len(whole) - 1, len(whole)):
        if limit <= 100:
            assert await pages(world, f"country=34&limit={limit}") == whole


@pytest.mark.parametrize("path", ["/service-types", f"/operators/{TELCEL}/service-types", "/webhooks"])
async def test_a_list_that_has_no_pages_says_so(world: V2, path: str) -> None:
    meta = (await world.v2("GET", path)).json()["meta"]
    assert (meta["has_more"], meta["cursor"]) == (False, None)


async def test_a_page_has_50_by_default_and_100_at_most(world: V2) -> None:
    assert len(await world.data("GET", "/products/search?country=ES")) == 50
    for limit in ("0", "101", "x", "-1", "1.5"):
        assert await world.wrong_fields("GET", f"/products/search?country=ES&limit={limit}") == {"limit"}


async def test_a_keyword_is_found_in_names_in_any_case(world: V2) -> None:
    found = await pages(world, "country=ES&q=vodaf")
    assert found
    assert all("vodaf" in one["operator_name"].lower() for one in found)
    assert await pages(world, "country=ES&q=nothing-like-it") == []


async def test_a_gift_card_is_found_by_its_amounts(world: V2) -> None:
    for query in ("10%20EUR", "10eur", "play+10%20eur"):
        found = await pages(world, f"country=es&q={query}")
        assert found
        assert {one["type"] for one in found} == {"giftcard"}
    first = found[0]
    assert first["operator_name"] == "Nimbus Play"
    [rate] = await world.rates(first["id_operator"], "?q=10%20EUR")
    assert (rate["amount"], rate["currency"]) == ("10.00", "EUR")
    assert await pages(world, "country=es&q=0%20EUR") == []
    assert await pages(world, "country=es&q=10%20MXN") == []


@pytest.mark.parametrize("brand", ["steam", "Spotify"])
async def test_the_vendors_own_examples_of_gift_cards_are_found(world: V2, brand: str) -> None:
    [found] = await pages(world, f"country=es&q={brand}")
    assert (found["type"], found["operator_name"]) == ("giftcard", brand.capitalize())
    assert await world.rates(found["id_operator"])


async def test_a_kind_of_service_leaves_the_operators_that_offer_it(world: V2) -> None:
    whole = await pages(world, "country=ES&limit=100")
    for topup_type in (1, 5, 6):
        offering = [one for one in whole if any(row["topup_type"] == topup_type for row in one["service_types"])]
        assert await pages(world, f"country=ES&service_type={topup_type}") == offering
    assert await pages(world, "country=ES&service_type=9") == []


async def test_an_operator_and_a_keyword_search_its_prices(world: V2) -> None:
    [found] = await pages(world, f"country=MX&operator_id={TELCEL}&q=5%20gb")
    assert found["id_operator"] == TELCEL
    assert found["rates"]
    assert all("5 gb" in f"{one['product_name']} {one['description']}".lower() for one in found["rates"])
    assert await pages(world, f"country=MX&operator_id={TELCEL}&q=nothing-like-it") == []
    [child] = await pages(world, "country=MX&operator_id=10001015")
    assert "rates" not in child
    assert await pages(world, f"country=ES&operator_id={TELCEL}") == []


@pytest.mark.parametrize("cursor", ["x", "%20", "b3JkZXI6MQ", "cHJvZHVjdDo", "cHJvZHVjdDotMQ", "a" * 101, "ñ"])
async def test_only_cursors_of_the_list_are_taken(world: V2, cursor: str) -> None:
    assert await world.wrong_fields("GET", f"/products/search?country=ES&cursor={cursor}") == {"cursor"}


async def test_the_detail_has_the_same_live_prices(world: V2) -> None:
    product = await world.data("GET", f"/products/{TELCEL}")
    assert product["rates"] == await world.rates()
    assert [one["name"] for one in product["service_types"]] == ["airtime", "data", "bundle"]
    card = await world.card()
    assert (await world.data("GET", f"/products/{card}"))["rates"] == await world.rates(card)
    filters = "?service_type=5&q=gb&lang=es"
    assert (await world.data("GET", f"/products/{TELCEL}{filters}"))["rates"] == await world.rates(TELCEL, filters)


async def test_any_valid_credential_reads_the_catalogue(world: V2) -> None:
    for key in ("test_readonly", "live_demo", "live_poor"):
        assert await world.data("GET", "/service-types", key=key)
    assert await world.refused("GET", "/countries", key=None) == (401, "UNAUTHORIZED")


def test_starting_pays_for_neither_the_carriers_nor_the_keys() -> None:
    script = "import sys, mockserver.app; print(sorted({'phonenumbers', 'joserfc', 'cryptography'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"

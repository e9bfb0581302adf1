"""Magic products, magic accounts and the scenarios that come with HidSim."""

import re
import unicodedata

import pytest

from mockserver.providers.hidsim.catalogue import catalogue
from mockserver.providers.hidsim.magic import MAGIC_SERVICES
from tests.providers.hidsim.hid import BASE, PASSWORD, Hid, hidsim, refusal

pytestmark = pytest.mark.anyio


def test_only_what_is_sold_in_testland_is_magic() -> None:
    products = {product.id for service in MAGIC_SERVICES for product in service.products}
    assert all(one.country == "ZZ" for one in catalogue().products if one.short in products)


async def test_magic_lists_every_magic_product_service_and_account() -> None:
    async with hidsim() as hid:
        rows = [row for row in (await hid.world.steer("GET", "/magic"))["magic"] if row["provider"] == "hidsim"]
        values = {row["value"] for row in rows}
        assert values == {service.id for service in MAGIC_SERVICES} | {"poor@example.com", "disabled@example.com"}
        listed = " ".join(row["effect"] for row in rows)
        assert all(product.id in values or product.id in listed for one in MAGIC_SERVICES for product in one.products)


TWINS = [(one.products[0].id, one.products[1].id) for one in MAGIC_SERVICES if len(one.products) == 2]


@pytest.mark.parametrize(("cheaper", "dearer"), [pair for pair in TWINS if pair[0] != "oneleft1"])
async def test_the_dearer_product_of_a_test_service_has_the_same_outcome(cheaper: str, dearer: str) -> None:
    async with hidsim() as hid:
        bought = [await hid.buy(product) for product in (cheaper, dearer)]
        assert bought[0]["price"] < bought[1]["price"]
        for wait in ("0s", "2s", "15s", "75s", "1200s"):
            await hid.world.advance(wait)
            first, second = [await hid.poll(operation) for operation in bought]
            assert first["state"] == second["state"]
            assert len(first["messages"]) == len(second["messages"])
            assert (first["code"] is None) is (second["code"] is None)


async def test_a_dearer_product_leaves_no_more_than_one_number_where_one_is_left() -> None:
    async with hidsim() as hid:
        assert (await hid.get("/products/oneleft2"))["count"] == 0
        assert (await hid.call("POST", "/services/oneleft1/purchase")).status_code == 201
        refusal(await hid.call("POST", "/services/oneleft1/purchase"), 406)


@pytest.mark.parametrize("way", ["products", "services"])
@pytest.mark.parametrize(
    ("product", "moments"),
    [
        ("instant1", [("0s", "completed")]),
        ("slowsms1", [("2s", "pending"), ("89.999s", "pending"), ("1ms", "completed")]),
        ("nosms001", [("2s", "pending"), ("1197s", "pending"), ("1s", "system_refunded")]),
        ("nonumber", [("4.999s", "creating"), ("1ms", "no_number_refunded")]),
        ("errstart", [("2.999s", "creating"), ("1ms", "system_refunded")]),
        ("errlater", [("2s", "pending"), ("9.999s", "pending"), ("1ms", "system_refunded")]),
        ("oneleft1", [("2s", "pending"), ("15s", "completed")]),
    ],
)
async def test_a_magic_product_decides_how_it_goes(way: str, product: str, moments: list[tuple[str, str]]) -> None:
    async with hidsim() as hid:
        operation = (await hid.call("POST", f"/{way}/{product}/purchase")).json()
        for wait, state in moments:
            await hid.world.advance(wait)
            assert (await hid.poll(operation))["state"] == state


@pytest.mark.parametrize(
    ("product", "code", "text"),
    [
        ("hyphen01", r"\d{6}", r"\d{3}-\d{3}"),
        ("alphanum", r"(?=.*[A-Z])(?=.*[0-9])[A-Z0-9]{6}", r"[A-Z0-9]{6}"),
        ("leadzero", r"0\d{5}", r"0\d{5}"),
        ("nocode01", None, r"^\D+$"),
        ("nonlatin", r"\d{6}", r"\d{6}"),
    ],
)
async def test_a_magic_product_decides_what_the_sms_says(product: str, code: str | None, text: str) -> None:
    async with hidsim() as hid:
        for _ in range(5):
            operation = await hid.buy(product)
            await hid.world.advance("17s")
            done = await hid.poll(operation)
            assert done["state"] == "completed"
            assert re.search(text, done["message"])
            if code is None:
                assert done["code"] is None
            else:
                assert re.fullmatch(code, done["code"])
            if product == "nonlatin":
                letters = [letter for letter in done["message"] if letter.isalpha()]
                assert any("LATIN" not in unicodedata.name(letter) for letter in letters)


async def test_two_sms_come_by_themselves() -> None:
    async with hidsim() as hid:
        operation = await hid.buy("twosms01")
        await hid.world.advance("26.999s")
        assert len((await hid.poll(operation))["messages"]) == 1
        await hid.world.advance("1ms")
        assert len((await hid.poll(operation))["messages"]) == 2


@pytest.mark.parametrize(("account", "status"), [("poor", 400), ("disabled", 403)])
async def test_the_magic_accounts_are_there(account: str, status: int) -> None:
    async with hidsim() as hid:
        body = {"identifier": f"{account}@example.com", "password": PASSWORD}
        answer = await hid.world.call("POST", f"{BASE}/auth/login", json=body)
        if account == "poor":
            answer = await Hid(hid.world, "poor@example.com").call("POST", "/products/tier0020/purchase")
        refusal(answer, status)


async def test_the_scenarios_are_in_the_library() -> None:
    async with hidsim() as hid:
        names = {
            row["name"]
            for row in (await hid.world.steer("GET", "/scenarios"))["scenarios"]
            if row["provider"] == "hidsim"
        }
        assert {"quick", "slow-sms", "no-numbers", "provider-errors", "low-stock"} <= names


@pytest.mark.parametrize(
    ("scenario", "way", "moments"),
    [
        ("slow-sms", "products", [("2s", "pending"), ("179s", "pending"), ("1s", "completed")]),
        ("no-numbers", "products", [("2s", "creating"), ("3s", "no_number_refunded")]),
        ("no-numbers", "services", [("2s", "creating"), ("3s", "no_number_refunded")]),
        ("provider-errors", "products", [("2s", "creating"), ("1s", "system_refunded")]),
        ("provider-errors", "services", [("2s", "pending"), ("10s", "system_refunded")]),
        ("quick", "services", [("2s", "pending"), ("15s", "completed")]),
    ],
)
async def test_a_scenario_decides_how_real_countries_go(
    scenario: str, way: str, moments: list[tuple[str, str]]
) -> None:
    known = catalogue()
    product = next(one for one in known.by_service["wa"] if one.country == "GB")
    async with hidsim() as hid:
        await hid.world.steer("PUT", "/scenarios/active", [scenario])
        if way == "products":
            answer = await hid.call("POST", f"/products/{product.id}/purchase")
        else:
            body = {"_country": known.countries["GB"].id}
            answer = await hid.call("POST", f"/services/{known.services['wa'].id}/purchase", body)
        for wait, state in moments:
            await hid.world.advance(wait)
            assert (await hid.poll(answer.json()))["state"] == state
        instant = await hid.buy("instant1")
        assert (await hid.poll(instant))["state"] == "completed", "Testland keeps its own rules"


async def test_low_stock_leaves_one_of_each() -> None:
    async with hidsim() as hid:
        await hid.world.steer("PUT", "/scenarios/active", ["low-stock"])
        counts = {row["count"] for row in (await hid.get("/products", limit=500))["data"]}
        assert counts == {0, 1}
        first, second = await hid.buy("tier0020"), await hid.buy("tier0020")
        assert (await hid.get("/products/tier0020"))["count"] == 0
        bought = (await hid.call("POST", "/services/tiers001/purchase")).json()
        assert bought["price"] == 0.45, "the next cheapest that has stock"
        await hid.world.advance("17s")
        assert (await hid.poll(first))["state"] == "completed"
        assert (await hid.poll(second))["state"] == "no_number_refunded"

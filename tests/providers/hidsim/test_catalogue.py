"""Countries, services and products: lists, filters, paging, sorting, searching, populating."""

import asyncio
import re
from typing import Any

import pytest

from mockserver.providers.hidsim.catalogue import Item, Product, catalogue
from tests.providers.hidsim.hid import SCHEMAS, Hid, hidsim, refusal

pytestmark = pytest.mark.anyio


async def page(hid: Hid, path: str, **params: Any) -> dict[str, Any]:
    """A list, which must be as its schema says."""
    answer = await hid.call("GET", path, params=params)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    schema = "services" if "services" in path else path[1:]
    assert SCHEMAS.checker(f"hidsim/{schema}").check(body) == {}
    assert answer.headers["X-Total-Count"] == str(body["total"])
    return body


async def test_countries_come_by_name_all_of_them_unless_a_limit_says_otherwise() -> None:
    async with hidsim() as hid:
        whole = await page(hid, "/countries")
        assert (whole["total"], whole["limit"], whole["skip"], len(whole["data"])) == (118, 118, 0, 118)
        assert {"UA", "GB", "US", "VN", "ZZ"} <= {row["iso2"] for row in whole["data"]}
        names = [row["name"] for row in whole["data"]]
        assert names == sorted(names, key=str.casefold)
        first = await page(hid, "/countries", limit=100)
        assert (first["total"], first["limit"], first["data"]) == (118, 100, whole["data"][:100])
        rest = await page(hid, "/countries", skip=100)
        assert (rest["total"], rest["limit"], rest["skip"], rest["data"]) == (118, 118, 100, whole["data"][100:])
        assert (await page(hid, "/countries", skip=500))["data"] == []
        nothing = await page(hid, "/countries", iso2="XX")
        assert (nothing["data"], nothing["total"], nothing["limit"]) == ([], 0, 0)


async def test_services_searches_and_products_come_whole() -> None:
    known = catalogue()
    async with hidsim() as hid:
        services = await page(hid, "/services")
        assert len(services["data"]) == services["total"] == services["limit"] == len(known.services)
        assert len((await page(hid, "/services/search", q="e"))["data"]) > 20
        whatsapp = await page(hid, "/products", _service=known.services["wa"].id)
        assert len(whatsapp["data"]) == whatsapp["total"] == whatsapp["limit"] == len(known.by_service["wa"]) > 200
        answer = await hid.call("GET", "/products")
        everything = answer.json()
        assert len(everything["data"]) == everything["total"] == everything["limit"] == len(known.active) > 7_000
        prices = [row["price"] for row in everything["data"]]
        assert prices == sorted(prices)
        assert (await page(hid, "/products", limit=500, skip=400))["data"] == everything["data"][400:900]


@pytest.mark.parametrize("path", ["/operations", "/transactions"])
async def test_what_an_account_did_comes_by_a_hundred(path: str) -> None:
    async with hidsim() as hid:
        for _ in range(101):
            await hid.buy("tier0020")
        whole = await page(hid, path)
        assert (len(whole["data"]), whole["limit"]) == (100, 100)
        assert len((await page(hid, path, limit=500))["data"]) == whole["total"]
        assert whole["total"] > 100
        older = await page(hid, path, skip=100, sort="createdAt")
        assert len(older["data"]) == whole["total"] - 100


async def test_an_empty_list_is_one_page_in_every_envelope() -> None:
    async with hidsim() as hid:
        await hid.world.steer("PATCH", "/settings", {"hidsim.list_envelope": "docs"})
        body = await hid.get("/countries", iso2="XX")
        assert body == {"docs": [], "totalDocs": 0, "limit": 0, "page": 1, "totalPages": 1}


async def test_countries_are_narrowed_by_code_and_by_name() -> None:
    async with hidsim() as hid:
        [row] = (await page(hid, "/countries", iso2="gb"))["data"]
        assert (row["name"], row["iso3"], row["callingCode"], row["flag"]) == ("United Kingdom", "GBR", "+44", "🇬🇧")
        assert {row["iso2"] for row in (await page(hid, "/countries", iso2="GB,fr"))["data"]} == {"GB", "FR"}
        assert {row["iso2"] for row in (await page(hid, "/countries", iso2=["GB", "XX"]))["data"]} == {"GB"}
        assert {row["iso2"] for row in (await page(hid, "/countries", name="UNITED"))["data"]} == {"AE", "GB", "US"}
        assert (await page(hid, "/countries", iso2="XX"))["data"] == []


@pytest.mark.parametrize("kind", ["countries", "services", "products"])
async def test_everything_has_two_ids_and_is_found_by_either(kind: str) -> None:
    async with hidsim() as hid:
        rows = (await page(hid, f"/{kind}", limit=5))["data"]
        for row in rows:
            assert re.fullmatch("[0-9a-f]{24}", row["_id"])
            assert re.fullmatch("[0-9a-z]{8}", row["id"])
            for identifier in (row["_id"], row["id"], row["_id"].upper()):
                assert await hid.get(f"/{kind}/{identifier}") == row
        for unknown in ("0" * 24, "nothing0", "x", "%00", rows[0]["_id"][:-1]):
            refusal(await hid.call("GET", f"/{kind}/{unknown}"), 404)


def test_no_two_things_have_one_id() -> None:
    known = catalogue()
    found: list[list[Item | Product]] = [[*known.countries.values()], [*known.services.values()], [*known.products]]
    for items in found:
        assert len({one.id for one in items}) == len({one.short for one in items}) == len(items)


async def test_the_catalogue_is_the_same_in_every_sandbox() -> None:
    async with hidsim(seed=1) as one, hidsim(seed=2) as other:
        assert await one.get("/products") == await other.get("/products")


async def test_services_are_narrowed_by_code_and_by_country() -> None:
    async with hidsim() as hid:
        assert [row["code"] for row in (await page(hid, "/services", code="wa,tg"))["data"]] == ["tg", "wa"]
        testland = (await hid.get("/countries", iso2="ZZ"))["data"][0]["_id"]
        there = (await page(hid, "/services", _countryIds=testland))["data"]
        assert {"instant1", "wa"} < {row["code"] for row in there}
        assert "empty001" not in {row["code"] for row in there}
        assert all(testland in row["_countryIds"] for row in there)
        assert (await page(hid, "/services", _country=testland))["data"] == there
        assert (await page(hid, "/services", _countryIds="0" * 24))["data"] == []
        both = await page(hid, "/services", _country=testland, _countryIds="0" * 24)
        assert both["data"] == there, "the union of both"


@pytest.mark.parametrize(
    ("text", "first", "others"),
    [
        ("WA", "wa", set()),
        ("whatsapp", "wa", set()),
        ("wHaTs", "wa", set()),
        ("go", "go", {"ni", "bl"}),
        ("x (twitter)", "tw", set()),
        ("x-twitter", "tw", set()),
        ("mail", "ma", set()),
        ("tg", "tg", set()),
    ],
)
async def test_a_search_puts_what_fits_best_first(text: str, first: str, others: set[str]) -> None:
    async with hidsim() as hid:
        codes = [row["code"] for row in (await page(hid, "/services/search", q=text))["data"]]
        assert codes[0] == first
        assert others <= set(codes)


async def test_a_search_ranks_exact_before_prefix_before_the_rest() -> None:
    async with hidsim() as hid:
        names = [row["name"] for row in (await page(hid, "/services/search", q="bo"))["data"]]
        assert names[0] == "Wise", "its code is bo"
        prefixed = [name.lower().startswith("bo") for name in names[1:]]
        assert prefixed == sorted(prefixed, reverse=True)
        assert any(prefixed)
        assert not all(prefixed)


@pytest.mark.parametrize("name", ["q", "query", "search", "keyword", "name"])
async def test_a_search_has_five_names(name: str) -> None:
    async with hidsim() as hid:
        assert [row["code"] for row in (await page(hid, "/services/search", **{name: "telegram"}))["data"]] == ["tg"]


@pytest.mark.parametrize("text", [".*", "((", "[a-z]", "a{1}", "\\", "wh.t", "%", "^w"])
async def test_a_search_takes_signs_literally(text: str) -> None:
    async with hidsim() as hid:
        assert (await page(hid, "/services/search", q=text))["data"] == []


@pytest.mark.parametrize("query", ["", "q=", "q=%20", "q=" + "x" * 101, "qq=wa"])
async def test_a_search_needs_1_to_100_characters(query: str) -> None:
    async with hidsim() as hid:
        refusal(await hid.call("GET", f"/services/search?{query}"), 400)
        assert (await hid.call("GET", "/services/search?q=" + "x" * 100)).status_code == 200


async def test_a_search_can_be_held_to_countries() -> None:
    async with hidsim() as hid:
        testland = (await hid.get("/countries", iso2="ZZ"))["data"][0]["_id"]
        assert (await page(hid, "/services/search", q="wolt", _country=testland))["data"] == []
        assert (await page(hid, "/services/search", q="whats", _country=testland))["total"] == 1


async def test_products_come_by_price_those_without_stock_included() -> None:
    async with hidsim() as hid:
        rows = (await page(hid, "/products", limit=500))["data"]
        prices = [row["price"] for row in rows]
        assert prices == sorted(prices)
        assert any(row["count"] == 0 for row in rows)
        assert all(row["isActive"] for row in rows)
        assert all("provider" not in row for row in rows)


async def test_products_are_narrowed_by_service_country_and_price() -> None:
    async with hidsim() as hid:
        service = await hid.get("/services/tiers001")
        rows = (await page(hid, "/products", _service=service["_id"]))["data"]
        assert [(row["id"], row["price"]) for row in rows] == [("tier0020", 0.2), ("tier0045", 0.45), ("tier0110", 1.1)]
        for params, count in (
            ({"minPrice": 0.2, "maxPrice": 0.45}, 2),
            ({"minPrice": "0.20001"}, 2),
            ({"maxPrice": 0}, 0),
            ({"_country": service["_countryIds"][0]}, 3),
            ({"_country": "0" * 24}, 0),
        ):
            assert (await page(hid, "/products", _service=service["_id"], **params))["total"] == count
        france = (await hid.get("/countries", iso2="FR"))["data"][0]["_id"]
        found = await page(hid, "/products", _country=france, _countryIds=service["_countryIds"], limit=500)
        assert {row["_country"] for row in found["data"]} == {france, service["_countryIds"][0]}


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=ten",
        "limit=",
        "limit=1.5",
        "skip=-1",
        "skip=x",
        "_service=wa",
        "_service=instant1",
        "_service=",
        "_service=67c2d0b00000000000000000,x",
        "_country=GB",
        "_countryIds=1,2",
        "minPrice=-1",
        "maxPrice=cheap",
        "minPrice=2&maxPrice=1",
        "minPrice=NaN",
        "minPrice=Infinity",
    ],
)
async def test_bad_parameters_are_400_and_say_which(query: str) -> None:
    async with hidsim() as hid:
        body = refusal(await hid.call("GET", f"/products?{query}"), 400)
        assert body["details"][0]["path"].split(".")[0] in query


@pytest.mark.parametrize(
    "path", ["/countries", "/services", "/services/search", "/products", "/operations", "/transactions"]
)
@pytest.mark.parametrize("name", ["_service", "_country", "_countryIds", "_user", "_operation", "_product"])
async def test_a_filter_takes_nothing_but_whole_ids_on_every_list(path: str, name: str) -> None:
    async with hidsim() as hid:
        operation = await hid.buy("tier0020")
        more = {"q": "a"} if path.endswith("search") else {}
        for bad in (operation["id"], "instant1", "GB", "0" * 23, f"{'0' * 24},x", "", f"{'0' * 24} "):
            body = refusal(await hid.call("GET", path, params={name: bad, **more}), 400)
            assert body["details"][0]["path"].split(".")[0] == name
        found = await hid.get(path, **{name: "0" * 24, **more})
        plain = await hid.get(path, **more)
        assert found == plain or found["total"] == 0, "a relation that the list lacks is ignored"


async def test_relations_that_a_list_lacks_are_ignored_and_those_it_has_count() -> None:
    async with hidsim() as hid:
        operation = await hid.buy("tier0020")
        await hid.buy("nosms001")
        unknown = "0" * 24
        assert (await hid.get("/countries", _service=unknown, _countryIds=unknown))["total"] == 118
        assert (await hid.get("/services", _user=unknown))["total"] == len(catalogue().services)
        assert (await hid.get("/transactions", _service=unknown))["total"] == 3
        assert (await hid.get("/operations", _operation=unknown))["total"] == 2
        assert [row["_id"] for row in (await hid.get("/operations", _product=operation["_product"]))["data"]] == [
            operation["_id"]
        ]
        assert (await hid.get("/operations", _product=unknown))["total"] == 0


async def test_a_filter_takes_so_many_values_and_no_more() -> None:
    async with hidsim() as hid:
        names = ["x" + ",".join(f"{number}" for number in range(start, start + 100)) for start in range(0, 600, 100)]
        refusal(await hid.call("GET", "/countries", params={"name": names}), 400)
        assert (await hid.get("/countries", name=names[:5]))["total"] == 0
        assert {row["iso2"] for row in (await hid.get("/countries", iso2=" gb , fr,"))["data"]} == {"GB", "FR"}


async def test_the_list_of_all_products_never_keeps_others_waiting_for_long() -> None:
    async with hidsim() as hid:
        await hid.login()
        await hid.world.steer("PUT", "/scenarios/active", ["low-stock"])
        beats = 0

        async def beat() -> None:
            nonlocal beats
            while True:
                await asyncio.sleep(0)
                beats += 1

        heart = asyncio.create_task(beat())
        rows = (await hid.get("/products", sort="_service,-count", populate="_service"))["data"]
        heart.cancel()
        assert {row["count"] for row in rows} == {0, 1}
        assert beats >= 2 * (len(rows) // 500), "others are served after every few hundred rows"
        [decision] = (await hid.world.steer("GET", f"/requests/{await last_request(hid)}"))["explanation"]["decisions"]
        assert decision["scenario"] == "low-stock"


async def last_request(hid: Hid) -> str:
    """The id of the newest exchange."""
    newest: str = (await hid.world.steer("GET", "/requests?limit=1"))["requests"][0]["id"]
    return newest


async def test_counts_of_long_and_short_lists_agree_with_what_was_sold() -> None:
    async with hidsim() as hid:
        service = (await hid.get("/services/tiers001"))["_id"]
        for product in ("tier0020", "tier0020", "oneleft1"):
            await hid.buy(product)
        short = {row["id"]: row["count"] for row in (await hid.get("/products", _service=service))["data"]}
        whole = {row["id"]: row["count"] for row in (await hid.get("/products"))["data"]}
        assert short == {"tier0020": 9_998, "tier0045": 10_000, "tier0110": 10_000}
        assert short.items() < whole.items()
        assert whole["oneleft1"] == 0
        assert (await hid.get("/products", sort="count,-price", limit=500))["data"][0]["count"] == 0


async def test_unknown_parameters_and_sort_fields_are_ignored() -> None:
    async with hidsim() as hid:
        plain = await hid.get("/products")
        assert await hid.get("/products", color="blue", sort="color,-taste", populate="color") == plain


async def test_lists_are_sorted_by_several_fields_up_and_down() -> None:
    async with hidsim() as hid:
        down = [row["name"] for row in (await page(hid, "/services", sort="-name", limit=500))["data"]]
        assert down == sorted(down, key=str.casefold, reverse=True)
        assert down != sorted(down, reverse=True), "eBay is not behind Zalo"
        rows = (await page(hid, "/services", sort="category,-code", limit=500))["data"]
        pairs = [(row["category"], row["code"]) for row in rows]
        assert pairs == sorted(sorted(pairs, reverse=True), key=lambda pair: pair[0])
        rows = (await page(hid, "/products", sort="-count,price"))["data"]
        counts = [(-row["count"], row["price"]) for row in rows]
        assert counts == sorted(counts)
        dearest = (await page(hid, "/products", sort="-price", limit=1))["data"][0]["price"]
        assert dearest == max(one.price for one in catalogue().products) / 10_000


async def test_relations_are_ids_until_they_are_populated() -> None:
    async with hidsim() as hid:
        [plain] = (await page(hid, "/products", limit=1))["data"]
        [full] = (await page(hid, "/products", limit=1, populate="_service,_country"))["data"]
        assert full["_service"] == await hid.get(f"/services/{plain['_service']}")
        assert full["_country"] == await hid.get(f"/countries/{plain['_country']}")
        assert (await hid.get(f"/products/{plain['id']}", populate="_country"))["_service"] == plain["_service"]
        [service] = (await page(hid, "/services", code="instant1", populate="_countryIds"))["data"]
        assert [row["iso2"] for row in service["_countryIds"]] == ["ZZ"]
        assert await hid.get("/services/instant1", populate="_countryIds") == service


@pytest.mark.parametrize(
    ("style", "keys"),
    [
        ("data", {"data", "total", "limit", "skip"}),
        ("results", {"results", "total", "limit", "skip"}),
        ("docs", {"docs", "totalDocs", "limit", "page", "totalPages"}),
        ("array", None),
    ],
)
async def test_the_list_envelope_is_a_setting(style: str, keys: set[str] | None) -> None:
    async with hidsim() as hid:
        await hid.world.steer("PATCH", "/settings", {"hidsim.list_envelope": style})
        await hid.buy("tier0020")
        for path in ("/countries", "/services", "/services/search?q=a", "/products", "/operations", "/transactions"):
            answer = await hid.call("GET", path)
            body = answer.json()
            assert int(answer.headers["X-Total-Count"]) > 0
            rows = body if keys is None else body[style]
            assert isinstance(rows, list)
            assert rows
            if keys is not None:
                assert set(body) == keys
            if path in ("/countries", "/services", "/products"):
                assert len(rows) == int(answer.headers["X-Total-Count"]), "without a limit a list is whole"
                assert keys is None or body["limit"] == len(rows)
        if style == "docs":
            whole = await hid.get("/countries")
            assert (whole["page"], whole["totalPages"], whole["totalDocs"]) == (1, 1, 118)
            body = await hid.get("/countries", limit=50, skip=100)
            assert (body["page"], body["totalPages"], body["totalDocs"]) == (3, 3, 118)


async def test_prices_have_at_most_four_decimals_and_stay_within_what_a_partner_can_pay() -> None:
    products = catalogue().products
    assert all(500 <= one.price <= 80_000 for one in products)


def test_every_pair_of_a_service_and_a_country_on_offer_has_several_products() -> None:
    prices: dict[tuple[str, str], list[int]] = {}
    for one in catalogue().active:
        prices.setdefault((one.service, one.country), []).append(one.price)
    assert len(prices) > 3_900
    for pair, found in prices.items():
        assert len(found) >= 2, pair
        assert len(set(found)) == len(found), f"{pair}: prices differ"


def test_the_countries_of_a_service_are_those_in_which_it_has_products() -> None:
    known = catalogue()
    for code, service in known.services.items():
        offered = {known.countries[one.country].id for one in known.active if one.service == code}
        assert set(service.row["_countryIds"]) == offered, code

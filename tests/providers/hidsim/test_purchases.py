"""Purchases: what can be bought, at which price, and that stock and money agree."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from mockserver.providers.hidsim.catalogue import catalogue
from tests.providers.hidsim.hid import SCHEMAS, Hid, hidsim, refusal

pytestmark = pytest.mark.anyio


async def by_service(hid: Hid, service: str, **body: Any) -> Any:
    """The answer to a service-based purchase."""
    return await hid.call("POST", f"/services/{service}/purchase", body)


async def product_of(hid: Hid, operation: dict[str, Any]) -> dict[str, Any]:
    """The product that an operation was bought from."""
    found: dict[str, Any] = await hid.get(f"/products/{operation['_product']}")
    return found


async def test_a_service_is_bought_at_its_cheapest_price_that_fits() -> None:
    async with hidsim() as hid:
        for body, price in (
            ({}, 0.2),
            ({"minPrice": 0.2}, 0.2),
            ({"minPrice": 0.2001}, 0.45),
            ({"minPrice": 0.45, "maxPrice": 0.45}, 0.45),
            ({"minPrice": 0.46, "maxPrice": 1.1}, 1.1),
        ):
            answer = await by_service(hid, "tiers001", **body)
            assert (answer.status_code, answer.json()["price"]) == (201, price)
            assert SCHEMAS.checker("hidsim/operation").check(answer.json()) == {}


@pytest.mark.parametrize("body", [{"maxPrice": 0.1999}, {"minPrice": 1.11}, {"minPrice": 0.5, "maxPrice": 1.0}])
async def test_nothing_in_the_window_is_406_and_costs_nothing(body: dict[str, float]) -> None:
    async with hidsim() as hid:
        answer = await by_service(hid, "tiers001", **body)
        assert refusal(answer, 406)["message"] == "No products match the purchase constraints."
        assert await hid.balance() == 25
        assert (await hid.get("/operations"))["total"] == 0


@pytest.mark.parametrize("service", ["empty001", "disabled", "nostock1"])
async def test_a_service_without_anything_to_sell_is_406(service: str) -> None:
    async with hidsim() as hid:
        refusal(await by_service(hid, service), 406)
        assert (await hid.get("/transactions"))["total"] == 1


async def test_countries_narrow_a_service_down_to_their_union() -> None:
    known = catalogue()
    prices = {iso2: min(one.price for one in known.by_service["wa"] if one.country == iso2) for iso2 in ("FR", "JP")}
    ids = {iso2: known.countries[iso2].id for iso2 in ("FR", "JP", "ZZ")}
    async with hidsim() as hid:
        for body, where in (
            ({"_country": ids["FR"]}, {"FR"}),
            ({"_countryIds": [ids["JP"]]}, {"JP"}),
            ({"_countryIds": f"{ids['FR']},{ids['JP']}"}, {"FR", "JP"}),
            ({"_country": ids["JP"], "_countryIds": [ids["FR"]]}, {"FR", "JP"}),
            ({"_country": ["0" * 24, ids["JP"].upper()]}, {"JP"}),
        ):
            bought = (await by_service(hid, known.services["wa"].short, **body)).json()
            cheapest = min(where, key=lambda iso2: prices[iso2])
            assert bought["_country"] == ids[cheapest]
            assert Decimal(str(bought["price"])) == Decimal(prices[cheapest]).scaleb(-4)
        refusal(await by_service(hid, "wa-nowhere"), 404)
        refusal(await by_service(hid, known.services["wa"].id, _country="0" * 24), 406)
        refusal(await by_service(hid, "tiers001", _country=ids["FR"]), 406)


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({"minPrice": 2, "maxPrice": 1}, {"minPrice"}),
        ({"minPrice": -1}, {"minPrice"}),
        ({"maxPrice": "cheap"}, {"maxPrice"}),
        ({"_country": "ZZ"}, {"_country"}),
        ({"_country": ""}, {"_country"}),
        ({"_countryIds": ["67c2"]}, {"_countryIds.0"}),
        ({"_countryIds": []}, {"_countryIds"}),
        ({"_countryIds": 5}, {"_countryIds"}),
        ([], None),
        ([1], {"body"}),
    ],
)
async def test_bad_constraints_are_400_and_name_the_field(body: Any, paths: set[str] | None) -> None:
    async with hidsim() as hid:
        answer = await hid.call("POST", "/services/tiers001/purchase", body)
        if paths is None:
            assert answer.status_code == 201, "the empty list is how PHP writes an empty object"
        else:
            assert {detail["path"] for detail in refusal(answer, 400)["details"]} == paths
            assert await hid.balance() == 25


@pytest.mark.parametrize(
    ("query", "body", "price"),
    [
        ("minPrice=0.46&maxPrice=2", None, 1.1),
        ("minPrice=0.46", {"maxPrice": 1.1}, 1.1),
        ("", {"minPrice": "0.21", "maxPrice": "0.45"}, 0.45),
        ("", {"minPrice": "0.20001"}, 0.45),
        ("", {"maxPrice": "0.2"}, 0.2),
        ("minPrice=0.3", {"minPrice": 0.1}, 0.45),
    ],
)
async def test_a_price_window_comes_in_the_body_or_in_the_query_as_numbers_or_texts(
    query: str, body: Any, price: float
) -> None:
    async with hidsim() as hid:
        answer = await hid.call("POST", f"/services/tiers001/purchase?{query}", body)
        assert (answer.status_code, answer.json().get("price")) == (201, price), answer.text


async def test_a_window_in_the_query_that_nothing_fits_buys_nothing() -> None:
    async with hidsim() as hid:
        refusal(await hid.call("POST", "/services/tiers001/purchase?minPrice=5&maxPrice=6"), 406)
        refusal(await hid.call("POST", "/services/tiers001/purchase?minPrice=2&maxPrice=1"), 400)
        refusal(await hid.call("POST", "/services/tiers001/purchase?minPrice=2", {"maxPrice": 1}), 400)
        refusal(await hid.call("POST", "/services/tiers001/purchase?maxPrice=cheap"), 400)
        refusal(await hid.call("POST", "/products/tier0045/purchase?maxPrice=0.4"), 400)
        refusal(await hid.call("POST", "/products/tier0045/purchase", {"maxPrice": "0.4"}), 400)
        assert await hid.balance() == 25
        assert (await hid.call("POST", "/products/tier0045/purchase?maxPrice=0.45")).status_code == 201


@pytest.mark.parametrize("bad", ["", "-1", "cheap", "0x1", "NaN", "Infinity", "1,5", "1 2", "9" * 400, None, True, [1]])
async def test_a_text_that_is_no_number_is_no_price(bad: Any) -> None:
    async with hidsim() as hid:
        body = refusal(await by_service(hid, "tiers001", maxPrice=bad), 400)
        assert {detail["path"] for detail in body["details"]} == {"maxPrice"}


async def test_countries_in_body_and_query_are_one_union() -> None:
    known = catalogue()
    ids = {iso2: known.countries[iso2].id for iso2 in ("FR", "JP")}
    cheapest = min(
        (one for one in known.by_service["wa"] if one.country in ids and one.stock), key=lambda one: one.price
    )
    async with hidsim() as hid:
        path = f"/services/{known.services['wa'].id}/purchase?_country={ids['FR']}"
        bought = (await hid.call("POST", path, {"_countryIds": [ids["JP"]]})).json()
        assert bought["_country"] == ids[cheapest.country]
        refusal(await hid.call("POST", f"/services/tiers001/purchase?_country={ids['FR']}"), 406)
        refusal(await hid.call("POST", "/services/tiers001/purchase?_country=FR"), 400)


async def ignored_fields(hid: Hid, answer: Any) -> list[str]:
    """Return the fields that the explanation of an answer lists as ignored."""
    story = await hid.world.steer("GET", f"/requests/{answer.headers['x-mock-request-id']}")
    names: list[str] = story["explanation"]["ignored"]
    return names


@pytest.mark.parametrize(
    ("path", "body", "names"),
    [
        ("/services/tiers001/purchase", {"min_price": 5, "max_price": 6}, ["min_price", "max_price"]),
        ("/services/tiers001/purchase?max_price=6&min_price=5", None, ["max_price", "min_price"]),
        ("/services/tiers001/purchase?maxPrice=1", {"maxPrice": 0.3, "price": 1}, ["body.maxPrice", "price"]),
        ("/products/tier0020/purchase", {"minPrice": 5, "_country": "0" * 24}, ["minPrice", "_country"]),
        ("/services/tiers001/purchase?minPrice[]=5", {}, ["minPrice[]"]),
        ("/products/tier0020/purchase?limit=5&populate=_user", {"maxPrice": 1}, ["limit"]),
    ],
)
async def test_what_a_purchase_ignores_is_named_by_header_and_explanation(
    path: str, body: Any, names: list[str]
) -> None:
    async with hidsim() as hid:
        answer = await hid.call("POST", path, body)
        assert answer.status_code == 201
        assert answer.headers["X-Mock-Ignored"] == ", ".join(names)
        assert await ignored_fields(hid, answer) == names
        plain = await hid.call(
            "POST", "/services/tiers001/purchase?minPrice=0.3&_country[]=" + "0" * 24, {"maxPrice": 1}
        )
        assert "X-Mock-Ignored" not in plain.headers
        assert await ignored_fields(hid, plain) == []


async def test_refusals_name_what_they_ignored_too() -> None:
    async with hidsim() as hid:
        for body, status in (({"maxPrice": 0.1, "color": "red"}, 406), ({"maxPrice": -1, "color": "red"}, 400)):
            answer = await by_service(hid, "tiers001", **body)
            refusal(answer, status)
            assert answer.headers["X-Mock-Ignored"] == "color"
            assert await ignored_fields(hid, answer) == ["color"]


async def test_ignored_names_fit_into_a_header_whatever_they_are() -> None:
    async with hidsim() as hid:
        answer = await hid.call("POST", "/services/tiers001/purchase", {"a, b": 1, "é\r\nX: y": 2, "": 3, "x" * 500: 4})
        assert answer.headers["X-Mock-Ignored"] == f"a%2C%20b, %C3%A9%0D%0AX%3A%20y, , {'x' * 100}"
        many = await hid.call("POST", "/services/tiers001/purchase", {f"field{number}": 1 for number in range(500)})
        assert many.headers["X-Mock-Ignored"].count(",") == 19


async def test_an_empty_body_will_do_and_one_that_is_not_json_will_not() -> None:
    async with hidsim() as hid:
        for content, status in ((b"", 201), (b"{}", 201), (b'{"unheard": [1]}', 201), (b"{", 400), (b"nonsense", 400)):
            for path in ("/products/tier0020/purchase", "/services/tiers001/purchase"):
                assert (await hid.call("POST", path, content=content)).status_code == status


async def test_a_product_can_be_guarded_by_a_greatest_price() -> None:
    async with hidsim() as hid:
        refusal(await hid.call("POST", "/products/tier0045/purchase", {"maxPrice": 0.4499}), 400)
        refusal(await hid.call("POST", "/products/tier0045/purchase", {"maxPrice": -1}), 400)
        assert await hid.balance() == 25
        assert (await hid.buy("tier0045", maxPrice=0.45))["price"] == 0.45


async def test_each_purchase_buys_anew() -> None:
    async with hidsim() as hid:
        first, second = await hid.buy("tier0020"), await hid.buy("tier0020")
        assert first["_id"] < second["_id"], "ids ascend"
        assert first["id"] != second["id"]
        assert await hid.balance() == 24.6


async def test_without_money_nothing_is_created() -> None:
    async with hidsim() as hid:
        poor = Hid(hid.world, "poor@example.com")
        for path in ("/products/tier0020/purchase", "/services/tiers001/purchase"):
            assert "balance is too low" in refusal(await poor.call("POST", path), 400)["message"]
        assert (await poor.get("/operations"))["total"] == 0
        assert (await poor.get("/products/tier0020"))["count"] == 10_000
        await hid.world.steer("PATCH", "/accounts/hidsim/poor", {"balance": "0.20"})
        await poor.buy("tier0020")
        assert await poor.balance() == 0


async def test_a_disabled_product_is_not_listed_but_shown_and_400_to_buy() -> None:
    async with hidsim() as hid:
        row = await hid.get("/products/disabled")
        assert row["isActive"] is False
        listed = await hid.get("/products", _service=row["_service"])
        assert listed["data"] == []
        refusal(await hid.call("POST", "/products/disabled/purchase"), 400)


@pytest.mark.parametrize(
    "path", ["/products/nothing1/purchase", f"/products/{'0' * 24}/purchase", "/services/x/purchase"]
)
async def test_what_does_not_exist_cannot_be_bought(path: str) -> None:
    async with hidsim() as hid:
        refusal(await hid.call("POST", path), 404)


async def test_a_product_out_of_stock_is_debited_and_refunded() -> None:
    async with hidsim() as hid:
        operation = await hid.buy("nostock1")
        assert await hid.balance() == 24.5
        await hid.world.advance("2s")
        assert (await hid.poll(operation))["state"] == "creating"
        await hid.world.advance("3s")
        done = await hid.poll(operation)
        assert (done["state"], done["number"]) == ("no_number_refunded", None)
        assert SCHEMAS.checker("hidsim/operation").check(done) == {}
        assert await hid.balance() == 25
        assert (await hid.get("/products/nostock1"))["count"] == 0, "nothing was taken, so nothing comes back"


@pytest.mark.parametrize("product", ["nonumber", "errstart", "errlater", "nosms001"])
async def test_a_refund_puts_one_number_back_into_stock(product: str) -> None:
    async with hidsim() as hid:
        before = (await hid.get(f"/products/{product}"))["count"]
        await hid.buy(product)
        assert (await hid.get(f"/products/{product}"))["count"] == before - 1
        await hid.world.advance("20m")
        assert (await hid.get(f"/products/{product}"))["count"] == before
        assert await hid.balance() == 25


async def test_stock_is_shared_by_all_accounts_and_never_oversold_by_parallel_purchases() -> None:
    async with hidsim() as hid:
        await hid.world.steer("PATCH", "/accounts/hidsim/poor", {"balance": "25.00"})
        poor = Hid(hid.world, "poor@example.com")
        for one in (hid, poor):
            await one.login()
        both = [one.call("POST", "/products/oneleft1/purchase") for _ in range(10) for one in (hid, poor)]
        answers = await asyncio.gather(*both)
        assert [answer.status_code for answer in answers] == [201] * 20
        assert (await hid.get("/products/oneleft1"))["count"] == 0
        refusal(await by_service(poor, "oneleft1"), 406)
        await hid.world.advance("5s")
        states = [row["state"] for one in (hid, poor) for row in (await one.get("/operations"))["data"]]
        assert sorted(states) == ["no_number_refunded"] * 19 + ["pending"]
        assert sum([await hid.balance(), await poor.balance()]) == 49.5


async def test_parallel_service_purchases_share_what_is_left() -> None:
    async with hidsim() as hid:
        await hid.login()
        answers = await asyncio.gather(*(by_service(hid, "oneleft1") for _ in range(10)))
        assert sorted(answer.status_code for answer in answers) == [201] + [406] * 9


async def test_two_closes_at_once_give_one_200_one_400_and_one_credit() -> None:
    async with hidsim() as hid:
        operation = await hid.buy("nosms001")
        await hid.world.advance("120s")
        answers = await asyncio.gather(hid.act(operation, "close"), hid.act(operation, "refund"))
        assert sorted(answer.status_code for answer in answers) == [200, 400]
        assert await hid.balance() == 25
        ledger = await hid.world.steer("GET", "/ledger/hidsim/partner")
        assert [entry["amount"] for entry in ledger["entries"]] == ["25.0000", "-0.5000", "0.5000"]


async def test_of_a_close_and_an_sms_the_earlier_wins() -> None:
    async with hidsim() as hid:
        await hid.world.steer("PATCH", "/settings", {"hidsim.close_after": "17s"})
        operation = await hid.buy("tier0020")
        await hid.world.advance("17s")
        refusal(await hid.act(operation, "close"), 400)
        operation = await hid.buy("slowsms1")
        await hid.world.advance("17s")
        assert (await hid.act(operation, "close")).status_code == 200
        await hid.world.advance("90s")
        assert (await hid.poll(operation))["messages"] == []


async def test_ties_go_to_the_larger_stock() -> None:
    known = catalogue()
    wanted = None
    for code, products in known.by_service.items():
        active = [one for one in products if one.active and one.stock]
        cheapest = [one for one in active if one.price == min(other.price for other in active)]
        if len({one.stock for one in cheapest}) > 1:
            wanted = (code, max(cheapest, key=lambda one: one.stock))
            break
    assert wanted is not None, "the catalogue has two products of one price"
    async with hidsim() as hid:
        bought = (await by_service(hid, known.services[wanted[0]].id)).json()
        assert (await product_of(hid, bought))["_id"] == wanted[1].id


async def test_transactions_say_where_the_money_went() -> None:
    async with hidsim() as hid:
        first = await hid.buy("nonumber")
        second = await hid.buy("tier0110")
        await hid.world.advance("5s")
        page = await hid.get("/transactions")
        assert SCHEMAS.checker("hidsim/transactions").check(page) == {}
        rows = page["data"]
        assert [(row["type"], row["amount"], row["balanceAfter"]) for row in rows] == [
            ("refund", 0.5, 23.9),
            ("purchase", -1.1, 23.4),
            ("purchase", -0.5, 24.5),
            ("deposit", 25, 25),
        ]
        assert [row["_operation"] for row in rows] == [first["_id"], second["_id"], first["_id"], None]
        assert len({row["_id"] for row in rows}) == len({row["id"] for row in rows}) == 4

        async def amounts(**params: Any) -> list[float]:
            return [row["amount"] for row in (await hid.get("/transactions", **params))["data"]]

        assert await amounts(type="refund") == [0.5]
        assert await amounts(type="purchase,deposit") == [-1.1, -0.5, 25]
        assert await amounts(_operation=first["_id"]) == [0.5, -0.5]
        assert await amounts(_user=first["_user"], skip=3) == [25]
        assert await amounts(_user="0" * 24) == []
        assert await amounts(sort="amount") == [-1.1, -0.5, 0.5, 25]
        full = await hid.get("/transactions", populate="_operation,_user", limit=1)
        assert full["data"][0]["_operation"]["state"] == "no_number_refunded"
        assert SCHEMAS.checker("hidsim/transactions").check(full) == {}
        for params in ({"type": "gift"}, {"_operation": first["id"]}, {"limit": 501}):
            refusal(await hid.call("GET", "/transactions", params=params), 400)


async def test_a_balance_set_by_a_test_is_a_deposit_be_it_negative() -> None:
    async with hidsim() as hid:
        await hid.world.steer("PATCH", "/accounts/hidsim/partner", {"balance": "3.5"})
        newest = (await hid.get("/transactions"))["data"][0]
        assert (newest["type"], newest["amount"], newest["_operation"]) == ("deposit", -21.5, None)

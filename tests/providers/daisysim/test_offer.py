"""Countries, services and prices."""

from typing import Any

import pytest

from tests.providers.daisysim.judged import Daisy

pytestmark = pytest.mark.anyio


async def test_countries_are_sorted_by_name(world: Daisy) -> None:
    found = (await world.data("GET", "/countries"))["countries"]
    names = [one["name"] for one in found]
    assert names == sorted(names, key=str.casefold)
    assert names[names.index("Uruguay") - 1 :][:3] == ["United Kingdom", "Uruguay", "USA"]
    assert len(found) > 120
    assert len({one["id"] for one in found}) == len(found) == len(set(names))


@pytest.mark.parametrize(
    ("country", "name"), [(4, "Afghanistan"), (36, "Canada"), (6, "Russia"), (187, "USA"), (999, "Testland")]
)
async def test_the_known_countries_have_their_ids(world: Daisy, country: int, name: str) -> None:
    found = {one["id"]: one["name"] for one in (await world.data("GET", "/countries"))["countries"]}
    assert found[country] == name


@pytest.mark.parametrize("country", [4, 6, 36, 187, 999])
async def test_the_documented_services_are_sold(world: Daisy, country: int) -> None:
    data = await world.data("GET", f"/services/{country}")
    assert data["country_id"] == country
    names = {one["code"]: one["name"] for one in data["services"]}
    assert (names["go"], names["wa"], names["tg"]) == ("Google", "WhatsApp", "Telegram")
    assert len(names) == len(data["services"])


@pytest.mark.parametrize("country", [6, 36, 187])
@pytest.mark.parametrize("service", ["go", "wa", "tg"])
async def test_what_clients_depend_on_is_in_stock(world: Daisy, country: int, service: str) -> None:
    quote = await world.data("POST", "/prices", {"country": country, "service": service})
    assert quote["total_numbers"] > 0
    assert quote["tiers"]


async def test_every_country_sells_something(world: Daisy) -> None:
    for one in (await world.data("GET", "/countries"))["countries"]:
        assert (await world.data("GET", f"/services/{one['id']}"))["services"]


async def test_an_unknown_country_in_the_range_sells_nothing(world: Daisy) -> None:
    known = {one["id"] for one in (await world.data("GET", "/countries"))["countries"]}
    unknown = [country for country in range(1, 1000) if country not in known]
    for country in (unknown[0], unknown[-1]):
        assert await world.data("GET", f"/services/{country}") == {"country_id": country, "services": []}
        quote = await world.data("POST", "/prices", {"country": country, "service": "wa"})
        assert (quote["total_numbers"], quote["tiers"]) == (0, [])


@pytest.mark.parametrize("text", ["0", "1000", "-6", "abc", "6.5", "6.0", "1e2", "%206", "6%20", "+6", "%D9%A6", "6,7"])
async def test_a_country_that_is_no_id_is_refused(world: Daisy, text: str) -> None:
    answer = await world.daisy("GET", f"/services/{text}")
    assert answer.status_code == 422
    body = answer.json()
    assert body["code"] == "VALIDATION_ERROR"
    assert list(body["errors"]) == ["country_id"]
    assert body["message"] == body["errors"]["country_id"][0]


async def test_a_quote_has_the_documented_shape(world: Daisy) -> None:
    quote = await world.data("POST", "/prices", {"country": 6, "service": "wa"})
    assert (quote["country"], quote["service"]) == (6, "wa")
    assert (quote["discount_tier"], quote["discount_pct"]) == ("Silver", 10)
    assert [one["tier"] for one in quote["tiers"]] == list(range(1, len(quote["tiers"]) + 1))
    assert sum(one["available"] for one in quote["tiers"]) == quote["total_numbers"]
    assert all(isinstance(one["available"], int) and one["available"] > 0 for one in quote["tiers"])


async def test_prices_are_written_with_four_decimals(world: Daisy) -> None:
    answer = await world.daisy("POST", "/prices", {"country": 6, "service": "wa"})
    price = (await world.tiers(6, "wa"))[0]["price"]
    assert f'"price":{price:.4f},' in answer.text


@pytest.mark.parametrize("service", ["zzz", "WA", " wa", "w", "\0", "ü", "x" * 64])
async def test_an_unknown_service_has_no_tiers(world: Daisy, service: str) -> None:
    quote = await world.data("POST", "/prices", {"country": 6, "service": service})
    assert (quote["service"], quote["total_numbers"], quote["tiers"]) == (service, 0, [])


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["country", "service"]),
        ([], ["country", "service"]),
        ({"country": 6}, ["service"]),
        ({"service": "wa"}, ["country"]),
        *[
            ({"country": value, "service": "wa"}, ["country"])
            for value in (0, 1000, -1, "0", "6.0", 6.5, True, None, [6])
        ],
        *[({"country": 6, "service": value}, ["service"]) for value in ("", 5, None, True, ["wa"], "x" * 65)],
        ({"country": "x", "service": 1}, ["country", "service"]),
    ],
)
async def test_a_quote_needs_a_country_and_a_service(world: Daisy, body: Any, fields: list[str]) -> None:
    answer = await world.daisy("POST", "/prices", body)
    assert answer.status_code == 422
    assert answer.json()["code"] == "VALIDATION_ERROR"
    assert sorted(answer.json()["errors"]) == fields


@pytest.mark.parametrize("country", ["6", " 6", "+6"])
async def test_a_country_may_come_as_a_text(world: Daisy, country: str) -> None:
    plain = await world.data("POST", "/prices", {"country": 6, "service": "wa"})
    assert await world.data("POST", "/prices", {"country": country, "service": "wa"}) == plain


async def test_fields_that_nobody_knows_are_ignored(world: Daisy) -> None:
    plain = await world.data("POST", "/prices", {"country": 6, "service": "wa"})
    assert await world.data("POST", "/prices", {"country": 6, "service": "wa", "page": {"deep": [1]}}) == plain


async def test_a_whole_number_may_have_a_point(world: Daisy) -> None:
    quote = await world.daisy("POST", "/prices", content=b'{"country": 6.0, "service": "wa"}')
    assert '"country":6,' in quote.text


async def test_a_purchase_takes_one_from_its_tiers_stock(world: Daisy) -> None:
    before = await world.tiers(6, "wa")
    await world.data("POST", "/purchase", await world.order_of(6, "wa", tier=1))
    after = await world.tiers(6, "wa")
    assert [one["available"] for one in after] == [one["available"] - (1 if one["tier"] == 2 else 0) for one in before]
    assert [one["price"] for one in after] == [one["price"] for one in before]


async def test_stock_does_not_grow_back_with_a_new_price(world: Daisy) -> None:
    await world.bought(6, "wa")
    before = [one["available"] for one in await world.tiers(6, "wa")]
    await world.advance("300s")
    assert [one["available"] for one in await world.tiers(6, "wa")] == before


async def test_prices_hold_for_five_minutes_and_then_all_change(world: Daisy) -> None:
    await world.unlimited()
    drawn = [await world.tiers(6, "wa")]
    for _ in range(5):
        await world.advance("299.999s")
        assert await world.tiers(6, "wa") == drawn[-1]
        await world.advance("0.001s")
        drawn.append(await world.tiers(6, "wa"))
        last, new = ({one["price"] for one in tiers} for tiers in drawn[-2:])
        assert not last & new


async def test_how_long_prices_hold_is_a_setting(world: Daisy) -> None:
    await world.steer("PATCH", "/settings", {"daisysim.price_ttl": "10s"})
    before = await world.tiers(6, "wa")
    await world.advance("9.999s")
    assert await world.tiers(6, "wa") == before
    await world.advance("0.001s")
    assert await world.tiers(6, "wa") != before


async def test_all_accounts_are_quoted_the_same_prices(world: Daisy) -> None:
    ours = [one["price"] for one in await world.tiers(6, "wa")]
    assert [one["price"] for one in await world.tiers(6, "wa", key="daisy-poor")] == ours

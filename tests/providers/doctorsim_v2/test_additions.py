"""What the vendor has today beside its reference page: /topup, /giftcards, error.next_step."""

import re
from typing import Any

import pytest

from mockserver.domain.errors import ApiError
from mockserver.http.openapi import document
from mockserver.http.provider import word
from mockserver.http.samples import samples_of
from mockserver.providers.doctorsim_v2 import PROVIDER
from mockserver.providers.doctorsim_v2.errors import MISTAKES
from mockserver.providers.doctorsim_v2.oauth_errors import OAuthError
from tests.conformance.judge import schema_store
from tests.providers.doctorsim_v2.judged import PHONE, TELCEL, V2

pytestmark = pytest.mark.anyio

ALIASED = [one for one in PROVIDER.endpoints if one.alias]


def lasting(text: str) -> Any:
    """An answer without its token and the id of the request."""
    return re.sub(r"pt_[A-Za-z0-9_-]+|req_[0-9]{8}", "...", text)


# -- /topup --------------------------------------------------------------------------------------------


async def test_a_client_of_todays_documents_tops_up(world: V2) -> None:
    found = await world.data("GET", "/topup/carriers/lookup/+522221231231", key="live_demo")
    services = await world.data("GET", f"/topup/operators/{found['id_operator']}/service-types", key="live_demo")
    data = next(one["id_operator"] for one in services if one["name"] == "data")
    [rate] = (await world.data("GET", f"/topup/operators/{data}/rates?q=5GB", key="live_demo"))["rates"]
    body = {"price_token": rate["token"], "phone": PHONE, "type": "topup", "checkout_mode": "credits"}
    order = (await world.data("POST", "/topup/orders", body, key="live_demo"))["order_id"]
    await world.advance("10s")
    assert (await world.data("GET", f"/topup/orders/{order}", key="live_demo"))["status"] == "fulfilled"
    assert [one["order_id"] for one in await world.data("GET", "/topup/orders", key="live_demo")] == [order]


@pytest.mark.parametrize(
    "path",
    [
        "/countries",
        "/operators?country=es",
        f"/operators/{TELCEL}/service-types",
        "/service-types",
        f"/operators/{TELCEL}/rates?q=GB&lang=es",
        "/products/search?country=mx&q=10%20EUR",
        f"/products/{TELCEL}",
        "/carriers/lookup/+12125550123",
        "/orders?type=topup",
        "/operators",
        "/operators/999/rates",
        "/carriers/lookup/+34911234567",
        "/orders/1",
    ],
)
async def test_an_alias_answers_as_the_path_of_the_page_does(world: V2, path: str) -> None:
    usual, alias = await world.v2("GET", path), await world.v2("GET", f"/topup{path}")
    assert alias.status_code == usual.status_code
    assert lasting(alias.text) == lasting(usual.text)
    entries = [await world.steer("GET", f"/requests/{one.headers['x-mock-request-id']}") for one in (usual, alias)]
    assert entries[0]["operation"] == entries[1]["operation"] is not None


async def test_idempotency_keys_are_the_same_on_either_way(world: V2) -> None:
    body, headers = await world.order_body(), {"Idempotency-Key": "one"}
    first = await world.v2("POST", "/orders", body, headers=headers)
    again = await world.v2("POST", "/topup/orders", body, headers=headers)
    assert (again.status_code, again.content) == (201, first.content)


async def test_rules_and_faults_of_an_operation_strike_on_either_way(world: V2) -> None:
    await world.steer("PUT", "/scenarios/active", ["out-of-credits"])
    body = await world.order_body()
    for path in ("/orders", "/topup/orders"):
        assert await world.refused("POST", path, body) == (402, "INSUFFICIENT_CREDITS")
    await world.steer("PUT", "/scenarios/active", [])
    fault = {"name": "busy", "operation": "countries", "answer": {"mistake": "RateLimited"}}
    await world.steer("POST", "/faults", fault)
    for path in ("/countries", "/topup/countries"):
        assert (await world.v2("GET", path)).status_code == 429
    assert (await world.v2("GET", "/giftcards/countries")).status_code == 200
    assert await world.refused("GET", "/topup/carriers/lookup/+34612340009") == (404, "CARRIER_NOT_FOUND")


async def test_calls_are_counted_together(world: V2) -> None:
    for number, path in enumerate(("/countries", "/topup/countries", "/giftcards/countries"), start=1):
        assert (await world.v2("GET", path)).headers["x-ratelimit-remaining"] == str(500 - number)


async def test_scopes_are_the_same_on_either_way(world: V2) -> None:
    body = await world.order_body()
    assert await world.refused("POST", "/topup/orders", body, key="test_readonly") == (403, "INSUFFICIENT_SCOPE")
    assert await world.refused("GET", "/topup/countries", key=None) == (401, "UNAUTHORIZED")


def test_each_way_is_an_operation_of_its_own_in_the_openapi_document() -> None:
    paths = document(PROVIDER, schema_store(), origin="http://localhost:7460")["paths"]
    names = [item["operationId"] for path in paths.values() for item in path.values() if isinstance(item, dict)]
    assert len(names) == len(set(names))
    assert len(ALIASED) == 11
    for one in ALIASED:
        operation, usual = (
            paths[one.path][one.method.lower()],
            paths[one.path.removeprefix("/topup")][one.method.lower()],
        )
        assert (operation["operationId"], operation["x-alias-of"]) == (f"topup_{one.name}", one.name)
        assert operation["x-provenance"] == "observed"
        assert one.path.removeprefix("/topup") in operation["summary"]
        assert {key: operation.get(key) for key in ("parameters", "requestBody", "responses")} == {
            key: usual.get(key) for key in ("parameters", "requestBody", "responses")
        }


async def test_the_fidelity_page_has_them_as_observed(world: V2) -> None:
    [data] = [one for one in (await world.steer("GET", "/fidelity"))["providers"] if one["provider"] == "doctorsim_v2"]
    rows = {(one["method"], one["path"]): one["provenance"] for one in data["endpoints"]}
    for one in PROVIDER.endpoints:
        if one.path.startswith(("/topup/", "/giftcards/")):
            assert rows[one.method, one.path] == "observed"


# -- /giftcards ----------------------------------------------------------------------------------------


async def test_a_client_of_todays_documents_buys_a_gift_card(world: V2) -> None:
    countries = await world.data("GET", "/giftcards/countries")
    assert countries["34"]["operators"] == len(await world.data("GET", "/giftcards/brands?country=es&limit=100"))
    [brand] = await world.data("GET", "/giftcards/brands?country=34&q=steam&lang=es")
    prices = await world.data("GET", f"/giftcards/brands/{brand['id_operator']}/products?q=10%20EUR")
    [rate] = prices["rates"]
    assert (prices["operator_name"], rate["amount"], rate["currency"]) == ("Steam", "10.00", "EUR")
    order = (await world.data("POST", "/orders", {"price_token": rate["token"], "type": "giftcard"}))["order_id"]
    await world.advance("10s")
    assert (await world.order(order))["redemption_code"]


async def test_brands_are_those_of_the_search_page_by_page(world: V2) -> None:
    whole = [
        one for one in await world.data("GET", "/products/search?country=us&limit=100") if one["type"] == "giftcard"
    ]
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = (await world.v2("GET", f"/giftcards/brands?country=us&limit=4{cursor}")).json()
        found += answer["data"]
        if not answer["meta"]["has_more"]:
            break
        cursor = f"&cursor={answer['meta']['cursor']}"
    assert found == whole
    for query, wrong in (("", "country"), ("?country=XX", "country"), ("?country=es&limit=0", "limit")):
        assert await world.wrong_fields("GET", f"/giftcards/brands{query}") == {wrong}


async def test_a_gift_card_has_the_same_detail_and_prices_as_in_the_catalogue(world: V2) -> None:
    card = await world.card()
    assert await world.data("GET", f"/giftcards/products/{card}") == await world.data("GET", f"/products/{card}")
    prices = await world.data("GET", f"/giftcards/brands/{card}/products?lang=es")
    assert prices == await world.data("GET", f"/operators/{card}/rates?lang=es")


@pytest.mark.parametrize("number", [TELCEL, 10_001_011, 999])
async def test_an_operator_is_no_gift_card(world: V2, number: int) -> None:
    for path in (f"/giftcards/products/{number}", f"/giftcards/brands/{number}/products"):
        assert await world.refused("GET", path) == (404, "OPERATOR_NOT_FOUND")


# -- error.next_step -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [one for one in MISTAKES if not issubclass(one, OAuthError)])
def test_every_refusal_says_in_a_sentence_what_to_do(kind: type[ApiError]) -> None:
    for mistake in samples_of(kind):
        step = word(PROVIDER, mistake).extra["next_step"]
        assert re.fullmatch(r"[A-Z][^\n]+\.", step)


async def test_refusals_have_a_next_step_unless_the_profile_is_that_of_the_page(world: V2) -> None:
    calls = [("GET", "/nope", "test_demo"), ("GET", "/balance", None), ("GET", "/balance", "live_noip")]
    calls += [("GET", "/operators", "test_demo"), ("GET", "/orders/1", "test_demo"), ("POST", "/orders", "live_demo")]
    for profile in ("all", "documented"):
        await world.setting(profile=profile)
        for method, path, key in calls:
            error = (await world.v2(method, path, {} if method == "POST" else None, key=key)).json()["error"]
            assert ("next_step" in error) is (profile == "all"), (path, error)
            # What else an error says is left alone.
            assert ("client_ip" in error) is (key == "live_noip")


async def test_a_fault_in_the_providers_words_has_one_as_well(world: V2) -> None:
    await world.steer("POST", "/faults", {"name": "busy", "operation": "balance", "answer": {"mistake": "RateLimited"}})
    answer = await world.v2("GET", "/balance")
    assert (answer.status_code, "Retry-After" in answer.json()["error"]["next_step"]) == (429, True)
    await world.setting(profile="documented")
    assert "next_step" not in (await world.v2("GET", "/balance")).json()["error"]

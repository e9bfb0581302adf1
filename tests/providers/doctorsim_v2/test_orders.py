"""Orders: with a token, with the older body, previewed, repeated, refused, read and listed."""

import asyncio
from typing import Any

import pytest

from tests.providers.doctorsim_v2.judged import PHONE, TELCEL, V2

pytestmark = pytest.mark.anyio


async def test_a_sandbox_order_takes_no_credits(world: V2) -> None:
    order = await world.ordered()
    assert order["order_id"].startswith("sandbox_")
    assert order == {
        "order_id": order["order_id"],
        "status": "pending",
        "credits_used": "0.00",
        "currency": "EUR",
        "environment": "sandbox",
        "type": "topup",
    }
    assert await world.balance() == "250.00"


async def test_a_production_order_takes_its_credits_at_once(world: V2) -> None:
    rate = (await world.rates())[3]
    first = await world.data("POST", "/orders", {"price_token": rate["token"], "phone": PHONE}, key="live_demo")
    assert (first["environment"], first["credits_used"]) == ("production", rate["total_cost_eur"])
    held = 250 - float(rate["total_cost_eur"])
    assert await world.balance(key="live_demo") == f"{held:.2f}"
    second = await world.ordered(key="live_demo")
    assert int(second["order_id"]) == int(first["order_id"]) + 1


async def test_production_ids_count_up_whatever_the_sandbox_orders(world: V2) -> None:
    first = await world.ordered(key="live_demo")
    await world.ordered()
    assert int((await world.ordered(key="live_demo"))["order_id"]) == int(first["order_id"]) + 1


async def test_too_few_credits(world: V2) -> None:
    body = await world.order_body()
    answer = await world.v2("POST", "/orders", body, key="live_poor")
    assert answer.status_code == 402
    assert answer.json()["error"] == {
        "code": "INSUFFICIENT_CREDITS",
        "message": "Insufficient credit balance.",
        "next_step": "Add credits to the account, then send the same order again.",
    }
    # The page prints code and message, and no status.
    assert answer.headers["x-mock-assumed"] == "true"
    assert await world.balance(key="live_poor") == "0.50"
    assert (await world.steer("GET", "/orders?provider=doctorsim_v2"))["orders"] == []


async def test_a_gift_card_goes_without_a_phone_and_brings_its_code(world: V2) -> None:
    order = await world.ordered(operator=await world.card(), phone=None)
    assert order["type"] == "giftcard"
    before = await world.order(order["order_id"])
    assert before["phone"] is None
    assert "redemption_code" not in before
    await world.advance("10s")
    after = await world.order(order["order_id"])
    assert (after["status"], after["delivery_status"]) == ("fulfilled", "delivered")
    assert after["redemption_code"]
    assert after["redemption_url"].startswith("https://")
    assert after["fulfilled_at"] == "2026-01-31T12:00:10Z"


async def test_a_test_can_give_the_redemption_code(world: V2) -> None:
    order = (await world.ordered(operator=await world.card(), phone=None))["order_id"]
    await world.push(order, "fulfil", code="MY-CODE")
    assert (await world.order(order))["redemption_code"] == "MY-CODE"
    other = (await world.ordered(operator=await world.card(), phone=None))["order_id"]
    answer = await world.control("POST", f"/orders/doctorsim_v2/{other}/events", {"event": "fulfil", "code": 7})
    assert answer.status_code == 422
    assert await world.status(other) == "pending"


async def test_some_gift_cards_ask_for_a_phone(world: V2) -> None:
    card = await world.card(needs_phone=True)
    body = await world.order_body(card)
    assert await world.data("POST", "/orders", body)
    del body["phone"]
    assert await world.wrong_fields("POST", "/orders", body) == {"phone"}


async def test_the_older_body_names_a_price_by_its_ids(world: V2) -> None:
    rate = (await world.rates())[2]
    legacy = {
        "tool_id": rate["tool_id"],
        "denomination_id": rate["denomination_id"],
        "amount": rate["amount"],
        "operator_id": TELCEL,
        "country_id": 52,
        "phone": PHONE,
    }
    order = await world.data("POST", "/orders", legacy, key="live_demo")
    assert order["credits_used"] == rate["total_cost_eur"]
    texts = {name: str(value) for name, value in legacy.items()} | {"country_id": "mx"}
    assert await world.data("POST", "/orders", texts)
    assert await world.data("POST", "/orders", legacy | {"amount": float(rate["amount"])})
    for name in ("tool_id", "denomination_id", "amount", "operator_id", "country_id"):
        without = {key: value for key, value in legacy.items() if key != name}
        assert await world.wrong_fields("POST", "/orders", without) == {name}
    assert await world.wrong_fields("POST", "/orders", legacy | {"amount": "99.99"}) == {"amount"}
    assert await world.wrong_fields("POST", "/orders", legacy | {"tool_id": 5}) == {"denomination_id"}
    assert await world.wrong_fields("POST", "/orders", legacy | {"denomination_id": 99}) == {"denomination_id"}
    preview = await world.data("POST", "/orders/preview", legacy)
    assert await world.data("POST", "/orders", {"price_token": preview["price_token"], "phone": PHONE})


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"phone": None}, {"phone"}),
        ({"phone": "522221231231"}, {"phone"}),
        ({"phone": "+0123456789"}, {"phone"}),
        ({"phone": "+12345678901234567"}, {"phone"}),
        ({"phone": "+52 222 123 1231"}, {"phone"}),
        ({"phone": 522221231231}, {"phone"}),
        ({"operator_id": 111}, {"operator_id"}),
        ({"operator_id": 10_001_015}, {"operator_id"}),
        ({"operator_id": "x"}, {"operator_id"}),
        ({"operator_id": 0}, {"operator_id"}),
        ({"country_id": 34}, {"country_id"}),
        ({"country_id": "ES"}, {"country_id"}),
        ({"country_id": "XX"}, {"country_id"}),
        ({"country_id": "Mexico"}, {"country_id"}),
        ({"operator_id": 111, "country_id": 34}, {"operator_id", "country_id"}),
        ({"sms_notification": "yes"}, {"sms_notification"}),
        ({"sms_text": "Hello"}, {"sms_text"}),
        ({"sms_notification": False, "sms_text": "Hello"}, {"sms_text"}),
        ({"sms_notification": True, "sms_text": "x" * 141}, {"sms_text"}),
        ({"sms_notification": True, "sms_text": ""}, {"sms_text"}),
        ({"lang": "english"}, {"lang"}),
        ({"type": "giftcard"}, {"type"}),
        ({"type": "esim"}, {"type"}),
        ({"type": ""}, {"type"}),
        ({"checkout_mode": "payment_link"}, {"checkout_mode"}),
        ({"checkout_mode": "stripe_link"}, {"checkout_mode"}),
        ({"checkout_mode": "CREDITS"}, {"checkout_mode"}),
        ({"checkout_mode": "payment_link", "type": "esim"}, {"checkout_mode", "type"}),
    ],
)
async def test_a_field_that_does_not_fit_is_named(world: V2, more: dict[str, Any], wrong: set[str]) -> None:
    body = await world.order_body(**more)
    for path in ("/orders", "/orders/preview"):
        assert await world.wrong_fields("POST", path, body) == wrong
    assert (await world.steer("GET", "/orders?provider=doctorsim_v2"))["orders"] == []


@pytest.mark.parametrize(
    "more",
    [
        {"operator_id": TELCEL},
        {"operator_id": 10_001_011},
        {"operator_id": "10001011"},
        {"country_id": 52},
        {"country_id": "mx"},
        {"country_id": "52", "operator_id": "101", "lang": "es"},
        {"sms_notification": False},
        {"sms_notification": True},
        {"sms_notification": True, "sms_text": "x" * 140},
        {"unknown": [1]},
        {"type": "topup"},
        {"checkout_mode": "credits"},
    ],
)
async def test_fields_that_fit_are_taken(world: V2, more: dict[str, Any]) -> None:
    assert await world.data("POST", "/orders", await world.order_body(**more))


async def test_nobody_is_debited_who_asked_for_a_payment_link_or_another_type(world: V2) -> None:
    card = await world.card()
    bodies = [
        await world.order_body(checkout_mode="payment_link", type="giftcard"),
        await world.order_body(checkout_mode="stripe_link"),
        await world.order_body(card, phone=None, type="topup"),
    ]
    for body in bodies:
        for path in ("/orders", "/orders/preview"):
            answer = await world.v2("POST", path, body, key="live_demo")
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_ERROR")
            assert answer.headers["x-mock-assumed"] == "true"
    assert await world.balance(key="live_demo") == "250.00"
    order = await world.data("POST", "/orders", await world.order_body(card, phone=None, type="giftcard"))
    assert order["type"] == "giftcard"


async def test_the_type_of_an_older_body_is_held_against_its_price(world: V2) -> None:
    rate = (await world.rates())[0]
    body = {name: rate[name] for name in ("tool_id", "denomination_id", "amount")}
    body |= {"operator_id": TELCEL, "country_id": 52, "phone": PHONE}
    assert await world.wrong_fields("POST", "/orders", body | {"type": "giftcard"}) == {"type"}
    assert await world.data("POST", "/orders", body | {"type": "topup", "checkout_mode": "credits"})


async def test_without_token_or_ids_the_token_is_missing(world: V2) -> None:
    assert await world.wrong_fields("POST", "/orders", {"phone": PHONE}) == {"price_token"}
    assert await world.wrong_fields("POST", "/orders", []) == {"price_token"}
    assert await world.refused("POST", "/orders", {"price_token": "", "phone": PHONE}) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("body", [b"[1", b"nonsense", b'"text"', b"\xff", b"[1]"])
async def test_a_body_must_be_an_object(world: V2, body: bytes) -> None:
    answer = await world.v2("POST", "/orders", content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_ERROR")


async def test_telling_the_recipient_costs_99_cents_and_is_for_top_ups(world: V2) -> None:
    rate = (await world.rates())[0]
    body = {"price_token": rate["token"], "phone": PHONE, "sms_notification": True}
    order = await world.data("POST", "/orders", body, key="live_demo")
    assert round(float(order["credits_used"]) - float(rate["total_cost_eur"]), 2) == 0.99
    assert (await world.order(order["order_id"], key="live_demo"))["sms_notification"] is True
    card = await world.order_body(await world.card(), sms_notification=True)
    assert await world.wrong_fields("POST", "/orders", card) == {"sms_notification"}


async def test_a_preview_places_nothing(world: V2) -> None:
    rate = (await world.rates())[0]
    body = {"price_token": rate["token"], "phone": PHONE, "sms_notification": True}
    for key, environment, held in (("test_demo", "sandbox", "250.00"), ("live_poor", "production", "0.50")):
        preview = await world.data("POST", "/orders/preview", body, key=key)
        total = f"{float(rate['total_cost_eur']) + 0.99:.2f}"
        assert (preview["order_type"], preview["price_token"]) == ("topup", rate["token"])
        assert (preview["pricing"]["total_cost_eur"], preview["pricing"]["sms_fee_eur"]) == (total, "0.99")
        assert (preview["environment"], preview["current_balance_eur"]) == (environment, held)
    assert (await world.steer("GET", "/orders?provider=doctorsim_v2"))["orders"] == []


# -- idempotency -------------------------------------------------------------------------------------


async def test_the_same_key_gets_the_same_bytes_and_pays_once(world: V2) -> None:
    body = await world.order_body()
    key = {"Idempotency-Key": "order 17/b"}
    first = await world.v2("POST", "/orders", body, key="live_demo", headers=key)
    held = await world.balance(key="live_demo")
    await world.advance("1h")
    # Neither a changed body nor a token that is too old by now makes another order.
    for again in (body, body | {"phone": "+34612345678"}):
        answer = await world.v2("POST", "/orders", again, key="live_demo", headers=key)
        assert (answer.status_code, answer.content) == (201, first.content)
    assert await world.balance(key="live_demo") == held
    assert len((await world.steer("GET", "/orders?provider=doctorsim_v2"))["orders"]) == 1


async def test_parallel_duplicates_make_one_order(world: V2) -> None:
    body = await world.order_body()
    key = {"Idempotency-Key": "k"}
    calls = [world.v2("POST", "/orders", body, key="live_demo", headers=key) for _ in range(20)]
    answers = await asyncio.gather(*calls)
    assert len({answer.content for answer in answers}) == 1
    assert len((await world.steer("GET", "/orders?provider=doctorsim_v2"))["orders"]) == 1


async def test_a_key_is_an_accounts_own_and_lasts_a_day(world: V2) -> None:
    key = {"Idempotency-Key": "k"}
    ours = await world.ordered(headers=key)
    theirs = await world.ordered(key="live_demo", headers=key)
    assert ours["order_id"] != theirs["order_id"]
    await world.advance("86399s")
    assert await world.ordered(headers=key) == ours
    await world.advance("1s")
    assert await world.ordered(headers=key) != ours


async def test_a_refused_order_does_not_use_up_its_key(world: V2) -> None:
    key = {"Idempotency-Key": "k"}
    body = await world.order_body()
    assert await world.refused("POST", "/orders", body, key="live_poor", headers=key) == (402, "INSUFFICIENT_CREDITS")
    await world.steer("PATCH", "/accounts/doctorsim_v2/live_poor", {"balance": "100"})
    assert await world.data("POST", "/orders", body, key="live_poor", headers=key)


@pytest.mark.parametrize("key", ["", "x" * 129, "a\tb", "é", "a\x7f"])
async def test_a_malformed_key_is_refused(world: V2, key: str) -> None:
    headers = {"Idempotency-Key": key.encode("latin-1")}
    body = await world.order_body()
    assert await world.wrong_fields("POST", "/orders", body, headers=headers) == {"Idempotency-Key"}
    assert await world.data("POST", "/orders", body, headers={"Idempotency-Key": "x" * 128})


# -- reading -----------------------------------------------------------------------------------------


async def test_an_order_is_its_accounts_own(world: V2) -> None:
    order = (await world.ordered())["order_id"]
    assert await world.status(order) == "pending"
    assert await world.refused("GET", f"/orders/{order}", key="live_demo") == (404, "ORDER_NOT_FOUND")
    for unknown in ("sandbox_0", "1", "x%2Fy", "%00"):
        assert (await world.refused("GET", f"/orders/{unknown}"))[0] == 404


async def test_only_orders_that_have_ended_are_listed_newest_first(world: V2) -> None:
    ids = [(await world.ordered(phone=f"+52222123{ending}"))["order_id"] for ending in ("1231", "0001", "0002", "0004")]
    assert await world.data("GET", "/orders") == []
    await world.advance("10s")
    listed = await world.data("GET", "/orders")
    assert [one["order_id"] for one in listed] == [ids[1], ids[0]]
    assert [one["status"] for one in listed] == ["failed", "fulfilled"]
    assert listed[1] == await world.order(ids[0])


async def test_an_order_in_manual_revision_is_open_and_listed_where_its_status_is_asked_for(world: V2) -> None:
    order = (await world.ordered(phone="+522221230002"))["order_id"]
    await world.advance("10s")
    for query in ("", "?type=topup", "?status=failed"):
        assert await world.data("GET", f"/orders{query}") == []
    [listed] = await world.data("GET", "/orders?status=MANUAL_REVISION")
    assert (listed["order_id"], listed["status"]) == (order, "MANUAL_REVISION")
    await world.push(order, "fulfil")
    assert [one["order_id"] for one in await world.data("GET", "/orders")] == [order]
    assert await world.data("GET", "/orders?status=MANUAL_REVISION") == []


async def test_the_list_is_filtered_by_status_and_type(world: V2) -> None:
    card = (await world.ordered(operator=await world.card(), phone=None))["order_id"]
    failed = (await world.ordered(phone="+522221230001"))["order_id"]
    done = (await world.ordered())["order_id"]
    await world.advance("10s")
    for query, expected in (
        ("type=giftcard", [card]),
        ("type=topup", [done, failed]),
        ("status=failed", [failed]),
        ("status=fulfilled&type=giftcard", [card]),
        ("status=refunded", []),
    ):
        assert [one["order_id"] for one in await world.data("GET", f"/orders?{query}")] == expected
    assert await world.wrong_fields("GET", "/orders?status=pending") == {"status"}
    assert await world.wrong_fields("GET", "/orders?type=esim&limit=0") == {"type", "limit"}
    assert await world.wrong_fields("GET", "/orders?cursor=cHJvZHVjdDox") == {"cursor"}


async def test_pages_stay_correct_while_orders_come_in(world: V2) -> None:
    ids = [(await world.ordered(phone=f"+52222123000{place % 2}"))["order_id"] for place in range(7)]
    await world.advance("10s")
    seen: list[str] = []
    cursor = ""
    while True:
        answer = (await world.v2("GET", f"/orders?limit=2{cursor}")).json()
        seen += [one["order_id"] for one in answer["data"]]
        await world.ordered(phone="+522221230000")
        if not answer["meta"]["has_more"]:
            break
        cursor = f"&cursor={answer['meta']['cursor']}"
    assert seen == ids[::-1]


async def test_pages_of_one_type_reach_past_the_others(world: V2) -> None:
    card = await world.card()
    cards = [(await world.ordered(operator=card, phone=None))["order_id"]]
    for _ in range(5):
        await world.ordered()
    cards.append((await world.ordered(operator=card, phone=None))["order_id"])
    await world.advance("10s")
    first = (await world.v2("GET", "/orders?type=giftcard&limit=1")).json()
    rest = (await world.v2("GET", f"/orders?type=giftcard&limit=1&cursor={first['meta']['cursor']}")).json()
    assert [one["order_id"] for one in first["data"] + rest["data"]] == cards[::-1]
    assert rest["meta"] == rest["meta"] | {"has_more": False, "cursor": None}

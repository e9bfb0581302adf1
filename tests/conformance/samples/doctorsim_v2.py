"""Requests that doctorSIM's API v2 accepts."""

from collections.abc import Sequence
from typing import Any

from tests.conformance.client import Ask, Client, Samples, Seen
from tests.conformance.proofs import seen_of
from tests.conformance.wanted import Wanted

# Nobody listens there, and no name is looked up when an order of a test ends.
_HOOK = "https://127.0.0.1:9/hook"
_OPERATOR = 101  # Telcel in Mexico
_CARD = 2_000_034  # Nimbus Play in Spain
# Stays in processing: nothing but time happens to what was ordered.
_PHONE = "+522221230004"


async def _order_body(client: Client) -> dict[str, Any]:
    rates = (await client.send("GET", f"/operators/{_OPERATOR}/rates")).json()["data"]["rates"]
    return {"price_token": rates[0]["token"], "phone": _PHONE, "lang": "es", "operator_id": _OPERATOR, "country_id": 52}


async def _ordered(client: Client) -> str:
    answer = await client.send("POST", "/orders", await _order_body(client))
    order: str = answer.json()["data"]["order_id"]
    return order


async def _hook(client: Client) -> int:
    await _room(client)
    answer = await client.send("POST", "/webhooks", {"url": _HOOK, "events": ["order.failed"]})
    number: int = answer.json()["data"]["id"]
    return number


async def _room(client: Client) -> None:
    """Five webhooks are the most: the oldest goes."""
    found = (await client.send("GET", "/webhooks")).json()["data"]
    if len(found) == 5:
        await client.send("DELETE", f"/webhooks/{found[0]['id']}")


def _plain(path: str) -> Any:
    async def ask(_client: Client) -> Ask:
        return Ask(path)

    return ask


def _posted(path: str) -> Any:
    async def ask(client: Client) -> Ask:
        return Ask(path, await _order_body(client))

    return ask


def _registration(path: str) -> Any:
    async def ask(client: Client) -> Ask:
        await _room(client)
        return Ask(path, {"url": _HOOK, "events": ["order.failed"]})

    return ask


async def _order(client: Client) -> Ask:
    return Ask(f"/orders/{await _ordered(client)}")


async def _orders(client: Client) -> Ask:
    await _ordered(client)
    return Ask("/orders?limit=5&type=topup")


async def _webhook(client: Client) -> Ask:
    return Ask(f"/webhooks/{await _hook(client)}")


async def _change(client: Client) -> Ask:
    return Ask(f"/webhooks/{await _hook(client)}", {"status": "inactive"})


async def _webhooks(client: Client) -> Ask:
    await _hook(client)
    return Ask("/webhooks")


#: Telcel's, and others that cannot be.
_NUMBERS = {"none": "+52222123", "invalid": "+5200000", "country": "+34612345", "operator": "+52222123"}
_LIVE = {"Authorization": "Bearer live_demo:sk_demo"}


async def _shaped_order(client: Client, wanted: Wanted) -> Ask:
    body = await _order_body(client)
    ending = wanted.pick("order.ending", "1231")
    mismatch = wanted.pick("order.mismatch", "none", "country")
    phone = f"{_NUMBERS[mismatch]}{ending}" if mismatch != "country" else "+34612345678"
    headers = _LIVE if wanted.pick("order.environment", "sandbox", "production") == "production" else None
    return Ask("/orders", {**body, "phone": phone}, headers)


async def _shaped_lookup(_client: Client, wanted: Wanted) -> Ask:
    return Ask(f"/carriers/lookup/{wanted.pick('request.phone', '+522221231231', '+522221230009')}")


async def _hear(client: Client, event: str) -> Wanted:
    if event == "order.completed":
        await client.world.steer("PATCH", "/settings", {"doctorsim_v2.fulfilled_event": event})
    await client.send("POST", "/webhooks", {"url": _HOOK, "events": [event]})
    return Wanted.of({"order.ending": "0001"} if event == "order.failed" else {})


async def _magic(client: Client, where: str, value: str) -> Sequence[Seen]:
    if where.startswith("end of the number of a carrier lookup"):
        return [await seen_of(client, await client.send("GET", f"/carriers/lookup/+52222123{value}"))]
    ask = await _shaped_order(client, Wanted.of({"order.ending": value}))
    return [await seen_of(client, await client.send("POST", ask.path, ask.body))]


SAMPLES = Samples(
    account="test_demo",
    credential={"Authorization": "Bearer test_demo:sk_demo"},
    stranger={"Authorization": "Bearer test_stranger:sk_stranger"},
    asks={
        "status": _plain("/status"),
        "countries": _plain("/countries"),
        "operators": _plain("/operators?country=MX"),
        "operator_services": _plain(f"/operators/{_OPERATOR}/service-types"),
        "service_types": _plain("/service-types"),
        "rates": _plain(f"/operators/{_OPERATOR}/rates?service_type=5&q=GB"),
        "search": _plain("/products/search?country=es&limit=3"),
        "product": _plain(f"/products/{_OPERATOR}"),
        "lookup": _plain("/carriers/lookup/+522221231231"),
        "create_order": _posted("/orders"),
        "preview_order": _posted("/orders/preview"),
        "orders": _orders,
        "order": _order,
        "balance": _plain("/balance"),
        "balance_history": _plain("/balance/history?limit=2"),
        "create_webhook": _registration("/webhooks"),
        "create_order_webhook": _registration("/webhooks/orders"),
        "webhooks": _webhooks,
        "webhook": _webhook,
        "change_webhook": _change,
        "delete_webhook": _webhook,
        "giftcard_countries": _plain("/giftcards/countries"),
        "giftcard_brands": _plain("/giftcards/brands?country=es&q=10%20EUR&limit=3"),
        "giftcard_brand_products": _plain(f"/giftcards/brands/{_CARD}/products"),
        "giftcard_product": _plain(f"/giftcards/products/{_CARD}"),
    },
    varying=rb'"request_id":"req_[0-9]{8}"|"pt_[A-Za-z0-9_-]+"|"whsec_[0-9a-f]+"',
    shaped={"create_order": _shaped_order, "lookup": _shaped_lookup},
    placing=frozenset({"create_order"}),
    unlimited=frozenset({"create_order"}),
    hear=_hear,
    magic=_magic,
)

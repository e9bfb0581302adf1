"""Requests that HidSim accepts."""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from mockserver.engine.dice import Dice
from mockserver.providers.hidsim.catalogue import Product, catalogue
from mockserver.providers.hidsim.settings import USD
from mockserver.providers.hidsim.tokens import Tokens
from mockserver.providers.hidsim.wire import user_id
from tests.conformance.client import Ask, Client, Samples, Seen
from tests.conformance.proofs import seen_of
from tests.conformance.wanted import ABSENT, Wanted
from tests.support import START

#: Silent: nothing but time happens to what was bought.
_PRODUCT = "nosms001"


def _credential(seed: int | str, sandbox: str) -> dict[str, str]:
    """A token that lasts for a century, as the sandbox would sign it."""
    tokens = Tokens(Dice(seed))
    lifetime = timedelta(days=36_500)
    token = tokens.sign(sandbox, user_id("partner"), now=START, lifetime=lifetime, number=0)
    return {"Authorization": f"Bearer {token}"}


def _plain(path: str, body: Any = None) -> Callable[[Client], Awaitable[Ask]]:
    async def ask(_client: Client) -> Ask:
        return Ask(path, body)

    return ask


def _of_operation(tail: str, *, after: str = "0s") -> Callable[[Client], Awaitable[Ask]]:
    """Something about an operation that was bought so long ago."""

    async def ask(client: Client) -> Ask:
        answer = await client.send("POST", f"/products/{_PRODUCT}/purchase")
        await client.world.advance(after)
        return Ask(f"/operations/{answer.json()['_id']}{tail}")

    return ask


async def _operations(client: Client) -> Ask:
    await client.send("POST", f"/products/{_PRODUCT}/purchase")
    return Ask("/operations?limit=5&state=creating,pending&populate=_service")


async def _country(client: Client) -> Ask:
    found = await client.send("GET", "/countries?iso2=ZZ")
    return Ask(f"/countries/{found.json()['data'][0]['_id']}")


def _product(wanted: Wanted) -> Product:
    """A product that the rule wants: of no magic service where it does not ask for one."""
    is_named = bool(wanted.values("order.product") or wanted.values("order.service"))
    for one in catalogue().products:
        fits = is_named or (one.country != "ZZ" and one.stock > 5 and _is_alone(one))
        fits = fits and wanted.allows("order.product", one.short) and wanted.allows("order.service", one.service)
        if fits and one.active and wanted.allows("order.country", one.country):
            return one
    raise AssertionError("no product is what the rule wants")


def _is_alone(product: Product) -> bool:
    rivals = [one for one in catalogue().products if (one.service, one.price) == (product.service, product.price)]
    return len(rivals) == 1


def _most(wanted: Wanted) -> dict[str, Any]:
    most = wanted.pick("request.maxPrice", ABSENT, 50)
    return {} if most is ABSENT else {"maxPrice": most}


async def _shaped_product(_client: Client, wanted: Wanted) -> Ask:
    return Ask(f"/products/{_product(wanted).short}/purchase", _most(wanted))


async def _shaped_service(_client: Client, wanted: Wanted) -> Ask:
    """Of the product's service, at a price that no other product of it has."""
    one = _product(wanted)
    price = float(USD.decimal(one.price))
    service = catalogue().services[one.service].id
    return Ask(f"/services/{service}/purchase", {"minPrice": price, "maxPrice": price})


async def _magic(client: Client, where: str, value: str) -> Sequence[Seen]:
    """Buys it twice by each way that its place says, and lets a day pass after each."""
    if where == "login identifier":
        login = await client.send(
            "POST", "/auth/login", {"identifier": value, "password": "secret-password"}, headers={}
        )
        seen = [await seen_of(client, login)]
        if login.is_success:
            headers = {"Authorization": f"Bearer {login.json()['token']}"}
            answer = await client.send("POST", f"/products/{_PRODUCT}/purchase", headers=headers)
            seen.append(await seen_of(client, answer))
        return seen
    ways = [f"/{kind}s/{value}/purchase" for kind in ("product", "service") if kind in where]
    return [await seen_of(client, await client.send("POST", way)) for way in ways for _ in range(2)]


def _sms(seen: Sequence[Seen]) -> list[dict[str, Any]]:
    return [sms for one in seen if one.order is not None for sms in one.order["facts"]["messages"]]


def _every_sms(**shapes: str) -> Callable[[Sequence[Seen]], bool]:
    """Whether there is an SMS, and each has fields of these shapes."""
    return lambda seen: (
        bool(_sms(seen))
        and all(re.fullmatch(shape, str(sms[name]), re.DOTALL) for sms in _sms(seen) for name, shape in shapes.items())
    )


def _prices(seen: Sequence[Seen]) -> set[str]:
    return {one.order["amount"] for one in seen if one.order is not None}


SAMPLES = Samples(
    account="partner",
    credential=_credential,
    stranger=_credential("another seed", "default"),
    asks={
        "login": _plain("/auth/login", {"identifier": "partner@example.com", "password": "secret-password"}),
        "me": _plain("/auth/me"),
        "renew": _plain("/auth/renew"),
        "countries": _plain("/countries?limit=3&sort=-name"),
        "country": _country,
        "services": _plain("/services?limit=2&code=wa,tg"),
        "search": _plain("/services/search?q=wha"),
        "service": _plain("/services/instant1"),
        "products": _plain("/products?limit=2&maxPrice=1.5&populate=_service"),
        "product": _plain("/products/tier0045"),
        "purchaseProduct": _plain(f"/products/{_PRODUCT}/purchase", {"maxPrice": 0.5}),
        "purchaseService": _plain("/services/tiers001/purchase", {"minPrice": 0.1, "maxPrice": 1.1}),
        "operations": _operations,
        "operation": _of_operation(""),
        "refetch": _of_operation("/refetch", after="2s"),
        "close": _of_operation("/close", after="120s"),
        "refund": _of_operation("/refund", after="120s"),
        "transactions": _plain("/transactions?limit=2"),
    },
    varying=rb'"token":"[^"]*"',
    shaped={"purchaseProduct": _shaped_product, "purchaseService": _shaped_service},
    placing=frozenset({"purchaseProduct", "purchaseService"}),
    magic=_magic,
    signs={
        "twosms01": lambda seen: all(len(one.order["facts"]["messages"]) == 2 for one in seen if one.order is not None),
        "nocode01": _every_sms(code="None"),
        "hyphen01": _every_sms(code=r"\d{6}", text=r".*\d{3}-\d{3}.*"),
        "alphanum": _every_sms(code=r"(?=.*[A-Z])(?=.*[0-9])[A-Z0-9]{6}"),
        "leadzero": _every_sms(code=r"0\d{5}"),
        "nonlatin": _every_sms(text=r".*[^\W\d_A-Za-z\u00c0-\u024f].*"),
        "tiers001": lambda seen: _prices(seen) == {"0.2000"},
        "poor@example.com": lambda seen: seen[-1].status == 400,
    },
)

"""Requests that HidSim accepts."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from mockserver.engine.dice import Dice
from mockserver.providers.hidsim.tokens import Tokens
from mockserver.providers.hidsim.wire import user_id
from tests.conformance.client import Ask, Client, Samples
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
)

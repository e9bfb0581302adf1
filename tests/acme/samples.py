"""Requests that Acme accepts, for the conformance suite."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.conformance.client import Ask, Client, Samples


def _ask(path: str, body: Any = None, *, age: str = "0s") -> Callable[[Client], Awaitable[Ask]]:
    """A request whose path may name an `{order}` of that age, to which nothing but time happens."""

    async def ask(client: Client) -> Ask:
        bought = (await client.send("POST", "/orders", {"service": "silent"})).json()["id"]
        await client.world.advance(age)
        return Ask(path.format(order=bought), body)

    return ask


SAMPLES = Samples(
    account="demo",
    credential={"Authorization": "Bearer acme-demo"},
    stranger={"Authorization": "Bearer acme-stranger"},
    asks={
        "balance": _ask("/balance"),
        "services": _ask("/services"),
        "buy": _ask("/orders", {"service": "chat"}),
        "orders": _ask("/orders?state=waiting&limit=5"),
        "show": _ask("/orders/{order}"),
        "cancel": _ask("/orders/{order}/cancel", age="60s"),
    },
    placing=frozenset({"buy"}),
)

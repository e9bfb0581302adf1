"""Requests that DaisySIM accepts."""

from collections.abc import Sequence

from tests.conformance.client import Ask, Client, Samples, Seen
from tests.conformance.proofs import seen_of
from tests.conformance.wanted import Wanted

# Silent: nothing but time happens to what was bought.
_WHAT = {"country": 999, "service": "ns"}


async def _purchase(client: Client) -> Ask:
    quote = await client.send("POST", "/prices", _WHAT)
    return Ask("/purchase", {**_WHAT, "price": quote.json()["data"]["tiers"][0]["price"], "service_name": "A label"})


async def _bought(client: Client) -> str:
    ask = await _purchase(client)
    answer = await client.send("POST", ask.path, ask.body)
    bought: str = answer.json()["data"]["activation_id"]
    return bought


async def _check(client: Client) -> Ask:
    return Ask(f"/check/{await _bought(client)}")


async def _cancel(client: Client) -> Ask:
    bought = await _bought(client)
    await client.world.advance("60s")
    return Ask(f"/cancel/{bought}")


async def _history(client: Client) -> Ask:
    await _bought(client)
    return Ask("/history?page=1&per_page=5&status=waiting")


async def _balance(_client: Client) -> Ask:
    return Ask("/balance")


async def _countries(_client: Client) -> Ask:
    return Ask("/countries")


async def _services(_client: Client) -> Ask:
    return Ask("/services/6")


async def _prices(_client: Client) -> Ask:
    return Ask("/prices", {"country": 6, "service": "wa"})


async def _shaped(client: Client, wanted: Wanted) -> Ask:
    country = wanted.pick("request.country", 6, 999)
    what = {"country": country, "service": wanted.pick("request.service", "wa")}
    tiers = (await client.send("POST", "/prices", what)).json()["data"]["tiers"]
    # What is sold out has no price: any will do to be told so.
    return Ask("/purchase", {**what, "price": tiers[0]["price"] if tiers else 1})


async def _hear(client: Client, _event: str) -> Wanted:
    await client.world.steer("PATCH", "/accounts/daisysim/demo", {"webhook_url": "http://127.0.0.1:9/hook"})
    return Wanted()


async def _magic(client: Client, where: str, value: str) -> Sequence[Seen]:
    """Buys it twice, and lets a day pass."""
    wanted = {"request.country": 999, "request.service": value} if where != "country" else {"request.country": 999}
    seen = []
    for _ in range(2):
        ask = await _shaped(client, Wanted.of(wanted))
        seen.append(await seen_of(client, await client.send("POST", ask.path, ask.body)))
    return seen


SAMPLES = Samples(
    account="demo",
    credential={"Authorization": "Bearer daisy-demo"},
    stranger={"Authorization": "Bearer daisy-stranger"},
    asks={
        "balance": _balance,
        "countries": _countries,
        "services": _services,
        "prices": _prices,
        "purchase": _purchase,
        "check": _check,
        "cancel": _cancel,
        "history": _history,
    },
    shaped={"purchase": _shaped},
    placing=frozenset({"purchase"}),
    hear=_hear,
    magic=_magic,
    signs={"999": lambda seen: all(one.status == 201 for one in seen)},
)

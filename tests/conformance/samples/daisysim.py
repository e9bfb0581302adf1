"""Requests that DaisySIM accepts."""

from tests.conformance.client import Ask, Client, Samples

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
)

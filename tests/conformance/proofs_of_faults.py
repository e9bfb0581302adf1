"""Proves over HTTP that a scenario's faults strike the right requests, as often and in the way that they say."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import httpx

from mockserver.faults.model import Fault
from mockserver.http.provider import Endpoint, Provider
from mockserver.scenario.model import Scenario
from tests.conformance.client import Ask, Client, client_of
from tests.conformance.proofs import bounds, now, under
from tests.conformance.wanted import Wanted
from tests.served import missing

#: Long enough for the webhooks of an order, too short for any further try.
_A_WHILE = "30s"


async def prove_fault(provider: Provider, scenario: Scenario, fault: Fault) -> None:
    """The fault strikes what it is about, as often as it says, and does what it says."""
    if fault.webhook is not None:
        await _prove_webhook_fault(provider, scenario, fault)
        return
    endpoint, wanted = await _struck_endpoint(provider, fault), Wanted()
    async with under(provider, scenario, endpoint, wanted) as (client, ask):
        for _ in range(fault.times or 1):
            await _prove_strike(client, endpoint, ask, fault)
        if fault.times is not None:
            answer = await client.sent(endpoint, ask)
            assert (await client.journaled(answer))["fault"] is None, f"{fault.label} strikes too often"


async def _struck_endpoint(provider: Provider, fault: Fault) -> Endpoint:
    async with client_of(provider) as client:
        for endpoint in sorted(provider.endpoints, key=lambda one: one.name not in client.samples.placing):
            if endpoint.alias or fault.operation not in (None, endpoint.name) or endpoint.public:
                continue
            if fault.method not in (None, endpoint.method):
                continue
            ask = await client.ask_as_wanted(endpoint, Wanted())
            if fault.path is None or fault.path.match(ask.path.partition("?")[0]):
                return endpoint
    raise AssertionError(f"no operation matches the fault {fault.label}: it can't be reached")


async def _prove_strike(client: Client, endpoint: Endpoint, ask: Ask, fault: Fault) -> None:
    before = await now(client)
    answer = None
    if fault.delay is not None and not fault.sandbox_time:
        await _prove_wait(client, endpoint, ask)
    elif fault.wire is not None:
        with suppress(httpx.TransportError):
            answer = await client.sent(endpoint, ask)
        assert answer is None or fault.wire[0] == "drip", "the answer arrived whole"
    else:
        answer = await client.sent(endpoint, ask)
    if fault.answer is not None and answer is not None:
        _check_answer(answer, fault.answer)
    if fault.delay is not None and fault.sandbox_time:
        least, most = bounds(fault.data["delay"])
        assert least <= await now(client) - before <= most
    hits = {one["id"]: one["hits"] for one in (await client.world.steer("GET", "/faults"))["faults"]}
    assert hits.get(fault.key), hits
    (entry,) = (await client.world.steer("GET", "/requests?limit=1"))["requests"]
    if fault.delay is None or fault.sandbox_time:
        assert fault.key in [row["id"] for row in entry["faults"] if row["hit"]], entry["faults"]
        if endpoint.name in client.samples.placing:
            assert (entry["order"] is not None) == fault.after, (
                "the work was done, or was not, against the fault's stage"
            )


async def _prove_wait(client: Client, endpoint: Endpoint, ask: Ask) -> None:
    """The answer does not come before real time has passed, which no test waits for."""
    asking = asyncio.ensure_future(client.sent(endpoint, ask))
    try:
        for _ in range(10_000):
            await asyncio.sleep(0)
            if any(one["hits"] for one in (await client.world.steer("GET", "/faults"))["faults"]):
                break
        assert not asking.done(), "the answer was not held back"
    finally:
        asking.cancel()
        await asyncio.wait([asking])


def _check_answer(answer: httpx.Response, wanted: Mapping[str, Any]) -> None:
    if "status" in wanted:
        assert answer.status_code == wanted["status"]
    if isinstance(wanted.get("body"), str):
        assert answer.text == wanted["body"]
    elif "body" in wanted:
        assert answer.json() == wanted["body"]
    for name, value in wanted.get("headers", {}).items():
        assert answer.headers[name] == value


async def _hear(client: Client, _event: str) -> Wanted:
    account = f"/accounts/{client.provider.name}/{client.samples.account}"
    await client.world.steer("PATCH", account, {"webhook_url": "http://127.0.0.1:9/hook"})
    return Wanted()


async def _prove_webhook_fault(provider: Provider, scenario: Scenario, fault: Fault) -> None:
    async with client_of(provider) as client:
        assert provider.webhooks, f"{provider.name} has no webhooks that the fault {fault.label} could strike"
        if not client.samples.placing:
            missing(provider, "placing", f"the fault {fault.label} is about orders, and no operation places any")
        hear = client.samples.hear or _hear
        wanted = await hear(client, fault.event or next(iter(provider.webhooks)))
        endpoint = next(one for one in provider.endpoints if one.name in client.samples.placing)
        ask = await client.ask_as_wanted(endpoint, wanted)
        await client.world.steer("PUT", "/scenarios/active", [scenario.name])
        answer = await client.sent(endpoint, ask)
        assert answer.is_success, answer.text
        await client.world.advance(_A_WHILE)
        rows = (await client.world.steer("GET", "/webhooks/deliveries"))["deliveries"]
        if not rows and client.samples.hear is None:
            missing(provider, "hear", f"no webhook is sent that the fault {fault.label} could strike")
        struck = [one for one in rows if fault.label in one["faults"] and fault.event in (None, one["event"])]
        assert struck, f"{fault.label} strikes none of {[(one['event'], one['faults']) for one in rows]}"
        for one in struck:
            assert one["hostile"].keys() >= (fault.webhook or {}).keys() - {"reorder"}
            assert (one["state"] == "dropped") == ("drop" in (fault.webhook or {}))

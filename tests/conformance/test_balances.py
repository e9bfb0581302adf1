"""Answers with a balance say where it rests on an event that no source speaks of; nothing else does."""

import pytest

from mockserver.http.provider import Provider
from tests.conformance.client import client_of

pytestmark = pytest.mark.anyio


async def test_a_balance_says_so_where_an_assumed_event_gave_money_back_and_only_there(provider: Provider) -> None:
    async with client_of(provider) as client:
        documented = [one for one in provider.endpoints if one.method == "GET" and one.provenance != "assumed"]
        for endpoint in provider.endpoints:
            if endpoint.name in client.samples.placing:
                await client.good(endpoint)
        await client.world.steer("POST", "/clock/advance", {"by": "2h"})
        entries = (await client.world.steer("GET", f"/ledger/{provider.name}/{client.samples.account}"))["entries"]
        assumed = {f"refund: timer {event}" for event in provider.rules.assumed_events}
        marked = any(entry["cause"] in assumed for entry in entries)
        assert marked is bool(assumed)
        for endpoint in documented:
            if endpoint.name in ("balance", "me"):
                answer = await client.good(endpoint)
                assert ("x-mock-assumed" in answer.headers) is marked, endpoint.name
        wallet = (await client.world.steer("GET", "/state"))["tables"]["wallets"]
        row = wallet[f"{provider.name}/{client.samples.account}"]
        assert row[2:] == ([True] if marked else [])

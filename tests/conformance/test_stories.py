"""Every request and every order of every provider can be explained, from its cause to its effects."""

import pytest

from mockserver.http.provider import Provider
from tests.conformance.client import client_of

pytestmark = pytest.mark.anyio


@pytest.mark.core
async def test_what_happened_can_be_told(provider: Provider) -> None:
    async with client_of(provider) as client:
        for endpoint in provider.endpoints:
            await client.good(endpoint)
        await client.world.steer("POST", "/clock/advance", {"by": "2h"})
        orders = (await client.world.steer("GET", f"/orders?provider={provider.name}"))["orders"]
        assert orders
        for row in orders:
            order = await client.world.steer("GET", f"/orders/{provider.name}/{row['id']}")
            told = order["explanation"]
            assert [one["state"] for one in told["story"]] == [one["state"] for one in order["history"]]
            assert told["machine"]["scenario"] == "quick"
            assert told["created_by"]
            for place, history_entry in enumerate(told["story"]):
                assert history_entry["caused_by"], (place, history_entry)
                assert history_entry["caused_by"].get("passage", -1) < place
            waits = [timer["event"] for one in told["story"] for timer in one["timers"] if timer["became"] == "waits"]
            assert sorted(waits) == sorted(timer["event"] for timer in order["timers"])
            moves = [move for one in told["story"] for move in one["money"]] + told["besides"]["money"]
            ledger = await client.world.steer("GET", f"/ledger/{provider.name}/{order['account']}")
            assert len(moves) == sum(entry["order"] == order["id"] for entry in ledger["entries"])
        for entry in (await client.world.steer("GET", "/requests"))["requests"]:
            data = await client.world.steer("GET", f"/requests/{entry['id']}")
            assert data["explanation"]["decisions"] is not None

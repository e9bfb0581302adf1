"""Exactly the reads of orders, single or in lists, move a clock with `per_poll`, at every provider."""

import pytest

from mockserver.http.provider import Endpoint, Provider
from tests.conformance.client import Client
from tests.served import asked

pytestmark = pytest.mark.anyio
READS = {
    "acme": {"show"},
    "daisysim": {"check", "history"},
    "doctorsim_v1": {"check_order_status", "check_all_orders", "retrieve_order_instructions"},
    "doctorsim_v2": {"order", "orders"},
    "hidsim": {"operation", "operations", "refetch"},
}


def test_what_clients_ask_until_an_order_is_done_is_declared() -> None:
    declared = {one.name: {each.name for each in one.endpoints if each.reads_order} for one in asked()}
    assert declared == {name: READS.get(name, operations) for name, operations in declared.items()}


async def test_a_read_of_an_order_moves_the_clock_first_and_nothing_else_does(
    client: Client, provider: Provider, endpoint: Endpoint
) -> None:
    ask = await client.ask(endpoint)
    before = (await client.world.steer("PUT", "/clock", {"per_poll": "0.25s"}))["now"]
    answer = await client.send(endpoint.method, ask.path, ask.body)
    entry = await client.journaled(answer)
    after = (await client.world.steer("GET", "/clock"))["now"]
    assert entry["at"] == after
    assert (after != before) == endpoint.reads_order

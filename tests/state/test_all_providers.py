"""A restored sandbox of any provider goes on byte for byte."""

from typing import Any

import pytest

from mockserver.http.provider import Provider
from tests.conformance.client import Client, client_of
from tests.served import PROVIDERS
from tests.state.test_snapshot import restore, snapshot

pytestmark = pytest.mark.anyio


async def _everything(client: Client) -> list[Any]:
    """Each endpoint's answer to a request that it accepts, with its headers."""
    answers = []
    for endpoint in client.provider.endpoints:
        ask = await client.ask(endpoint)
        answer = await client.send(endpoint.method, ask.path, ask.body)
        answers.append((endpoint.name, answer.status_code, answer.headers.multi_items(), answer.content))
    await client.world.advance("1h")
    return answers


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.name)
async def test_every_endpoint_answers_a_restored_sandbox_as_the_one_before(provider: Provider) -> None:
    async with client_of(provider) as one:
        account = f"/accounts/{provider.name}/{one.samples.account}"
        await one.world.steer("PATCH", account, {"balance": "5000"})
        await _everything(one)
        state = await snapshot(one.world)
        wanted = await _everything(one)
        ledger = await one.world.steer("GET", f"/ledger/{provider.name}/{one.samples.account}")
        orders = await one.world.steer("GET", "/orders")
        await restore(one.world, state)
        assert await _everything(one) == wanted
    async with client_of(provider, seed="another") as other:
        await restore(other.world, state)
        other.credential = one.credential
        assert await _everything(other) == wanted
        assert await other.world.steer("GET", f"/ledger/{provider.name}/{one.samples.account}") == ledger
        assert await other.world.steer("GET", "/orders") == orders

"""Snapshots of earlier versions can be restored: `snapshots/` holds one of each version and provider."""

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver.http.provider import Provider
from tests.conformance.client import client_of
from tests.served import PROVIDERS
from tests.state.test_snapshot import restore, snapshot

pytestmark = pytest.mark.anyio

BY_NAME = {provider.name: provider for provider in PROVIDERS}


def _first(provider: str) -> bytes:
    """What the first version wrote."""
    return (Path(__file__).parent / "snapshots" / f"0.1.0-{provider}.json").read_bytes()


def _lost(old: Any, new: Any, path: str = "") -> list[str]:
    """Where something of the old document is missing or different; what the new one has beyond it is welcome."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [place for name in old for place in _lost(old[name], new.get(name), f"{path}.{name}")]
    return [] if old == new else [path]


def _by_place(document: bytes) -> Any:
    """The document with its scenarios by provider and origin: one that is not the server's own any more is posted."""
    data = json.loads(document)
    kept = data["scenarios"].pop("kept")
    data["scenarios"]["texts"] = {f"{one['provider']}/{one['origin']}": one["text"] for one in kept}
    return data


@pytest.mark.parametrize("name", BY_NAME)
async def test_nothing_that_an_earlier_version_wrote_is_lost(name: str) -> None:
    old = _first(name)
    async with client_of(BY_NAME[name], seed="another") as client:
        await restore(client.world, old)
        assert _lost(_by_place(old), _by_place(await snapshot(client.world))) == [".version"]


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.name)
async def test_whoever_takes_up_an_earlier_snapshot_can_go_on(provider: Provider) -> None:
    async with client_of(provider) as client:
        await restore(client.world, _first(provider.name))
        await client.world.steer("PUT", "/scenarios/active", [])
        await client.world.steer("DELETE", "/faults")
        orders = len((await client.world.steer("GET", "/orders"))["orders"])
        for endpoint in provider.endpoints:
            ask = await client.ask(endpoint)
            answer = await client.send(endpoint.method, ask.path, ask.body)
            assert answer.status_code < 400, (endpoint.name, answer.text)
        await client.world.advance("1h")
        assert len((await client.world.steer("GET", "/orders"))["orders"]) > orders

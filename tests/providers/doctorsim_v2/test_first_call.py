"""The catalogue is made with the first call that needs it, and never on the event loop."""

import threading

import anyio
import pytest

from mockserver.providers.doctorsim_v2 import PROVIDER, carriers, catalogue, discovery, giftcards
from tests.conformance.client import client_of

pytestmark = pytest.mark.anyio

NEEDS_IT = {
    *("countries", "operators", "operator_services", "rates", "search", "product", "lookup"),
    *("giftcard_countries", "giftcard_brands", "giftcard_brand_products", "giftcard_product"),
    *("create_order", "preview_order"),
}


def forget_everything() -> None:
    for module in (carriers, catalogue, discovery, giftcards):
        for thing in vars(module).values():
            if hasattr(thing, "cache_clear"):
                thing.cache_clear()


async def test_no_endpoint_makes_the_catalogue_on_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    real, made_in = carriers.carriers(), list[threading.Thread]()

    def make() -> carriers.Carriers:
        made_in.append(threading.current_thread())
        return real

    monkeypatch.setattr(carriers, "Carriers", make)
    needed = set()
    async with client_of(PROVIDER) as client:
        for endpoint in PROVIDER.endpoints:
            ask = await client.ask(endpoint)
            forget_everything()
            made_in.clear()
            answer = await client.send(endpoint.method, ask.path, ask.body)
            assert answer.is_success, answer.text
            assert threading.current_thread() not in made_in, endpoint.path
            if made_in:
                needed.add(endpoint.name)
    assert needed == NEEDS_IT


async def test_first_calls_at_once_are_all_answered() -> None:
    async with client_of(PROVIDER) as client:
        forget_everything()
        answers = []

        async def ask(path: str) -> None:
            answers.append((await client.send("GET", path)).status_code)

        async with anyio.create_task_group() as group:
            for path in (
                "/countries",
                "/operators?country=es",
                "/carriers/lookup/+12125550123",
                "/operators/101/rates",
            ):
                group.start_soon(ask, path)
    assert answers == [200] * 4

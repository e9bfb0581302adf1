"""How a test suite in Python uses the sandbox: one server for the session, one sandbox for each test.

Run it with `pytest examples`. Replace `buy_and_wait` by your own code: it only needs the base URL.
"""

from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx
import pytest

from mockserver.app import create_app
from mockserver.server import LiveServer


def buy_and_wait(api: httpx.Client, service: str) -> tuple[str, str]:
    """The code under test: buys a number for a service at the best price; gives its activation id and number."""
    tiers = api.post("/prices", json={"country": 187, "service": service}).json()["data"]["tiers"]
    body = {"country": 187, "service": service, "price": tiers[0]["price"]}
    bought = api.post("/purchase", json=body)
    bought.raise_for_status()
    data = bought.json()["data"]
    return data["activation_id"], data["phone_number"]


@pytest.fixture(scope="session")
def server() -> Iterator[LiveServer]:
    with LiveServer(create_app()) as running:
        yield running


class Sandbox:
    """A world of its own: `api` speaks to DaisySIM, `steer` to the control API."""

    def __init__(self, url: str) -> None:
        self.api = httpx.Client(
            base_url=f"{url}/daisysim.com/api/v1/virtual", headers={"Authorization": "Bearer daisy-demo"}
        )
        self._control = httpx.Client(base_url=f"{url}/_mock")

    def steer(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._control.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json()

    def close(self) -> None:
        self.api.close()
        self._control.close()


@pytest.fixture
def sandbox(server: LiveServer, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    name = uuid5(NAMESPACE_URL, request.node.nodeid).hex
    clock = {"mode": "frozen", "now": "2026-01-31T12:00:00Z"}
    httpx.post(f"{server.url}/_mock/sandboxes", json={"name": name, "clock": clock}).raise_for_status()
    made = Sandbox(f"{server.url}/~{name}")
    yield made
    made.close()
    httpx.delete(f"{server.url}/_mock/sandboxes/{name}").raise_for_status()


def test_the_code_arrives_without_waiting_for_it(sandbox: Sandbox) -> None:
    activation, number = buy_and_wait(sandbox.api, "wa")
    assert number.startswith("+1")
    assert sandbox.api.get(f"/check/{activation}").json()["data"]["status"] == "Waiting"
    sandbox.steer("POST", "/clock/advance", {"by": "8s"})
    assert sandbox.api.get(f"/check/{activation}").json()["data"]["status"] == "Completed"


def test_a_test_can_say_which_code_arrives(sandbox: Sandbox) -> None:
    activation, _ = buy_and_wait(sandbox.api, "tg")
    sandbox.steer("POST", f"/orders/daisysim/{activation}/events", {"event": "sms", "code": "123456"})
    assert sandbox.api.get(f"/check/{activation}").json()["data"]["code"] == "123456"


def test_no_code_means_a_refund_after_twenty_minutes(sandbox: Sandbox) -> None:
    sandbox.steer("PUT", "/scenarios/active", ["no-sms"])
    activation, _ = buy_and_wait(sandbox.api, "go")
    sandbox.steer("POST", "/clock/advance", {"by": "20m"})
    assert sandbox.api.get(f"/check/{activation}").json()["data"]["status"] == "Cancelled"
    assert sandbox.api.get("/balance").json()["data"]["balance"] == 100

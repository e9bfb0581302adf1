"""Allowed targets of webhooks, for a server on loopback and for one that other machines can reach."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import pytest

from mockserver.app import create_app
from mockserver.server import LiveServer
from tests.support import frozen_settings

TOKEN = "s3cret"
V2 = "/api.doctorsim.com/v2"
KEY = "test_demo:sk_demo"


class Reached:
    """A server and calls to it."""

    def __init__(self, live: LiveServer) -> None:
        self.url = live.url
        self.port = live.port

    def call(self, method: str, path: str, body: Any = None, *, bearer: str = TOKEN, **headers: str) -> Any:
        """The JSON of an answer that is no refusal."""
        sent = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json", **headers}
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.url}{path}", data, sent, method=method), timeout=20) as answer:
            return json.loads(answer.read())

    def attempt(self, url: str) -> dict[str, Any]:
        """Have an order of v2 told to this URL; the first attempt, as an explanation of the order has it."""
        self.call("POST", f"{V2}/webhooks", {"url": url, "events": ["order.created"]}, bearer=KEY)
        rates = self.call("GET", f"{V2}/operators/101/rates", bearer=KEY)["data"]["rates"]
        wanted = {"price_token": rates[0]["token"], "phone": "+522221231231"}
        order = self.call("POST", f"{V2}/orders", wanted, bearer=KEY)["data"]["order_id"]
        self.call("POST", "/_mock/clock/advance", {"by": "1ms"})
        story = self.call("GET", f"/_mock/orders/doctorsim_v2/{order}")["explanation"]["story"]
        [sent] = [one for history_entry in story for one in history_entry["deliveries"]]
        attempt: dict[str, Any] = sent["attempts"][0]
        return attempt


def served(host: str, **settings: Any) -> Iterator[Reached]:
    app = create_app(frozen_settings(host=host, token=TOKEN, **settings))
    with LiveServer(app, host=host) as live:
        yield Reached(live)


@pytest.fixture
def shared() -> Iterator[Reached]:
    """A server that listens on all addresses."""
    yield from served("0.0.0.0")


@pytest.fixture
def local() -> Iterator[Reached]:
    """A server that listens on loopback."""
    yield from served("127.0.0.1")


def test_a_shared_server_sends_nothing_to_its_own_machine_and_says_by_which_flag_it_would(shared: Reached) -> None:
    attempt = shared.attempt("http://127.0.0.1:27999/internal/admin")
    assert attempt["verdict"] == "refused_target"
    assert "(add --webhook-hosts 127.0.0.1)" in attempt["detail"]


def test_a_shared_server_sends_to_loopback_where_that_is_listed() -> None:
    for server in served("0.0.0.0", webhook_hosts=("127.0.0.1",)):
        assert server.attempt("http://127.0.0.1:1/hook")["verdict"] == "unreachable"


@pytest.mark.parametrize("which", ["shared", "local"])
def test_a_server_sends_to_its_own_inboxes_and_to_nothing_else_of_its_own(
    which: str, request: pytest.FixtureRequest
) -> None:
    server: Reached = request.getfixturevalue(which)
    assert server.attempt(f"http://localhost:{server.port}/_mock/inbox/x")["verdict"] == "delivered"
    assert len(server.call("GET", "/_mock/inbox/x")["received"]) == 1
    server.call("POST", "/_mock/reset")
    refused = server.attempt(f"http://127.0.0.1:{server.port}/_mock/reset")
    assert refused["verdict"] == "refused_target"
    assert "on this server webhooks may go only to /_mock/inbox/NAME" in refused["detail"]


def test_a_server_on_loopback_sends_to_loopback(local: Reached) -> None:
    assert local.attempt("http://127.0.0.1:1/hook")["verdict"] == "unreachable"


@pytest.mark.parametrize("host", ["mockserver:7460", "host.docker.internal:7460", "api.doctorsim.com", "shop.test"])
def test_providers_are_reached_under_any_name(local: Reached, host: str) -> None:
    """Containers call the server by service names and aliases, /etc/hosts by whatever is written there."""
    assert local.call("GET", f"{V2}/balance", bearer=KEY, Host=host)["data"]["balance"] == "250.00"

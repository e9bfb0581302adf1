"""The output of `mockserver explain`, with a real server, and of `mockserver graph`."""

import json
import urllib.request
from collections.abc import Iterator
from http.client import RemoteDisconnected
from pathlib import Path
from typing import Any

import pytest

from mockserver.app import create_app
from mockserver.cli import main
from mockserver.cli.explain import follow_up_lines
from mockserver.server import LiveServer
from tests.distribution import declare
from tests.outside import BASE, acme_app
from tests.support import DAISY, frozen_settings

FEW = """\
scenario: few
provider: acme
about: Few numbers.
rules:
  - {name: few, when: {account: demo, request.service: mail}, then: {stock: 3}}
"""


class Client:
    """Calls of a server, and what the command line prints of them."""

    def __init__(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.url = url
        self._capsys = capsys

    def call(self, method: str, path: str, body: Any = None, *, key: str = "acme-demo") -> tuple[Any, str]:
        """The JSON of the answer and the id of its request."""
        data = None if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Authorization": f"Bearer {key}"}, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer), answer.headers["X-Mock-Request-Id"] or ""

    def buy(self, prefix: str = "") -> tuple[str, str]:
        """The order and the request that bought it."""
        bought, request = self.call("POST", f"{prefix}{BASE}/orders", {"service": "chat"})
        return bought["id"], request

    def explain(self, *arguments: str) -> list[str]:
        """The lines that it prints."""
        assert main(["explain", "--url", self.url, *arguments]) == 0
        return self._capsys.readouterr().out.splitlines()


@pytest.fixture
def client(capsys: pytest.CaptureFixture[str]) -> Iterator[Client]:
    with LiveServer(acme_app()) as server:
        yield Client(server.url, capsys)


def test_an_order_is_told_for_people(client: Client) -> None:
    client.call("PATCH", "/_mock/accounts/acme/demo", {"webhook_url": f"{client.url}/_mock/inbox/codes"})
    order, request = client.buy()
    client.call("POST", "/_mock/clock/advance", {"by": "8s"})
    lines = client.explain(f"acme/{order}")
    assert lines[0] == f"acme activation {order}: completed, account demo"
    assert lines[1] == "  machine   of scenario quick"
    assert f"  2026-01-31T12:00:00Z  waiting  (by request {request})" in lines
    assert "      timer     sms at 2026-01-31T12:00:08Z (8s) to completed: rang" in lines
    assert "      timer     expire at 2026-01-31T12:20:00Z (20m) to cancelled: void" in lines
    assert "  2026-01-31T12:00:08Z  completed  (timer sms)" in lines
    assert "      effects   message sms, webhook order.completed" in lines
    assert any(line.startswith("      money     charge -") for line in lines)
    assert f"      webhook   dlv_00000001 order.completed to {client.url}/_mock/inbox/codes: delivered" in lines
    assert "                2026-01-31T12:00:08Z  delivered: 200" in lines
    assert f"  asked     2026-01-31T12:00:00Z  {request}  buy -> 201" in lines


def test_a_request_is_told_for_people(client: Client) -> None:
    client.call("POST", "/_mock/scenarios", FEW)
    client.call("PUT", "/_mock/scenarios/active", ["no-sms", "few"])
    order, request = client.buy()
    lines = client.explain(request)
    assert lines[0] == f"{request}: acme buy at 2026-01-31T12:00:00Z"
    assert lines[1] == "  asked     POST /orders by account demo"
    assert """  rule      'no-sms#1' of scenario no-sms decided life: {"never": ["sms"]}""" in lines
    assert [line for line in lines if line.startswith("  nearly")] == ["  nearly    'few' of scenario few"]
    assert "            request.service wanted eq 'mail', found 'chat'" in lines
    assert f"  order     acme/{order} (activation), now waiting" in lines
    assert "      no timer  sms: the rule says never" in lines
    assert "acme-demo" not in "\n".join(lines)


def test_a_look_and_a_refusal_are_told_as_such(client: Client) -> None:
    order, _ = client.buy()
    _, look = client.call("GET", f"{BASE}/orders/{order}")
    assert "            was only looked at" in client.explain(look)
    with pytest.raises(urllib.error.HTTPError) as refused:
        client.call("POST", f"{BASE}/orders/{order}/cancel")
    lines = client.explain(refused.value.headers["X-Mock-Request-Id"])
    assert any(", refused as TooEarly" in line for line in lines)


def test_fields_that_nobody_reads_are_told_for_people(client: Client) -> None:
    _, request = client.call("POST", f"{BASE}/orders?limit=1", {"service": "chat", "min_price": 5, "\x1b[2J": 1})
    line = """  ignored   ["min_price", "\\u001b[2J", "limit"]: nothing reads fields of these names here"""
    assert line in client.explain(request)
    _, request = client.call("POST", f"{BASE}/orders", {"service": "chat"})
    assert not any(line.startswith("  ignored") for line in client.explain(request))


def test_faults_are_told_for_people(client: Client) -> None:
    client.call("PATCH", "/_mock/accounts/acme/demo", {"webhook_url": f"{client.url}/_mock/inbox/codes"})
    client.call("POST", "/_mock/faults", {"name": "twice", "webhook": {"duplicate": True}})
    order, _ = client.buy()
    client.call("POST", "/_mock/clock/advance", {"by": "8s"})
    down = {
        "name": "down",
        "method": "GET",
        "path": "/orders/*",
        "times": 2,
        "answer": {"status": 503},
        "about": "Down for a while.",
    }
    client.call("POST", "/_mock/faults", down)
    with pytest.raises(urllib.error.HTTPError) as refused:
        client.call("GET", f"{BASE}/orders/{order}")
    request = refused.value.headers["X-Mock-Request-Id"]
    struck = 'struck: answer {"status": 503}; 1 of 2 times'
    lines = client.explain(request)
    place = lines.index(f"  fault     'down' (armed) {struck}")
    assert lines[place + 1] == "            Down for a while."
    assert f"  order     acme/{order} (activation), now completed" in lines
    _, elsewhere = client.call("GET", f"{BASE}/balance")
    lines = client.explain(elsewhere)
    place = lines.index("  nearly    fault 'down' (armed)")
    assert lines[place + 1] == "            path wanted /orders/*, found '/balance'"
    lines = client.explain(f"acme/{order}")
    assert f"  fault     'down' (armed), {request}: {struck}" in lines
    assert """                by 'twice': {"duplicate": true}""" in lines
    assert """  fault     'twice' (armed), dlv_00000001: struck: webhook {"duplicate": true}""" in lines


def test_a_request_without_an_answer_and_an_order_without_a_rule_are_told_in_words(client: Client) -> None:
    order, _ = client.buy()
    assert "  rule      no rule changed the machine" in client.explain(f"acme/{order}")
    client.call("POST", "/_mock/faults", {"path": "/orders/*", "times": 1, "wire": "empty"})
    with pytest.raises(RemoteDisconnected):
        client.call("GET", f"{BASE}/orders/{order}")
    assert any(line.startswith("  answered  no answer in ") for line in client.explain("last"))
    assert any(line.endswith("show -> no answer") for line in client.explain(f"acme/{order}"))


def test_the_newest_request_is_asked_for_as_last(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--url", client.url, "last"]) == 1
    assert capsys.readouterr().err == "mockserver: the journal is empty: nothing was asked yet\n"
    _, request = client.buy()
    assert client.explain("last") == client.explain(request)


def test_a_sandbox_that_does_not_exist_is_named_and_not_made(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    for subject in ("last", "req_00000001", "acme/1"):
        assert main(["explain", "--url", client.url, "--sandbox", "nosuch", subject]) == 1
        message = "mockserver: the server refused: sandbox not found: 'nosuch' (404 Not Found)\n"
        assert capsys.readouterr().err == message
    [default] = client.call("GET", "/_mock/sandboxes")[0]["sandboxes"]
    assert default["name"] == "default"


def test_credentials_that_would_have_been_right_are_told(client: Client) -> None:
    with pytest.raises(urllib.error.HTTPError):
        client.call("GET", f"{BASE}/balance", key="acme-dmeo")
    assert "  exists    acme-demo, account demo" in client.explain("last")


def test_prices_that_would_have_been_right_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Of DaisySIM, the one provider whose clients name a price."""
    with LiveServer(create_app(frozen_settings())) as server:
        client, key = Client(server.url, capsys), "daisy-demo"
        prices, _ = client.call("POST", f"{DAISY}/prices", {"country": 6, "service": "wa"}, key=key)
        with pytest.raises(urllib.error.HTTPError):
            client.call("POST", f"{DAISY}/purchase", {"country": 6, "service": "wa", "price": 0.01}, key=key)
        right = ", ".join(f"{one['price']} (tier {one['tier']})" for one in prices["data"]["tiers"])
        assert f"  right     would have been {right}" in client.explain("last")


def test_another_sandbox_is_asked_and_json_is_what_the_server_says(client: Client) -> None:
    order, _ = client.buy("/~worker3")
    told = json.loads("\n".join(client.explain("--sandbox", "worker3", "--json", f"acme/{order}")))
    assert told == client.call("GET", f"/~worker3/_mock/orders/acme/{order}")[0]


@pytest.mark.parametrize(
    ("subject", "code", "message"),
    [
        ("req_00000099", 1, "mockserver: the server refused: request not found: 'req_00000099' (404 "),
        ("acme/1", 1, "mockserver: the server refused: order not found: '1' (404 "),
        ("nobody/1", 1, "mockserver: the server refused: provider not found: 'nobody' (there is only 'acme') (404 "),
        ("acme/", 2, "mockserver: the ID must be that of a request, or PROVIDER/ORDER: 'acme/'"),
    ],
)
def test_what_is_not_there_is_one_line(
    client: Client, subject: str, code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "--url", client.url, subject]) == code
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(message)
    assert output.err.count("\n") == 1


MACHINE = """\
scenario: odd
provider: acme
about: Names that drawings must take care of.
machine:
  kind: activation
  start: wait-first
  states:
    wait-first:
      transitions:
        - {on: go, after: 1s, to: {end: 3, other: 1}, effects: [restock]}
    end: {final: true}
    other: {final: true, shows: 'so "called"'}
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Acme is a provider of another distribution."""
    monkeypatch.syspath_prepend(declare(tmp_path / "installed", acme="tests.acme:PROVIDER"))


def drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> list[str]:
    scenarios = tmp_path / "scenarios"
    (scenarios / "acme").mkdir(parents=True)
    (scenarios / "acme" / "odd.yaml").write_text(MACHINE, encoding="utf-8")
    assert main(["graph", "acme", "activation", "--scenarios", str(scenarios), "--scenario", "odd", *more]) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("installed")
def test_a_machine_is_drawn_for_mermaid(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert drawn(tmp_path, capsys) == [
        "stateDiagram-v2",
        '    state "wait-first" as wait_first_',
        '    state "end" as end_',
        "    [*] --> wait_first_",
        "    wait_first_ --> end_: go (after 1s) / restock, 3 in 4",
        "    wait_first_ --> other: go (after 1s) / restock, 1 in 4",
        "    end_ --> [*]",
        "    other --> [*]",
        '    note right of other: shown as so "called"',
    ]


@pytest.mark.usefixtures("installed")
def test_a_machine_is_drawn_for_graphviz(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = drawn(tmp_path, capsys, "--format", "dot")
    assert lines[0] == 'digraph "acme/activation" {'
    assert '    "wait-first" -> "end" [label="go (after 1s) / restock, 3 in 4"];' in lines
    assert r'    "other" [label="other\nshown as so \"called\"", peripheries=2];' in lines
    assert lines[-1] == "}"


@pytest.mark.usefixtures("installed")
def test_without_a_kind_every_machine_of_the_default_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", "acme"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "    waiting --> completed: sms (after 8s) / message sms" in lines
    assert "    note right of cancelled: refund, restock" in lines


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nobody"], "unknown provider 'nobody' (one of "),
        (["Acme"], "unknown provider 'Acme' (did you mean 'acme'?)"),
        (["acme", "activations"], "acme has no orders of kind 'activations' (did you mean 'activation'?)"),
        (["acme", "loan"], "acme has no orders of kind 'loan' (there is only 'activation')"),
        (["acme", "--scenario", "zzz"], "unknown scenario: 'zzz' (one of "),
        (["acme", "--scenario", "no-sns"], "unknown scenario: 'no-sns' (did you mean 'no-sms'?)"),
        (["acme", "--format", "png"], "invalid value for '--format'"),
    ],
)
@pytest.mark.usefixtures("installed")
def test_what_cannot_be_drawn_is_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["graph", *arguments]) == 2
    output = capsys.readouterr()
    assert output.err.startswith(f"mockserver: {message}")
    assert (output.out, output.err.count("\n")) == ("", 1)


def test_a_delivery_that_a_full_outbox_dropped_says_so() -> None:
    sent: dict[str, Any] = {
        "id": "dlv_00000001",
        "event": "order.created",
        "url": "http://127.0.0.1:1/hook",
        "state": "dropped",
        "faults": [],
        "hostile": {"outbox_full": "12 deliveries are waiting to be sent, more are not kept"},
        "attempts": [],
        "next_try": None,
    }
    assert list(follow_up_lines({"money": [], "deliveries": [sent]})) == [
        "      webhook   dlv_00000001 order.created to http://127.0.0.1:1/hook: dropped",
        '                {"outbox_full": "12 deliveries are waiting to be sent, more are not kept"}',
    ]

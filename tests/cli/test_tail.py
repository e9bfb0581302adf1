"""`mockserver tail` with a real server, one that is restarted, and `explain last-refused`."""

import json
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import Popen
from typing import Any

import pytest

from mockserver.app import App
from mockserver.cli import main
from mockserver.cli.event_stream import Frame, frames
from mockserver.server import LiveServer
from tests.outside import BASE, acme_app
from tests.server.processes import line_of, python


@contextmanager
def tail(server: LiveServer, app: App, *arguments: str, **variables: str) -> Iterator["Popen[str]"]:
    """The command, connected."""
    count = app.shared.feed.streams
    with python("-m", "mockserver", "tail", "--url", server.url, *arguments, **variables) as process:
        while app.shared.feed.streams == count:
            ask(server, "/_mock/live")
            assert process.poll() is None
        yield process


def ask(server: LiveServer, path: str, method: str = "GET", body: Any = None, *, key: str = "acme-demo") -> int:
    """The status of an answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server.url + path, data, {"Authorization": f"Bearer {key}"}, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return int(error.code)


def finished(process: "Popen[str]") -> tuple[int, str, str]:
    """Exit code, the rest of stdout, stderr."""
    output, errors = process.communicate(timeout=20)
    return process.returncode, output, errors


@pytest.fixture
def app() -> App:
    return acme_app()


@pytest.fixture
def server(app: App) -> Iterator[LiveServer]:
    with LiveServer(app) as running:
        yield running


@pytest.mark.slow
def test_lines_come_while_things_happen_and_ctrl_c_ends_with_success(server: LiveServer, app: App) -> None:
    with tail(server, app) as process:
        ask(server, f"{BASE}/orders", "POST", {"service": "chat"})
        money, order, request = (line_of(process) for _ in range(3))
        assert money.startswith("2026-01-31T12:00:00Z  money     acme account demo -0.84 EUR: buy req_")
        assert order.startswith("2026-01-31T12:00:00Z  order     acme activation ")
        assert request.startswith("2026-01-31T12:00:00Z  request   acme POST /orders 201 in ")
        assert request.endswith("(req_00000001)")
        process.send_signal(signal.SIGINT)
        # A shell shows ^C, and what follows begins a line.
        assert finished(process) == (0, "", "\n")


@pytest.mark.slow
def test_provider_and_status_narrow_down_and_json_is_a_line_for_each_event(server: LiveServer, app: App) -> None:
    narrow = ("--provider", "acme", "--status", "4xx,503", "--json", "--sandbox", "mine")
    with tail(server, app, *narrow) as process:
        ask(server, f"{BASE}/nowhere")
        ask(server, f"/~mine{BASE}/balance")
        ask(server, f"/~mine{BASE}/balance", key="wrong")
        data = json.loads(line_of(process))
        assert (data["type"], data["sandbox"], data["status"]) == ("request", "mine", 401)
        ask(server, "/_mock/sandboxes/mine", "DELETE")
        assert finished(process) == (0, "", "mockserver: the sandbox mine was deleted\n")


@pytest.mark.slow
def test_it_waits_for_a_server_that_is_restarted_and_goes_on() -> None:
    app = acme_app()
    with LiveServer(app) as server, tail(server, app, "--status", "200") as process:
        ask(server, f"{BASE}/balance")
        assert "/balance" in line_of(process)
        server.__exit__(None, None, None)
        with LiveServer(acme_app(), port=server.port) as second:
            # What happens before it is back is not lost: it goes on after the last id.
            ask(second, f"{BASE}/orders")
            assert "acme GET /orders 200" in line_of(process)
            process.send_signal(signal.SIGINT)
            gone = f"mockserver: the server at {server.url} is gone; waiting for it\nmockserver: the server is back\n"
            assert finished(process) == (0, "", f"{gone}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--status", "4x"], "--status must be statuses such as 4xx,500: '4x'"),
        (["--provider", "acne"], "--provider: unknown provider: 'acne' (did you mean 'acme'?)"),
    ],
)
def test_a_mistake_in_the_command_line_is_one_line(
    server: LiveServer, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tail", "--url", server.url, *arguments]) == 2
    assert capsys.readouterr().err == f"mockserver: {message}\n"


def test_no_server_and_no_mockserver_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tail", "--url", "http://127.0.0.1:1"]) == 1
    assert capsys.readouterr().err == "mockserver: no server answers at http://127.0.0.1:1: connection refused\n"


def test_the_refusal_of_the_server_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with LiveServer(acme_app(token="geheim")) as server:
        assert main(["tail", "--url", server.url]) == 1
        assert "it needs its token" in capsys.readouterr().err


def test_frames_are_read_without_comments_and_halves() -> None:
    text = b": hi\n\nevent: clock\nid: 7\ndata: {}\n\n: yes\n\nevent: lost\r\ndata: 1\r\n\r\nevent: half\ndata: 2\n"
    assert list(frames(text.splitlines(keepends=True))) == [Frame("clock", "7", "{}"), Frame("lost", None, "1")]


def test_the_last_refused_request_is_explained(server: LiveServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--url", server.url, "last-refused"]) == 1
    assert capsys.readouterr().err == "mockserver: the journal has no request that was refused\n"
    ask(server, f"{BASE}/balance", key="wrong")
    for _ in range(101):
        ask(server, f"{BASE}/balance")
    assert main(["explain", "--url", server.url, "last-refused"]) == 0
    assert "answered  401" in capsys.readouterr().out

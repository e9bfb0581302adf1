"""Commands that move a running server's clock; each makes one call of the control API."""

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from mockserver import server
from mockserver.cli import main
from mockserver.cli.client import default_url

FROZEN = {"mode": "frozen", "now": "2026-01-31T12:00:00Z", "rate": 0}
ADVANCED = {"now": "2026-01-31T12:10:00Z", "fired": 3, "delivered": 2, "failed": 1, "pending": 4}


class Recorder(HTTPServer):
    """Answers as the control API would, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str, str | None, Any]] = []
        self.answer: tuple[int, bytes] = (200, json.dumps(FROZEN).encode())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Recorder

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = (self.command, self.path, self.headers.get("Authorization"), json.loads(body) if body else None)
        self.server.asked.append(asked)
        status, answer = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_PUT = do_POST = _serve  # noqa: N815 - the names that http.server looks for

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on stderr."""


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with Recorder() as recorder:
        thread = threading.Thread(target=recorder.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield recorder
        recorder.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ([], ("GET", "/_mock/clock", None, None)),
        (["show"], ("GET", "/_mock/clock", None, None)),
        (["freeze"], ("PUT", "/_mock/clock", None, {"mode": "frozen"})),
        (["run"], ("PUT", "/_mock/clock", None, {"mode": "real"})),
        (["run", "--rate", "60"], ("PUT", "/_mock/clock", None, {"mode": "scaled", "rate": 60})),
        (["set", "2026-01-31T14:00:00+02:00"], ("PUT", "/_mock/clock", None, {"now": "2026-01-31T12:00:00Z"})),
        (["advance", "600"], ("POST", "/_mock/clock/advance", None, {"by": "10m"})),
        (["advance", "idle"], ("POST", "/_mock/clock/advance", None, {"until": "idle"})),
        (["freeze", "--per-poll", "3"], ("PUT", "/_mock/clock", None, {"mode": "frozen", "per_poll": "3s"})),
    ],
)
def test_each_command_is_one_call(recorder: Recorder, arguments: list[str], asked: tuple[Any, ...]) -> None:
    assert main(["clock", "--url", recorder.url, *arguments]) == 0
    assert recorder.asked == [asked]


def test_a_sandbox_is_a_prefix_and_a_token_a_header(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCKSERVER_TOKEN", "from-variable")
    assert main(["clock", "--url", recorder.url + "/", "--sandbox", "worker3", "show"]) == 0
    assert main(["clock", "--url", recorder.url, "--token", "s3cret"]) == 0
    assert recorder.asked == [
        ("GET", "/~worker3/_mock/clock", "Bearer from-variable", None),
        ("GET", "/_mock/clock", "Bearer s3cret", None),
    ]


def test_where_the_server_is_may_be_said_in_any_place(recorder: Recorder) -> None:
    asked = ("POST", "/~w/_mock/clock/advance", "Bearer t", {"by": "5m"})
    options = ["--url", recorder.url, "--sandbox", "w", "--token", "t"]
    nowhere = ["--url", "http://127.0.0.1:9", "--sandbox", "other", "--token", "wrong"]
    for arguments in (
        [*options, "advance", "5m"],
        ["advance", "5m", *options],
        ["advance", *options, "5m"],
        [*options[:2], "advance", "5m", *options[2:]],
        [*nowhere, "advance", "5m", *options],
    ):
        assert main(["clock", *arguments]) == 0
    assert recorder.asked == [asked] * 5


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"MOCKSERVER_URL": "{url}"}, True),
        ({"MOCKSERVER_URL": "{url}/", "MOCKSERVER_PORT": "9"}, True),
        ({"MOCKSERVER_PORT": "{port}"}, True),
        ({"MOCKSERVER_URL": "", "MOCKSERVER_PORT": "{port}"}, True),
        ({"MOCKSERVER_PORT": "tcp://10.96.17.5:7460"}, False),
        ({"MOCKSERVER_PORT": ""}, False),
        ({}, False),
    ],
)
def test_variables_say_where_the_server_is(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], *, named: bool
) -> None:
    for name in ("MOCKSERVER_URL", "MOCKSERVER_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(url=recorder.url, port=recorder.server_port))
    assert default_url(os.environ).rstrip("/") == (recorder.url if named else "http://127.0.0.1:7460")
    if named:
        assert main(["clock"]) == 0
        assert main(["clock", "advance", "5m"]) == 0
        assert [one[1] for one in recorder.asked] == ["/_mock/clock", "/_mock/clock/advance"]


def test_what_a_reader_of_orders_moves_and_what_failed_is_told(
    recorder: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder.answer = (200, json.dumps({**FROZEN, "per_poll": "3s"}).encode())
    main(["clock", "--url", recorder.url])
    failure = {"id": "dlv_00000001", "url": "http://127.0.0.1:9/hook", "reason": "connection refused"}
    recorder.answer = (200, json.dumps({**ADVANCED, "failures": [failure]}).encode())
    main(["clock", "--url", recorder.url, "advance", "10m"])
    assert capsys.readouterr().out.splitlines() == [
        "frozen at 2026-01-31T12:00:00Z, 3s on with each read of an order",
        "now 2026-01-31T12:10:00Z: 3 timers fired, 2 webhooks delivered, 1 failed, 4 still to come",
        "failed dlv_00000001 to http://127.0.0.1:9/hook: connection refused",
    ]


def test_answers_are_told_in_a_line(recorder: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    main(["clock", "--url", recorder.url])
    recorder.answer = (200, json.dumps({"mode": "scaled", "now": "2026-01-31T12:00:00Z", "rate": 60}).encode())
    main(["clock", "--url", recorder.url])
    recorder.answer = (200, json.dumps(ADVANCED).encode())
    main(["clock", "--url", recorder.url, "advance", "10m"])
    assert capsys.readouterr().out.splitlines() == [
        "frozen at 2026-01-31T12:00:00Z",
        "scaled (60 times real time), now 2026-01-31T12:00:00Z",
        "now 2026-01-31T12:10:00Z: 3 timers fired, 2 webhooks delivered, 1 failed, 4 still to come",
    ]


@pytest.mark.parametrize(
    ("status", "answer", "message"),
    [
        (409, b'{"title": "Conflict", "detail": "the clock does not go back"}', "the clock does not go back (409"),
        (401, b'{"title": "Unauthorized"}', "it needs its token: --token or MOCKSERVER_TOKEN\n"),
        (502, b"<html>", "502 Bad Gateway"),
        (500, b"[]", "500 Internal"),
    ],
)
def test_a_refusal_is_told_with_its_detail(
    recorder: Recorder, status: int, answer: bytes, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder.answer = (status, answer)
    assert main(["clock", "--url", recorder.url]) == 1
    assert capsys.readouterr().err.startswith(f"mockserver: the server refused: {message}")


def test_a_wrong_token_is_told_as_one(recorder: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    recorder.answer = (401, b"{}")
    assert main(["clock", "--url", recorder.url, "--token", "wrong"]) == 1
    told = capsys.readouterr().err
    assert told == "mockserver: the server refused: the token of --token or MOCKSERVER_TOKEN is wrong\n"


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b"{}", b"\xff"])
def test_another_server_than_ours_is_noticed(
    recorder: Recorder, answer: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder.answer = (200, answer)
    assert main(["clock", "--url", recorder.url]) == 1
    assert capsys.readouterr().err.startswith(f"mockserver: no mockserver answers at {recorder.url}: ")


def test_no_server_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with server.bind("127.0.0.1", 0) as listener:
        url = server.url_of(listener)
    assert main(["clock", "--url", url, "show"]) == 1
    assert capsys.readouterr().err == f"mockserver: no server answers at {url}: connection refused\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--url", "localhost"], "--url and MOCKSERVER_URL are like http://127.0.0.1:7460: 'localhost'"),
        (["--url", "file:///etc/passwd"], "--url and MOCKSERVER_URL are like"),
        (["--sandbox", "../x", "show"], "--sandbox must be 1 to 64 of a-z"),
        (["advance", "soon"], "not a duration: 'soon'"),
        (["advance"], "missing argument 'SPAN'"),
        (["set", "noon"], "not a moment: 'noon'"),
        (["set", "0001-01-01T00:00:00+05:00"], ""),
        (["run", "--rate", "fast"], "--rate must be a number"),
        (["run", "--rate", "0"], "--rate must be above 0: '0' (mockserver clock freeze stops the clock)"),
        (["wind"], "no such command 'wind'"),
    ],
)
def test_a_wrong_call_is_refused_before_the_server_is_asked(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["clock", *arguments]) == 2
    errors = capsys.readouterr().err
    assert errors.startswith(f"mockserver: {message}")
    assert errors.count("\n") == 1

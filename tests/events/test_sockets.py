"""The event stream over real connections: flow control, TLS, a tunnel, the end of the server."""

import json
import socket
import ssl
from collections.abc import Iterator
from time import monotonic
from typing import Any

import httpx
import pytest

from mockserver.app import App
from mockserver.server import LiveServer
from tests.outside import BASE, DEMO, acme_app
from tests.server.processes import connect, receive_until
from tests.trust import client_context

ASK = b"GET /_mock/events HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def app() -> App:
    return acme_app()


@pytest.fixture
def url(app: App) -> Iterator[str]:
    with LiveServer(app) as server:
        yield server.url


def read_event(answer: httpx.Response, lines: Iterator[str]) -> Any:
    """The data of the next event."""
    assert answer.status_code == 200
    return next(json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: "))


@pytest.mark.parametrize("way", ["plain", "tls", "proxy", "prefix"])
def test_events_come_while_they_happen_on_every_way_in(url: str, way: str) -> None:
    verify: ssl.SSLContext | bool = client_context(url) if way in ("tls", "proxy") else False
    prefix = "/~side" if way == "prefix" else ""
    base = url.replace("http:", "https:") if way == "tls" else url
    target = "https://api.acme.example" if way == "proxy" else base
    proxy = url if way == "proxy" else None
    with httpx.Client(verify=verify, proxy=proxy, trust_env=False) as client:
        headers = {"Host": "localhost"} if way == "proxy" else {}
        with client.stream("GET", f"{target}{prefix}/_mock/events", headers=headers) as answer:
            lines = answer.iter_lines()
            for status, path in ((200, "/balance"), (404, "/nowhere")):
                httpx.get(f"{url}{prefix}{BASE}{path}", headers=DEMO)
                event = read_event(answer, lines)
                assert (event["type"], event["status"]) == ("request", status)


def test_a_client_that_leaves_is_forgotten(app: App, url: str) -> None:
    connection = connect(url, ASK)
    receive_until(connection, b"mockserver\n\n")
    assert app.shared.feed.streams == 1
    connection.close()
    # Each answer comes from the same loop, which has heard of the end after few of them.
    assert any(httpx.get(f"{url}/_mock/live").is_success and not app.shared.feed.streams for _ in range(100))


@pytest.mark.slow
def test_a_client_that_reads_nothing_holds_up_nobody_and_is_told_what_it_lost(app: App, url: str) -> None:
    # With a small buffer of its own, the system keeps little for it.
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.settimeout(10)
    reader.connect(("127.0.0.1", int(url.rpartition(":")[2])))
    reader.sendall(ASK)
    receive_until(reader, b"mockserver\n\n")
    asked = f"GET {BASE}/balance HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer acme-demo\r\n\r\n".encode()
    client = connect(url)
    for _ in range(100):
        client.sendall(asked * 100)
        answers = b""
        while answers.count(b"HTTP/1.1 200") < 100 or not answers.endswith(b"}"):
            answers += client.recv(65_536)
    assert app.shared.feed.streams == 1
    receive_until(reader, b'event: lost\ndata: {"lost": ')
    receive_until(reader, f"id: {app.shared.feed.newest}\n".encode())
    client.close()
    reader.close()


def test_the_end_of_the_server_ends_streams_whole_and_soon(app: App) -> None:
    with LiveServer(app) as server:
        connection = connect(server.url, ASK)
        receive_until(connection, b"mockserver\n\n")
        httpx.get(f"{server.url}{BASE}/balance", headers=DEMO)
        receive_until(connection, b'"status":200')
        began = monotonic()
    assert monotonic() - began < 1
    rest = receive_until(connection, b"0\r\n\r\n")
    assert rest.endswith(b"0\r\n\r\n")
    connection.close()


def test_the_end_of_a_sandbox_ends_its_streams_and_the_connection_goes_on(url: str) -> None:
    connection = connect(url, ASK.replace(b"/_mock", b"/~short/_mock"))
    receive_until(connection, b"mockserver\n\n")
    httpx.delete(f"{url}/_mock/sandboxes/short")
    last = receive_until(connection, b"0\r\n\r\n")
    assert b'"what":"deleted"' in last
    connection.sendall(b"GET /_mock/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b"200" in receive_until(connection, b"live")
    connection.close()

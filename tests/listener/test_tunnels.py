"""A client that comes as to a proxy: CONNECT, whole URLs, sandboxes by proxy user, and what is sent on."""

import contextlib
import socket
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mockserver.app import create_app
from mockserver.listener import acceptor
from mockserver.server import LiveServer
from tests.server.fake_app import FakeApp
from tests.server.processes import connect, receive_until
from tests.sockets.wire import Answer, Wire, exchange, request
from tests.support import DAISY, frozen_settings

KEY = ("Authorization", "Bearer daisy-demo")
BALANCE = request("GET", "/api/v1/virtual/balance", ("Authorization", "Bearer daisy-demo")).replace(
    b"Host: localhost", b"Host: daisysim.com"
)
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


@pytest.fixture(scope="module", params=["httptools", "h11"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "h11":
            patch.setitem(__import__("sys").modules, "mockserver.listener.http_protocol", None)
        with LiveServer(create_app(frozen_settings(rate_limits="off"))) as live:
            yield live.url


@pytest.fixture(scope="module")
def open_url() -> Iterator[str]:
    """A server that sends requests for other hosts on."""
    with LiveServer(create_app(frozen_settings(rate_limits="off", passthrough=True))) as live:
        yield live.url


@pytest.fixture(scope="module")
def other() -> Iterator[str]:
    """Another server, which is no emulated host to the first."""
    with LiveServer(FakeApp()) as live:
        yield live.url


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def user(name: str) -> bytes:
    return b"Proxy-Authorization: Basic " + b64encode(f"{name}:x".encode()) + b"\r\n"


def tunnel(url: str, authority: bytes, *headers: bytes) -> Wire:
    """A tunnel that is open."""
    wire = Wire(url)
    wire.send(b"CONNECT " + authority + b" HTTP/1.1\r\nHost: " + authority + b"\r\n" + b"".join(headers) + b"\r\n")
    assert receive_until(wire.socket, b"\r\n\r\n") == ESTABLISHED
    return wire


def refused(url: str, *parts: bytes) -> Answer:
    with Wire(url) as wire:
        wire.send(*parts)
        return wire.answer()


def journal(url: str, sandbox: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = httpx.get(f"{url}/~{sandbox}/_mock/requests").json()["requests"]
    return entries


def test_a_tunnel_to_an_emulated_host_is_served_here_request_after_request(url: str) -> None:
    with tunnel(url, b"daisysim.com:80") as wire:
        for _ in range(2):
            wire.send(BALANCE)
            assert wire.answer().json()["success"] is True


def test_a_connect_may_come_in_pieces_and_with_its_request(url: str) -> None:
    with Wire(url) as wire:
        wire.send(b"CON", b"NECT daisysim.com:80 HTT", b"P/1.1\r\nHost: daisysim.com:80\r", b"\n\r\n" + BALANCE)
        assert receive_until(wire.socket, b'"success":true').startswith(ESTABLISHED + b"HTTP/1.1 200 OK")


def test_a_connect_may_end_its_lines_with_line_feeds_alone(url: str) -> None:
    with Wire(url) as wire:
        wire.send(b"CONNECT daisysim.com:80 HTTP/1.1\n\n" + BALANCE)
        assert receive_until(wire.socket, b'"success":true').startswith(ESTABLISHED)


@pytest.mark.parametrize("target", [b"http://[::1/", b"http://[::zz]/", b"http://]/"])
def test_a_whole_url_that_is_none_is_refused(url: str, target: bytes) -> None:
    with connect(url, b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n") as connection:
        assert receive_until(connection, b"\r\n").startswith(b"HTTP/1.1 400 ")


def test_everything_in_a_tunnel_is_in_the_sandbox_of_the_proxy_user(url: str) -> None:
    with tunnel(url, b"daisysim.com:80", user("tunnel-1")) as wire:
        wire.send(BALANCE)
        assert wire.answer().status == 200
    assert [entry["path"] for entry in journal(url, "tunnel-1")] == ["/balance"]


def test_a_sandbox_in_the_path_wins(url: str) -> None:
    with tunnel(url, b"daisysim.com:80", user("tunnel-2")) as wire:
        wire.send(BALANCE.replace(b"GET /", b"GET /~tunnel-3/"))
        assert wire.answer().status == 200
    assert len(journal(url, "tunnel-3")) == 1
    assert journal(url, "tunnel-2") == []


def test_a_header_names_the_sandbox_of_plain_requests(url: str) -> None:
    sent = request("GET", f"{DAISY}/balance", KEY, ("X-Mock-Sandbox", "header-1"))
    assert exchange(url, sent).status == 200
    assert len(journal(url, "header-1")) == 1
    sent = request("GET", "/_mock", ("X-Mock-Sandbox", "header-1"))
    assert exchange(url, sent).json()["sandbox"] == "header-1"
    with tunnel(url, b"daisysim.com:80", user("tunnel-4")) as wire:
        wire.send(BALANCE.replace(b"Host:", b"X-Mock-Sandbox: header-2\r\nHost:"))
        assert wire.answer().status == 200
    assert len(journal(url, "tunnel-4")) == 1


def test_a_header_that_names_no_sandbox_is_refused(url: str) -> None:
    assert exchange(url, request("GET", f"{DAISY}/balance", KEY, ("X-Mock-Sandbox", "No!"))).status == 404


def test_a_bad_name_is_asked_for_again_on_the_same_connection(url: str) -> None:
    with Wire(url) as wire:
        for headers in (user("No!"), b"Proxy-Authorization: Bearer x\r\n"):
            wire.send(b"CONNECT daisysim.com:80 HTTP/1.1\r\n" + headers + b"\r\n")
            answer = wire.answer()
            assert (answer.status, answer.headers["proxy-authenticate"]) == (407, 'Basic realm="sandbox"')
        wire.send(b"CONNECT daisysim.com:80 HTTP/1.1\r\n" + user("tunnel-5") + b"\r\n")
        assert receive_until(wire.socket, b"\r\n\r\n") == ESTABLISHED


@pytest.mark.parametrize(
    ("sent", "status", "told"),
    [
        (b"CONNECT example.com:443 HTTP/1.1\r\n\r\n", 403, b"example.com is not served here"),
        (b"CONNECT example.com:443 HTTP/1.1\r\n\r\n", 403, b"--passthrough"),
        (b"CONNECT daisysim.com:8443 HTTP/1.1\r\n\r\n", 403, b"on the ports 443 and 80"),
        (b"CONNECT daisysim.com HTTP/1.1\r\n\r\n", 400, b"not a host and a port"),
        (b"CONNECT daisysim.com:443 HTTP/3\r\n\r\n", 400, b"CONNECT HOST:PORT HTTP/1.1"),
        (b"CONNECT a:1 HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", 431, b"too large"),
    ],
)
def test_what_is_no_tunnel_here_is_refused_with_the_reason(url: str, sent: bytes, status: int, told: bytes) -> None:
    answer = refused(url, sent)
    assert answer.status == status
    assert told in answer.body


def test_a_tunnel_in_a_tunnel_is_refused(url: str) -> None:
    with tunnel(url, b"daisysim.com:80") as wire:
        wire.send(b"CONNECT daisysim.com:80 HTTP/1.1\r\n\r\n")
        assert wire.answer().status == 400


def test_a_connect_behind_a_request_is_refused(url: str) -> None:
    with Wire(url) as wire:
        wire.send(request("GET", "/_mock/health"))
        assert wire.answer().status == 200
        wire.send(b"CONNECT daisysim.com:80 HTTP/1.1\r\n\r\n")
        answer = wire.answer()
        assert (answer.status, b"the first request of a plain connection" in answer.body) == (400, True)


@pytest.mark.parametrize("scheme", [b"http", b"https", b"HTTP"])
def test_a_whole_url_is_served_by_its_host_not_by_the_header(url: str, scheme: bytes) -> None:
    sent = BALANCE.replace(b"GET /", b"GET " + scheme + b"://daisysim.com/").replace(b"Host: daisysim.com", b"Host: x")
    assert exchange(url, sent).json()["success"] is True


def test_a_whole_url_is_in_the_sandbox_of_the_proxy_user_and_the_journal_has_no_credential(url: str) -> None:
    sent = BALANCE.replace(b"GET /", b"GET http://daisysim.com/").replace(b"Host:", user("absolute-1") + b"Host:")
    assert exchange(url, sent).status == 200
    (entry,) = journal(url, "absolute-1")
    assert "proxy-authorization" not in str(entry).lower()


def test_a_whole_url_for_another_host_is_refused_by_name(url: str) -> None:
    answer = exchange(url, b"GET http://example.com/a HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (answer.status, b"example.com" in answer.body) == (403, True)


def test_what_the_proxy_refuses_is_told_in_the_log(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("WARNING"):
        exchange(url, b"GET http://told.example/a HTTP/1.1\r\nHost: localhost\r\n\r\n")
        refused(url, b"CONNECT told.example:443 HTTP/1.1\r\n\r\n")
    assert [one for one in caplog.messages if one.startswith("a proxy request was refused: told.example")]
    assert [one for one in caplog.messages if one.startswith("CONNECT was refused: told.example")]


def test_a_whole_url_with_a_bad_proxy_user_is_asked_for_another(url: str) -> None:
    answer = exchange(url, b"GET http://daisysim.com/ HTTP/1.1\r\nHost: x\r\n" + user("No!") + b"\r\n")
    assert (answer.status, answer.headers["proxy-authenticate"]) == (407, 'Basic realm="sandbox"')


@pytest.mark.parametrize("way", ["tunnel", "whole URL"])
def test_the_control_api_keeps_its_host_rule(url: str, way: str) -> None:
    head = b"GET /_mock/sandboxes HTTP/1.1\r\nHost: daisysim.com\r\n\r\n"
    if way == "tunnel":
        with tunnel(url, b"daisysim.com:80") as wire:
            wire.send(head)
            answer = wire.answer()
    else:
        answer = exchange(
            url, head.replace(b"GET /", b"GET http://daisysim.com/").replace(b"Host: d", b"Host: localhost\r\nX: d")
        )
    assert (answer.status, b"foreign Host" in answer.body) == (403, True)


def test_without_tls_it_is_no_proxy() -> None:
    with LiveServer(create_app(frozen_settings(tls="off"))) as live:
        answer = refused(live.url, b"CONNECT daisysim.com:443 HTTP/1.1\r\n\r\n")
        assert (answer.status, b"--tls on" in answer.body) == (400, True)
        sent = b"GET http://localhost/_mock/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
        assert exchange(live.url, sent).status == 200


# -- bounds -----------------------------------------------------------------------------------------------


def test_of_too_many_tunnels_without_a_request_the_oldest_is_closed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceptor, "MOST_UNFINISHED", 3)
    wires = [tunnel(url, b"daisysim.com:80") for _ in range(4)]
    assert wires[0].socket.recv(1) == b""
    wires[0].socket.close()
    for wire in wires[1:]:
        wire.send(BALANCE)
        assert wire.answer().status == 200
        wire.socket.close()


def test_a_silent_connection_and_a_silent_tunnel_are_closed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceptor, "IDLE", 0.02)
    with connect(url) as silent, tunnel(url, b"daisysim.com:80") as wire:
        assert silent.recv(1) == b""
        assert wire.socket.recv(1) == b""


def test_half_a_connect_is_closed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceptor, "IDLE", 0.02)
    with connect(url, b"CONNECT daisysim.com:80") as connection, contextlib.suppress(ConnectionResetError):
        assert connection.recv(1) == b""


def test_five_hundred_clients_at_once_are_all_answered(url: str) -> None:
    clients = []
    for _ in range(512):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(("127.0.0.1", int(url.rpartition(":")[2])))
        clients.append(client)
    for client in clients:
        client.settimeout(10)
        client.sendall(request("GET", "/_mock/health"))
    assert {client.recv(12) for client in clients} == {b"HTTP/1.1 200"}
    for client in clients:
        client.close()


# -- other hosts --------------------------------------------------------------------------------------------


def authority(url: str) -> bytes:
    return url.removeprefix("http://").encode()


def test_a_tunnel_to_another_host_is_carried_there(open_url: str, other: str) -> None:
    with tunnel(open_url, authority(other)) as wire:
        for path in ("/one", "/two"):
            wire.send(request("GET", path))
            assert wire.answer().json()["path"] == path


@pytest.mark.parametrize(
    ("body", "framing"),
    [
        (b"", b""),
        (b'{"a": 1}', b"Content-Length: 8\r\n"),
        (b"5\r\nhello\r\n0\r\n\r\n", b"Transfer-Encoding: chunked\r\n"),
    ],
)
def test_a_whole_url_for_another_host_is_sent_on(open_url: str, other: str, body: bytes, framing: bytes) -> None:
    line = b"POST " + other.encode() + b"/a?b=c HTTP/1.1\r\nHost: x\r\nX-Kept: yes\r\n"
    told = exchange(open_url, line + user("w") + framing + b"\r\n" + body).json()
    assert (told["method"], told["path"], told["query"]) == ("POST", "/a", "b=c")
    assert told["body"] in ("", '{"a": 1}', "hello")
    assert bool(told["body"]) is bool(body)
    assert {"host", "x-kept"} <= set(told["headers"])
    assert "proxy-authorization" not in told["headers"]


def test_through_the_proxy_that_the_environment_named_at_the_start(
    open_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", open_url.replace("//", "//behind:x@"))
    monkeypatch.setenv("HTTP_PROXY", open_url.replace("//", "//behind:x@"))
    with LiveServer(create_app(frozen_settings(passthrough=True))) as live:
        with tunnel(live.url, authority(open_url)) as wire:
            wire.send(BALANCE)
            assert wire.answer().status == 200
        with tunnel(live.url, authority(open_url)) as wire:
            wire.send(BALANCE)
            assert wire.answer().status == 200
        sent = BALANCE.replace(b"GET /", b"GET " + open_url.encode() + b"/daisysim.com/")
        assert exchange(live.url, sent).status == 200
    assert len(journal(open_url, "behind")) == 3


def test_a_server_that_is_told_to_go_through_itself_does_not(
    other: str, unused_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{unused_port}")
    with (
        LiveServer(create_app(frozen_settings(passthrough=True)), port=unused_port) as live,
        tunnel(live.url, authority(other)) as wire,
    ):
        wire.send(request("GET", "/one"))
        assert wire.answer().json()["path"] == "/one"


def test_a_host_that_cannot_be_reached_is_told(open_url: str, unused_port: int) -> None:
    nobody = b"127.0.0.1:%d" % unused_port
    for sent in (
        b"CONNECT " + nobody + b" HTTP/1.1\r\n\r\n",
        b"GET http://" + nobody + b"/ HTTP/1.1\r\nHost: x\r\n\r\n",
    ):
        answer = refused(open_url, sent)
        assert (answer.status, nobody in answer.body) == (502, True)


@pytest.mark.parametrize("host", [b"a" * 64 + b".example", b"a..invalid", b"127.0.0.1:99999"])
def test_a_host_that_none_can_have_is_told(open_url: str, host: bytes) -> None:
    for sent in (
        b"CONNECT " + host.partition(b":")[0] + b":443 HTTP/1.1\r\n\r\n" if b":" not in host else b"",
        b"GET http://" + host + b"/ HTTP/1.1\r\nHost: x\r\n\r\n",
    ):
        if sent:
            assert refused(open_url, sent).status in (400, 502)


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:notaport", "http://[::1", "socks5://127.0.0.1:1"])
def test_a_proxy_of_the_environment_that_is_none_is_told(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with LiveServer(create_app(frozen_settings(passthrough=True))) as live:
        for sent in (
            b"CONNECT 127.0.0.1:9 HTTP/1.1\r\n\r\n",
            b"GET http://127.0.0.1:9/ HTTP/1.1\r\nHost: x\r\n\r\n",
        ):
            assert refused(live.url, sent).status == 502


def test_what_is_sent_on_names_the_host_alone_and_hides_what_is_between_two(open_url: str, other: str) -> None:
    line = b"GET http://user:pw@" + authority(other) + b"/a?b#c HTTP/1.1\r\nHost: x\r\n"
    told = exchange(open_url, line + b"Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\n\r\n").json()
    assert (told["path"], told["query"]) == ("/a", "b")
    assert "x-hop" not in told["headers"]


def test_a_client_that_leaves_ends_what_is_sent_on_for_it(open_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as endless:
        target = b"http://127.0.0.1:%d/" % endless.getsockname()[1]
        with connect(open_url, b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n") as client:
            upstream, _ = endless.accept()
            upstream.settimeout(10)
            upstream.recv(65_536)
            upstream.sendall(b"HTTP/1.1 200 OK\r\n\r\nfirst")
            receive_until(client, b"first")
        with upstream:
            assert upstream.recv(1) == b""


def test_an_answer_before_the_whole_upload_reaches_the_client(open_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as early:
        target = b"http://127.0.0.1:%d/" % early.getsockname()[1]
        head = b"POST " + target + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
        with connect(open_url, head + b"x") as client:
            upstream, _ = early.accept()
            with upstream:
                upstream.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
                assert b" 413 " in receive_until(client, b"no")


def test_emulated_hosts_are_never_sent_on(open_url: str) -> None:
    with tunnel(open_url, b"daisysim.com:443") as wire:
        wire.send(BALANCE)
        assert wire.answer().json()["success"] is True

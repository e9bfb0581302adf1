"""A server in a thread, for tests."""

import contextlib
import json
import socket
import urllib.request

import pytest

from mockserver import server
from mockserver.server import CannotListen, LiveServer
from tests.server.fake_app import FakeApp
from tests.server.processes import connect, receive_until


def test_a_live_server_answers_at_its_url_and_stops_the_application() -> None:
    app = FakeApp()
    with LiveServer(app) as live:
        assert live.url == f"http://127.0.0.1:{live.port}"
        with urllib.request.urlopen(f"{live.url}/here") as answer:
            assert json.load(answer)["path"] == "/here"
            assert not {"date", "server"} & {name.lower() for name in answer.headers}
        assert not app.stopped
    assert app.stopped
    with pytest.raises(ConnectionRefusedError):
        connect(live.url)


def test_two_live_servers_do_not_meet() -> None:
    with LiveServer(FakeApp()) as first, LiveServer(FakeApp()) as second:
        assert first.port != second.port


def test_a_live_server_stops_with_an_endless_answer_open() -> None:
    with LiveServer(FakeApp()) as live:
        connection = connect(live.url, b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        receive_until(connection, b"first")
    with connection:
        connection.settimeout(1)
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(100) == b""


def test_an_application_that_does_not_start_is_an_error_of_entering() -> None:
    with pytest.raises(RuntimeError, match="the application did not start"), LiveServer(FakeApp(fails_to_start=True)):
        pass


def test_a_taken_port_is_named_with_the_way_out() -> None:
    with server.bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            CannotListen, match=rf"^port {port} on 127\.0\.0\.1 is in use: .*--port 0 chooses a free one"
        ):
            server.bind("127.0.0.1", port)


def test_a_port_just_given_up_can_be_taken_again() -> None:
    with server.bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            accepted, _ = listener.accept()
            accepted.close()
    server.bind("127.0.0.1", port).close()


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_a_host_that_is_not_ours_is_refused_in_one_line(host: str) -> None:
    with pytest.raises(CannotListen) as refused:
        server.bind(host, 0)
    assert host in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_url_of_all_interfaces_is_one_that_can_be_called() -> None:
    with server.bind("0.0.0.0", 0) as listener:
        assert server.url_of(listener).startswith("http://127.0.0.1:")


def test_localhost_without_ipv6_is_served_all_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = server.bind

    def no_ipv6(host: str, port: int) -> socket.socket:
        if host == "::1":
            raise CannotListen("cannot listen on port 1 of ::1: cannot assign requested address")
        return real(host, port)

    monkeypatch.setattr(server, "bind", no_ipv6)
    with caplog.at_level("DEBUG", "mockserver.server"):
        [only] = server.bind_all("localhost", 0)
    with only:
        assert only.getsockname()[0] == "127.0.0.1"
    [line] = caplog.records
    assert (line.levelname, "::1" in line.getMessage()) == ("DEBUG", True)


def test_localhost_on_a_taken_port_is_refused() -> None:
    with server.bind("127.0.0.1", 0) as taken, pytest.raises(CannotListen, match="in use"):
        server.bind_all("localhost", taken.getsockname()[1])


def test_another_host_is_bound_to_alone() -> None:
    [only] = server.bind_all("127.0.0.1", 0)
    only.close()

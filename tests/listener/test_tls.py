"""TLS on the port of plain HTTP: names, certificates, protocols, and clients that are slow or hostile."""

import contextlib
import socket
import ssl
import struct
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mockserver.app import create_app
from mockserver.listener import acceptor
from mockserver.server import LiveServer
from tests.listener.test_client_hello import hello
from tests.server.processes import connect, receive_until
from tests.sockets.wire import Wire, request
from tests.support import frozen_settings
from tests.trust import client_context

BALANCE = request("GET", "/api/v1/virtual/balance", ("Authorization", "Bearer daisy-demo")).replace(
    b"Host: localhost", b"Host: daisysim.com"
)
UNRECOGNIZED_NAME = bytes((0x15, 3, 3, 0, 2, 2, 112))
NAMES = [
    "api.doctorsim.com",
    "www.doctorsim.com",
    "doctorsim.com",
    "api.hidsim.com",
    "hidsim.com",
    "www.hidsim.com",
    "daisysim.com",
    "www.daisysim.com",
    "localhost",
    "127.0.0.1",
    "::1",
    "mock.example",
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory = tmp_path_factory.mktemp("ca")
    with LiveServer(create_app(frozen_settings(ca_dir=directory, tls_name=("mock.example",)))) as live:
        yield live.url


@pytest.fixture(scope="module")
def trusting(url: str) -> ssl.SSLContext:
    return client_context(url)


def wrapped(url: str, context: ssl.SSLContext, name: str) -> ssl.SSLSocket:
    connection = connect(url)
    try:
        return context.wrap_socket(connection, server_hostname=name)
    except BaseException:
        connection.close()
        raise


def test_one_certificate_holds_every_name(url: str, trusting: ssl.SSLContext) -> None:
    for name in NAMES:
        with wrapped(url, trusting, name) as connection:
            certificate = connection.getpeercert()
            assert certificate is not None
            assert {pair[1] for pair in certificate["subjectAltName"]} >= set(NAMES[:9])
            assert (connection.selected_alpn_protocol(), connection.version()) == ("http/1.1", "TLSv1.3")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_requests_are_answered_as_over_plain_http(url: str, trusting: ssl.SSLContext, version: ssl.TLSVersion) -> None:
    context = client_context(url)
    context.minimum_version = context.maximum_version = version
    with wrapped(url, context, "daisysim.com") as connection:
        wire = Wire.over(connection)
        for _ in range(2):
            wire.send(BALANCE)
            assert wire.answer().json()["success"] is True


def test_older_versions_are_refused(url: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="deprecated"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="deprecated"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        wrapped(url, context, "daisysim.com")


def test_another_name_is_refused_with_the_alert_that_says_so(
    url: str, caplog: pytest.LogCaptureFixture, trusting: ssl.SSLContext
) -> None:
    with caplog.at_level("WARNING"), connect(url, hello("other.example")) as connection:
        assert connection.recv(100) == UNRECOGNIZED_NAME
        assert connection.recv(100) == b""
    assert [one for one in caplog.messages if "--tls-name" in one and "other.example" in one]
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized[ _]name"):
        wrapped(url, trusting, "sub.daisysim.com")


def test_the_host_header_routes_whatever_the_server_name(url: str, trusting: ssl.SSLContext) -> None:
    with wrapped(url, trusting, "api.hidsim.com") as connection:
        wire = Wire.over(connection)
        wire.send(BALANCE)
        assert wire.answer().json()["success"] is True
        wire.send(request("GET", "/_mock/sandboxes").replace(b"Host: localhost", b"Host: daisysim.com"))
        assert wire.answer().status == 403
        wire.send(request("GET", "/_mock/sandboxes"))
        assert wire.answer().status == 200


def test_printed_addresses_have_the_scheme_of_the_connection(url: str, trusting: ssl.SSLContext) -> None:
    port = url.rpartition(":")[2]
    with httpx.Client(verify=trusting, trust_env=False) as client:
        told = client.get(f"https://localhost:{port}/_mock").json()
        assert told["providers"]["daisysim"]["base_url"] == f"https://localhost:{port}/daisysim.com/api/v1/virtual"
        metadata = client.get(
            f"https://localhost:{port}/.well-known/oauth-authorization-server", headers={"Host": "www.doctorsim.com"}
        ).json()
    assert metadata["issuer"].startswith("https://www.doctorsim.com")
    assert metadata["token_endpoint"].startswith("https://www.doctorsim.com/")


@pytest.mark.parametrize(
    "sent",
    [b"\x16\x03\x01", hello("daisysim.com")[:50], hello("daisysim.com")],
    ids=["three bytes", "half a hello", "a hello and nothing more"],
)
def test_a_handshake_that_does_not_go_on_is_closed(url: str, sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceptor, "HANDSHAKE", 0.05)
    with connect(url, sent) as connection:
        received = b""
        try:
            while part := connection.recv(65_536):
                received += part
        except ConnectionResetError:
            pass
    assert b"HTTP" not in received


def test_what_only_begins_like_tls_is_closed(url: str) -> None:
    with connect(url, b"\x16\x03\x01\x00\x04\x02\x00\x00\x00") as connection:
        assert connection.recv(100) == b""


def test_slow_handshakes_delay_nobody_and_the_oldest_goes_where_there_are_too_many(
    url: str, trusting: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acceptor, "MOST_UNFINISHED", 20)
    half = hello("daisysim.com")[:60]
    slow = [connect(url, half) for _ in range(20)]
    with wrapped(url, trusting, "daisysim.com") as connection:
        wire = Wire.over(connection)
        wire.send(BALANCE)
        assert wire.answer().status == 200
    gone = slow[0]
    with pytest.raises((ConnectionResetError, AssertionError)):
        assert gone.recv(1) == b"still open"
    for one in slow:
        one.close()


def test_a_client_that_does_not_trust_the_ca_is_told_of_it_in_the_log(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("WARNING"), pytest.raises(ssl.SSLCertVerificationError):
        wrapped(url, ssl.create_default_context(), "daisysim.com")
    httpx.get(f"{url}/_mock/health").raise_for_status()
    assert [one for one in caplog.messages if "mockserver ca" in one]


def test_a_client_that_hangs_up_in_the_handshake_is_told_of_it_too(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("WARNING"), connect(url, hello("daisysim.com")) as connection:
        connection.recv(100)
        linger = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    while not [one for one in caplog.messages if "ended its TLS handshake" in one]:
        httpx.get(f"{url}/_mock/health").raise_for_status()


def test_without_tls_a_greeting_is_answered_in_plain_text(tmp_path: Path) -> None:
    with (
        LiveServer(create_app(frozen_settings(tls="off", ca_dir=tmp_path))) as live,
        connect(live.url, hello("daisysim.com")) as connection,
    ):
        received = b""
        while part := connection.recv(65_536):
            received += part
    assert b"--tls on" in received
    assert list(tmp_path.iterdir()) == []


def test_a_context_that_cannot_be_made_ends_the_connection_and_is_told(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from mockserver.certificates.server import ServerCertificates

    async def context(_: ServerCertificates) -> ssl.SSLContext:
        raise RuntimeError("no entropy")

    monkeypatch.setattr(ServerCertificates, "context", context)
    with (
        caplog.at_level("ERROR"),
        connect(url, hello("daisysim.com")) as connection,
        contextlib.suppress(ConnectionResetError),
    ):
        assert connection.recv(100) == b""
    assert "TLS failed" in caplog.messages


def test_pipelined_requests_and_bodies_that_wait_to_be_asked_for_work_as_over_plain_http(
    url: str, trusting: ssl.SSLContext
) -> None:
    with wrapped(url, trusting, "daisysim.com") as connection:
        wire = Wire.over(connection)
        wire.send(BALANCE * 3)
        assert [wire.answer().status for _ in range(3)] == [200, 200, 200]
        body = b'{"country": 6, "service": "wa"}'
        head = b"POST /api/v1/virtual/prices HTTP/1.1\r\nHost: daisysim.com\r\nAuthorization: Bearer daisy-demo\r\n"
        wire.send(head + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
        assert receive_until(connection, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.send(body)
        assert wire.answer().json()["success"] is True


def test_the_address_of_a_report_is_the_connections_and_leads_to_it(url: str, trusting: ssl.SSLContext) -> None:
    base = f"https://localhost:{url.rpartition(':')[2]}"
    key = {"dsim_key": "sandbox-key", "dsim_secret": "sandbox-secret"}
    with httpx.Client(verify=trusting, trust_env=False) as client:
        checked = client.post(f"{base}/api.doctorsim.com/imeicheck/353047098598802", headers=key).json()
        report = checked["res"]["result"]["url_report"]
        assert report.startswith(f"{base}/www.doctorsim.com/imei_report/")
        assert client.get(report).content.startswith(b"%PDF-")

"""Heads of requests, whole and hostile, on both parsers."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from mockserver.domain.errors import HeadTooLarge
from mockserver.http.head_filter import HeadFilter, repaired_line
from mockserver.http.heads import MOST_DROPPED, MOST_HEAD, MOST_HEADERS
from mockserver.server import LiveServer
from tests.costs import MOST_GROWTH, growth
from tests.server.fake_app import FakeApp
from tests.server.processes import connect, receive_until


@pytest.fixture(scope="module", params=["httptools", "h11"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "h11":
            patch.setitem(sys.modules, "mockserver.listener.http_protocol", None)
        with LiveServer(FakeApp()) as live:
            yield live.url


def _ask(url: str, *parts: bytes) -> Any:
    """What the application was told; `parts` arrive one after the other."""
    with connect(url) as connection:
        for part in parts:
            connection.sendall(part)
        return _told(receive_until(connection, b"}"))


def _told(answer: bytes) -> Any:
    head, _, body = answer.rpartition(b"\r\n\r\n")
    assert b"200 OK" in head, answer
    return json.loads(body)


@pytest.mark.parametrize(
    ("target", "path", "raw_path"),
    [
        (b"/check/\xff\xfe", "/check/\ufffd\ufffd", "/check/%FF%FE"),
        (b"/check/\xc3\xa9", "/check/é", "/check/%C3%A9"),
        (b"/check/%ff%FE", "/check/\ufffd\ufffd", "/check/%ff%FE"),
        (b"/check/a\x00b", "/check/a\0b", "/check/a%00b"),
        (b"/check/a%00b", "/check/a\0b", "/check/a%00b"),
        (b"/check/a\x01\x7f\tb", "/check/a\x01\x7f\tb", "/check/a%01%7F%09b"),
        (b"/check/a b  c", "/check/a b  c", "/check/a%20b%20%20c"),
        (b'/check/{a}|"<>^`\\', '/check/{a}|"<>^`\\', '/check/{a}|"<>^`\\'),
        (b"/check/%zz%", "/check/%zz%", "/check/%zz%"),
    ],
)
def test_odd_bytes_in_a_path_reach_the_application(url: str, target: bytes, path: str, raw_path: str) -> None:
    told = _ask(url, b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (told["path"], told["raw_path"]) == (path, raw_path)


def test_odd_bytes_in_a_query_reach_the_application(url: str) -> None:
    told = _ask(url, b"GET /search?q=\xff\x00 x HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (told["path"], told["query"]) == ("/search", "q=%FF%00%20x")


def test_a_request_line_may_come_in_pieces(url: str) -> None:
    told = _ask(url, b"G", b"ET /a\xff", b"\xfe/b HT", b"TP/1.1\r", b"\nHost: x\r\n\r\n")
    assert (told["method"], told["path"]) == ("GET", "/a\ufffd\ufffd/b")


def test_each_request_of_a_connection_is_repaired(url: str) -> None:
    with connect(url) as connection:
        for number in (b"1", b"2", b"3"):
            connection.sendall(b"POST /\xff" + number + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n\xff\n b")
            told = _told(receive_until(connection, b"}"))
            assert (told["path"], told["body"]) == (f"/\ufffd{number.decode()}", "\xff\n b")


def test_a_length_with_many_zeros_is_the_parsers_and_ours(url: str) -> None:
    body = b"POST \xc3\xbc HTTP/1.1\n{1}"
    head = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: %016d\r\n\r\n" % len(body)
    assert _ask(url, head + body)["body"].encode("latin-1") == body


def test_pipelined_requests_are_answered_in_order(url: str) -> None:
    requests = b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\nX-Odd: \xe9\r\n\r\n" % number for number in range(3))
    with connect(url, requests[:-30]) as connection:
        connection.sendall(requests[-30:])
        answers = receive_until(connection, b'"/2"')
    assert re.findall(rb'"path": "/(\d)"', answers) == [b"0", b"1", b"2"]


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"http://api.example", "/", ""),
        (b"HTTP://api.example:80/a?b", "/a", "b"),
        (b"http://api.example?b", "/", "b"),
        (b"/http://api.example/a", "/http://api.example/a", ""),
    ],
)
def test_the_target_may_be_a_whole_url(url: str, target: bytes, path: str, query: str) -> None:
    told = _ask(url, b"GET " + target + b" HTTP/1.1\r\nHost: api.example\r\n\r\n")
    assert (told["path"], told["query"]) == (path, query)


def test_an_offered_upgrade_neither_loses_the_body_nor_the_connection(url: str) -> None:
    request = (
        b"POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\nContent-Length: 4\r\n\r\nbody"
    )
    with connect(url) as connection:
        for _ in range(2):
            connection.sendall(request)
            assert _told(receive_until(connection, b"}"))["body"] == "body"


def test_who_expects_100_continue_gets_it(url: str) -> None:
    with connect(url) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        assert receive_until(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 100 Continue\r\n")
        connection.sendall(b"body")
        assert _told(receive_until(connection, b"}"))["body"] == "body"


@pytest.mark.parametrize(
    "parts",
    [
        (b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 4\r\n\r\nbody",),
        (b"CONNECTION: UPGRADE\r\nUPGRADE: h2c\r\nContent-Length: 4\r\n\r\nbody",),
        (b"Connection: Upgrade\r\nConte", b"nt-Length: 4\r\nUpgrade: h2c\r\n\r\nbody"),
        (b"connection: upgrade\r\nup", b"GRADE: h2c\r\nContent-Length: 4\r\n\r\nbo", b"dy"),
        (b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 4\r\n\r\n", b"body"),
        (b"Connection: Upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n",),
        (
            b"Connection: Upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo",
            b"\r\n2\r\ndy\r\n0\r\n\r\n",
        ),
        (b"Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nContent-Length: 4\r\n\r\nbody",),
    ],
    ids=str,
)
def test_an_offer_to_upgrade_loses_no_body_whatever_its_case_and_packets(url: str, parts: tuple[bytes, ...]) -> None:
    with connect(url) as connection:
        for number in (b"1", b"2"):
            first, *rest = parts
            connection.sendall(b"POST /" + number + b" HTTP/1.1\r\nHost: x\r\n" + first)
            for part in rest:
                connection.sendall(part)
            told = _told(receive_until(connection, b"}"))
            assert (told["method"], told["path"], told["body"]) == ("POST", f"/{number.decode()}", "body")


def test_pipelined_offers_to_upgrade_lose_nothing(url: str) -> None:
    offer = b"POST /%d HTTP/1.1\r\nHost: x\r\nCONNECTION: UPGRADE\r\nUPGRADE: h2c\r\nContent-Length: 2\r\n\r\n%d%d"
    plain = b"GET /9 HTTP/1.1\r\nHost: x\r\n\r\n"
    with connect(url, offer % (1, 1, 1) + offer % (2, 2, 2) + plain + offer % (3, 3, 3)) as connection:
        answers = receive_until(connection, b'"/3"')
    assert re.findall(rb'"path": "/(\d)"', answers) == [b"1", b"2", b"9", b"3"]


def test_thousands_of_pipelined_offers_to_upgrade_are_answered(url: str) -> None:
    offer = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"
    last = b"GET /last HTTP/1.1\r\nHost: x\r\n\r\n"
    with connect(url, offer * 2_000 + last) as connection:
        assert receive_until(connection, b'"/last"').count(b"HTTP/1.1 200") == 2_001


# -- heads that are too large --------------------------------------------------------------------------


def _refused(url: str, *parts: bytes) -> Any:
    """Which refusal the application was given."""
    told = _ask(url, *parts)
    return told["refused"], told["path"], told["header_bytes"]


def test_a_head_of_64_kibibytes_with_200_headers_is_taken(url: str) -> None:
    head = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(198))
    head += b"X-Long: " + b"a" * (MOST_HEAD - len(head) - 12) + b"\r\n\r\n"
    assert len(head) == MOST_HEAD
    for parts in (
        (head,),
        (head[:1], head[1:]),
        (head[:-2], head[-2:]),
        (head[:-1], head[-1:]),
        (head[:70], head[70:]),
    ):
        refused, _, size = _refused(url, *parts)
        assert (refused, size > 60_000) == (None, True)


@pytest.mark.parametrize(
    "lines",
    [
        b"X-Long: " + b"a" * MOST_HEAD + b"\r\n",
        b"X-Long: " + b"a" * (10 * MOST_HEAD) + b"\r\n",
        b"X: y\r\n" * (MOST_HEADERS + 1),
        b"X: y\r\n" * 50_000,
        b"X: " + b"a" * 30_000 + b"\r\nY: " + b"b" * 40_000 + b"\r\n",
    ],
    ids=["64 KiB", "640 KiB", "201 headers", "50,000 headers", "two headers"],
)
def test_a_larger_head_is_refused_by_whom_it_was_for(url: str, lines: bytes) -> None:
    sent = b"POST /some/path?a=b HTTP/1.1\r\nHost: x\r\n" + lines + b"Content-Length: 2\r\n\r\n{}"
    for parts in ((sent,), (sent[:10], sent[10:]), (sent[:-1], sent[-1:]), (sent[:-6], sent[-6:])):
        refused, path, size = _refused(url, *parts)
        assert (refused, path) == ("HeadTooLarge", "/some/path")
        assert size < 1_000


@pytest.mark.parametrize("size", [MOST_HEAD, 5 * MOST_HEAD])
def test_a_request_line_that_is_too_long_is_refused_by_whom_it_was_for(url: str, size: int) -> None:
    sent = b"GET /some/path?a=" + b"b" * size + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    assert _refused(url, sent)[:2] == ("TargetTooLong", "/some/path")
    assert _refused(url, sent[:9], sent[9:])[:2] == ("TargetTooLong", "/some/path")


def test_a_refused_head_ends_the_connection(url: str) -> None:
    sent = b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * MOST_HEAD + b"\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n"
    with connect(url, sent) as connection:
        received = b""
        while part := connection.recv(65_536):
            received += part
    assert received.count(b"HTTP/1.1 ") == 1
    assert b"connection: close\r\n" in received.lower()


def test_a_head_behind_another_request_is_bounded_too(url: str) -> None:
    first = b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nX: "
    with connect(url, first) as connection:
        with suppress(ConnectionError):
            for _ in range(100):
                connection.sendall(b"a" * MOST_HEAD)
            pytest.fail("a head of 6 MiB is read")
        received = b""
        with suppress(ConnectionError):
            while part := connection.recv(65_536):
                received += part
    assert re.findall(rb"HTTP/1.1 (\d+)", received) in ([b"200"], [b"200", b"431"], [b"200", b"400"])


def test_an_endless_head_is_answered_and_takes_no_memory() -> None:
    head = HeadFilter()
    assert head.feed(b"GET /a HTTP/1.1\r\nHost: b\r\nX: ") == b""
    given, fed = b"", 0
    while not given:
        given = head.feed(b"a" * 65_536)
        fed += 65_536
        assert fed < 2 * MOST_DROPPED
        assert len(head.held) <= MOST_HEAD
    assert given == b"GET /a HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n"
    assert isinstance(head.refusal, HeadTooLarge)
    assert head.feed(b"a" * 65_536) == b""


@pytest.mark.timed
def test_a_head_that_comes_byte_by_byte_takes_no_time() -> None:
    def fed(length: int) -> None:
        head = HeadFilter()
        sent = b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * (length // 400) + b"Y: " + b"a" * length + b"\r\n\r\n"
        pieces = [head.feed(sent[place : place + 1]) for place in range(len(sent))]
        assert b"".join(pieces) == sent

    assert growth(partial(fed, 60_000), partial(fed, 7_500)) < MOST_GROWTH


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"hello\r\n\r\n", b"GET / HTTP/1.1\r\nbad header\r\n\r\n"]
)
def test_what_is_not_http_gets_a_400(url: str, sent: bytes) -> None:
    with connect(url, sent) as connection:
        assert receive_until(connection, b"\r\n").startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "line", [b"GET / HTTP/1.1\r", b"GET /a?b=%20 HTTP/1.0", b"hello", b"OPTIONS * HTTP/1.1\r", b""]
)
def test_a_line_without_oddities_comes_back_as_it_is(line: bytes) -> None:
    assert repaired_line(line) == line


def test_a_line_that_never_ends_is_not_kept() -> None:
    head = HeadFilter()
    assert head.feed(b"GET" + b"a" * 60_000) == b""
    assert head.feed(b"a" * 10_000) == b""
    assert len(head.feed(b"a" * MOST_DROPPED)) == MOST_HEAD
    assert head.refusal is None, "no method can be told: the parser refuses it"


def test_empty_lines_before_a_request_are_dropped() -> None:
    head = HeadFilter()
    assert head.feed(b"\r\n") == b""
    assert head.feed(b"\r\nGET / HTTP/1.1\r\n\r\n") == b"GET / HTTP/1.1\r\n\r\n"


def test_an_unknown_method_reaches_the_application_and_the_next_request_keeps_its_own(url: str) -> None:
    head = b" /a HTTP/1.1\r\nHost: x\r\n"
    with connect(url) as connection:
        for parts in ((b"get" + head, b"\r\n"), (b"BR", b"EW" + head, b"Content-Length: 2\r\n\r\n", b"[]")):
            for part in parts:
                connection.sendall(part)
            method = b"".join(parts).split()[0].decode()
            assert _told(receive_until(connection, b"}"))["method"] == method
        connection.sendall(b"GET" + head + b"\r\n")
        assert _told(receive_until(connection, b"}"))["method"] == "GET"


#: The first bytes that `curl https://localhost:7460` sends.
TLS_HELLO = bytes.fromhex("16030102000100 01fc0303".replace(" ", "")) + bytes(80)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (
            TLS_HELLO,
            "and a TLS greeting came: use http://, or start the server with --tls on",
        ),
        (
            b"CONNECT daisysim.com:443 HTTP/1.1\r\nHost: x\r\n\r\n",
            "write the proxy's URL with http://, not https://",
        ),
        (b"\x05\x01\x00", "is no SOCKS proxy"),
        (b"\x04\x01\x01\xbb\x7f\x00\x00\x01\x00", "is no SOCKS proxy"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "speaks HTTP/1.1, and the preface of HTTP/2 came"),
    ],
)
def test_what_is_not_served_here_is_told_to_the_client_and_in_the_log(
    url: str, sent: bytes, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("WARNING"), connect(url, sent) as connection:
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert told in body.decode()
    assert [one.getMessage() for one in caplog.records] == [body.decode()]


def test_a_method_that_begins_like_connect_is_served(url: str) -> None:
    assert _ask(url, b"CON", b"NECTED / HTTP/1.1\r\nHost: x\r\n\r\n")["method"] == "CONNECTED"

"""Bad input through a real socket and server is refused in the provider's envelope, and changes nothing."""

import json
from collections.abc import Iterator
from contextlib import suppress
from socket import SHUT_WR
from typing import Any

import httpx
import pytest

from mockserver.domain.errors import MethodNotAllowed
from mockserver.http.body import MOST
from mockserver.http.heads import MOST_HEAD, MOST_HEADERS
from mockserver.http.provider import Endpoint, Provider, word
from mockserver.sandbox.config import SandboxConfig
from mockserver.sandbox.sandboxes import DEFAULT
from tests.conformance.client import samples_of
from tests.conformance.judge import exact, validator
from tests.outside import BASE
from tests.served import PROVIDERS
from tests.sockets.wire import Answer, Wire, exchange, request

DEMO = ("Authorization", "Bearer acme-demo")
#: A request with a body, whose answer tells what was in it; in a sandbox of its own, since it buys something.
PURCHASE, CHAT = f"/~buyers{BASE}/orders", b'{"service": "chat"}'


@pytest.fixture(params=PROVIDERS, ids=[provider.name for provider in PROVIDERS])
def provider(request: pytest.FixtureRequest) -> Provider:
    """Each provider in turn."""
    one: Provider = request.param
    return one


@pytest.fixture
def base(provider: Provider) -> str:
    """The path of its base URL."""
    mount = provider.mounts[0]
    return f"/{mount.host}{mount.prefix}"


@pytest.fixture(autouse=True)
def unchanged(url: str) -> Iterator[None]:
    """Whatever is sent, orders and accounts stay as they are, and the server goes on."""
    before = _state(url)
    yield
    assert _state(url) == before


def _state(url: str) -> list[bytes]:
    with Wire(url) as wire:
        found = []
        for path in ("/orders", "/accounts", "/webhooks/deliveries"):
            wire.send(request("GET", f"/_mock{path}"))
            found.append(wire.answer().body)
    return found


def refused(url: str, provider: Provider, answer: Answer, *statuses: int) -> None:
    """The answer is a refusal in the provider's envelope with one of the statuses, and it is in the journal."""
    assert answer.status in statuses, answer
    assert answer.headers["content-type"] == "application/json"
    validator(provider.failure_schema).validate(exact(answer.body))
    entry = journaled(url, answer)
    assert (entry["provider"], entry["status"]) == (provider.name, answer.status)


def journaled(url: str, answer: Answer) -> Any:
    """The journal entry of an answer."""
    return exchange(url, request("GET", f"/_mock/requests/{answer.headers['x-mock-request-id']}")).json()


def credential(provider: Provider) -> list[tuple[str, str]]:
    return list(samples_of(provider).credential_in(SandboxConfig().seed, DEFAULT).items())


@pytest.mark.parametrize(
    "tail",
    [
        b"/\xff\xfe",
        b"/\xc3\xa9\xe2\x82\xac",
        b"/a\x00b",
        b"/a\x01\x7f\tb",
        b"/a b c",
        b"/%00",
        b"/%ff%fe",
        b"/%zz%",
        b'/{a}|"<>^`\\',
        b"//",
        b"/../../../etc/passwd",
        b"/?\xff=\x00",
        b"/" + b"9" * 1000,
        b"/" + b"x" * 30_000,
    ],
    ids=lambda tail: repr(tail[:12]),
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_odd_targets_are_unknown_routes(url: str, provider: Provider, base: str, tail: bytes, method: str) -> None:
    answer = exchange(url, request(method, base.encode() + tail, *credential(provider)))
    refused(url, provider, answer, 404)


@pytest.mark.parametrize("method", ["BREW", "get", "PROPFIND"])
def test_odd_methods_are_refused(url: str, provider: Provider, base: str, method: str) -> None:
    endpoint = next(one for one in provider.endpoints if "{" not in one.path)
    answer = exchange(url, request(method, base + endpoint.path, *credential(provider), body=b"{}"))
    refused(url, provider, answer, word(provider, MethodNotAllowed(method, [endpoint.method])).status)
    assert journaled(url, answer)["method"] == method


def test_a_line_feed_behind_a_path_makes_it_another(url: str, provider: Provider, base: str) -> None:
    for endpoint in provider.endpoints:
        if "{" not in endpoint.path:
            answer = exchange(url, request(endpoint.method, f"{base}{endpoint.path}%0A", *credential(provider)))
            refused(url, provider, answer, 400, 404, 405)


@pytest.mark.parametrize(
    "text", [b"\xff\xfe", b"a\x00b", b"%00", b"%ff", b"\xc3\xa9", b"9" * 1000, b"1 2", b"%2e%2e", b"'; drop table"]
)
def test_odd_ids_are_refused(url: str, provider: Provider, base: str, text: bytes) -> None:
    for endpoint in provider.endpoints:
        if "{" in endpoint.path:
            head, _, rest = endpoint.path.partition("{")
            target = base.encode() + head.encode() + text + rest.partition("}")[2].encode()
            answer = exchange(url, request(endpoint.method, target, *credential(provider)))
            if endpoint.name in samples_of(provider).any_path and answer.status == endpoint.status:
                validator(endpoint.gives).validate(exact(answer.body))
            else:
                refused(url, provider, answer, 400, 404, 422)


def test_a_credential_of_raw_bytes_is_refused(url: str, provider: Provider, base: str) -> None:
    for endpoint in provider.endpoints:
        if not endpoint.public and "{" not in endpoint.path:
            lines = [f"{name}: {value}".encode() + b"\xff\xfe\xc3" for name, value in credential(provider)]
            answer = exchange(url, request(endpoint.method, base + endpoint.path, *lines))
            refused(url, provider, answer, 401, 403)


def test_headers_that_come_twice_are_no_failure(url: str, provider: Provider, base: str) -> None:
    endpoint = next(one for one in provider.endpoints if not one.public and "{" not in one.path)
    twice = [*credential(provider), *credential(provider)]
    answer = exchange(url, request(endpoint.method, base + endpoint.path, *twice))
    refused(url, provider, answer, 400, 401, 403)
    odd = (("X-A", "1"), ("X-A", "2"), ("X-a", ""), b"X-Raw: \xff\xe9")
    answer = exchange(url, request(endpoint.method, base + endpoint.path, *credential(provider), *odd))
    assert answer.status == endpoint.status


@pytest.mark.parametrize(
    "headers",
    [
        (b"X-Long: " + b"a" * MOST_HEAD,),
        (b"X-Long: " + b"a" * (8 * MOST_HEAD),),
        (b"X: y",) * (MOST_HEADERS + 1),
        (b"X: y",) * 20_000,
    ],
    ids=["64 KiB", "512 KiB", "201 headers", "20,000 headers"],
)
def test_a_head_that_is_too_large_is_refused(
    url: str, provider: Provider, base: str, headers: tuple[bytes, ...]
) -> None:
    for endpoint in provider.endpoints:
        if "{" not in endpoint.path:
            sent = request(endpoint.method, base + endpoint.path, *credential(provider), *headers, body=b"{}")
            answer = exchange(url, sent, head=endpoint.method == "HEAD")
            refused(url, provider, answer, 431)
            assert journaled(url, answer)["mistake"] == "HeadTooLarge"


def test_a_target_that_is_too_long_is_refused(url: str, provider: Provider, base: str) -> None:
    for path in ("/" + "x" * MOST_HEAD, "/no-such-route?a=" + "b" * (4 * MOST_HEAD)):
        refused(url, provider, exchange(url, request("GET", base + path)), 414)


def test_the_host_header_tells_who_refuses_a_head(url: str) -> None:
    sent = b"GET /v1/balance HTTP/1.1\r\nHost: api.acme.example\r\nX: " + b"a" * MOST_HEAD + b"\r\n\r\n"
    answer = exchange(url, sent)
    assert (answer.status, answer.json()["error"]["code"]) == (431, "request_header_fields_too_large")


@pytest.mark.parametrize("path", ["/_mock/clock", "/~other/_mock/clock", "/nobody"])
def test_where_no_provider_is_the_refusal_is_a_problem(url: str, path: str) -> None:
    large = exchange(url, request("GET", path, b"X: " + b"a" * MOST_HEAD))
    long = exchange(url, request("GET", f"{path}?{'a' * MOST_HEAD}"))
    for answer, status in ((large, 431), (long, 414)):
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.status, answer.json()["status"]) == (status, status)


def test_an_endless_header_harms_nobody_else(url: str) -> None:
    with Wire(url) as wire:
        with suppress(ConnectionError):
            wire.send(f"GET {BASE}/balance HTTP/1.1\r\nHost: x\r\nX: ".encode())
            for _ in range(1_600):
                wire.send(b"a" * MOST_HEAD)
            pytest.fail("a header of 100 MiB is read")
        assert exchange(url, request("GET", f"{BASE}/balance", DEMO)).status == 200


@pytest.mark.parametrize(
    "parts",
    [
        (b"CONNECTION: UPGRADE\r\nUPGRADE: h2c\r\n",),
        (b"Connection: Upgrade\r\n", b"Upgrade: h2c\r\n"),
        (b"Connection: Upgrade\r\nUp", b"grade: h2c\r\n"),
    ],
)
def test_an_offer_to_upgrade_loses_no_body(url: str, parts: tuple[bytes, ...]) -> None:
    head, end = request("POST", PURCHASE, DEMO, body=CHAT).split(b"Host: localhost\r\n")
    with Wire(url) as wire:
        for _ in range(2):
            wire.send(head + b"Host: localhost\r\n" + parts[0], *parts[1:], end)
            answer = wire.answer()
            assert (answer.status, answer.json()["service"]) == (201, "chat")


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe\x00", b'{"a": "\\ud800"}', b"[" * 60_000, b"\x00", b'{"a": 1e999}'])
def test_malformed_bodies_are_refused(url: str, provider: Provider, base: str, body: bytes) -> None:
    for endpoint in provider.endpoints:
        if endpoint.takes is not None and "{" not in endpoint.path:
            sent = request(endpoint.method, base + endpoint.path, *credential(provider), body=body)
            refused(url, provider, exchange(url, sent), 400, 422)


@pytest.mark.parametrize("size", [MOST + 1, 4 * MOST])
def test_the_refusal_of_a_large_body_can_be_read(url: str, provider: Provider, base: str, size: int) -> None:
    for endpoint in provider.endpoints:
        if endpoint.takes is not None and "{" not in endpoint.path:
            with Wire(url) as wire:
                wire.send(request(endpoint.method, base + endpoint.path, *credential(provider), body=b" " * size))
                refused(url, provider, wire.answer(), 413)
                wire.send(request("GET", base + "/no-such-route"))
                refused(url, provider, wire.answer(), 404)


def test_an_ordinary_client_reads_the_refusal_of_a_large_body(url: str, provider: Provider, base: str) -> None:
    for endpoint in provider.endpoints:
        if endpoint.takes is not None and "{" not in endpoint.path:
            with httpx.Client(headers=dict(credential(provider))) as client:
                answer = client.request(endpoint.method, f"{url}{base}{endpoint.path}", content=b"x" * (3 * MOST))
                assert answer.status_code == 413
                assert client.get(f"{url}{base}/no-such-route").status_code == 404


def taking(provider: Provider) -> Endpoint:
    """An endpoint that takes JSON; providers that have none are skipped."""
    for endpoint in provider.endpoints:
        if endpoint.takes is not None and "{" not in endpoint.path:
            return endpoint
    pytest.skip(f"{provider.name} takes no JSON")


@pytest.mark.parametrize("extra", [b"", b"1"])
def test_a_chunked_body_over_a_mebibyte_is_refused(url: str, provider: Provider, base: str, extra: bytes) -> None:
    """The body is as large as may be, or one byte larger."""
    endpoint = taking(provider)
    chunk = b"%x\r\n%s\r\n" % (65_536, b" " * 65_536)
    last = b"%x\r\n%s\r\n" % (len(extra), extra) if extra else b""
    with Wire(url) as wire:
        chunked = ("Transfer-Encoding", "chunked")
        wire.send(request(endpoint.method, base + endpoint.path, *credential(provider), chunked))
        wire.send(*[chunk] * (MOST // 65_536), last, b"0\r\n\r\n")
        refused(url, provider, wire.answer(), *((413,) if extra else (400, 422)))


def test_a_broken_chunked_body_harms_nobody_else(url: str, provider: Provider, base: str) -> None:
    endpoint = taking(provider)
    with Wire(url) as wire:
        chunked = ("Transfer-Encoding", "chunked")
        wire.send(request(endpoint.method, base + endpoint.path, *credential(provider), chunked), b"zz\r\nabc\r\n")
        _ended_or_refused(wire)


@pytest.mark.parametrize("length", ["-1", "abc", "1, 2", "99999999999999999999999"])
def test_a_length_that_cannot_be_harms_nobody_else(url: str, base: str, length: str) -> None:
    with Wire(url) as wire:
        wire.send(request("POST", f"{base}/x", ("Content-Length", length)), b"abc")
        with suppress(OSError):
            wire.socket.shutdown(SHUT_WR)
        _ended_or_refused(wire)


def test_a_client_that_leaves_in_the_middle_of_a_body_makes_nothing(url: str, provider: Provider, base: str) -> None:
    for endpoint in provider.endpoints:
        if endpoint.takes is not None:
            with Wire(url) as wire:
                sent = request(endpoint.method, base + endpoint.path, *credential(provider), ("Content-Length", "1000"))
                wire.send(sent, b'{"a": ')


def test_pipelined_requests_are_answered_in_order(url: str, provider: Provider, base: str) -> None:
    many = [request("GET", f"{base}/nothing/{number}", *credential(provider)) for number in range(20)]
    with Wire(url) as wire:
        wire.send(b"".join(many))
        answers = [wire.answer() for _ in many]
    for answer in answers:
        refused(url, provider, answer, 404)
    paths = [journaled(url, answer)["path"] for answer in answers]
    assert paths == [f"/nothing/{number}" for number in range(20)]


def test_a_bad_request_among_pipelined_ones_spoils_no_other(url: str) -> None:
    good = request("GET", f"{BASE}/balance", DEMO)
    purchase = request("POST", PURCHASE, DEMO, body=CHAT)
    bad = request("POST", PURCHASE, DEMO, body=b"{\xff")
    large = request("POST", PURCHASE, DEMO, body=b" " * (MOST + 1))
    odd = request("GET", f"{BASE}/orders/%ff", DEMO)
    head = request("HEAD", f"{BASE}/balance", DEMO)
    with Wire(url) as wire:
        wire.send(good + bad + purchase + large + odd + head + good)
        statuses = [wire.answer(head=number == 5).status for number in range(7)]
    assert statuses == [200, 422, 201, 413, 404, 200, 200]


def test_raw_bytes_in_a_pipelined_target_spoil_no_other(url: str) -> None:
    good, odd = request("GET", f"{BASE}/balance", DEMO), request("GET", f"{BASE}/orders/".encode() + b"\xff", DEMO)
    with Wire(url) as wire:
        wire.send(good + odd + good)
        assert [wire.answer().status for _ in range(3)] == [200, 404, 200]


def test_a_slow_client_keeps_nobody_waiting(url: str, provider: Provider, base: str) -> None:
    slow = request("GET", f"{base}/no-such-route", *credential(provider))
    with Wire(url) as waiting:
        for place in range(0, len(slow), 7):
            waiting.send(slow[place : place + 7])
            if place % 21 == 0:
                refused(url, provider, exchange(url, slow), 404)
        refused(url, provider, waiting.answer(), 404)


def test_a_slow_body_is_waited_for(url: str) -> None:
    sent = request("POST", PURCHASE, DEMO, body=CHAT)
    with Wire(url) as slow:
        for place in range(len(sent)):
            slow.send(sent[place : place + 1])
        answer = slow.answer()
    assert answer.status == 201
    assert answer.json()["service"] == "chat"


def test_a_client_that_wants_to_be_asked_for_its_body_is(url: str) -> None:
    with Wire(url) as wire:
        expect = ("Expect", "100-continue")
        wire.send(request("POST", PURCHASE, DEMO, expect, ("Content-Length", str(len(CHAT)))))
        assert wire.answer().status == 100
        wire.send(CHAT)
        assert wire.answer().status == 201


def test_an_old_client_without_a_host_is_answered(url: str, provider: Provider, base: str) -> None:
    with Wire(url) as wire:
        wire.send(f"GET {base}/no-such-route HTTP/1.0\r\n\r\n".encode())
        refused(url, provider, wire.answer(), 404)


def test_head_sends_headers_only(url: str) -> None:
    sent = request("HEAD", f"{BASE}/balance", DEMO)
    with Wire(url) as wire:
        wire.send(sent, request("GET", f"{BASE}/balance", DEMO))
        first, second = wire.answer(head=True), wire.answer()
    assert (first.status, second.status) == (200, 200)
    assert first.headers["content-length"] == second.headers["content-length"] == str(len(second.body))


def test_there_is_one_date_and_it_is_the_sandboxs(url: str) -> None:
    with Wire(url) as wire:
        wire.send(request("GET", f"{BASE}/balance", DEMO, ("Connection", "close")))
        received = b""
        while part := wire.socket.recv(65_536):
            received += part
    assert received.lower().count(b"\r\ndate: ") == 1
    assert b"\r\ndate: Sat, 31 Jan 2026 12:00:00 GMT\r\n" in received
    assert b"\r\nserver:" not in received.lower()


@pytest.mark.parametrize("target", ["http://api.acme.example/v1/balance", "/v1/balance"])
def test_the_host_header_alone_finds_the_provider(url: str, target: str) -> None:
    with Wire(url) as wire:
        wire.send(f"GET {target} HTTP/1.1\r\nHost: api.acme.example\r\n{DEMO[0]}: {DEMO[1]}\r\n\r\n".encode())
        assert wire.answer().json() == {"balance": "100.00", "currency": "EUR"}


def test_one_connection_serves_many_sandboxes(url: str) -> None:
    with Wire(url) as wire:
        for name in ("a", "b", "a"):
            wire.send(request("GET", f"/~{name}{BASE}/balance", DEMO))
            assert json.loads(wire.answer().body)["balance"] == "100.00"


def _ended_or_refused(wire: Wire) -> None:
    """The connection ends, after a refusal or without one."""
    received = b""
    while part := wire.socket.recv(65_536):
        received += part
        if b"\r\n\r\n" in received:
            break
    assert not received or received.startswith(b"HTTP/1.1 4")

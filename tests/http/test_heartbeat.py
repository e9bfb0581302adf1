"""No request holds the event loop for long: every endpoint and control call, asked with its worst bounded input.

What is measured is the processor time that the loop's thread spends in one go, which other processes on the machine
cannot lengthen. The app is asked over ASGI, so that the client's work is no part of it.
"""

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Iterator
from time import thread_time
from typing import Any, NamedTuple

import pytest
from starlette.types import Message, Scope

from mockserver.app import App, create_app
from mockserver.control.app import OPERATIONS
from mockserver.control.operation import Operation
from mockserver.http.body import MOST
from mockserver.http.heads import MOST_HEAD
from mockserver.http.provider import Endpoint, Mount, Provider
from mockserver.sandbox.config import SandboxConfig
from mockserver.sandbox.sandboxes import DEFAULT
from tests.conformance.client import samples_of
from tests.served import PROVIDERS
from tests.support import frozen_settings

pytestmark = [pytest.mark.anyio, pytest.mark.timed, pytest.mark.slow]
#: The most processor time that one step of the loop may take, in seconds.
MOST_HELD = 0.05
#: How many bytes a path or a query may have beside the rest of a head.
LONGEST = MOST_HEAD - 2_048


class Ask(NamedTuple):
    """A request; `path` is the provider's own or the control API's."""

    method: str
    path: str
    query: bytes = b""
    body: bytes = b""
    media: str = "application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Heart:
    """Measures the longest step of the event loop while it beats: what runs between two of its ticks is one step."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._beating = True

    async def beat(self) -> None:
        """Tick until it is stopped; one tick runs in each turn of the loop."""
        before = thread_time()
        while self._beating:
            await asyncio.sleep(0)
            now = thread_time()
            self.longest = max(self.longest, now - before)
            before = now

    def stop(self) -> None:
        """Let the next tick be the last."""
        self._beating = False


async def asked(app: App, ask: Ask) -> tuple[int, float]:
    """The status of the answer, and the longest step of the loop until it was there."""
    heart = Heart()
    beating = asyncio.ensure_future(heart.beat())
    await asyncio.sleep(0)
    status = await _call(app, ask)
    heart.stop()
    await beating
    return status, heart.longest


async def _call(app: App, ask: Ask) -> int:
    headers = [(b"host", b"localhost"), *ask.headers]
    if ask.body:
        headers += [(b"content-type", ask.media.encode()), (b"content-length", b"%d" % len(ask.body))]
    scope: Scope = {
        "type": "http",
        "method": ask.method,
        "path": ask.path,
        "raw_path": ask.path.encode(),
        "query_string": ask.query,
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "scheme": "http",
    }
    statuses = []

    async def receive() -> Message:
        return {"type": "http.request", "body": ask.body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    return int(statuses[0])


# -- the worst that may be sent ------------------------------------------------------------------------


def _bodies() -> Iterator[tuple[str, bytes]]:
    """Bodies of a mebibyte that are JSON, forms, parts, and neither."""
    json_ = "application/json"
    yield json_, b"[" * (MOST // 2) + b"]" * (MOST // 2)
    yield json_, b'{"a":' * 150_000
    yield json_, b'{"token":[' + b"1," * (MOST // 2 - 8) + b"1]}"
    yield json_, json.dumps({f"key{number:05}": number for number in range(50_000)}).encode()[:MOST]
    yield json_, b'{"country":"' + b"a" * (MOST - 14) + b'"}'
    yield json_, b'"' + b'\\"' * (MOST // 2 - 1) + b'"'
    yield json_, b"\xc3\xbc" * (MOST // 2)
    yield json_, b" " * (MOST - 2) + b"{}"
    form = "application/x-www-form-urlencoded"
    yield form, b"a=1&" * (MOST // 4)
    yield form, b"token=%41&" * (MOST // 10)
    yield form, b"&" * MOST
    parts = "multipart/form-data; boundary=X"
    yield parts, b'--X\r\nContent-Disposition: form-data; name="force"' + b";a" * 500_000 + b"\r\n\r\n\r\n--X--"
    yield parts, b'--X\r\nContent-Disposition: form-data; name="force"\r\n\r\n\r\n' * 18_000 + b"--X--"
    yield "application/yaml", b"password: |\n" * (MOST // 12)


def _queries() -> Iterator[bytes]:
    yield b"a=1&" * (LONGEST // 4)
    yield b"token=" + b"%41" * (LONGEST // 3 - 4)
    yield b"&" * LONGEST
    yield b"page=" + b"9" * LONGEST


def _paths(path: str) -> Iterator[str]:
    """The path with the longest that may stand in its fields; and deeper ones."""
    if "{" in path:
        head, _, rest = path.partition("{")
        tail = rest.partition("}")[2]
        yield f"{head}{'9' * LONGEST}{tail}"
        yield f"{head}{'é' * (LONGEST // 2)}{tail}"
    yield f"{path}{'/a' * (LONGEST // 2)}"


def _worst(method: str, path: str, headers: tuple[tuple[bytes, bytes], ...]) -> Iterator[Ask]:
    plain = path.replace("{", "").replace("}", "")
    for media, body in _bodies() if method != "GET" else ():
        yield Ask(method, plain, body=body, media=media, headers=headers)
    for query in _queries():
        yield Ask(method, plain, query=query, headers=headers)
    for long in _paths(path):
        yield Ask(method, long, headers=headers)
    yield Ask(method, plain, headers=(*headers, *((b"x-%d" % number, b"token=" * 40) for number in range(190))))
    yield Ask(method, plain, headers=(*headers, (b"prefer", b"mock-fault=a, mock-scenario=b; " * (LONGEST // 40))))


# -- every endpoint, every operation -------------------------------------------------------------------


def _endpoints() -> Iterator[tuple[str, Provider, Mount, Endpoint]]:
    for provider in PROVIDERS:
        for endpoint in provider.endpoints:
            yield f"{provider.name}.{endpoint.method}.{endpoint.path}", provider, provider.mounts[0], endpoint
        for annex in provider.annexes:
            for endpoint in annex.endpoints:
                yield f"{provider.name}.{endpoint.method}.{endpoint.path}", provider, annex.mount, endpoint


ENDPOINTS = list(_endpoints())
#: Snapshots are left out for now: their cost grows with the sandbox.
CONTROLS = [one for one in OPERATIONS if one.path != "/state" and not one.endless]


@pytest.fixture(scope="module")
async def app() -> AsyncIterator[App]:
    """One app for all that is asked, each provider asked before: what a first request costs is a test of its own."""
    one = create_app(frozen_settings(rate_limits="off"))
    await one.startup()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield one
    finally:
        gc.enable()
        gc.unfreeze()
        await one.shutdown()


def _told(ask: Ask) -> str:
    return f"{ask.method} {ask.path[:60]} query {ask.query[:20]!r} body {ask.body[:40]!r} {ask.media[:20]}"


async def _held(app: App, asks: list[Ask]) -> list[str]:
    """What held the loop too long. Each is asked again where it did: only what does so twice counts."""
    await asked(app, asks[0])
    found = []
    for ask in asks:
        status, longest = await asked(app, ask)
        assert status < 500, _told(ask)
        if longest > MOST_HELD:
            again = min([(await asked(app, ask))[1] for _ in range(3)])
            if again > MOST_HELD:
                found.append(f"{again * 1000:.0f} ms: {status} {_told(ask)}")
    return found


@pytest.mark.parametrize(
    ("provider", "mount", "endpoint"), [one[1:] for one in ENDPOINTS], ids=[n[0] for n in ENDPOINTS]
)
async def test_no_endpoint_holds_the_loop(app: App, provider: Provider, mount: Mount, endpoint: Endpoint) -> None:
    credential = samples_of(provider).credential_in(SandboxConfig().seed, DEFAULT)
    headers = tuple((name.lower().encode(), value.encode()) for name, value in credential.items())
    path = f"/{mount.host}{mount.prefix}{endpoint.path}"
    assert await _held(app, list(_worst(endpoint.method, path, headers))) == []


def _filled(path: str) -> str:
    return path.replace("{provider}", "daisysim").replace("{kind}", "activation").replace("{name}", "quick")


@pytest.mark.parametrize("operation", CONTROLS, ids=[one.name for one in CONTROLS])
async def test_no_control_call_holds_the_loop(app: App, operation: Operation) -> None:
    path = f"/_mock{_filled(operation.path)}"
    assert await _held(app, list(_worst(operation.method, path, ()))) == []


async def test_the_heart_notices_what_holds_the_loop() -> None:
    async def busy(scope: Scope, receive: Any, send: Any) -> None:
        until = thread_time() + 2 * MOST_HELD
        while thread_time() < until:
            pass
        await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    assert (await asked(busy, Ask("GET", "/")))[1] > MOST_HELD  # type: ignore[arg-type]


async def test_the_heart_counts_no_time_that_nobody_works() -> None:
    async def idle(scope: Scope, receive: Any, send: Any) -> None:
        await asyncio.sleep(2 * MOST_HELD)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    assert (await asked(idle, Ask("GET", "/")))[1] < MOST_HELD  # type: ignore[arg-type]

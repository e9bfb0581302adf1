"""Small writes are sent together with the next write."""

import asyncio
import sys
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from mockserver.http.coalescing import MOST_JOINED, CoalescingTransport
from mockserver.http.protocol import http_protocol
from tests.outside import BASE, acme_app

pytestmark = pytest.mark.anyio


class Wire(asyncio.Transport):
    """What would have been sent, a piece for each system call."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if data:  # as asyncio's own, which makes no call for nothing
            self.pieces.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


def test_a_write_that_is_held_goes_out_with_the_next_one() -> None:
    wire = Wire()
    joining = CoalescingTransport(wire)
    joining.write(b"a")
    joining.hold()
    joining.write(b"head ")
    assert wire.pieces == [b"a"]
    joining.write(b"body")
    joining.release()
    joining.write(b"z")
    assert wire.pieces == [b"a", b"head body", b"z"]


def test_a_large_body_is_not_copied() -> None:
    wire = Wire()
    joining = CoalescingTransport(wire)
    joining.hold()
    joining.write(b"head")
    joining.write(b"x" * (MOST_JOINED + 1))
    assert [len(piece) for piece in wire.pieces] == [4, MOST_JOINED + 1]


@pytest.mark.parametrize("end", ["release", "close"])
def test_what_is_held_alone_is_sent_at_the_end(end: str) -> None:
    wire = Wire()
    joining = CoalescingTransport(wire)
    joining.hold()
    joining.write(b"head")
    getattr(joining, end)()
    assert (wire.pieces, wire.closed) == ([b"head"], end == "close")


def test_an_abort_sends_nothing_more() -> None:
    wire = Wire()
    joining = CoalescingTransport(wire)
    joining.hold()
    joining.write(b"head")
    joining.abort()
    joining.release()
    assert (wire.pieces, wire.closed) == ([], True)


@pytest.mark.parametrize("parser", ["httptools", "h11"])
@pytest.mark.parametrize(
    ("request_line", "headers", "status", "has_body"),
    [
        ("GET {}/services", "", b"200", True),
        ("HEAD {}/services", "", b"200", False),
        ("GET {}/nothing", "", b"404", True),
        ("GET {}/services", "Connection: close\r\n", b"200", True),
        ("HEAD {}/services", "Connection: close\r\n", b"200", False),
    ],
)
async def test_an_answer_is_written_in_one_piece(
    monkeypatch: pytest.MonkeyPatch, parser: str, request_line: str, headers: str, status: bytes, has_body: bool
) -> None:
    if parser == "h11":
        monkeypatch.setitem(sys.modules, "mockserver.http.protocol_httptools", None)
    app: Any = acme_app()
    await app.startup()
    config = uvicorn.Config(app, http=http_protocol(), lifespan="off", log_config=None)
    config.load()
    protocol: Any = http_protocol()(config, ServerState(), {})  # type: ignore[call-arg]
    wire = Wire()
    protocol.connection_made(wire)
    line = request_line.format(BASE)
    key = "Authorization: Bearer acme-demo\r\n"
    protocol.data_received(f"{line} HTTP/1.1\r\nHost: x\r\n{key}{headers}\r\n".encode())
    for _ in range(200):
        await asyncio.sleep(0)
    try:
        (piece,) = wire.pieces
        head, _, body = piece.partition(b"\r\n\r\n")
        assert head.split()[1] == status
        assert bool(body) is has_body
        assert wire.closed is bool(headers)
    finally:
        protocol.connection_lost(None)
        await app.shutdown()

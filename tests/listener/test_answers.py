"""Answers of applications as HTTP/1.1: framing, and what an application does wrong. In process."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from mockserver.http.way_in import DIRECT
from mockserver.listener.answers import MOST_JOINED, head_bytes
from mockserver.listener.connections import Connections
from mockserver.listener.http_protocol import HttpProtocol
from mockserver.listener.options import ListenerOptions
from mockserver.listener.proxying import Proxy
from tests.listener.test_idle_connections import Transport

pytestmark = pytest.mark.anyio
Does = Callable[[Send], Awaitable[None]]


def start(*headers: tuple[bytes, bytes], status: int = 200) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def body(data: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": more}


async def answer(*messages: dict[str, Any], method: str = "GET", version: str = "1.1") -> tuple[bytes, str]:
    """What is written for an application that sends these messages, and how the connection ends."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    connections = Connections(app, {}, asyncio.get_running_loop(), Proxy(ListenerOptions()))
    transport = Transport()
    protocol = HttpProtocol(connections, DIRECT)
    protocol.connection_made(transport)
    protocol.data_received(f"{method} / HTTP/{version}\r\nHost: x\r\n\r\n".encode())
    await asyncio.gather(*connections.tasks())
    protocol.connection_lost(None)
    connections.close()
    return transport.written, transport.ended


LENGTH = (b"content-length", b"2")


async def test_an_answer_with_a_length_keeps_the_connection() -> None:
    written, ended = await answer(start(LENGTH), body(b"ok"))
    assert written == b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    assert ended == ""


async def test_without_a_length_it_comes_in_chunks() -> None:
    written, ended = await answer(start(), body(b"one", more=True), body(b"", more=True), body(b"two"))
    assert written.partition(b"\r\n\r\n")[2] == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
    assert (b"transfer-encoding: chunked" in written, ended) == (True, "")


async def test_an_old_client_reads_to_the_end_of_the_connection() -> None:
    written, ended = await answer(start(), body(b"one", more=True), body(b"two"), version="1.0")
    assert written.partition(b"\r\n\r\n")[2] == b"onetwo"
    assert (b"connection: close" in written, ended) == (True, "closed")


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
async def test_what_has_no_body_has_no_framing(method: str, status: int) -> None:
    written, ended = await answer(start(status=status), body(b""), method=method)
    assert written.endswith(b"\r\n\r\n")
    assert b"transfer-encoding" not in written
    assert ended == ""


async def test_head_may_tell_a_length() -> None:
    written, _ = await answer(start(LENGTH), body(b""), method="HEAD")
    assert written.endswith(b"content-length: 2\r\n\r\n")


async def test_an_application_may_close_the_connection() -> None:
    written, ended = await answer(start(LENGTH, (b"connection", b"close")), body(b"ok"))
    assert (written.count(b"connection: close"), ended) == (1, "closed")


async def test_a_large_body_is_written_by_itself() -> None:
    data = b"x" * (MOST_JOINED + 1)
    written, _ = await answer(start((b"content-length", b"%d" % len(data))), body(data))
    assert written.endswith(b"\r\n\r\n" + data)


@pytest.mark.parametrize(
    "messages",
    [
        (),
        (body(b"ok"),),
        (start((b"x", b"a\r\nb: c")),),
        (start((b"x", b"a\0")),),
        (start((b"x\n", b"a")),),
    ],
    ids=["nothing", "no head", "a header in a header", "a null byte", "a line feed in a name"],
)
async def test_what_is_no_answer_becomes_a_500(messages: tuple[Any, ...], caplog: pytest.LogCaptureFixture) -> None:
    written, ended = await answer(*messages)
    assert written.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert ended == "closed"
    assert caplog.records


@pytest.mark.parametrize(
    "messages",
    [
        (start(LENGTH), body(b"o")),
        (start(LENGTH), body(b"o", more=True)),
        (start(LENGTH), body(b"okay")),
        (start(LENGTH), start(LENGTH)),
    ],
    ids=["shorter", "unfinished", "longer", "two heads"],
)
async def test_an_answer_that_breaks_its_promise_is_cut_off(
    messages: tuple[Any, ...], caplog: pytest.LogCaptureFixture
) -> None:
    _, ended = await answer(*messages)
    assert ended == "closed"
    assert caplog.records


def test_a_status_without_a_phrase_is_written_too() -> None:
    assert head_bytes(299, []) == b"HTTP/1.1 299 \r\n"

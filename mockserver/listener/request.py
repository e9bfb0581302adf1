"""One request, from the end of its head to the end of its answer."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

from starlette.types import ASGIApp, Message

from mockserver.listener.answers import MOST_JOINED, chunk, head_bytes, plain_answer

log = logging.getLogger("mockserver.server")

#: Bytes of a body that are kept before the client has to wait.
MOST_BUFFERED = 65_536
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_WITHOUT_BODY = frozenset({204, 304})


class Client(Protocol):
    """The part of a connection that a request needs."""

    transport: asyncio.Transport

    def pause_reading(self) -> None:
        """Stop reading, so that the client has to wait before it sends more."""

    def resume_reading(self) -> None:
        """Read again what the client sends."""

    @property
    def writing_paused(self) -> bool:
        """Whether the client has to take what was written before more is."""

    async def drain(self) -> None:
        """Wait until the client has read most of what was written."""

    def answered(self, request: "Request") -> None:
        """Go on with the next request: the answer to this one is written."""


class Request:
    """`receive` and `send` of an ASGI application for one request. The head of an answer waits for its body."""

    __slots__ = (
        "_app",
        "_asked_for_body",
        "_body",
        "_chunked",
        "_client",
        "_complete",
        "_disconnected",
        "_handed_over",
        "_held_head",
        "_missing",
        "_more_body",
        "_started",
        "_waiter",
        "keep_alive",
        "scope",
        "task",
    )

    def __init__(
        self, client: Client, scope: dict[str, Any], app: ASGIApp, *, keep_alive: bool, expects_continue: bool
    ) -> None:
        self._client = client
        self._app = app
        self.scope = scope
        self.keep_alive = keep_alive
        self.task: asyncio.Task[None] | None = None
        self._body = b""
        self._more_body = True
        #: Whether the application has all of the body: another `receive` waits for the end of the request.
        self._handed_over = False
        self._asked_for_body = not expects_continue
        self._disconnected = False
        self._waiter: asyncio.Future[None] | None = None
        self._started = False
        self._complete = False
        self._held_head = b""
        self._chunked = False
        #: How many bytes of the body are missing that the head of the answer promises.
        self._missing = 0

    @property
    def complete(self) -> bool:
        """Whether the answer is written."""
        return self._complete

    @property
    def started(self) -> bool:
        """Whether the application has begun to answer."""
        return self._started

    @property
    def waits_for_client(self) -> bool:
        """Whether the application waits for the rest of the client's body."""
        return self._more_body and self._waiter is not None

    # -- what the connection says --------------------------------------------------------------------------

    def add_body(self, part: bytes) -> None:
        """Keep a part of the body; a client that sends more than the application takes has to wait."""
        if self._complete:
            return
        self._body += part
        if len(self._body) > MOST_BUFFERED:
            self._client.pause_reading()
        self._wake()

    def end_body(self) -> None:
        """Note that the body is whole."""
        self._more_body = False
        self._wake()

    def disconnect(self) -> None:
        """Note that the client is gone."""
        self._disconnected = True
        self._wake()

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)

    # -- what the application asks -------------------------------------------------------------------------

    async def run(self) -> None:
        """Run the application. Send a 500 where it sends no answer; close the connection after half of one."""
        try:
            await self._app(self.scope, self.receive, self.send)
        except Exception as error:
            log.error("Exception in ASGI application", exc_info=error)
        else:
            if not (self._complete or self._disconnected):
                log.error("%s %s got no whole answer", self.scope["method"], self.scope["path"])
        if self._complete or self._disconnected:
            return
        transport = self._client.transport
        if not self._started and not transport.is_closing():
            transport.write(plain_answer(500, "Internal Server Error"))
        transport.close()

    async def receive(self) -> Message:
        """Return the next part of the body; after the last one, wait until the client is gone or has its answer."""
        if not self._asked_for_body:
            self._asked_for_body = True
            if not self._started:
                self._client.transport.write(_CONTINUE)
        while not (self._disconnected or self._complete):
            if self._body or not (self._more_body or self._handed_over):
                return self._taken_body()
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return {"type": "http.disconnect"}

    def _taken_body(self) -> Message:
        body, more = self._body, self._more_body
        self._body = b""
        self._handed_over = not more
        if more:
            self._client.resume_reading()
        return {"type": "http.request", "body": body, "more_body": more}

    async def send(self, message: Message) -> None:
        """Take the head of the answer, or a part of its body, and write what is ready.

        Raises RuntimeError or ValueError for messages that would not become valid HTTP.
        """
        if self._disconnected:
            return
        if not self._started:
            self._start(message)
            return
        if message["type"] != "http.response.body" or self._complete:
            raise RuntimeError(f"{message['type']} is not expected here")
        more = message.get("more_body", False)
        self._write(self._framed(message.get("body", b""), last=not more))
        if more:
            await self._client.drain()
            return
        if self._missing:
            raise RuntimeError("the body is shorter than its head says")
        self._complete = True
        self._wake()
        if self._client.writing_paused:
            # Else a client that asks and never reads would have all its answers kept here.
            await self._client.drain()
        self._client.answered(self)

    def _start(self, message: Message) -> None:
        if message["type"] != "http.response.start":
            raise RuntimeError(f"an answer begins with http.response.start, not {message['type']}")
        status, headers = message["status"], message.get("headers", ())
        length = None
        closes = False
        for name, value in headers:
            if name == b"content-length":
                length = int(value)
            elif name == b"connection" and b"close" in value.lower():
                closes, self.keep_alive = True, False
        ends = b"\r\n"
        if self.scope["method"] == "HEAD" or status in _WITHOUT_BODY:
            length = 0
        elif length is None:
            if self.scope["http_version"] == "1.1":
                self._chunked = True
                ends = b"transfer-encoding: chunked\r\n\r\n"
            else:
                self.keep_alive = False
        if not self.keep_alive and not closes:
            ends = b"connection: close\r\n" + ends
        self._held_head = head_bytes(status, headers) + ends
        self._missing = length or 0
        self._started = True

    def _framed(self, body: bytes, *, last: bool) -> bytes:
        if self._chunked:
            return chunk(body, last=last)
        if self.scope["method"] == "HEAD":
            return b""
        if len(body) > self._missing:
            if self._missing or self.scope["http_version"] == "1.1":
                raise RuntimeError("the body is longer than its head says")
            return body  # an old client reads to the end of the connection
        self._missing -= len(body)
        return body

    def _write(self, data: bytes) -> None:
        transport = self._client.transport
        if transport.is_closing():
            return  # cut off by a stop, or by a fault
        write: Callable[[bytes], None] = transport.write
        head = self._held_head
        if head:
            self._held_head = b""
            if len(data) > MOST_JOINED:
                write(head)
            else:
                data = head + data
        if data:
            write(data)

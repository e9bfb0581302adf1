"""HTTP/1.1 on httptools: one object for each connection, one for each request, one write for each answer.

It replaces uvicorn's protocol, which takes more time for a request than the handler of a simple read does.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import unquote

import httptools

from mockserver.domain.errors import HeadTooLarge
from mockserver.http.head_filter import HeadFilter
from mockserver.http.heads import MOST_HEAD, MOST_HEADERS, PLAIN_REFUSAL, REFUSED
from mockserver.http.way_in import SANDBOX_HEADER, WAY_IN, WayIn
from mockserver.listener.answers import plain_answer
from mockserver.listener.connections import Connections
from mockserver.listener.request import Request

log = logging.getLogger("mockserver.server")

_ASGI = {"version": "3.0", "spec_version": "2.3"}
_SPECIAL = frozenset({b"expect", SANDBOX_HEADER})
_TOO_SLOW = plain_answer(408, "The head of the request did not come in time.")
_INVALID = "Invalid HTTP request received."
_NOT_HTTP = plain_answer(400, _INVALID)
#: The callbacks that the parser makes for a head, and for a body.
_OF_HEADS = ("on_message_begin", "on_url", "on_header", "on_headers_complete")
_OF_BODIES = ("on_body", "on_message_complete")


class HttpProtocol(asyncio.Protocol):
    """Reads the requests of one connection, and answers them one after the other.

    Offers to upgrade (`Upgrade: h2c`, which some HTTP clients send with each first request) are ignored, as RFC 9110
    allows. httptools would lose the body of a request with such an offer, so a second parser reads that body.
    """

    __slots__ = (
        "_answering",
        "_between_requests",
        "_client",
        "_connections",
        "_expects_continue",
        "_head",
        "_head_size",
        "_headers",
        "_last_words",
        "_parser",
        "_queue",
        "_reading",
        "_reading_paused",
        "_sandbox",
        "_server",
        "_target",
        "_turn",
        "_unsent",
        "_way_in",
        "_writable",
        "transport",
    )

    def __init__(self, connections: Connections, way_in: WayIn) -> None:
        self._connections = connections
        self._way_in = way_in
        self._head = HeadFilter(strict=True)
        self._parser = _parser(self)
        self._between_requests = True
        #: How many bytes the parser got of the head that it is reading; None between heads.
        self._head_size: int | None = None
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._expects_continue = False
        #: The value of `X-Mock-Sandbox` in the head that is being read.
        self._sandbox: str | None = None
        #: The request whose body is being read.
        self._reading: Request | None = None
        self._reading_paused = False
        self._answering: Request | None = None
        #: Requests that came while an earlier one was being answered.
        self._queue: deque[Request] = deque()
        #: Set while more may be written; None as long as the client has never been too slow.
        self._writable: asyncio.Event | None = None
        #: The answer to what cannot be read, which ends the connection.
        self._last_words: bytes | None = None
        #: How many written bytes the client had not taken at the last sweep.
        self._unsent = 0
        #: The turn of the sweep in which data last came or an answer was last written.
        self._turn = connections.turn

    # -- the connection ------------------------------------------------------------------------------------

    @property
    def task(self) -> "asyncio.Task[None] | None":
        """The task that answers, where a request is under way."""
        return self._answering.task if self._answering is not None else None

    @property
    def owes_answer(self) -> bool:
        """Whether a request is under way whose answer has not begun."""
        return self._answering is not None and not self._answering.started

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the addresses of both ends, and add the connection to the open ones."""
        self.transport = cast(asyncio.Transport, transport)
        self._server = _address(transport.get_extra_info("sockname"))
        self._client = _address(transport.get_extra_info("peername"))
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request under way that the client is gone."""
        self._connections.discard(self)
        self._queue.clear()
        if self._answering is not None:
            self._answering.disconnect()
        self.resume_writing()
        self._parser = None

    def pause_writing(self) -> None:
        """Make answers wait until the client has read what is written."""
        if self._writable is None:
            self._writable = asyncio.Event()
        self._writable.clear()

    def resume_writing(self) -> None:
        """Let answers go on."""
        if self._writable is not None:
            self._writable.set()
            self._turn = self._connections.turn

    @property
    def writing_paused(self) -> bool:
        """Whether the client has to take what was written before more is."""
        return self._writable is not None and not self._writable.is_set()

    async def drain(self) -> None:
        """Wait until the client has read most of what was written."""
        if self._writable is not None:
            await self._writable.wait()

    def pause_reading(self) -> None:
        """Stop reading, so that the client has to wait before it sends more."""
        if not self._reading_paused and not self.transport.is_closing():
            self._reading_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Read again what the client sends, unless requests are queued."""
        if self._reading_paused and not self._queue and not self.transport.is_closing():
            self._reading_paused = False
            self.transport.resume_reading()

    def shutdown(self) -> None:
        """Close now if no request is under way, else after its answer."""
        self._queue.clear()
        if self._answering is None:
            self.transport.close()
        else:
            self._answering.keep_alive = False

    def expire(self, before: int) -> None:
        """End the connection if it waits for the client, which has done nothing since this turn of the sweep."""
        unsent = self.transport.get_write_buffer_size()
        if unsent < self._unsent:
            self._turn = self._connections.turn  # it reads, however slowly
        self._unsent = unsent
        if self._turn > before:
            return
        request = self._answering
        if self.transport.is_closing():
            self.transport.abort()
        elif request is None:
            if not self._between_requests or self._head.holds_something:
                self.transport.write(_TOO_SLOW)
            self.transport.close()
        elif request.waits_for_client or self.writing_paused:
            self.transport.abort()

    # -- reading -------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Give the parser data, but heads only once they are whole and repaired."""
        while data and self._last_words is None:
            if self._between_requests:
                if not self._head.holds_something:
                    self._turn = self._connections.turn
                data = self._head.feed(data)
                if not data:
                    if self._head.misdirected is not None:
                        self._give_up(plain_answer(400, self._head.misdirected))
                    return
            elif self._head_size is None:
                self._turn = self._connections.turn
            else:
                # What follows the head may be requests of their own.
                end = data.find(b"\r\n\r\n")
                self._head_size += len(data) if end < 0 else end
                if self._head_size > MOST_HEAD:
                    self._give_up(PLAIN_REFUSAL)
                    return
            data = self._parsed(data)

    def _parsed(self, data: bytes) -> bytes:
        """Give data to the parser; return the rest where it stopped at an offer to upgrade, else nothing."""
        try:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                self._go_on_reading()
                return data[upgrade.args[0] :]
        except httptools.HttpParserError:
            log.warning(_INVALID)
            self._give_up(_NOT_HTTP)
        return b""

    def _give_up(self, answer: bytes) -> None:
        """Read no more, and close the connection with this answer once the requests before have theirs."""
        self._last_words = answer
        unfinished, self._reading = self._reading, None
        if unfinished is not None and unfinished is self._answering and not unfinished.started:
            unfinished.disconnect()
            self._answering = None
        elif unfinished is not None and self._queue and unfinished is self._queue[-1]:
            self._queue.pop()
        if self.transport.is_closing():
            return
        if self._answering is None:
            self.transport.write(answer)
            self.transport.close()
        else:
            self.pause_reading()

    def _go_on_reading(self) -> None:
        """Read the rest of a request that offers an upgrade with a new parser, which does not know the offer."""
        listener = _BodyListener(self)
        self._parser = _parser(listener)
        framing = [pair for pair in self._headers if pair[0] in (b"content-length", b"transfer-encoding")]
        self._parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % b"".join([b"%b: %b\r\n" % pair for pair in framing]))
        listener.hears_heads = True

    def on_message_begin(self) -> None:
        """Begin a head."""
        self._between_requests = False
        self._head_size = 0
        self._target = b""
        self._headers = []
        self._expects_continue = False
        self._sandbox = None

    def on_url(self, url: bytes) -> None:
        """Take the target, or a part of it."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        name = name.lower()
        if name in _SPECIAL:
            if name == SANDBOX_HEADER:
                self._sandbox = value.decode("latin-1")
            elif value.lower() == b"100-continue":
                self._expects_continue = True
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Begin to answer, or queue the request behind the one that is being answered."""
        self._head_size = None
        parser, head, connections = self._parser, self._head, self._connections
        version: str = parser.get_http_version()
        method = parser.get_method().decode("ascii")
        if head.method is not None:
            method, head.method = head.method.decode(), None
        raw_path, _, query = self._target.partition(b"#")[0].partition(b"?")
        path = raw_path.decode("ascii")
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": _ASGI,
            "http_version": version,
            "server": self._server,
            "client": self._client,
            "scheme": self._way_in.scheme,
            "root_path": "",
            "headers": self._headers,
            "state": dict(connections.state),
            "method": method,
            "path": unquote(path) if "%" in path else path,
            "raw_path": raw_path,
            "query_string": query,
            # A fault may want the socket itself.
            "mock.transport": self.transport,
            WAY_IN: self._way_in if self._sandbox is None else self._way_in.into(self._sandbox),
        }
        app = connections.app
        if raw_path[:1] != b"/":
            app = connections.proxy.serve(scope, self._target, app)
        if head.refusal is not None or len(self._headers) > MOST_HEADERS:
            scope[REFUSED] = head.refusal or HeadTooLarge(MOST_HEAD, MOST_HEADERS)
        keep_alive = version == "1.1" and parser.should_keep_alive() and not connections.closing
        expects_continue = self._expects_continue and version == "1.1"
        request = Request(self, scope, app, keep_alive=keep_alive, expects_continue=expects_continue)
        self._reading = request
        if self._answering is None:
            self._begin(request)
        else:
            self._queue.append(request)
            self.pause_reading()

    def on_body(self, part: bytes) -> None:
        """Take a part of a body."""
        if self._reading is not None:
            self._reading.add_body(part)

    def on_message_complete(self) -> None:
        """Note that the request is whole, and that the next head may begin."""
        if self._parser.should_upgrade():
            return  # the body is still to come, to the second parser
        if self._reading is not None:
            self._reading.end_body()
            self._reading = None
        self._between_requests = True

    # -- answering -----------------------------------------------------------------------------------------

    def _begin(self, request: Request) -> None:
        self._answering = request
        request.task = self._connections.loop.create_task(request.run())

    def answered(self, request: Request) -> None:
        """Go on with the next request, or wait for one."""
        self._turn = self._connections.turn
        self._answering = None
        if not request.keep_alive:
            self.transport.close()
        elif self.transport.is_closing():
            return
        elif self._queue:
            self._begin(self._queue.popleft())
        elif self._last_words is not None:
            self.transport.write(self._last_words)
            self.transport.close()
        # The body of the last request in the queue may still be to come.
        if self._reading_paused and self._last_words is None:
            self.resume_reading()


class _BodyListener:
    """Passes a parser's callbacks on: those for bodies, and with `hears_heads` those for heads."""

    def __init__(self, protocol: HttpProtocol) -> None:
        self.hears_heads = False
        for name in _OF_BODIES:
            setattr(self, name, getattr(protocol, name))
        for name in _OF_HEADS:
            setattr(self, name, self._later(getattr(protocol, name)))

    def _later(self, callback: Callable[..., None]) -> Callable[..., None]:
        return lambda *arguments: callback(*arguments) if self.hears_heads else None


def _parser(listener: object) -> Any:
    parser = httptools.HttpRequestParser(listener)
    # A request behind one that says `Connection: close` is dropped, not an error that hides the answer.
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser


def _address(name: Any) -> tuple[str, int] | None:
    """Return host and port of a socket; None where it has none."""
    return (str(name[0]), int(name[1])) if isinstance(name, tuple) else None

"""The forgiving protocol on httptools."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mockserver.domain.errors import HeadTooLarge
from mockserver.http.coalescing import CoalescingTransport
from mockserver.http.head_filter import HeadFilter
from mockserver.http.heads import MOST_HEAD, MOST_HEADERS, PLAIN_REFUSAL, mark

#: What the parser tells of a head.
_OF_HEADS = ("on_message_begin", "on_url", "on_header", "on_headers_complete")
_OF_BODIES = ("on_body", "on_message_complete")


class ForgivingHttpTools(HttpToolsProtocol):
    """Repairs the head of each request before it is parsed.

    Offers to upgrade (`Upgrade: h2c`, which some HTTP clients send with each first request) are not taken, as
    RFC 9110 allows. httptools would lose the body of a request that makes one: another parser reads it then.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head = HeadFilter(strict=True)
        self._between_requests = True
        #: Bytes given to the parser since a head began that is not whole; None where none is being read.
        self._head_size: int | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Join small writes on this connection."""
        super().connection_made(cast(asyncio.Transport, CoalescingTransport(transport)))

    def on_message_begin(self) -> None:
        """Count the head that begins, and put into the scope what the application needs of the connection."""
        self._between_requests = False
        self._head_size = 0
        super().on_message_begin()
        # A fault may want the socket itself, and every answer the say over when it is written.
        self.scope["mock.transport"] = self.transport  # type: ignore[typeddict-unknown-key]

    def on_headers_complete(self) -> None:
        """Put the request's own method back, where another stood in for it."""
        self._head_size = None
        super().on_headers_complete()
        head = self._head
        if head.method is not None:
            self.scope["method"], head.method = head.method.decode(), None
        refusal = head.held.refusal
        if refusal is not None or len(self.headers) > MOST_HEADERS:
            mark(cast(dict[str, Any], self.scope), refusal or HeadTooLarge(MOST_HEAD, MOST_HEADERS))

    def on_message_complete(self) -> None:
        """Note that the next head may begin."""
        if self.parser.should_upgrade():
            return  # its body is still to come
        super().on_message_complete()
        self._between_requests = True

    def data_received(self, data: bytes) -> None:
        """Give the parser heads that are whole and can be read."""
        while data:
            if self._between_requests:
                data = self._head.feed(data)
                if not data:
                    if self._head.misdirected is not None:
                        self.send_400_response(self._head.misdirected)
                    return
            elif self._head_size is not None:
                self._head_size += len(data)
                if self._head_size > MOST_HEAD:
                    self._refuse()
                    return
            self._unset_keepalive_if_required()
            data = self._parsed(data)

    def _parsed(self, data: bytes) -> bytes:
        """Give data to the parser; what it left, where it stopped at an offer to upgrade."""
        try:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                self._go_on_reading()
                return data[upgrade.args[0] :]
        except httptools.HttpParserError:
            message = "Invalid HTTP request received."
            self.logger.warning(message)
            self.send_400_response(message)
        return b""

    def _go_on_reading(self) -> None:
        """Read the rest of a request that offers an upgrade with a parser that has not heard of the offer."""
        ours = _Listener(self)
        self.parser = httptools.HttpRequestParser(ours)
        framing = [pair for pair in self.headers if pair[0] in (b"content-length", b"transfer-encoding")]
        self.parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % b"".join([b"%b: %b\r\n" % pair for pair in framing]))
        ours.hears_heads = True

    def _refuse(self) -> None:
        """End the connection; say why where that cannot be taken for the answer to an earlier request."""
        if not self.transport.is_closing():
            cycle: Any = self.cycle
            if cycle is None or cycle.response_complete:
                self.transport.write(PLAIN_REFUSAL)
            self.transport.close()


class _Listener:
    """Passes on what a parser tells, heads only once `hears_heads`."""

    def __init__(self, protocol: ForgivingHttpTools) -> None:
        self.hears_heads = False
        for name in _OF_BODIES:
            setattr(self, name, getattr(protocol, name))
        for name in _OF_HEADS:
            setattr(self, name, self._later(getattr(protocol, name)))

    def _later(self, callback: Callable[..., None]) -> Callable[..., None]:
        return lambda *arguments: callback(*arguments) if self.hears_heads else None

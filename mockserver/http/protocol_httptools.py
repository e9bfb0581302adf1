"""The forgiving protocol on httptools."""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mockserver.http.joining import Joining
from mockserver.http.protocol import HeadFilter


class ForgivingHttpTools(HttpToolsProtocol):
    """Repairs the head of each request before it is parsed."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head = HeadFilter(strict=True)
        self._between_requests = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast(asyncio.Transport, Joining(transport)))

    def on_message_begin(self) -> None:
        self._between_requests = False
        super().on_message_begin()
        # A fault may want the socket itself, and every answer the say over when it is written.
        self.scope["mock.transport"] = self.transport  # type: ignore[typeddict-unknown-key]

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if self._head.method is not None:
            self.scope["method"], self._head.method = self._head.method.decode(), None

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._between_requests = True

    def data_received(self, data: bytes) -> None:
        if self._between_requests:
            data = self._head.feed(data)
            if not data:
                if self._head.refusal is not None:
                    self.send_400_response(self._head.refusal)
                return
        super().data_received(data)

    def _unsupported_upgrade_warning(self) -> None:
        """Going on in HTTP/1.1 is the right answer, not worth a warning."""

"""The forgiving protocol on the pure Python parser, for where httptools is not installed."""

import asyncio
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from mockserver.http.coalescing import CoalescingTransport
from mockserver.http.head_filter import HeadFilter
from mockserver.http.heads import mark


class ForgivingH11(H11Protocol):
    """The pure Python parser, for where httptools is not installed."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head = HeadFilter()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Join small writes on this connection."""
        super().connection_made(cast(asyncio.Transport, CoalescingTransport(transport)))

    def data_received(self, data: bytes) -> None:
        """Give the parser heads that are whole and can be read."""
        if self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]:
            data = self._head.feed(data)
            if not data:
                if self._head.misdirected is not None:
                    self.send_400_response(self._head.misdirected)
                return
        super().data_received(data)

    def handle_events(self) -> None:
        """Put into the scope what the application needs of the connection."""
        super().handle_events()
        # A fault may want the socket itself; the application has not begun yet.
        if self.scope is not None:
            self.scope["mock.transport"] = self.transport  # type: ignore[typeddict-unknown-key]
            if self._head.refusal is not None:
                mark(cast(dict[str, Any], self.scope), self._head.refusal)

    def _unsupported_upgrade_warning(self) -> None:
        """Going on in HTTP/1.1 is the right answer, not worth a warning."""

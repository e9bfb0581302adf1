"""HTTP/1.1 on the pure Python parser, used where httptools is not installed: uvicorn's protocol, made forgiving."""

from collections.abc import Mapping
from typing import Any, cast

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from mockserver.http.head_filter import HeadFilter
from mockserver.http.heads import REFUSED
from mockserver.http.way_in import SANDBOX_HEADER, WAY_IN, WayIn
from mockserver.listener.answers import plain_answer
from mockserver.listener.connections import Connections

#: In a request's scope: the application that answers it.
_ANSWERS = "mock.answers"


class ForgivingH11(H11Protocol):
    """Repairs the head of each request before it is parsed."""

    def __init__(
        self, config: Config, state: ServerState, app_state: Mapping[str, Any], connections: Connections, way_in: WayIn
    ) -> None:
        super().__init__(config=config, server_state=state, app_state=dict(app_state))
        self.app = _answered
        self._connections = connections
        self._way_in = way_in
        self._head = HeadFilter()

    def data_received(self, data: bytes) -> None:
        """Give the parser data, but heads only once they are whole and repaired."""
        if self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]:
            data = self._head.feed(data)
            if not data:
                if self._head.misdirected is not None:
                    self.send_400_response(self._head.misdirected)
                return
        super().data_received(data)

    def send_400_response(self, msg: str) -> None:
        """Refuse in plain text, with a length, and close."""
        self.transport.write(plain_answer(400, msg))
        self.transport.close()

    def handle_events(self) -> None:
        """Put into the scope what the application needs from the connection, before the application begins."""
        super().handle_events()
        scope = cast(dict[str, Any] | None, self.scope)
        if scope is None or WAY_IN in scope:
            return
        # A fault may want the socket itself.
        scope["mock.transport"] = self.transport
        named = [value for name, value in scope["headers"] if name == SANDBOX_HEADER]
        scope[WAY_IN] = self._way_in.into(named[0].decode("latin-1")) if named else self._way_in
        if self._head.refusal is not None:
            scope[REFUSED] = self._head.refusal
        connections = self._connections
        scope[_ANSWERS] = connections.app
        path: bytes = scope["raw_path"]
        if path[:1] != b"/":
            query: bytes = scope["query_string"]
            target = b"%b?%b" % (path, query) if query else path
            scope[_ANSWERS] = connections.proxy.serve(scope, target, connections.app)

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: going on in HTTP/1.1 is the right answer to an offer to upgrade."""


async def _answered(scope: Any, receive: Any, send: Any) -> None:
    await scope[_ANSWERS](scope, receive, send)

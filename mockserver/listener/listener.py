"""The listener of a server: it accepts connections, knows those that are open, and ends them."""

import asyncio
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.server import ServerState

from mockserver.listener.acceptor import Acceptor, ConnectionRouter, MakeProtocol
from mockserver.listener.connections import Connections
from mockserver.listener.options import ListenerOptions
from mockserver.listener.proxying import Proxy


class Listener:
    """Serves an application on listening sockets. `state` is the state that the application's lifespan has made."""

    def __init__(
        self,
        app: ASGIApp,
        sockets: Sequence[socket.socket],
        options: ListenerOptions,
        *,
        config: Config,
        uvicorn_state: ServerState,
        state: Mapping[str, Any],
    ) -> None:
        loop = asyncio.get_running_loop()
        proxy = Proxy(options, [listening.getsockname()[:2] for listening in sockets])
        self.connections = Connections(app, state, loop, proxy)
        self._uvicorn = uvicorn_state
        make = _protocols(self.connections, config, uvicorn_state)
        self._router = ConnectionRouter(loop, make, proxy, options.certificates)
        self._acceptors = [Acceptor(listening, self._router) for listening in sockets]

    def start(self) -> None:
        """Accept connections from now on."""
        for acceptor in self._acceptors:
            acceptor.start()

    def drain(self) -> None:
        """Let each answer end its connection from now on."""
        self.connections.closing = True

    def stop_listening(self) -> None:
        """Take the connections that wait, and no more."""
        for acceptor in self._acceptors:
            acceptor.close()
        self.connections.closing = True

    def stop_accepting(self) -> None:
        """Close connections without a request, and let the others end with the request that is under way."""
        self._router.close()
        for connection in self._open():
            connection.shutdown()

    def is_busy(self) -> bool:
        """Return whether a connection is open that may still send a request."""
        return bool(self._router.waiting) or bool(self._open())

    def owes_answers(self) -> bool:
        """Return whether requests are under way whose answers have not begun."""
        cycles: list[Any] = [getattr(connection, "cycle", None) for connection in self._uvicorn.connections]
        if any(cycle is not None and not cycle.response_started for cycle in cycles):
            return True
        return any(connection.owes_answer for connection in self.connections.open)

    def abort(self) -> None:
        """Cut every connection off."""
        for connection in self._open():
            connection.transport.abort()

    def tasks(self) -> "list[asyncio.Task[None]]":
        """Return the tasks that answer requests."""
        return [*self.connections.tasks(), *self._uvicorn.tasks]

    def close(self) -> None:
        """Stop the sweep of idle connections."""
        self.connections.close()

    def _open(self) -> list[Any]:
        return [*self.connections.open, *self._uvicorn.connections]


def _protocols(connections: Connections, config: Config, state: ServerState) -> MakeProtocol:
    """Return the factory of protocols for connections: on httptools where it is installed, else on h11."""
    try:
        from mockserver.listener.http_protocol import HttpProtocol
    except ImportError:
        from mockserver.listener.h11_protocol import ForgivingH11

        return lambda way_in: ForgivingH11(config, state, connections.state, connections, way_in)
    return lambda way_in: HttpProtocol(connections, way_in)

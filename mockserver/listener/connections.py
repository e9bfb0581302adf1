"""The open connections of a server, and the sweep that closes idle ones."""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from starlette.types import ASGIApp

#: A connection on which nothing has happened for this many seconds of real time is closed. Clients keep connections
#: for a minute and more, and a POST on a connection that was just closed is lost.
IDLE = 75.0
#: How often, in seconds, the sweep looks for idle connections.
SWEEP = 5.0


class Connection(Protocol):
    """A connection, as the server sees it that ends it."""

    transport: Any

    def shutdown(self) -> None:
        """Close now if no request is under way, else after its answer."""

    def expire(self, before: int) -> None:
        """Close if nothing has happened since this turn of the sweep, see `Connections.turn`."""

    @property
    def owes_answer(self) -> bool:
        """Whether a request is under way whose answer has not begun."""

    @property
    def task(self) -> "asyncio.Task[None] | None":
        """The task that answers, if a request is under way."""


class AbsoluteForm(Protocol):
    """The proxy, which decides about requests whose target is a whole URL."""

    def serve(self, scope: dict[str, Any], target: bytes, app: ASGIApp) -> ASGIApp:
        """Return the application that answers the request, and change the scope for it."""


class Connections:
    """The open connections of a server, the application behind them, and the sweep that closes idle ones.

    `turn` counts the sweeps. A connection notes it in place of a time: reading a clock for each request costs more.
    """

    def __init__(
        self, app: ASGIApp, state: Mapping[str, Any], loop: asyncio.AbstractEventLoop, proxy: "AbsoluteForm"
    ) -> None:
        self.app = app
        self.state = state
        self.proxy = proxy
        self.loop = loop
        self.open: set[Connection] = set()
        #: Tasks that still answer although their connections are closed.
        self.orphans: set[asyncio.Task[None]] = set()
        self.turn = 0
        #: Whether the server ends: each connection is closed after the answer to its next request.
        self.closing = False
        self._next_sweep: asyncio.TimerHandle | None = None

    @property
    def sweeping(self) -> bool:
        """Whether the sweep is planned."""
        return self._next_sweep is not None

    def add(self, connection: Connection) -> None:
        """Add an open connection; the sweep runs while there are any."""
        self.open.add(connection)
        if self._next_sweep is None:
            self._next_sweep = self.loop.call_later(SWEEP, self.sweep)

    def discard(self, connection: Connection) -> None:
        """Remove a closed connection; a task that still answers is kept in `orphans` until it ends."""
        self.open.discard(connection)
        task = connection.task
        if task is not None and not task.done():
            self.orphans.add(task)
            task.add_done_callback(self.orphans.discard)

    def sweep(self) -> None:
        """Close connections on which nothing has happened for `IDLE` seconds."""
        self.turn += 1
        before = self.turn - int(IDLE / SWEEP)
        for connection in list(self.open):
            connection.expire(before)
        self._next_sweep = self.loop.call_later(SWEEP, self.sweep) if self.open else None

    def tasks(self) -> list["asyncio.Task[None]"]:
        """Return the tasks of all requests under way."""
        tasks = [task for connection in self.open if (task := connection.task) is not None and not task.done()]
        return [*tasks, *self.orphans]

    def close(self) -> None:
        """Stop the sweep."""
        if self._next_sweep is not None:
            self._next_sweep.cancel()
            self._next_sweep = None

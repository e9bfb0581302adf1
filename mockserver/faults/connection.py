"""The client's connection, as faults on the wire use it."""

import os
import socket
import struct
import sys
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple, Protocol

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Transport(Protocol):
    """The part of an `asyncio.Transport` that faults use."""

    def get_extra_info(self, name: str) -> Any:
        """Return a fact of the connection by its name, such as `socket`."""

    def write(self, data: bytes) -> None:
        """Send these bytes."""

    def close(self) -> None:
        """Close the connection when everything is sent."""

    def abort(self) -> None:
        """Close the connection at once."""


class Exchange(Protocol):
    """The part of the journal's entry of a request that faults write."""

    status: int
    faults: Sequence[Mapping[str, Any]]


class Failure(NamedTuple):
    """An error for a client in this process, where there is no socket to break.

    `reset`: the error of a TCP RST; otherwise that of an answer that cannot be read.
    """

    message: str
    reset: bool = False

    def exception(self) -> Exception:
        """Return the exception that httpx would have raised, or Python's own where httpx is not in use."""
        httpx = sys.modules.get("httpx")
        if httpx is None:
            return ConnectionResetError(self.message) if self.reset else ConnectionError(self.message)
        error: Exception = httpx.ReadError(self.message) if self.reset else httpx.RemoteProtocolError(self.message)
        return error


class Connection(NamedTuple):
    """The client's connection. `transport` is None for a client in this process.

    `noise` returns 64 bytes for a purpose, the same for the same seed.
    """

    transport: Transport | None
    receive: Receive
    send: Send
    exchange: Exchange
    noise: Callable[[str], bytes]

    def note(self, **facts: object) -> None:
        """Add facts to the journal's row of the fault that decides the wire."""
        for row in self.exchange.faults:
            if row["hit"] and "wire" in row["decides"] and isinstance(row, dict):
                row.update(facts)

    async def ended(self) -> None:
        """Wait until the connection has ended; the server would report an answer that is missing before that."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def end(self, how: Callable[[Transport], None], failure: Failure) -> None:
        """End the connection by calling `how`; raises the exception of `failure` for a client in this process."""
        if self.transport is None:
            raise failure.exception()
        how(self.transport)
        await self.ended()


def close(transport: Transport) -> None:
    """Close the connection once everything written has been sent."""
    transport.close()


def reset(transport: Transport) -> None:
    """End the connection with a TCP RST: closing a socket that lingers for no time sends one."""
    transport_socket = transport.get_extra_info("socket")
    if os.name == "nt":
        transport_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh", 1, 0))
    else:
        # uvloop's socket objects take no options; a second descriptor of the same socket does.
        with socket.socket(fileno=os.dup(transport_socket.fileno())) as twin:
            twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()

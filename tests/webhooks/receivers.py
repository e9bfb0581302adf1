"""Webhook receivers on loopback whose behaviour a test chooses."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from mockserver.webhooks.targets import TargetGuard

Behaviour = Callable[["Visit"], Awaitable[None]]


@dataclass
class Visit:
    """One request as it came over the wire, and the way to answer it."""

    line: str
    headers: dict[str, str]
    body: bytes
    writer: asyncio.StreamWriter
    receiver: "Receiver"

    async def answer(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()


@dataclass
class Receiver:
    """What came in so far; `hold` ends whatever hangs."""

    port: int = 0
    visits: list[Visit] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    open_now: int = 0
    most_open: int = 0

    def url(self, rest: str = "/hook", *, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{rest}"

    async def serve(self, behaviour: Behaviour, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            line, *lines = head.rstrip("\r\n").split("\r\n")
            headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            visit = Visit(line, headers, body, writer, self)
            self.visits.append(visit)
            self.arrived.set()
            await behaviour(visit)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the sender left first, which is what some tests are about
        finally:
            self.open_now -= 1
            writer.close()


@asynccontextmanager
async def receiving(behaviour: Behaviour, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    receiver = Receiver()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await receiver.serve(behaviour, reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        try:
            yield receiver
        finally:
            receiver.hold.set()


def always(*addresses: str) -> TargetGuard:
    """A guard for which every name has these addresses."""

    async def lookup(host: str) -> Sequence[str]:
        return addresses

    return TargetGuard(lookup=lookup)

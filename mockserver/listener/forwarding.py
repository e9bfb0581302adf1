"""Sends requests for other hosts on, where `--passthrough` allows it, through the proxy of the environment if any.

Imported at the first such request.
"""

import asyncio
import logging
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

import h11
from starlette.types import Message, Receive, Scope, Send

from mockserver.listener.answers import plain_answer
from mockserver.listener.authority import Authority
from mockserver.listener.connections import IDLE
from mockserver.listener.notices import Notices

log = logging.getLogger("mockserver.server")

#: How many seconds of real time connecting to another host may take.
_CONNECTING = 10.0
#: How many tunnels and requests may be under way at once.
_MOST = 1_000
_PIECE = 65_536
#: Headers that belong to one connection (RFC 9110, 7.6.1).
_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-authorization", b"proxy-connection", b"te", b"transfer-encoding", b"upgrade"}
)


class CannotForward(Exception):
    """Another host, or the proxy before it, cannot be reached; the message is for the client."""


class Upstream(NamedTuple):
    """A proxy that the environment names, and its credentials as a header."""

    authority: Authority
    headers: tuple[tuple[bytes, bytes], ...] = ()


class _Connection(NamedTuple):
    """A connection to another host, or to the proxy before it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    upstream: Upstream | None


class Forwarder:
    """Reaches other hosts. `proxies` are those of the environment, by scheme, as `urllib` reads them.

    A proxy that is this server itself is not used: requests would go round in a circle.
    """

    def __init__(
        self, proxies: Mapping[str, str], is_own: Callable[[Authority], bool], notices: Notices | None = None
    ) -> None:
        self._notices = notices or Notices()
        self._proxies = dict(proxies)
        self._is_own = is_own
        self._under_way = 0

    def upstream(self, host: str, scheme: str) -> Upstream | None:
        """Return the proxy through which this host is reached, None without one. Raises CannotForward."""
        url = self._proxies.get(scheme) or self._proxies.get("all")
        if not url or proxy_bypass_environment(host, self._proxies):
            return None
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            authority = Authority(parts.hostname or "", parts.port or 80)
        except ValueError:
            raise CannotForward("the proxy that the environment names is not a URL") from None
        if parts.scheme != "http" or not authority.host:
            raise CannotForward("the proxy that the environment names is not an http:// URL")
        if self._is_own(authority):
            return None
        headers: tuple[tuple[bytes, bytes], ...] = ()
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            headers = ((b"Proxy-Authorization", b"Basic " + b64encode(pair)),)
        return Upstream(authority, headers)

    @asynccontextmanager
    async def connected(self, target: Authority, scheme: str) -> AsyncIterator[_Connection]:
        """Connect to a host, or to the proxy before it. Raises CannotForward."""
        if self._under_way >= _MOST:
            raise CannotForward(f"{_MOST} requests for other hosts are under way already")
        self._under_way += 1
        writer = None
        try:
            upstream = self.upstream(target.host, scheme)
            host, port = upstream.authority if upstream is not None else target
            try:
                async with asyncio.timeout(_CONNECTING):
                    reader, writer = await asyncio.open_connection(host, port)
            except (OSError, TimeoutError, ValueError, OverflowError) as error:  # also of names and ports that are none
                text = f"{host}:{port} cannot be reached: {str(error) or 'no answer in time'}"
                self._notices.warn(f"a request for {target} was not sent on: {text}")
                raise CannotForward(text) from error
            yield _Connection(reader, writer, upstream)
        finally:
            self._under_way -= 1
            if writer is not None:
                writer.close()

    async def tunnel(self, client: socket.socket, target: Authority) -> None:
        """Carry bytes between a client that asked for CONNECT and another host, until both ends are done or idle."""
        reader, writer = await asyncio.open_connection(sock=client)
        try:
            async with self.connected(target, "https") as other:
                writer.write(await _opened(other, target))
                await _relay((reader, writer), (other.reader, other.writer))
        except CannotForward as error:
            writer.write(plain_answer(502, str(error)))
        except OSError as error:
            log.debug("a tunnel to %s ended: %s", target, error)
        finally:
            with suppress(OSError):
                writer.close()


async def _opened(other: _Connection, target: Authority) -> bytes:
    """Return the answer to the client's CONNECT: that of the proxy on the way, if there is one, else a 200."""
    if other.upstream is None:
        return b"HTTP/1.1 200 Connection established\r\n\r\n"
    lines = [b"CONNECT %b HTTP/1.1" % str(target).encode(), b"Host: " + str(target).encode()]
    lines += [b"%b: %b" % pair for pair in other.upstream.headers]
    other.writer.write(b"\r\n".join(lines) + b"\r\n\r\n")
    try:
        async with asyncio.timeout(_CONNECTING):
            return await other.reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError) as error:
        raise CannotForward("the proxy that the environment names did not open the tunnel") from error


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _relay(first: Streams, second: Streams) -> None:
    """Copy both ways until both have ended, or for `IDLE` seconds nothing has come either way."""
    loop = asyncio.get_running_loop()
    last_data = loop.time()

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal last_data
        while part := await reader.read(_PIECE):
            last_data = loop.time()
            writer.write(part)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    tasks = {asyncio.ensure_future(copy(first[0], second[1])), asyncio.ensure_future(copy(second[0], first[1]))}
    try:
        waiting = set(tasks)
        while waiting and (left := last_data + IDLE - loop.time()) > 0:
            ended, waiting = await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Forward:
    """Sends a request with a whole URL on as it is, and its answer back."""

    def __init__(self, forwarder: Forwarder, url: str, target: Authority) -> None:
        self._forwarder = forwarder
        self._url = url
        self._target = target

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what cannot be reached is answered with status 502."""
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            scheme = self._url.partition(":")[0].lower()
            if scheme != "http":
                raise CannotForward("a whole URL with https is not sent on: ask for a tunnel with CONNECT")
            async with self._forwarder.connected(self._target, scheme) as other:
                await self._exchange(other, scope, receive, noting)
        except (CannotForward, OSError, h11.ProtocolError, TimeoutError) as error:
            if started:
                return  # the connection ends in the middle of the answer, as it did there
            text = (str(error) or "no answer in time").encode()
            headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(text))]
            await send({"type": "http.response.start", "status": 502, "headers": headers})
            await send({"type": "http.response.body", "body": text})

    async def _exchange(self, other: _Connection, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the request on and its answer back, both at once: a host may answer before it has read everything."""
        connection = h11.Connection(h11.CLIENT)
        head = h11.Request(method=scope["method"], target=self._target_for(other), headers=self._headers(other, scope))
        other.writer.write(connection.send(head) or b"")
        upload = asyncio.ensure_future(_upload(connection, other.writer, receive))
        answer = asyncio.ensure_future(_answer(connection, other.reader, send))
        try:
            await asyncio.wait((upload, answer), return_when=asyncio.FIRST_COMPLETED)
            client_is_gone = upload.done() and upload.exception() is None
            if not client_is_gone or answer.done():
                await answer
        finally:
            for task in (upload, answer):
                task.cancel()
            await asyncio.gather(upload, answer, return_exceptions=True)

    def _target_for(self, other: _Connection) -> str:
        """Return the whole URL for a proxy on the way, else its path; without the fragment, which no server gets."""
        url = self._url.partition("#")[0]
        if other.upstream is not None:
            return url
        rest = url.partition("://")[2]
        slash = min((at for mark in "/?" if (at := rest.find(mark)) >= 0), default=len(rest))
        return rest[slash:] if rest[slash : slash + 1] == "/" else "/" + rest[slash:]

    def _headers(self, other: _Connection, scope: Scope) -> list[tuple[bytes, bytes]]:
        named = [value for name, value in scope["headers"] if name == b"connection"]
        own = _HOP | {name.strip().lower() for value in named for name in value.split(b",")} | {b"host"}
        headers = [(b"host", str(self._target).removesuffix(":80").encode())]
        headers += [(name, value) for name, value in scope["headers"] if name not in own]
        if any(name == b"transfer-encoding" for name, _ in scope["headers"]):
            headers.append((b"transfer-encoding", b"chunked"))
        upstream = other.upstream.headers if other.upstream is not None else ()
        return [*headers, *upstream, (b"connection", b"close")]


async def _upload(connection: h11.Connection, writer: asyncio.StreamWriter, receive: Receive) -> None:
    """Send the body on, then wait until the client is gone or has its answer."""
    while (message := await receive())["type"] == "http.request":
        if message["body"]:
            writer.write(connection.send(h11.Data(data=message["body"])) or b"")
        if not message["more_body"]:
            writer.write(connection.send(h11.EndOfMessage()) or b"")
        await writer.drain()


async def _answer(connection: h11.Connection, reader: asyncio.StreamReader, send: Send) -> None:
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            async with asyncio.timeout(IDLE):
                connection.receive_data(await reader.read(_PIECE))
        elif isinstance(event, h11.Response):
            headers = [(name, value) for name, value in event.headers if name not in _HOP]
            await send({"type": "http.response.start", "status": event.status_code, "headers": headers})
        elif isinstance(event, h11.Data):
            await send({"type": "http.response.body", "body": bytes(event.data), "more_body": True})
        elif isinstance(event, h11.EndOfMessage):
            await send({"type": "http.response.body", "body": b""})
            return

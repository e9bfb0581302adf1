"""Faults on the wire: at the socket under our own server, as the nearest exception where there is none."""

import asyncio
import os
import socket
import struct
import sys
from contextlib import suppress
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from mockserver.journal.journal import Entry

#: A drip sends this often, where the rate allows it.
_TICK = 0.05


def spoiled(
    kind: str, number: float, *, scope: Scope, receive: Receive, send: Send, entry: Entry, noise: bytes
) -> Send:
    """A `send` that spoils the answer it is given; `noise` is what garbage consists of.

    `scope["mock.transport"]` is the connection. Without one a broken answer ends in an exception, of the kind
    that the client would have raised where that is httpx.
    """
    wire = _Wire(scope.get("mock.transport"), receive, send, entry)
    if kind == "drip":
        return wire.drip(number)
    return wire.cut(number) if kind == "cut" else wire.lose(kind, noise)


class _Wire:
    def __init__(self, transport: Any, receive: Receive, send: Send, entry: Entry) -> None:
        self._transport = transport
        self._receive = receive
        self._send = send
        self._entry = entry

    def lose(self, kind: str, noise: bytes) -> Send:
        """No byte of the answer gets out."""

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(lost_status=message["status"])
                self._entry.status = 0
                return
            if self._transport is None:
                raise _exception(kind)
            if kind == "reset":
                _reset(self._transport)
            else:
                if kind == "garbage":
                    # Never the beginning of an HTTP answer.
                    self._transport.write(b"\x15\x03" + noise)
                self._transport.close()
            await self._gone()

        return send

    def cut(self, part: float) -> Send:
        """The head promises the whole body, of which only a part follows."""

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._send(message)
                return
            body: bytes = message["body"]
            kept = min(int(len(body) * part), max(len(body) - 1, 0))
            self._note(sent_bytes=kept, of_bytes=len(body))
            await self._send({"type": "http.response.body", "body": body[:kept], "more_body": True})
            if self._transport is None:
                raise _exception("cut")
            self._transport.close()
            await self._gone()

        return send

    def drip(self, pace: float) -> Send:
        """The body comes a few bytes at a time; `pace` in bytes per second of real time."""
        size = max(1, round(pace * _TICK))

        async def send(message: Message) -> None:
            body: bytes = message.get("body", b"")
            if message["type"] == "http.response.start" or len(body) <= size:
                await self._send(message)
                return
            gone = asyncio.ensure_future(self._gone())
            try:
                for place in range(0, len(body), size):
                    more = place + size < len(body)
                    part = body[place : place + size]
                    await self._send({"type": "http.response.body", "body": part, "more_body": more})
                    if more:
                        await asyncio.wait([gone], timeout=size / pace)
                    if gone.done():
                        self._note(sent_bytes=place + len(part), of_bytes=len(body))
                        return
            finally:
                gone.cancel()
                with suppress(asyncio.CancelledError):
                    await gone

        return send

    async def _gone(self) -> None:
        """Until the connection has ended, so that nobody takes the answer for forgotten."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def _note(self, **more: object) -> None:
        for row in self._entry.faults:
            if row["hit"] and "wire" in row["decides"] and isinstance(row, dict):
                row.update(more)


def _reset(transport: Any) -> None:
    """End the connection with a TCP RST: closing a socket that lingers for no time sends one."""
    transport_socket = transport.get_extra_info("socket")
    if os.name == "nt":
        transport_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh", 1, 0))
    else:
        # uvloop's socket objects take no options; a second descriptor of the same socket does.
        with socket.socket(fileno=os.dup(transport_socket.fileno())) as twin:
            twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _exception(kind: str) -> Exception:
    message = {
        "reset": "connection reset by a fault",
        "empty": "server disconnected without sending a response (a fault)",
        "garbage": "not an HTTP answer (a fault)",
        "cut": "the body was cut short (a fault)",
    }[kind]
    httpx = sys.modules.get("httpx")
    if httpx is None:
        return ConnectionResetError(message) if kind == "reset" else ConnectionError(message)
    error: Exception = httpx.ReadError(message) if kind == "reset" else httpx.RemoteProtocolError(message)
    return error

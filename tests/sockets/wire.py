"""Raw HTTP/1.1 over a socket: sends any bytes, and reads answers one by one."""

import json
import os
import socket
import ssl
from dataclasses import dataclass
from typing import Any

from tests.server.processes import connect

HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as it came; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON data."""
        return json.loads(self.body)


class Wire:
    """One connection; a context manager."""

    def __init__(self, url: str) -> None:
        self.socket = connect(url)
        self.held = b""

    @classmethod
    def over(cls, connection: socket.socket) -> "Wire":
        """A connection that was made already."""
        wire = cls.__new__(cls)
        wire.socket, wire.held = connection, b""
        return wire

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, *parts: bytes) -> None:
        """Sends each part by itself."""
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            self.socket.sendall(part)

    def answer(self, *, head: bool = False) -> Answer:
        """The next answer; `head` when it was asked for with HEAD. Raises AssertionError when the connection ends."""
        while HEAD_END not in self.held:
            self.read_more()
        start, _, self.held = self.held.partition(HEAD_END)
        line, *lines = start.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
        size = 0 if head else int(headers.get("content-length", "0"))
        while len(self.held) < size:
            self.read_more()
        body, self.held = self.held[:size], self.held[size:]
        return Answer(int(line.split()[1]), headers, body)

    def is_reset(self) -> bool:
        """Whether the connection ends with a TCP RST, before a byte of an answer that is not encrypted.

        Looks beneath TLS: Python's takes a reset for an end.
        """
        encrypted = isinstance(self.socket, ssl.SSLSocket)
        with socket.socket(fileno=os.dup(self.socket.fileno())) as raw:
            raw.settimeout(10)
            try:
                while part := raw.recv(65_536):
                    assert encrypted, part
            except ConnectionResetError:
                return True
        return False

    def read_more(self) -> None:
        """Wait for what comes next."""
        part = self.socket.recv(65_536)
        assert part, f"the connection ended after {self.held!r}"
        self.held += part


def request(method: str, target: bytes | str, *headers: tuple[str, str] | bytes, body: bytes = b"") -> bytes:
    """A request with a Host and, where there is a body, its length; headers as pairs or as raw lines."""
    raw = target.encode() if isinstance(target, str) else target
    lines = [method.encode() + b" " + raw + b" HTTP/1.1", b"Host: localhost"]
    lines += [one if isinstance(one, bytes) else f"{one[0]}: {one[1]}".encode() for one in headers]
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + HEAD_END + body


def exchange(url: str, sent: bytes, *, head: bool = False) -> Answer:
    """One request on a connection of its own."""
    with Wire(url) as wire:
        wire.send(sent)
        return wire.answer(head=head)

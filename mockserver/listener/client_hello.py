"""Reads the server name out of the first message of a TLS connection, before anything answers it."""

from typing import NamedTuple

#: The most bytes that a client hello may have; real ones have one record or a few.
LONGEST = 16_384
#: A record has at least a byte of it.
_MOST_RECORDS = 1_000
_HANDSHAKE, _CLIENT_HELLO, _SERVER_NAME = 0x16, b"\x01", 0
#: A fatal alert: no certificate for this name (RFC 6066, 3).
UNRECOGNIZED_NAME = bytes((0x15, 3, 3, 0, 2, 2, 112))


class ClientHello(NamedTuple):
    """What a client hello says. `server_name` is None where the client sent none, as when it connects by address."""

    server_name: str | None


class NotTls(ValueError):
    """The bytes are no client hello."""


def read_client_hello(data: bytes) -> ClientHello | None:
    """Return the client hello that the data begin with; None while it is not whole. Raises NotTls."""
    message = _message(data)
    if message is None:
        return None
    try:
        return ClientHello(_server_name(_Reader(message)))
    except IndexError:
        raise NotTls("a client hello ends in the middle of a field") from None


def _message(data: bytes) -> bytes | None:
    """Join the records (RFC 8446, 5.1) until the handshake message in them is whole."""
    parts: list[bytes] = []
    place = size = 0
    for _ in range(_MOST_RECORDS):
        header = data[place : place + 5]
        if (header and header[0] != _HANDSHAKE) or (len(header) > 1 and header[1] != 3):
            raise NotTls("a TLS handshake record begins with the bytes 16 03")
        announced = int.from_bytes(header[3:5])
        part = data[place + 5 : place + 5 + announced]
        parts.append(part)
        size += len(part)
        beginning = b"".join(parts[:4])[:4]  # no record but the last is empty
        wanted = 4 + int.from_bytes(beginning[1:]) if len(beginning) == 4 else LONGEST
        if beginning[:1] not in (b"", _CLIENT_HELLO) or wanted > LONGEST:
            raise NotTls("no client hello")
        if size >= wanted:
            return b"".join(parts)
        if len(header) < 5 or len(part) < announced:
            if len(data) >= LONGEST:
                raise NotTls("a client hello is too long")
            return None
        if announced == 0:
            raise NotTls("an empty record")
        place += 5 + announced
    raise NotTls("a client hello in too many records")


class _Reader:
    """Takes fields off the front of some bytes; raises IndexError where there are too few."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def __bool__(self) -> bool:
        return self._place < len(self._data)

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def take(self, size: int) -> bytes:
        part = self._data[self._place : self._place + size]
        if len(part) < size:
            raise IndexError
        self._place += size
        return part

    def vector(self, size: int) -> bytes:
        """Return bytes whose length stands in front of them, in `size` bytes."""
        return self.take(self.number(size))


def _server_name(hello: _Reader) -> str | None:
    """Walk a ClientHello (RFC 8446, 4.1.2) to its server_name extension."""
    hello.take(4 + 2 + 32)
    hello.vector(1)
    hello.vector(2)
    hello.vector(1)
    if not hello:
        return None
    extensions = _Reader(hello.vector(2))
    while extensions:
        kind, content = extensions.number(2), extensions.vector(2)
        if kind == _SERVER_NAME:
            names = _Reader(_Reader(content).vector(2))
            while names:
                name_kind, name = names.number(1), names.vector(2)
                if name_kind == 0:
                    return name.decode("ascii", "replace").lower().rstrip(".")
    return None

"""Limits of a request's head, and the short head that replaces one that exceeds them.

The provider words the refusal. So the parser gets a short head with the same method, the beginning of the same target
and the same host, by which the application finds the provider. The connection ends with the answer.
"""

import re

from mockserver.domain.errors import ApiError, HeadTooLarge, TargetTooLong

#: How many bytes a head may have, its request line included, and how many headers.
MOST_HEAD, MOST_HEADERS = 65_536, 200
#: How many bytes more of a head are read and dropped: a client that is still sending might not read the answer.
MOST_DROPPED = 1024 * 1024

_END = re.compile(rb"\n\r?\n")
_BEGINNING = re.compile(rb"([A-Za-z]{1,16}) ((?:https?://)?[^\s?#]{1,2000})")
_HOST = re.compile(rb"(?i)\nhost:[ \t]*([^\r\n]{1,300})")
#: In a request's scope: why its head is refused, an ApiError.
REFUSED = "mock.refused"


class HeldHead:
    """Holds a head that comes in pieces until it is whole."""

    __slots__ = ("_dropped", "_held", "_tail", "refusal")

    def __init__(self) -> None:
        self._held = bytearray()
        self._dropped = 0
        self._tail = b""
        self.refusal: ApiError | None = None
        """Why the head is refused: `take` has then returned a short head in its place, and no more is to be read."""

    def __len__(self) -> int:
        """Return the number of bytes that are held."""
        return len(self._held)

    def beginning(self, most: int) -> bytes:
        """Return the first bytes of the head, at most this many."""
        return bytes(self._held[:most])

    def take(self, data: bytes) -> bytes:
        """Add data; return the head and what came behind it once the head is whole, nothing until then."""
        if self._dropped:
            return self._drop(data)
        place = max(len(self._held) - 2, 0)
        self._held += data
        end = _END.search(self._held, place)
        if end is None and len(self._held) <= MOST_HEAD:
            return b""
        if end is None:
            beyond = bytes(self._held[MOST_HEAD:])
            del self._held[MOST_HEAD:]
            return self._drop(beyond)
        return self._checked(end.end())

    def hopeless(self) -> bool:
        """Return whether the first line is there and is no request line, so that waiting for more is useless."""
        end = self._held.find(b"\n")
        return end >= 0 and not self._dropped and b" HTTP/" not in self._held[max(end - 12, 0) : end]

    def release(self) -> bytes:
        """Return and forget the bytes that are held."""
        head = bytes(self._held)
        self._held.clear()
        return head

    def _checked(self, size: int) -> bytes:
        if size > MOST_HEAD or self._held.count(b"\n", 0, size) > MOST_HEADERS + 2:
            del self._held[min(size, MOST_HEAD) :]
            return self._refused()
        return self.release()

    def _drop(self, data: bytes) -> bytes:
        """Drop data to the end of the head or `MOST_DROPPED` bytes; return the short head once that is reached."""
        self._dropped += len(data)
        rest = self._tail + data
        self._tail = rest[-2:]
        return self._refused() if _END.search(rest) or self._dropped > MOST_DROPPED else b""

    def _refused(self) -> bytes:
        head = self.release()
        beginning = _BEGINNING.match(head)
        if beginning is None:
            return head  # the parser refuses it
        self.refusal = HeadTooLarge(MOST_HEAD, MOST_HEADERS) if b"\n" in head else TargetTooLong(MOST_HEAD)
        host = _HOST.search(head)
        line = b"%s %s HTTP/1.1\r\nHost: %s\r\n" % (
            beginning[1],
            beginning[2],
            host[1].strip() if host else b"localhost",
        )
        return line + b"Connection: close\r\n\r\n"


_TEXT = b"The head of the request is too large."
#: The refusal where no provider can word one: of a head behind another request that is still being read.
PLAIN_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(_TEXT), _TEXT)
)

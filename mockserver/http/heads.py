"""Limits of a request's head, and what stands in for a head that exceeds them.

A refusal is the provider's to word: the parser is given a short head with the same method, the beginning of the same
target and the same host, so that the application can tell whom the request was for. The connection ends with the
answer.
"""

import re

from mockserver.domain.errors import ApiError, HeadTooLarge, TargetTooLong

#: How many bytes a head may have, its request line included, and how many headers.
MOST_HEAD, MOST_HEADERS = 65_536, 200
#: How much more of a head is read and dropped, so that the client gets to read the answer.
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
        """Why the head is refused; what `take` gave stands in for it then, and nothing more is to be read."""

    def __len__(self) -> int:
        """Return how many bytes are held."""
        return len(self._held)

    def beginning(self, most: int) -> bytes:
        """Return the first bytes of what is held."""
        return bytes(self._held[:most])

    def take(self, data: bytes) -> bytes:
        """Return the head and what came behind it, once the head is whole; empty until then."""
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
        """Return whether what is held has a first line that is no request's: nobody need wait for more."""
        end = self._held.find(b"\n")
        return end >= 0 and not self._dropped and b" HTTP/" not in self._held[max(end - 12, 0) : end]

    def release(self) -> bytes:
        """Return what is held, whatever it is."""
        held = bytes(self._held)
        self._held.clear()
        return held

    def _checked(self, size: int) -> bytes:
        if size > MOST_HEAD or self._held.count(b"\n", 0, size) > MOST_HEADERS + 2:
            del self._held[min(size, MOST_HEAD) :]
            return self._refused()
        return self.release()

    def _drop(self, data: bytes) -> bytes:
        """Read on to the end of the head, or as far as is read at all."""
        self._dropped += len(data)
        rest = self._tail + data
        self._tail = rest[-2:]
        return self._refused() if _END.search(rest) or self._dropped > MOST_DROPPED else b""

    def _refused(self) -> bytes:
        held = self.release()
        found = _BEGINNING.match(held)
        if found is None:
            return held  # the parser knows what to say of it
        self.refusal = HeadTooLarge(MOST_HEAD, MOST_HEADERS) if b"\n" in held else TargetTooLong(MOST_HEAD)
        host = _HOST.search(held)
        line = b"%s %s HTTP/1.1\r\nHost: %s\r\n" % (found[1], found[2], host[1].strip() if host else b"localhost")
        return line + b"Connection: close\r\n\r\n"


_TEXT = b"The head of the request is too large."
#: Where no provider can be told any more: a head behind another request that is still being read.
PLAIN_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(_TEXT), _TEXT)
)

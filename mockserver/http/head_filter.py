"""Repairs the heads of requests for the parsers, so that the application sees every request that can be routed.

The parsers refuse a request whose target holds raw bytes outside ASCII, control characters or spaces, before any
application sees it. Here such bytes are percent-encoded first, so that the emulated API refuses them in its own
words. A method that httptools does not know reaches the application, too.
A head is given to the parser when it is whole, and within the limits of `http.heads`.
"""

import logging
import re

from mockserver.domain.errors import ApiError
from mockserver.http.heads import MOST_HEAD, MOST_HEADERS, HeldHead

_log = logging.getLogger("mockserver.server")

#: Methods that every parser knows.
_METHODS = rb"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE)"
_WELL_FORMED = re.compile(_METHODS + rb" /[\x21-\x7e]* HTTP/1\.[01]\r\n")
_OTHER_METHOD = re.compile(
    rb"(?!" + _METHODS + rb" )([A-Za-z][-!#$%&'*+.^_`|~0-9A-Za-z]{0,63}) (?=/[^\r\n]* HTTP/1\.[01]\r?\n)"
)
#: A head that is shorter cannot have too many headers: each has at least four bytes.
_FEW_HEADERS = 4 * MOST_HEADERS
#: The method that the parser gets in place of one that it does not know.
_STAND_IN = b"PATCH "
_NOT_PLAIN = re.compile(rb"[^\x21-\x7e]")
#: The parser reads as many digits as there are.
_LENGTH = re.compile(rb"(?i)\r\ncontent-length:[ \t]*(\d+)[ \t]*(?:\r\n|$)")
#: A length with more digits is longer than whatever came.
_MOST_DIGITS = 12
_CHUNKED = re.compile(rb"(?i)\r\ntransfer-encoding:")


def repaired_line(line: bytes) -> bytes:
    """Return a request line (up to, not with, its line feed) whose target a strict parser accepts.

    Anything without a method, a target and a version comes back as it is.
    """
    method, _, rest = line.partition(b" ")
    target, _, version = rest.rpartition(b" ")
    if not target or not version.startswith(b"HTTP/"):
        return line
    target = _NOT_PLAIN.sub(lambda match: b"%%%02X" % match[0][0], target)
    return b"%s %s %s" % (method, target, version)


def misdirected(data: bytes) -> str | None:
    """Return what a client tried that is not served here, and what to do instead; None for what may be HTTP/1.1."""
    if data[:2] == b"\x16\x03":
        return "this port speaks plain HTTP, and a TLS greeting came: use http://, or start the server with --tls on"
    if data[:2] in (b"\x05\x01", b"\x05\x02", b"\x05\x03", b"\x04\x01"):
        return "this server is no SOCKS proxy: write the proxy's URL with http://"
    if data[:8] == b"CONNECT ":
        return (
            "a CONNECT is served as the first request of a plain connection, and only with --tls on: "
            "write the proxy's URL with http://, not https://"
        )
    if data[:14] == b"PRI * HTTP/2.0":
        return "this server speaks HTTP/1.1, and the preface of HTTP/2 came: turn HTTP/2 off in the client"
    return None


class HeadFilter:
    """Holds back the head of a request until it is whole, and repairs its first line.

    With `strict`, a parser gets PATCH in place of a method that it may not know, and `method` is then the true one,
    until the parser has the head. `misdirected` says what came instead of HTTP/1.1, and what to do.
    """

    __slots__ = ("_nothing_held", "_strict", "held", "method", "misdirected")

    def __init__(self, *, strict: bool = False) -> None:
        self.held = HeldHead()
        """The bytes of a head that is not whole."""
        self._nothing_held = True
        self._strict = strict
        self.method: bytes | None = None
        self.misdirected: str | None = None

    @property
    def holds_something(self) -> bool:
        """Whether a part of a head has come, and the rest is missing."""
        return not self._nothing_held

    @property
    def refusal(self) -> ApiError | None:
        """Why the head that the parser got last was refused."""
        return self.held.refusal

    def feed(self, data: bytes) -> bytes:
        """Return what to give to the parser, at the start of a request; empty while the head is not whole."""
        if self._nothing_held and _WELL_FORMED.match(data):
            end = data.find(b"\r\n\r\n", 0, MOST_HEAD)
            if end >= 0 and (end < _FEW_HEADERS or data.count(b"\n", 0, end) <= MOST_HEADERS):
                return data if data.isascii() else _repaired_pipeline(data)
        data = self._slowly(data)
        self._nothing_held = not self.held and self.held.refusal is None
        return data

    def _slowly(self, data: bytes) -> bytes:
        held = self.held
        if held.refusal is not None:
            return b""  # the connection ends with the answer
        if not held:
            data = data.lstrip(b"\r\n")
        self.misdirected = misdirected(held.beginning(16) + data[:16])
        if self.misdirected is not None:
            _log.warning("%s", self.misdirected)
            return b""
        if not held:
            # Bytes that do not begin like a method are not HTTP (such as a TLS greeting): the parser refuses them.
            if not data[:1].isalpha():
                return data
        whole = held.take(data)
        if not whole:
            return held.release() if held.hopeless() else b""
        line, feed, rest = whole.partition(b"\n")
        data = repaired_line(line) + feed + rest
        if self._strict and (other := _OTHER_METHOD.match(data)):
            self.method = other[1]
            data = _STAND_IN + data[other.end() :]
        return _repaired_pipeline(data)


def _repaired_pipeline(data: bytes) -> bytes:
    """Repair the first lines of the requests that follow a whole one in the same packet."""
    done: list[bytes] = []
    while True:
        head, blank, rest = data.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        digits = length[1].lstrip(b"0") if length else b""
        size = int(digits or b"0") if len(digits) <= _MOST_DIGITS else len(data)
        if not blank or _CHUNKED.search(head) or len(rest) <= size:
            return b"".join((*done, data))
        done += [head, blank, rest[:size]]
        line, feed, after = rest[size:].partition(b"\n")
        data = repaired_line(line) + feed + after if feed else rest[size:]

"""HTTP/1.1 protocols for uvicorn that hand to the application what can be routed at all.

uvicorn's parsers refuse a request whose target holds raw bytes outside ASCII, control characters or spaces
with a bare text, before any application sees it. Here such bytes are percent-encoded first, so that the
emulated API refuses them in its own words. Offers to upgrade (`Upgrade: h2c`, which some HTTP clients send with
each first request) are dropped, as RFC 9110 allows: httptools would lose the body of a request that makes one.
A method that httptools does not know reaches the application too.
"""

import asyncio
import logging
import re

_log = logging.getLogger("mockserver.server")

#: A request line longer than this is not waited for.
LONGEST_LINE = 65_536

#: Methods that every parser knows.
_METHODS = rb"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE)"
_WELL_FORMED = re.compile(_METHODS + rb" /[\x21-\x7e]* HTTP/1\.[01]\r\n")
_OTHER_METHOD = re.compile(
    rb"(?!" + _METHODS + rb" )([A-Za-z][-!#$%&'*+.^_`|~0-9A-Za-z]{0,63}) (?=/[^\r\n]* HTTP/1\.[01]\r?\n)"
)
#: What stands for a method that a parser does not know.
_STAND_IN = b"PATCH "
_NOT_PLAIN = re.compile(rb"[^\x21-\x7e]")
_ORIGIN = re.compile(rb"(?i)https?://[^/?#]+/?")
_LENGTH = re.compile(rb"(?i)\r\ncontent-length:[ \t]*(\d{1,12})[ \t]*(?:\r\n|$)")
_CHUNKED = re.compile(rb"(?i)\r\ntransfer-encoding:")
_UPGRADE = re.compile(rb"(?i)\r\nupgrade:[^\r\n]*(?=\r\n)")


def repaired_line(line: bytes) -> bytes:
    """A request line (up to, not with, its line feed) whose target a strict parser takes.

    A target that is a whole URL, as sent to a proxy, is cut to its path: the Host header names the same host.
    Anything without a method, a target and a version comes back as it is.
    """
    method, _, rest = line.partition(b" ")
    target, _, version = rest.rpartition(b" ")
    if not target or not version.startswith(b"HTTP/"):
        return line
    target = _NOT_PLAIN.sub(lambda match: b"%%%02X" % match[0][0], target)
    target = _ORIGIN.sub(b"/", target, count=1) if _ORIGIN.match(target) else target
    return b"%s %s %s" % (method, target, version)


def misdirected(data: bytes) -> str | None:
    """What a client tried that is not served here, and what to do instead; None for what may be HTTP/1.1."""
    if data[:2] == b"\x16\x03":
        return "this port speaks plain HTTP, and a TLS greeting came: use http:// instead of https://"
    if data[:8] == b"CONNECT ":
        return "this server is no proxy for CONNECT: use http:// URLs, or put its own address before their path"
    if data[:14] == b"PRI * HTTP/2.0":
        return "this server speaks HTTP/1.1, and the preface of HTTP/2 came: turn HTTP/2 off in the client"
    return None


class HeadFilter:
    """Holds back the first line of a request until it is whole, and repairs it.

    With `strict`, for a parser that knows few methods, another one stands in for those it may not know; `method` is
    then the true one, until the parser has the head. `refusal` is why what came is not for the parser at all.
    """

    __slots__ = ("_held", "_strict", "method", "refusal")

    def __init__(self, *, strict: bool = False) -> None:
        self._held = b""
        self._strict = strict
        self.method: bytes | None = None
        self.refusal: str | None = None

    def feed(self, data: bytes) -> bytes:
        """What to give to the parser, at the start of a request; empty while it is not whole, and with a `refusal`."""
        if not self._held and _WELL_FORMED.match(data):
            data = _without_upgrade(data) if b"pgrade" in data else data
            return data if data.isascii() else _repaired_pipeline(data)
        data = (self._held + data).lstrip(b"\r\n")
        self._held = b""
        end = data.find(b"\n")
        self.refusal = misdirected(data)
        if self.refusal is not None:
            _log.warning("%s", self.refusal)
            return b""
        if end < 0:
            # What does not begin like a method is not HTTP (a TLS greeting, say): the parser refuses it at once.
            if len(data) < LONGEST_LINE and data[:1].isalpha():
                self._held = data
                return b""
            return data
        data = _without_upgrade(repaired_line(data[:end]) + data[end:])
        if self._strict and (other := _OTHER_METHOD.match(data)):
            self.method = other[1]
            data = _STAND_IN + data[other.end() :]
        return _repaired_pipeline(data)


def _repaired_pipeline(data: bytes) -> bytes:
    """Repairs the first lines of the requests that follow a whole one in the same packet."""
    done: list[bytes] = []
    while True:
        head, blank, rest = data.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        size = int(length[1]) if length else 0
        if not blank or _CHUNKED.search(head) or len(rest) <= size:
            return b"".join((*done, data))
        done += [head, blank, rest[:size]]
        line, feed, after = rest[size:].partition(b"\n")
        data = repaired_line(line) + feed + after if feed else rest[size:]


def _without_upgrade(data: bytes) -> bytes:
    head, blank, body = data.partition(b"\r\n\r\n")
    return _UPGRADE.sub(b"", head + blank[:2]) + blank[2:] + body


def http_protocol() -> type[asyncio.Protocol]:
    """The protocol class to serve with: on httptools where it is installed, else on h11."""
    try:
        from mockserver.http.protocol_httptools import ForgivingHttpTools
    except ImportError:
        from mockserver.http.protocol_h11 import ForgivingH11

        return ForgivingH11
    return ForgivingHttpTools

"""Makes the bytes of answers: status lines, heads, framing."""

from collections.abc import Iterable
from http import HTTPStatus

Headers = Iterable[tuple[bytes, bytes]]


def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


_STATUS_LINES = {status: _status_line(status) for status in range(100, 600)}
#: A larger body is written by itself, not joined with its head, which would copy it.
MOST_JOINED = 65_536


def plain_answer(status: int, text: str, *, keep_alive: bool = False, headers: Headers = ()) -> bytes:
    """Return a whole answer of plain text, for requests that reach no application."""
    body = text.encode()
    fields = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body)), *headers]
    if not keep_alive:
        fields.append((b"connection", b"close"))
    return head_bytes(status, fields) + b"\r\n" + body


def head_bytes(status: int, headers: Headers) -> bytes:
    """Return the status line and the headers, without the empty line that ends a head.

    Raises ValueError for a header that would break the head apart.
    """
    count = 1
    parts = [_STATUS_LINES.get(status) or _status_line(status)]
    for name, value in headers:
        parts += (name, b": ", value, b"\r\n")
        count += 1
    head = b"".join(parts)
    if head.count(b"\n") != count or head.count(b"\r") != count or b"\0" in head:
        raise ValueError("a header holds a line break or a null byte")
    return head


def chunk(body: bytes, *, last: bool) -> bytes:
    """Return a part of a body in chunked encoding."""
    framed = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
    return framed + b"0\r\n\r\n" if last else framed

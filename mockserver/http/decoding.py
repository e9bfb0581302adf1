"""Decodes compressed bodies (`Content-Encoding`), within the limit of any other body."""

import zlib

from mockserver.domain.errors import ApiError, Malformed, PayloadTooLarge, UnsupportedEncoding
from mockserver.http.body import MOST

#: How many times larger a body may become when decoded, beyond the first 64 KiB.
MOST_RATIO, FREE = 200, 65_536
#: How many encodings may be applied one after the other, and how many members a gzip body may have.
MOST_LAYERS, MOST_MEMBERS = 2, 16

_SAME_AS = {"x-gzip": "gzip"}
_GZIP, _ZLIB, _RAW = 31, 15, -15


def decode_body(body: bytes, encoding: str, *, most: int = MOST) -> tuple[bytes, ApiError | None]:
    """Return the decoded body and None, or no body and the error that refuses it.

    `encoding` is the header's value. An undecoded body is not returned: its secrets could not be hidden.
    """
    layers = [_SAME_AS.get(name, name) for part in encoding.lower().split(",") if (name := part.strip())]
    layers = [name for name in layers if name != "identity"]
    if len(layers) > MOST_LAYERS or not {"gzip", "deflate"}.issuperset(layers):
        return b"", UnsupportedEncoding(encoding)
    try:
        for layer in reversed(layers):
            limit = min(most, max(FREE, MOST_RATIO * len(body)))
            body = _inflated(body, layer, limit)
            if len(body) > limit:
                return b"", PayloadTooLarge(limit)
    except (zlib.error, EOFError):
        return b"", Malformed({"body": [f"The request body is not {layer}, as its Content-Encoding says."]})
    return body, None


def _inflated(body: bytes, layer: str, limit: int) -> bytes:
    """Return the decoded bytes, at most one more than the limit; raises zlib.error, EOFError."""
    if not body:
        return b""
    if layer == "gzip":
        return _gunzipped(body, limit)
    try:
        return _member(body, _ZLIB, limit)[0]
    except zlib.error:
        # Some clients leave out the zlib wrapper that RFC 9110 asks for.
        return _member(body, _RAW, limit)[0]


def _gunzipped(body: bytes, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    for _ in range(MOST_MEMBERS):
        part, body = _member(body, _GZIP, limit - size)
        parts.append(part)
        size += len(part)
        body = body.lstrip(b"\0")
        if size > limit or not body:
            return b"".join(parts)
    raise zlib.error("too many members")


def _member(body: bytes, window: int, limit: int) -> tuple[bytes, bytes]:
    """Return the content of one compressed stream, and the bytes behind the stream."""
    inflater = zlib.decompressobj(window)
    content = inflater.decompress(body, limit + 1)
    if len(content) <= limit and not inflater.eof:
        raise EOFError
    return content, inflater.unused_data

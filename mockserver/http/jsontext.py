"""Reads clients' JSON; the errors are about the body, not about the parser."""

from typing import Any

import orjson


class NotJson(ValueError):
    """Raised for a body that is not JSON; the text continues "the body", such as "is not JSON: it ends too early"."""


def read_json(body: bytes) -> Any:
    """Return the data; raises NotJson."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotJson(f"is not JSON: {_reason(body, error)}") from None


def _reason(body: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        body.decode()
    except UnicodeDecodeError as decode_error:
        zipped = "; it looks like gzip, but no Content-Encoding says so" if body.startswith(b"\x1f\x8b") else ""
        return f"it is not UTF-8 (byte {decode_error.start}{zipped})"
    if body.startswith(b"\xef\xbb\xbf"):
        return "it begins with a byte order mark"
    message, place = error.msg.lower(), f"line {error.lineno}, column {error.colno}"
    if "end of data" in message or not body.strip():
        return "it ends too early"
    if "recursion" in message or "depth" in message:
        return "it nests too deeply"
    if "surrogate" in message:
        return f"half of a surrogate pair at {place}"
    if "infinity" in message:
        return f"a number that is too large at {place}"
    return f"something unexpected at {place}"

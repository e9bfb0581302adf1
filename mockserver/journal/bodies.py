"""Hides secrets in bodies: JSON, forms, parts, XML, YAML, and other texts that give names values.

JSON stays JSON, and all other bytes stay as they are. Each step reads a body once, from its beginning to its end.
"""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

import orjson

from mockserver.journal.names import SecretNames
from mockserver.journal.parts import EQUALS, FOLD, boundary_of, delimiter
from mockserver.journal.redact import HIDDEN, may_hold_inside, redact_inside
from mockserver.journal.texts import MOST_SECRETS, end_of_nested, redact_text

_HIDDEN = HIDDEN.encode()
_QUOTED = b'"%b"' % _HIDDEN
#: A URL in a body, its slashes plain or escaped as PHP does; its query ends before the next blank or quote.
_URL = re.compile(rb"(?i)(https?:(?:\\?/){2})((?:(?!\\?/)[^\s\"'<>?#])*@)?([^\s\"'<>?#]*)(\?(?:\\[/u]|[^\s\"'<>\\])*)?")
_STRING = re.compile(rb'"((?:[^"\\]|\\.)*+)"?', re.DOTALL)
_COLON = re.compile(rb"\s*+:\s*+")
_VALUE = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{]|[^\s,}\]]++', re.DOTALL)
_PART_NAME = re.compile(
    rb"(?i)\bname\*?" + EQUALS + rb"(?:[\w-]{1,20}'[\w-]{0,20}')?[\"']?([^\"';\r\n]{0,200}+)[\"']?(?=[;\s]|\Z)"
)
_BLANK_LINE = re.compile(rb"\n\r?\n")
_FIRST_LINE = re.compile(rb"--([^\r\n]{1,70}?)[ \t]*\r?\n")
#: The names of members that name the `value` beside them.
_NAMING = ("name", "key", "field", "id")
#: How many bytes of a part are searched for its name.
_LONGEST_HEAD = 8_192

Pairs = Iterable[tuple[bytes, bytes]]


class BodyRedactor(NamedTuple):
    """The names whose values to hide in a body; every body with such a name contains one of `hints`."""

    names: SecretNames
    hints: tuple[str, ...]


def body_redactor(names: SecretNames) -> BodyRedactor:
    """Return the redactor of these names, for `redact_body`."""
    return BodyRedactor(names, (*names.hints, "\\u", "%", "://", ":\\/"))


def redact_body(body: bytes, redactor: BodyRedactor, headers: Pairs = ()) -> bytes:
    """Return the body with the values of secret names hidden; unchanged when it holds none.

    `headers` are those of the body: a multipart form is split at the boundary that they name.
    """
    if not body:
        return body
    # A text is searched more quickly than bytes are.
    lowered = body.lower().decode("latin-1")
    for hint in redactor.hints:
        if hint in lowered:
            return _redact(body, redactor, headers)
    return body


def _redact(body: bytes, redactor: BodyRedactor, headers: Pairs) -> bytes:
    boundary = _boundary(body, headers)
    if boundary is not None:
        return _redact_parts(body, boundary, redactor)
    if b'"value"' in body:
        body = _redact_named_values(body, redactor.names)
    redacted = _redact_members(_URL.sub(_hide_in_url, body), redactor.names)
    try:
        data = orjson.loads(redacted)
    except orjson.JSONDecodeError:
        return redact_text(redacted, redactor.names)
    if may_hold_inside(redacted):
        redacted = redact_inside(redacted, redactor.names)
        if redacted == _HIDDEN:
            return _QUOTED
        data = orjson.loads(redacted)
    if b"\\" not in redacted:
        return redacted
    # Names may be written with escapes, and texts may hold bodies of their own.
    try:
        hidden = _redact_data(data, redactor)
        return redacted if hidden == data else orjson.dumps(hidden)
    except (RecursionError, orjson.JSONEncodeError):  # nested deeper than can be written again
        return orjson.dumps(HIDDEN)


# -- parts -------------------------------------------------------------------------------------------------


def _boundary(body: bytes, headers: Pairs) -> bytes | None:
    """Return the boundary of a multipart body, from its headers or its own first line; None for other bodies."""
    media = next((value for name, value in headers if name == b"content-type"), b"").decode("latin-1")
    from_headers = boundary_of(media) if media.lower().startswith("multipart/") else None
    if from_headers is not None:
        return from_headers
    first = _FIRST_LINE.match(body)
    return first[1] if first else None


def _redact_parts(body: bytes, boundary: bytes, redactor: BodyRedactor) -> bytes:
    pieces: list[bytes] = []
    place = 0
    whole = b"\n" + body
    for edge in delimiter(boundary).finditer(whole):
        pieces += [_redact_part(whole[place : edge.start()], redactor), edge[0]]
        place = edge.end()
    return b"".join((*pieces, _redact_part(whole[place:], redactor)))[1:]


def _redact_part(part: bytes, redactor: BodyRedactor) -> bytes:
    """Return a part with its secret hidden; `part` begins at the end of the line before its head."""
    blank = _BLANK_LINE.search(part, 0, _LONGEST_HEAD)
    if blank is None:
        return redact_text(part, redactor.names) if part else part
    head, value = part[: blank.end()], part[blank.end() :]
    for name in _PART_NAME.finditer(FOLD.sub(b" ", head)):
        if unquote_plus(name[1].decode("utf-8", "replace")) in redactor.names:
            return head + _HIDDEN + (b"\r" if value.endswith(b"\r") else b"")
    return head + redact_body(value, redactor)


# -- JSON --------------------------------------------------------------------------------------------------


def _redact_members(body: bytes, names: SecretNames) -> bytes:
    pieces: list[bytes] = []
    start = place = 0
    while (text := _STRING.search(body, place)) is not None:
        place = text.end()
        colon = _COLON.match(body, place)
        if colon is None or _name(text[1]) not in names:
            continue
        value = _VALUE.match(body, colon.end())
        if value is not None:
            pieces += [body[start : value.start()], _QUOTED]
            start = place = value.end() if value[0] not in (b"[", b"{") else end_of_nested(body, value.start())
            if len(pieces) > 2 * MOST_SECRETS:
                return _QUOTED
    return b"".join((*pieces, body[start:])) if pieces else body


def _name(text: bytes) -> str:
    if b"\\" in text:
        try:
            return str(orjson.loads(b'"%b"' % text))
        except orjson.JSONDecodeError:
            pass
    return text.decode("utf-8", "replace")


def _redact_data(data: Any, redactor: BodyRedactor) -> Any:
    if isinstance(data, dict):
        return {
            name: HIDDEN if name in redactor.names else _redact_data(value, redactor) for name, value in data.items()
        }
    if isinstance(data, list):
        return [_redact_data(value, redactor) for value in data]
    if isinstance(data, str) and data.lstrip()[:1] in ("{", "["):
        return redact_body(data.encode("utf-8", "replace"), redactor).decode()
    return data


def _redact_named_values(body: bytes, names: SecretNames) -> bytes:
    """Return the body with the `value` of every `{"name": "password", "value": ...}` hidden."""
    try:
        data = orjson.loads(body)
        return orjson.dumps(data) if _hide_named(data, names) else body
    except orjson.JSONDecodeError:
        return body
    except (RecursionError, orjson.JSONEncodeError):  # nested deeper than can be written again
        return _QUOTED


def _hide_named(data: Any, names: SecretNames) -> bool:
    """Hide the `value` beside each secret name in place, and return whether there were any."""
    if isinstance(data, list):
        return sum(_hide_named(item, names) for item in data) > 0  # `any` would stop at the first
    if not isinstance(data, dict):
        return False
    hidden = sum(_hide_named(value, names) for value in data.values()) > 0
    if "value" in data and any(isinstance(name := data.get(key), str) and name in names for key in _NAMING):
        data["value"] = HIDDEN
        return True
    return hidden


def _hide_in_url(match: re.Match[bytes]) -> bytes:
    """Return the URL as `redact_url` does, with all other bytes as they are."""
    members = [part.partition(b"=") for part in match[4][1:].split(b"&")] if match[4] else []
    query = b"&".join(name + equals + _HIDDEN if equals else _HIDDEN for name, equals, _ in members if name or equals)
    return match[1] + match[3] + (b"?" + query if match[4] else b"")

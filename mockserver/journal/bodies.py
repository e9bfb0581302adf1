"""Takes secrets out of bodies: JSON, forms, parts, XML, YAML, and whatever else gives a name a value.

JSON stays JSON, and what is not hidden stays byte for byte. Every step reads a body from its beginning to its end once.
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
#: A URL in a body, its slashes plain or escaped as PHP does; what it asks for goes up to the next blank or quote.
_URL = re.compile(rb"(?i)(https?:(?:\\?/){2})((?:(?!\\?/)[^\s\"'<>?#])*@)?([^\s\"'<>?#]*)(\?(?:\\[/u]|[^\s\"'<>\\])*)?")
_STRING = re.compile(rb'"((?:[^"\\]|\\.)*+)"?', re.DOTALL)
_COLON = re.compile(rb"\s*+:\s*+")
_VALUE = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{]|[^\s,}\]]++', re.DOTALL)
_PART_NAME = re.compile(
    rb"(?i)\bname\*?" + EQUALS + rb"(?:[\w-]{1,20}'[\w-]{0,20}')?[\"']?([^\"';\r\n]{0,200}+)[\"']?(?=[;\s]|\Z)"
)
_BLANK_LINE = re.compile(rb"\n\r?\n")
_FIRST_LINE = re.compile(rb"--([^\r\n]{1,70}?)[ \t]*\r?\n")
#: What a member is called that names the `value` beside it.
_NAMING = ("name", "key", "field", "id")
#: How much of a part is looked through for its name.
_LONGEST_HEAD = 8_192

Pairs = Iterable[tuple[bytes, bytes]]


class BodyRedactor(NamedTuple):
    """What finds the values of some names in a body; `hints` are in every body that has such a name."""

    names: SecretNames
    hints: tuple[str, ...]


def body_redactor(names: SecretNames) -> BodyRedactor:
    """For `redact_body`."""
    return BodyRedactor(names, (*names.hints, "\\u", "%", "://", ":\\/"))


def redact_body(body: bytes, redactor: BodyRedactor, headers: Pairs = ()) -> bytes:
    """The body with the values of secret names hidden; unchanged when it holds none.

    `headers` are those it came with: a form in parts is read by the boundary that they name.
    """
    if not body:
        return body
    # As a text, which is looked through more quickly.
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
    """What the parts of the body are told apart by, as its headers or its own first line say it."""
    media = next((value for name, value in headers if name == b"content-type"), b"").decode("latin-1")
    named = boundary_of(media) if media.lower().startswith("multipart/") else None
    if named is not None:
        return named
    first = _FIRST_LINE.match(body)
    return first[1] if first else None


def _redact_parts(body: bytes, boundary: bytes, redactor: BodyRedactor) -> bytes:
    kept: list[bytes] = []
    place = 0
    whole = b"\n" + body
    for edge in delimiter(boundary).finditer(whole):
        kept += [_redact_part(whole[place : edge.start()], redactor), edge[0]]
        place = edge.end()
    return b"".join((*kept, _redact_part(whole[place:], redactor)))[1:]


def _redact_part(part: bytes, redactor: BodyRedactor) -> bytes:
    """A part, from the end of the line before its head to its end."""
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
    kept: list[bytes] = []
    start = place = 0
    while (text := _STRING.search(body, place)) is not None:
        place = text.end()
        colon = _COLON.match(body, place)
        if colon is None or _name(text[1]) not in names:
            continue
        value = _VALUE.match(body, colon.end())
        if value is not None:
            kept += [body[start : value.start()], _QUOTED]
            start = place = value.end() if value[0] not in (b"[", b"{") else end_of_nested(body, value.start())
            if len(kept) > 2 * MOST_SECRETS:
                return _QUOTED
    return b"".join((*kept, body[start:])) if kept else body


def _name(written: bytes) -> str:
    if b"\\" in written:
        try:
            return str(orjson.loads(b'"%b"' % written))
        except orjson.JSONDecodeError:
            pass
    return written.decode("utf-8", "replace")


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
    """With the `value` hidden of every `{"name": "password", "value": ...}`."""
    try:
        data = orjson.loads(body)
        return orjson.dumps(data) if _hide_named(data, names) else body
    except orjson.JSONDecodeError:
        return body
    except (RecursionError, orjson.JSONEncodeError):  # nested deeper than can be written again
        return _QUOTED


def _hide_named(data: Any, names: SecretNames) -> bool:
    """Hide those values in place; whether there were any."""
    if isinstance(data, list):
        return sum(_hide_named(one, names) for one in data) > 0  # `any` would leave out some
    if not isinstance(data, dict):
        return False
    found = sum(_hide_named(one, names) for one in data.values()) > 0
    if "value" in data and any(isinstance(name := data.get(one), str) and name in names for one in _NAMING):
        data["value"] = HIDDEN
        return True
    return found


def _hide_in_url(match: re.Match[bytes]) -> bytes:
    """As `redact_url` does, but byte for byte but for what is hidden."""
    members = [part.partition(b"=") for part in match[4][1:].split(b"&")] if match[4] else []
    asked = b"&".join(name + equals + _HIDDEN if equals else _HIDDEN for name, equals, _ in members if name or equals)
    return match[1] + match[3] + (b"?" + asked if match[4] else b"")

"""Reads forms as `multipart/form-data` (RFC 7578), which PHP's curl sends for an array, and curl for `-F`.

The whole body is in memory already, so this is a short reader instead of a streaming parser. It looks at each byte a
fixed number of times, whatever the body.
"""

import re
from collections.abc import Iterator

from mockserver.domain.errors import Malformed
from mockserver.journal.parts import EQUALS, FOLD, boundary_of, delimiter

#: How many parts a form may have; how many bytes, and how many lines or parameters, the head of a part may have.
MOST_PARTS, MOST_HEAD, MOST_LINES = 1_000, 4_096, 20

_LINE = re.compile(rb"\r?\n")
#: A parameter of a header, at exactly the place where one must begin.
_PARAMETER = re.compile(rb';[ \t]*+(?:([^\s=;"]++)' + EQUALS + rb'(?:"((?:[^"\\]|\\.)*+)"|([^\s;"]*+))[ \t]*+)?')
_ESCAPED = re.compile(rb'\\(["\\])')


def read_multipart(content_type: str, body: bytes) -> list[tuple[str, str]]:
    """Return names and values of the fields in order, without files.

    Parts without a name are left out. Raises Malformed, also for a part that holds parts of its own.
    """
    boundary = boundary_of(content_type)
    if not content_type.lower().startswith("multipart/form-data") or boundary is None:
        raise _malformed("A body in parts must be multipart/form-data and name its boundary.")
    pairs = []
    for head, value in _parts(body, boundary):
        name = _field_name(head)
        if name is not None:
            pairs.append((name, value.decode("utf-8", "replace")))
    return pairs


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield head and content of each part."""
    body = b"\n" + body  # the first delimiter may stand at the very beginning
    start, count = -1, 0
    for place in delimiter(boundary).finditer(body):
        if start >= 0:
            count += 1
            if count > MOST_PARTS:
                raise _malformed(f"The form has more than {MOST_PARTS} parts.")
            end = place.start()
            yield _part(body, start, end - 1 if body[end - 1 : end] == b"\r" else end)
        if place[1]:
            return
        # The line of the delimiter ends in a line feed, where it does not end the body.
        start = body.find(b"\n", place.end()) + 1 or len(body)
    raise _malformed("The form does not end with its boundary.")


def _part(body: bytes, start: int, end: int) -> tuple[bytes, bytes]:
    """Return the head, each line with its end, and the content after the blank line."""
    for blank in (b"\r\n", b"\n"):
        if body.startswith(blank, start, end):
            return b"", body[start + len(blank) : end]
    most = min(end, start + MOST_HEAD)
    places = [(place, blank) for blank in (b"\n\r\n", b"\n\n") if (place := body.find(blank, start, most)) >= 0]
    if not places:
        if end - start > MOST_HEAD:
            raise _malformed(f"The head of a part is longer than {MOST_HEAD} bytes.")
        raise _malformed("A part of the form has no end of its head.")
    place, blank = min(places)
    return body[start : place + 1], body[place + len(blank) : end]


def _field_name(head: bytes) -> str | None:
    """Return the name of the field, or None for a file and for a part that is no field."""
    name = None
    if head.count(b"\n") > MOST_LINES:
        raise _malformed(f"The head of a part has more than {MOST_LINES} lines.")
    for line in _LINE.split(FOLD.sub(b" ", head)):
        header, _, value = line.partition(b":")
        header, value = header.strip().lower(), value.strip()
        if header == b"content-type" and value.lower().startswith(b"multipart/"):
            raise _malformed("A part of a form may not hold parts of its own.")
        if header == b"content-disposition":
            parameters = _parameters(value)
            if b"filename" not in parameters and b"filename*" not in parameters:
                name = parameters.get(b"name")
    return name.decode("utf-8", "replace") if name is not None else None


def _parameters(value: bytes) -> dict[bytes, bytes]:
    """Return lower-case names with their values, the first of repeated ones."""
    parameters: dict[bytes, bytes] = {}
    if value.count(b";") > 10 * MOST_LINES:
        raise _malformed("The Content-Disposition of a part has too many parameters.")
    place = len(value.partition(b";")[0])
    while place < len(value):
        match = _PARAMETER.match(value, place)
        if match is None:
            raise _malformed("The Content-Disposition of a part cannot be read.")
        place = match.end()
        if len(parameters) == MOST_LINES:
            raise _malformed(f"The Content-Disposition of a part has more than {MOST_LINES} parameters.")
        if match[1] is not None:
            text = _ESCAPED.sub(rb"\1", match[2]) if match[2] is not None else match[3]
            parameters.setdefault(match[1].lower(), text)
    return parameters


def _malformed(text: str) -> Malformed:
    return Malformed({"body": [text]})

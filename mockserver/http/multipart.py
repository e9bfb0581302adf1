"""Forms as `multipart/form-data` (RFC 7578), which PHP's curl sends when it is given an array, and curl with `-F`.

The whole body is there already, so this is a short reader of our own instead of a streaming parser: it looks at each
byte a fixed number of times, whatever the body.
"""

import re
from collections.abc import Iterator

from mockserver.domain.errors import Malformed
from mockserver.journal.parts import EQUALS, FOLD, boundary_of, delimiter

#: How many parts a form may have; how many bytes the head of one, and how many lines or parameters.
MOST_PARTS, MOST_HEAD, MOST_LINES = 1_000, 4_096, 20

_LINE = re.compile(rb"\r?\n")
#: A parameter of a header. None is looked for further on where one does not stand.
_PARAMETER = re.compile(rb';[ \t]*+(?:([^\s=;"]++)' + EQUALS + rb'(?:"((?:[^"\\]|\\.)*+)"|([^\s;"]*+))[ \t]*+)?')
_ESCAPED = re.compile(rb'\\(["\\])')


def read_multipart(content_type: str, body: bytes) -> list[tuple[str, str]]:
    """Names and values of the fields in order, without files; raises Malformed.

    Parts without a name are left out. A part may not hold parts of its own.
    """
    boundary = boundary_of(content_type)
    if not content_type.lower().startswith("multipart/form-data") or boundary is None:
        raise _refused("A body in parts must be multipart/form-data and name its boundary.")
    pairs = []
    for head, value in _parts(body, boundary):
        name = _field_name(head)
        if name is not None:
            pairs.append((name, value.decode("utf-8", "replace")))
    return pairs


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Heads and contents."""
    body = b"\n" + body  # the first delimiter may stand at the very beginning
    start, count = -1, 0
    for place in delimiter(boundary).finditer(body):
        if start >= 0:
            count += 1
            if count > MOST_PARTS:
                raise _refused(f"The form has more than {MOST_PARTS} parts.")
            end = place.start()
            yield _part(body, start, end - 1 if body[end - 1 : end] == b"\r" else end)
        if place[1]:
            return
        # The line of the delimiter ends in a line feed, where it does not end the body.
        start = body.find(b"\n", place.end()) + 1 or len(body)
    raise _refused("The form does not end with its boundary.")


def _part(body: bytes, start: int, end: int) -> tuple[bytes, bytes]:
    """The head, each line with its end, and the content behind the blank line."""
    for blank in (b"\r\n", b"\n"):
        if body.startswith(blank, start, end):
            return b"", body[start + len(blank) : end]
    most = min(end, start + MOST_HEAD)
    places = [(place, blank) for blank in (b"\n\r\n", b"\n\n") if (place := body.find(blank, start, most)) >= 0]
    if not places:
        if end - start > MOST_HEAD:
            raise _refused(f"The head of a part is longer than {MOST_HEAD} bytes.")
        raise _refused("A part of the form has no end of its head.")
    place, blank = min(places)
    return body[start : place + 1], body[place + len(blank) : end]


def _field_name(head: bytes) -> str | None:
    """The name of the field, or None for a file and for a part that is no field."""
    name = None
    if head.count(b"\n") > MOST_LINES:
        raise _refused(f"The head of a part has more than {MOST_LINES} lines.")
    for line in _LINE.split(FOLD.sub(b" ", head)):
        header, _, value = line.partition(b":")
        header, value = header.strip().lower(), value.strip()
        if header == b"content-type" and value.lower().startswith(b"multipart/"):
            raise _refused("A part of a form may not hold parts of its own.")
        if header == b"content-disposition":
            parameters = _parameters(value)
            if b"filename" not in parameters and b"filename*" not in parameters:
                name = parameters.get(b"name")
    return name.decode("utf-8", "replace") if name is not None else None


def _parameters(value: bytes) -> dict[bytes, bytes]:
    """Lower-case names to values; of the same name, the first."""
    found: dict[bytes, bytes] = {}
    if value.count(b";") > 10 * MOST_LINES:
        raise _refused("The Content-Disposition of a part has too many parameters.")
    place = len(value.partition(b";")[0])
    while place < len(value):
        one = _PARAMETER.match(value, place)
        if one is None:
            raise _refused("The Content-Disposition of a part cannot be read.")
        place = one.end()
        if len(found) == MOST_LINES:
            raise _refused(f"The Content-Disposition of a part has more than {MOST_LINES} parameters.")
        if one[1] is not None:
            text = _ESCAPED.sub(rb"\1", one[2]) if one[2] is not None else one[3]
            found.setdefault(one[1].lower(), text)
    return found


def _refused(text: str) -> Malformed:
    return Malformed({"body": [text]})

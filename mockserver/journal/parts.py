"""Boundaries and heads of the parts of a multipart body."""

import re

#: The sign between the name of a parameter and its value: with blanks around it, and lines folded there.
EQUALS = rb"(?:[ \t]|\r?\n[ \t])*+=(?:[ \t]|\r?\n[ \t])*+"
#: A line break in a head after which the same line continues.
FOLD = re.compile(rb"\r?\n[ \t]++")
_BOUNDARY = re.compile(r';[ \t]*+boundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70})(?=[\s;]|\Z))', re.IGNORECASE)


def boundary_of(content_type: str) -> bytes | None:
    """Return the boundary in a Content-Type, or None."""
    match = _BOUNDARY.search(content_type)
    return (match[1] or match[2]).encode("latin-1") if match else None


def delimiter(boundary: bytes) -> re.Pattern[bytes]:
    """Return the pattern of a delimiter between parts, with the line feed before it; its group 1 ends the last part."""
    return re.compile(rb"\n--" + re.escape(boundary) + rb"(--)?[ \t]*+(?=\r?\n|\Z)")

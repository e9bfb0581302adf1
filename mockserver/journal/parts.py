"""Where the parts of a multipart body begin and end."""

import re

#: The sign between the name of a parameter and its value: with blanks around it, and lines folded there.
EQUALS = rb"(?:[ \t]|\r?\n[ \t])*+=(?:[ \t]|\r?\n[ \t])*+"
#: Where a line of a head goes on in the next one.
FOLD = re.compile(rb"\r?\n[ \t]++")
_BOUNDARY = re.compile(r';[ \t]*+boundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70})(?=[\s;]|\Z))', re.IGNORECASE)


def boundary_of(content_type: str) -> bytes | None:
    """The boundary that a Content-Type names, or None."""
    found = _BOUNDARY.search(content_type)
    return (found[1] or found[2]).encode("latin-1") if found else None


def delimiter(boundary: bytes) -> re.Pattern[bytes]:
    """What stands between two parts, from the line feed before it; its group 1 is there at the end of the last one."""
    return re.compile(rb"\n--" + re.escape(boundary) + rb"(--)?[ \t]*+(?=\r?\n|\Z)")

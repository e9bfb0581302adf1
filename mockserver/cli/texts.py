"""Texts that the commands print about what others have said."""

import re

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def begin_lower(text: str) -> str:
    """Return the text with a small first letter, unless it begins with a word in capitals.

    >>> begin_lower("Connection refused"), begin_lower("MOCKSERVER_PORT is no port")
    ('connection refused', 'MOCKSERVER_PORT is no port')
    """
    return text if text[1:2].isupper() or text[1:2] == "_" else text[:1].lower() + text[1:]


def one_line(text: str) -> str:
    r"""Return the text without characters that move a terminal's cursor or change how it writes.

    >>> one_line("/x\x1b[31m\n")
    '/x\\x1b[31m\\n'
    """
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)

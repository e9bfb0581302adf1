"""Hides secrets in texts that are not JSON: forms, XML, YAML, and others with a name, a sign and a value."""

import re
from urllib.parse import unquote_plus

from mockserver.journal.names import SecretNames
from mockserver.journal.parts import EQUALS
from mockserver.journal.redact import HIDDEN, redact_bearer

#: A body with more secrets than this is hidden whole: such a body is made to waste the server's time.
MOST_SECRETS = 1_000
_HIDDEN = HIDDEN.encode()
_ELEMENT = re.compile(rb"<([A-Za-z_][\w.:\[\]-]*+)([^<>]*+)>")
_FORM_NAME = re.compile(rb"[^\s<>{}\"';,=]{1,200}+")
#: A name and the sign behind it, which may stand in quotes, plain or escaped. A name is read once, from its beginning.
_NAMED = re.compile(rb"(?<![\w.\[\]%$-])([\w.\[\]%$-]++)[\"'\\]*+\s*+(=>?|:(?!//))[ \t]*+")
_VALUE = re.compile(
    rb"\"(?:[^\"\\]|\\.)*+\"?|'(?:[^'\\]|\\.)*+'?|[\[{]|(?=[|>][\d+-]{0,2}[ \t]*(?:\r?\n|\Z))|[^\r\n&<}]++", re.DOTALL
)
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_PART = re.compile(rb"(?i)name\*?" + EQUALS + rb"[\"']?([^\"';\r\n]{0,200}+)[\"']?[ \t]*+(?=;|\r?\n)")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_NEXT_PART = re.compile(rb"\r?\n--")
_LINE_START = re.compile(rb"[ \t]*+(?:- *+)*+[\"']?")


def redact_text(body: bytes, names: SecretNames) -> bytes:
    """Return the text with the values of secret names hidden."""
    if b"<" in body:
        body = _redact_elements(body, names)
    if b"name" in body or b"NAME" in body or b"Name" in body:
        body = _redact_parts(body, names)
    if b"=" in body:
        body = _redact_pairs(body, names)
    if b"earer" in body or b"EARER" in body:
        body = redact_bearer(body)
    return _redact_named(body, names)


def end_of_nested(body: bytes, start: int) -> int:
    """Return the end of the list or object that begins at `start`; the end of the body when it is not closed."""
    depth = 0
    for token in _TOKEN.finditer(body, start):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return len(body)


def _redact_elements(body: bytes, names: SecretNames) -> bytes:
    """Hide the contents of secret XML elements, CDATA sections included."""
    pieces: list[bytes] = []
    start = place = 0
    while (element := _ELEMENT.search(body, place)) is not None:
        place = element.end()
        if element[2].endswith(b"/") or element[1].rpartition(b":")[2].decode() not in names:
            continue
        close = body.find(b"</%b" % element[1], place)
        pieces += [body[start:place], _HIDDEN]
        start = place = close if close >= 0 else len(body)
        if len(pieces) > 2 * MOST_SECRETS:
            return _HIDDEN
    return b"".join((*pieces, body[start:])) if pieces else body


def _redact_parts(body: bytes, names: SecretNames) -> bytes:
    """Hide the secrets of a multipart form whose boundary is unknown."""
    pieces: list[bytes] = []
    start = place = 0
    while (name := _PART.search(body, place)) is not None:
        place = name.end()
        if _text(name[1]) not in names:
            continue
        blank = _BLANK_LINE.search(body, place)
        if blank is None:
            break
        edge = _NEXT_PART.search(body, blank.end())
        pieces += [body[start : blank.end()], _HIDDEN]
        start = place = edge.start() if edge else len(body)
        if len(pieces) > 2 * MOST_SECRETS:
            return _HIDDEN
    return b"".join((*pieces, body[start:])) if pieces else body


def _redact_pairs(body: bytes, names: SecretNames) -> bytes:
    pairs = body.split(b"&")
    redacted = [_redact_pair(pair, names) for pair in pairs]
    hidden = sum(pair is not safe_pair for pair, safe_pair in zip(pairs, redacted, strict=True))
    return b"&".join(redacted) if hidden <= MOST_SECRETS else _HIDDEN


def _redact_pair(pair: bytes, names: SecretNames) -> bytes:
    name, equals, _ = pair.partition(b"=")
    secret = equals and _FORM_NAME.fullmatch(name) and _text(name) in names
    return name + equals + _HIDDEN if secret else pair


def _redact_named(body: bytes, names: SecretNames) -> bytes:
    pieces: list[bytes] = []
    start = place = 0
    while (match := _NAMED.search(body, place)) is not None:
        place = match.end()
        if _text(match[1]) not in names or body.startswith(_HIDDEN, place):
            continue
        value = _VALUE.match(body, place)
        end = place if value is None else value.end()
        if value is not None and value[0] in (b"[", b"{"):
            end = end_of_nested(body, place)
        block = _end_of_block(body, match.start(), end) if match[2] == b":" else end
        if block > start and block > place:
            pieces += [body[start:place], _HIDDEN]
            start = place = block
            if len(pieces) > 2 * MOST_SECRETS:
                return _HIDDEN
    return b"".join((*pieces, body[start:])) if pieces else body


def _end_of_block(body: bytes, name: int, end: int) -> int:
    """Return the end of a name's value in YAML, where lines indented further than the name belong to its value.

    They do so only for a name at the beginning of a line. `end` is the end of the value without such lines.
    """
    line = body.rfind(b"\n", 0, name) + 1
    if _LINE_START.fullmatch(body, line, name) is None:
        return end
    indent = len(body[line:name].rstrip(b"\"'"))
    place = body.find(b"\n", end)
    while place >= 0:
        following = body.find(b"\n", place + 1)
        text = body[place + 1 : following if following >= 0 else len(body)]
        inside = len(text) - len(text.lstrip(b" \t"))
        if text.strip() and inside <= indent:
            break
        if text.strip():
            end = place + 1 + len(text.rstrip(b"\r"))
        place = following
    return end


def _text(name: bytes) -> str:
    text = name.decode("utf-8", "replace")
    return unquote_plus(text) if "%" in text or "+" in text else text

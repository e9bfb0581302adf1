"""Hides secrets in headers, queries and differences for the journal; `journal.bodies` does so in bodies."""

import re
from collections.abc import Container, Iterable, Mapping
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit, urlunsplit

from mockserver.engine.matching import Difference
from mockserver.faults.model import Miss
from mockserver.journal.names import SecretNames

HIDDEN = "[redacted]"
_HIDDEN = HIDDEN.encode()
#: A number, because bytes are searched for a number much more quickly than for bytes.
_EQUALS = ord("=")
#: A text with more pairs than this is hidden whole: such a text is made to waste the server's time.
_MOST_PAIRS = 1_000
#: `NAME=VALUE` within a text, such as the query of a URL. A name is read once, from its beginning.
_PAIR = re.compile(rb"(?<![\w.\[\]%$+-])([\w.\[\]%$+-]++)=((?:\\.|[^\s&;,\"'<>\\#])++)", re.DOTALL)
#: `Bearer VALUE` within a text; a challenge (`Bearer realm="x"`) has no value.
_BEARER = re.compile(
    rb"(?i)(?<!\w)(bearer(?:[ \t]|%20|\+)++)(?!(?:realm|scope|error\w*|resource_metadata)=)[\w.~+/%-]++=*+"
)


def redact_difference(difference: Difference, secret: Container[str]) -> dict[str, Any]:
    """Return a difference as data; of a secret field, the value and what was wanted are hidden."""
    if difference.name.rpartition(".")[2] in secret:
        return {"name": difference.name, "wanted": HIDDEN, "found": HIDDEN}
    return {"name": difference.name, "wanted": difference.wanted, "found": without_secrets(difference.found, secret)}


def miss_rows(misses: Iterable[Miss], secret: Container[str]) -> tuple[dict[str, Any], ...]:
    """Return a row for each fault that nearly matched, with its differences, secrets hidden."""
    return tuple(
        {
            "fault": miss.fault.label,
            "id": miss.fault.key,
            "differences": [redact_difference(difference, secret) for difference in miss.differences],
        }
        for miss in misses
    )


def without_secrets(value: Any, secret: Container[str]) -> Any:
    """Return data with the values of secret names hidden, at any depth."""
    match value:
        case Mapping():
            return {
                name: HIDDEN if str(name) in secret else without_secrets(item, secret) for name, item in value.items()
            }
        case list() | tuple():
            return [without_secrets(item, secret) for item in value]
    return value


def redact_headers(headers: Iterable[tuple[bytes, bytes]], names: SecretNames) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers with the values of secret ones hidden; names are in lower case."""
    return redact_head(headers, names)[0]


def redact_head(
    headers: Iterable[tuple[bytes, bytes]], names: SecretNames
) -> tuple[tuple[tuple[bytes, bytes], ...], int]:
    """Return the result of `redact_headers`, and about how many bytes it has."""
    secret = names.headers
    pairs = [(name, _HIDDEN if secret[name] else value) for name, value in headers]
    # Most heads have neither; searching all values at once is much quicker than one after the other.
    text = b" ".join(chain.from_iterable(pairs))
    return _redact_values(pairs, names) if _EQUALS in text or text.find(b"earer ") >= 0 else tuple(pairs), len(text)


def _redact_values(headers: list[tuple[bytes, bytes]], names: SecretNames) -> tuple[tuple[bytes, bytes], ...]:
    """Hide secrets inside header values, such as URLs with queries; beyond a bound, whole values."""
    pairs = []
    left = _MOST_PAIRS
    for name, value in headers:
        left -= value.count(b"=")
        pairs.append((name, redact_inside(value, names) if left >= 0 or b"=" not in value else _HIDDEN))
    return tuple(pairs)


def may_hold_inside(text: bytes) -> bool:
    """Return whether `redact_inside` may hide something in the text."""
    return b"=" in text or b"earer " in text or b"EARER " in text


def redact_bearer(text: bytes) -> bytes:
    """Return the text with the token after each `Bearer` hidden."""
    return _BEARER.sub(rb"\1" + _HIDDEN, text)


def redact_inside(text: bytes, names: SecretNames) -> bytes:
    """Return the text with the values of `NAME=VALUE` (where NAME is a secret's) and `Bearer VALUE` hidden.

    A text of JSON stays one: an escape is hidden whole or not at all.
    """
    if b"=" in text:
        if text.count(b"=") > _MOST_PAIRS:
            return _HIDDEN

        def redact_pair(pair: re.Match[bytes]) -> bytes:
            name = pair[1].decode("utf-8", "replace")
            name = unquote_plus(name) if "%" in name or "+" in name else name
            return pair[1] + b"=" + _HIDDEN if name in names else pair[0]

        text = _PAIR.sub(redact_pair, text)
    return redact_bearer(text)


def redact_query(query: str, names: SecretNames) -> str:
    """Return the query with the values of secret names hidden; unchanged when it holds none."""
    # A name may be percent-encoded, so a query with % is decoded.
    if not query or not ("%" in query or _may_hold(query.lower(), names)):
        return query
    pairs = parse_qsl(query, keep_blank_values=True)
    if not any(name in names for name, _ in pairs):
        return query
    return urlencode([(name, HIDDEN if name in names else value) for name, value in pairs], safe="[]")


def _may_hold(lowered: str, names: SecretNames) -> bool:
    for hint in names.hints:  # noqa: SIM110 - runs in each request, and a loop is quicker
        if hint in lowered:
            return True
    return False


def redact_url(url: str) -> str:
    """Return the URL with user information and every query value hidden: receivers put their own secrets there."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    place = parts.netloc.rpartition("@")[2]
    members = [part.partition("=") for part in parts.query.split("&")] if parts.query else []
    # A member without a name may be the secret itself.
    query = "&".join(f"{name}={HIDDEN}" if equals else HIDDEN for name, equals, _ in members)
    return urlunsplit((parts.scheme, place, parts.path, query, ""))

"""Takes secrets out of what the journal keeps: headers, query values, differences; bodies in `journal.bodies`."""

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
#: A number, which is looked for in bytes much quicker than bytes are.
_EQUALS = ord("=")
#: A text with more pairs than this is hidden whole: it is made to keep its reader busy.
_MOST_PAIRS = 1_000
#: `NAME=VALUE` within a text, such as the query of a URL. A name is read once, from its beginning.
_PAIR = re.compile(rb"(?<![\w.\[\]%$+-])([\w.\[\]%$+-]++)=((?:\\.|[^\s&;,\"'<>\\#])++)", re.DOTALL)
#: `Bearer VALUE` within a text; a challenge (`Bearer realm="x"`) has no value.
_BEARER = re.compile(
    rb"(?i)(?<!\w)(bearer(?:[ \t]|%20|\+)++)(?!(?:realm|scope|error\w*|resource_metadata)=)[\w.~+/%-]++=*+"
)


def redact_difference(one: Difference, secret: Container[str]) -> dict[str, Any]:
    """A difference as data, with what secret fields have and should have hidden."""
    if one.name.rpartition(".")[2] in secret:
        return {"name": one.name, "wanted": HIDDEN, "found": HIDDEN}
    return {"name": one.name, "wanted": one.wanted, "found": without_secrets(one.found, secret)}


def misses_told(misses: Iterable[Miss], secret: Container[str]) -> tuple[dict[str, Any], ...]:
    """A row for each fault that nearly matched, with its differences."""
    return tuple(
        {
            "fault": miss.fault.label,
            "id": miss.fault.key,
            "differences": [redact_difference(one, secret) for one in miss.differences],
        }
        for miss in misses
    )


def without_secrets(value: Any, secret: Container[str]) -> Any:
    """Data with the values of secret names hidden, at any depth."""
    match value:
        case Mapping():
            return {
                name: HIDDEN if str(name) in secret else without_secrets(one, secret) for name, one in value.items()
            }
        case list() | tuple():
            return [without_secrets(one, secret) for one in value]
    return value


def redact_headers(headers: Iterable[tuple[bytes, bytes]], names: SecretNames) -> tuple[tuple[bytes, bytes], ...]:
    """The headers with the values of secret ones hidden; names are lower case."""
    return redact_head(headers, names)[0]


def redact_head(
    headers: Iterable[tuple[bytes, bytes]], names: SecretNames
) -> tuple[tuple[tuple[bytes, bytes], ...], int]:
    """Return what `redact_headers` does, and about how many bytes that has."""
    secret = names.headers
    found = [(name, _HIDDEN if secret[name] else value) for name, value in headers]
    # Most heads have neither; of all their values at once that is told much quicker than of one after the other.
    text = b" ".join(chain.from_iterable(found))
    return _redact_values(found, names) if _EQUALS in text or text.find(b"earer ") >= 0 else tuple(found), len(text)


def _redact_values(headers: list[tuple[bytes, bytes]], names: SecretNames) -> tuple[tuple[bytes, bytes], ...]:
    """With what header values hold of secrets hidden, such as URLs with queries; hidden whole beyond a bound."""
    found = []
    left = _MOST_PAIRS
    for name, value in headers:
        left -= value.count(b"=")
        found.append((name, redact_inside(value, names) if left >= 0 or b"=" not in value else _HIDDEN))
    return tuple(found)


def may_hold_inside(text: bytes) -> bool:
    """Whether the text may hold what `redact_inside` hides."""
    return b"=" in text or b"earer " in text or b"EARER " in text


def redact_bearer(text: bytes) -> bytes:
    """The text with what follows `Bearer` hidden."""
    return _BEARER.sub(rb"\1" + _HIDDEN, text)


def redact_inside(text: bytes, names: SecretNames) -> bytes:
    """The text with the values of `NAME=VALUE` and `Bearer VALUE` hidden, where NAME is a secret's.

    A text of JSON stays one: an escape is hidden whole or not at all.
    """
    if b"=" in text:
        if text.count(b"=") > _MOST_PAIRS:
            return _HIDDEN

        def shown(pair: re.Match[bytes]) -> bytes:
            name = pair[1].decode("utf-8", "replace")
            name = unquote_plus(name) if "%" in name or "+" in name else name
            return pair[1] + b"=" + _HIDDEN if name in names else pair[0]

        text = _PAIR.sub(shown, text)
    return redact_bearer(text)


def redact_query(query: str, names: SecretNames) -> str:
    """The query with the values of secret names hidden; unchanged when it holds none."""
    # A name may be percent-encoded, which only decoding tells.
    if not query or not ("%" in query or _may_hold(query.lower(), names)):
        return query
    pairs = parse_qsl(query, keep_blank_values=True)
    if not any(name in names for name, _ in pairs):
        return query
    return urlencode([(name, HIDDEN if name in names else value) for name, value in pairs], safe="[]")


def _may_hold(lowered: str, names: SecretNames) -> bool:
    for hint in names.hints:  # noqa: SIM110 - asked in each request, and quicker so
        if hint in lowered:
            return True
    return False


def redact_url(url: str) -> str:
    """The URL with user information and every query value hidden: receivers put their own secrets there."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    place = parts.netloc.rpartition("@")[2]
    members = [part.partition("=") for part in parts.query.split("&")] if parts.query else []
    # What stands alone may be the secret itself.
    query = "&".join(f"{name}={HIDDEN}" if equals else HIDDEN for name, equals, _ in members)
    return urlunsplit((parts.scheme, place, parts.path, query, ""))

"""Takes secrets out of what the journal keeps: headers, query values, body fields."""

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

HIDDEN = "[redacted]"
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{}]')
_HIDDEN = HIDDEN.encode()
#: Headers that are secret for every provider.
SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "x-mock-token", "x-api-key", "api-key"}
)
#: Names in queries and bodies that are secret wherever they stand.
SECRET_FIELDS = frozenset(
    {
        "access_token",
        "api_key",
        "api_secret",
        "apikey",
        "authorization",
        "client_secret",
        "code_verifier",
        "password",
        "refresh_token",
        "secret",
        "token",
    }
)


def redact_headers(headers: Iterable[tuple[bytes, bytes]], secret: frozenset[bytes]) -> tuple[tuple[bytes, bytes], ...]:
    """The headers with the values of secret ones hidden; names are lower case."""
    return tuple([(name, _HIDDEN if name in secret else value) for name, value in headers])


def redact_query(query: str, secret: frozenset[str]) -> str:
    """The query with the values of secret names hidden; unchanged when it holds none."""
    # A name may be percent-encoded, which only decoding tells.
    if not query or not ("%" in query or any(name in query.lower() for name in secret)):
        return query
    pairs = parse_qsl(query, keep_blank_values=True)
    if not any(name.lower() in secret for name, _ in pairs):
        return query
    return urlencode([(name, HIDDEN if name.lower() in secret else value) for name, value in pairs], safe="[]")


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


def body_redactor(secret: frozenset[str]) -> re.Pattern[bytes]:
    """A pattern for `redact_body`: JSON members and form fields of these names."""
    names = "|".join(sorted(map(re.escape, secret)))
    return re.compile(
        rb'("(?:'
        + names.encode()
        + rb')"\s*:\s*)("(?:[^"\\]|\\.)*"?|[\[{]|[^\s,}\]]+)|((?:^|&)(?:'
        + names.encode()
        + rb")=)([^&]*)",
        re.IGNORECASE,
    )


def redact_body(body: bytes, pattern: re.Pattern[bytes]) -> bytes:
    """The body with the values of secret names hidden, JSON stays JSON; unchanged when it holds none."""
    kept: list[bytes] = []
    place = 0
    while (match := pattern.search(body, place)) is not None:
        kept += [body[place : match.start()], _hide(match)]
        place = match.end() if match[2] not in (b"[", b"{") else _end_of_nested(body, match.start(2))
    return b"".join((*kept, body[place:])) if kept else body


def _hide(match: re.Match[bytes]) -> bytes:
    return match[1] + b'"' + _HIDDEN + b'"' if match[1] is not None else match[3] + _HIDDEN


def _end_of_nested(body: bytes, start: int) -> int:
    """Where the list or object that begins at `start` is closed; the end of the body when it never is."""
    depth = 0
    for token in _TOKEN.finditer(body, start):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return len(body)

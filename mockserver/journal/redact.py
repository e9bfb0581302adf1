"""Takes secrets out of what the journal keeps: headers, query values, body fields."""

import re
from collections.abc import Container, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit, urlunsplit

import orjson

if TYPE_CHECKING:
    from mockserver.engine.faults import Miss
    from mockserver.engine.matching import Difference

HIDDEN = "[redacted]"
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{}]')
_HIDDEN = HIDDEN.encode()
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_BOUNDARY = re.compile(rb"\r?\n--")
#: A URL in a body, its slashes plain or escaped as PHP does; what it asks for goes up to the next blank or quote.
_URL = re.compile(rb"(?i)(https?:(?:\\?/){2})((?:(?!\\?/)[^\s\"'<>?#])*@)?([^\s\"'<>?#]*)(\?(?:\\[/u]|[^\s\"'<>\\])*)?")
#: Headers that are secret for every provider.
SECRET_HEADERS = frozenset(
    {
        "access-token",
        "api-key",
        "api-token",
        "apikey",
        "auth-token",
        "authentication",
        "authorization",
        "cookie",
        "dsim-key",
        "dsim-secret",
        "dsim_key",
        "dsim_secret",
        "private-token",
        "proxy-authorization",
        "set-cookie",
        "x-access-token",
        "x-api-key",
        "x-api-secret",
        "x-api-token",
        "x-apikey",
        "x-auth",
        "x-auth-key",
        "x-auth-token",
        "x-authorization",
        "x-client-secret",
        "x-csrf-token",
        "x-forwarded-authorization",
        "x-mock-token",
        "x-password",
        "x-secret",
        "x-session-token",
        "x-token",
    }
)
#: Names in queries and bodies that are secret wherever they stand.
SECRET_FIELDS = frozenset(
    {
        "access-token",
        "access_token",
        "accesstoken",
        "api-key",
        "api-secret",
        "api_key",
        "api_secret",
        "apikey",
        "apisecret",
        "auth_token",
        "authorization",
        "client-secret",
        "client_assertion",
        "client_secret",
        "clientsecret",
        "code_verifier",
        "dsim_key",
        "dsim_secret",
        "id_token",
        "passphrase",
        "passwd",
        "password",
        "private_key",
        "refresh-token",
        "refresh_token",
        "refreshtoken",
        "secret",
        "secret_key",
        "session_token",
        "token",
    }
)


def redact_difference(one: "Difference", secret: Container[str]) -> dict[str, Any]:
    """A difference as data, with what secret fields (lower case) have and should have hidden."""
    if one.name.rpartition(".")[2].lower() in secret:
        return {"name": one.name, "wanted": HIDDEN, "found": HIDDEN}
    return {"name": one.name, "wanted": one.wanted, "found": _without(one.found, secret)}


def misses_told(misses: "Iterable[Miss]", secret: Container[str]) -> tuple[dict[str, Any], ...]:
    """A row for each fault that nearly matched, with its differences."""
    return tuple(
        {
            "fault": miss.fault.label,
            "id": miss.fault.key,
            "differences": [redact_difference(one, secret) for one in miss.differences],
        }
        for miss in misses
    )


def _without(value: Any, secret: Container[str]) -> Any:
    match value:
        case Mapping():
            return {
                name: HIDDEN if str(name).lower() in secret else _without(one, secret) for name, one in value.items()
            }
        case list() | tuple():
            return [_without(one, secret) for one in value]
    return value


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


class BodyRedactor(NamedTuple):
    """What finds the values of some names in a body.

    `hints` are in every body that has such a name, and in few others (a search by patterns takes ten times as
    long); `exact` finds JSON members and form fields,
    `loose` what stands for them in bodies that are neither, as when a client sends Python's or YAML; `part` finds
    the name of a part of a form, whose value stands behind the next blank line.
    """

    names: frozenset[str]
    hints: tuple[bytes, ...]
    exact: re.Pattern[bytes]
    loose: re.Pattern[bytes]
    part: re.Pattern[bytes]


def body_redactor(secret: frozenset[str]) -> BodyRedactor:
    """For `redact_body`: values of these names, in whatever case, are secret."""
    names = "|".join(sorted(map(re.escape, secret))).encode()
    exact = rb'("(?:' + names + rb')"\s*:\s*)("(?:[^"\\]|\\.)*"?|[\[{]|[^\s,}\]]+)|((?:^|&)(?:' + names + rb")=)([^&]*)"
    loose = (
        rb"((?<![A-Za-z0-9_-])(?:"
        + names
        + rb")[\"'\\]*\s*(?::|=>?|>)\s*)(\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|[\[{]|[^\r\n&<}]+)"
    )
    part = rb"name=[\"']?(?:" + names + rb")[\"']?(?=;|\r?\n)"
    return BodyRedactor(
        secret,
        (
            *(one.encode() for one in sorted(secret) if not any(other in one for other in secret - {one})),
            *(b"\\u", b"%", b"://", b":\\/"),
        ),
        re.compile(exact, re.IGNORECASE),
        re.compile(loose, re.IGNORECASE),
        re.compile(part, re.IGNORECASE),
    )


def redact_body(body: bytes, redactor: BodyRedactor) -> bytes:
    """The body with the values of secret names hidden, JSON stays JSON; unchanged when it holds none."""
    if not body:
        return body
    lowered = body.lower()
    for hint in redactor.hints:
        if hint in lowered:
            return _redact(body, redactor)
    return body


def _redact(body: bytes, redactor: BodyRedactor) -> bytes:
    redacted = _replaced(_URL.sub(_hide_in_url, body), redactor.exact)
    try:
        data = orjson.loads(redacted)
    except orjson.JSONDecodeError:
        return _redact_text(redacted, redactor)
    if b"\\" not in redacted:
        return redacted
    # Names may be written with escapes, and texts may hold bodies of their own.
    try:
        hidden = _redact_data(data, redactor)
        return redacted if hidden == data else orjson.dumps(hidden)
    except (RecursionError, orjson.JSONEncodeError):  # nested deeper than can be written again
        return orjson.dumps(HIDDEN)


def _hide_in_url(match: re.Match[bytes]) -> bytes:
    """As `redact_url` does, but byte for byte but for what is hidden."""
    members = [part.partition(b"=") for part in match[4][1:].split(b"&")] if match[4] else []
    asked = b"&".join(name + equals + _HIDDEN if equals else _HIDDEN for name, equals, _ in members if name or equals)
    return match[1] + match[3] + (b"?" + asked if match[4] else b"")


def _redact_text(body: bytes, redactor: BodyRedactor) -> bytes:
    """What is not JSON: a form, parts, or anything with a name, a sign and a value."""
    pairs = body.split(b"&")
    if b"%" in body:
        pairs = [_redact_pair(pair, redactor.names) for pair in pairs]
    return _replaced(_redact_parts(b"&".join(pairs), redactor.part), redactor.loose, quoted=False)


def _redact_parts(body: bytes, part: re.Pattern[bytes]) -> bytes:
    """A form in parts without the values of secret ones; each byte is looked at once, whatever the body."""
    kept: list[bytes] = []
    place = 0
    while (name := part.search(body, place)) and (blank := _BLANK_LINE.search(body, name.end())):
        boundary = _BOUNDARY.search(body, blank.end())
        kept += [body[place : blank.end()], _HIDDEN]
        place = boundary.start() if boundary else len(body)
    return b"".join((*kept, body[place:]))


def _redact_pair(pair: bytes, names: frozenset[str]) -> bytes:
    name, equals, _ = pair.partition(b"=")
    secret = equals and b"%" in name and unquote_plus(name.decode("latin-1")).lower() in names
    return name + equals + _HIDDEN if secret else pair


def _redact_data(data: Any, redactor: BodyRedactor) -> Any:
    if isinstance(data, dict):
        return {
            name: HIDDEN if name.lower() in redactor.names else _redact_data(value, redactor)
            for name, value in data.items()
        }
    if isinstance(data, list):
        return [_redact_data(value, redactor) for value in data]
    if isinstance(data, str) and data.lstrip()[:1] in ("{", "["):
        return redact_body(data.encode("utf-8", "replace"), redactor).decode()
    return data


def _replaced(body: bytes, pattern: re.Pattern[bytes], *, quoted: bool = True) -> bytes:
    kept: list[bytes] = []
    place = 0
    while (match := pattern.search(body, place)) is not None:
        kept += [body[place : match.start()], _hide(match, quoted=quoted)]
        place = match.end() if match[2] not in (b"[", b"{") else _end_of_nested(body, match.start(2))
    return b"".join((*kept, body[place:])) if kept else body


def _hide(match: re.Match[bytes], *, quoted: bool) -> bytes:
    if match[1] is None:
        return match[3] + _HIDDEN
    return match[1] + b'"' + _HIDDEN + b'"' if quoted else match[1] + _HIDDEN


def _end_of_nested(body: bytes, start: int) -> int:
    """Where the list or object that begins at `start` is closed; the end of the body when it never is."""
    depth = 0
    for token in _TOKEN.finditer(body, start):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return len(body)

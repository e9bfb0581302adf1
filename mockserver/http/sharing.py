"""The headers that let web pages call a provider (the Fetch standard); imported at a page's first request."""

import re
from collections.abc import Mapping
from functools import lru_cache

from mockserver.domain.hosts import is_own_name
from mockserver.http.cors import Cors

Headers = tuple[tuple[str, str], ...]

#: Pages may use every method, so that they can read the provider's 404 or 405.
METHODS = "DELETE, GET, HEAD, PATCH, POST, PUT"
#: The headers that pages may read, besides those that browsers always let them read.
EXPOSED = (
    *("Allow", "Date", "Location", "Preference-Applied", "Retry-After", "WWW-Authenticate"),
    *("X-Mock-Assumed", "X-Mock-Fault", "X-Mock-Request-Id"),
)
#: A host name has 253 characters at most.
_LONGEST = 300
_ORIGIN = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::[0-9]{1,5})?", re.IGNORECASE | re.ASCII)
_NAMES = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+(?:[ \t]*,[ \t]*[A-Za-z0-9!#$%&'*+.^_`|~-]+)*")


def preflight_headers(cors: Cors, settings: Mapping[str, object], headers: Mapping[str, str]) -> Headers | None:
    """Return the headers of a preflight's answer besides `answer_headers`; None where the page may not call."""
    if _allowed_origin(cors, settings, headers["origin"]) is None:
        return None
    allowed: Headers = (("Access-Control-Allow-Methods", METHODS),)
    names = headers.get("access-control-request-headers", "")
    if _NAMES.fullmatch(names):
        allowed += (("Access-Control-Allow-Headers", names),)
    if headers.get("access-control-request-private-network") == "true":
        allowed += (("Access-Control-Allow-Private-Network", "true"),)
    return allowed


def answer_headers(cors: Cors, settings: Mapping[str, object], origin: str) -> Headers:
    """Return the headers of every answer to a page's request, refusals included; none where the setting is off."""
    allowed_origin = _allowed_origin(cors, settings, origin)
    vary: Headers = (("Vary", "Origin"),) if settings[cors.name] == "documented" else ()
    if allowed_origin is None:
        return vary
    exposed = ", ".join((*EXPOSED, *cors.exposes))
    return (("Access-Control-Allow-Origin", allowed_origin), ("Access-Control-Expose-Headers", exposed), *vary)


def _allowed_origin(cors: Cors, settings: Mapping[str, object], origin: str) -> str | None:
    """Return the origin that the answer allows, None where it allows none."""
    match settings[cors.name]:
        case "any":
            return "*"
        case "documented" if origin in cors.origins or (len(origin) <= _LONGEST and is_loopback(origin)):
            return origin
    return None


@lru_cache(maxsize=256)
def is_loopback(origin: str) -> bool:
    """Return whether the origin is a loopback address, so that the page comes from the browser's own machine."""
    match = _ORIGIN.fullmatch(origin)
    return match is not None and is_own_name(match[1])

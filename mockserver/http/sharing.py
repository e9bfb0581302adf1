"""The headers that let web pages call a provider (the Fetch standard); imported with the first request of one."""

import re
from collections.abc import Mapping
from functools import lru_cache

from mockserver.domain.hosts import is_own_name
from mockserver.http.cors import Cors

Headers = tuple[tuple[str, str], ...]

#: Pages may use every method, so that they can read a 404 or a 405 in the provider's words.
METHODS = "DELETE, GET, HEAD, PATCH, POST, PUT"
#: What pages may read besides what browsers always let them read.
EXPOSED = (
    *("Allow", "Date", "Location", "Preference-Applied", "Retry-After", "WWW-Authenticate"),
    *("X-Mock-Assumed", "X-Mock-Fault", "X-Mock-Request-Id"),
)
#: A host name has 253 characters at most.
_LONGEST = 300
_ORIGIN = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::[0-9]{1,5})?", re.IGNORECASE | re.ASCII)
_NAMES = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+(?:[ \t]*,[ \t]*[A-Za-z0-9!#$%&'*+.^_`|~-]+)*")


def preflight_headers(cors: Cors, settings: Mapping[str, object], headers: Mapping[str, str]) -> Headers | None:
    """What a preflight's answer has beside `answer_headers`; None where the page may not send anything."""
    if _allowed_origin(cors, settings, headers["origin"]) is None:
        return None
    found: Headers = (("Access-Control-Allow-Methods", METHODS),)
    wanted = headers.get("access-control-request-headers", "")
    if _NAMES.fullmatch(wanted):
        found += (("Access-Control-Allow-Headers", wanted),)
    if headers.get("access-control-request-private-network") == "true":
        found += (("Access-Control-Allow-Private-Network", "true"),)
    return found


def answer_headers(cors: Cors, settings: Mapping[str, object], origin: str) -> Headers:
    """What every answer to a request of a page has, refusals included; nothing when the setting is off."""
    allowed = _allowed_origin(cors, settings, origin)
    found: Headers = (("Vary", "Origin"),) if settings[cors.name] == "documented" else ()
    if allowed is None:
        return found
    exposed = ", ".join((*EXPOSED, *cors.exposes))
    return (("Access-Control-Allow-Origin", allowed), ("Access-Control-Expose-Headers", exposed), *found)


def _allowed_origin(cors: Cors, settings: Mapping[str, object], origin: str) -> str | None:
    """The origin that the answer allows, None where it allows none."""
    match settings[cors.name]:
        case "any":
            return "*"
        case "documented" if origin in cors.origins or (len(origin) <= _LONGEST and is_loopback(origin)):
            return origin
    return None


@lru_cache(maxsize=256)
def is_loopback(origin: str) -> bool:
    """Whether a page of this origin was served by the machine that its browser runs on."""
    match = _ORIGIN.fullmatch(origin)
    return match is not None and is_own_name(match[1])

"""Who may drive the control API: whoever holds the token; without one, only this machine's own programs."""

import ipaddress
import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

from mockserver.control.problems import Problem


def check_access(headers: Mapping[str, str], *, token: str | None) -> None:
    """Raises a 401 problem when a token is asked for, and a 403 problem for what a web page could send.

    A request with the right token is never refused.
    """
    given = _token(headers)
    if token is not None:
        if given is None or not secrets.compare_digest(given.encode(), token.encode()):
            raise Problem(
                401,
                "the control API asks for the token printed at start: Authorization: Bearer TOKEN, or X-Mock-Token",
                headers={"www-authenticate": "Bearer"},
            )
        return
    host = headers.get("host")
    if host is not None and not is_local_name(_host(host)):
        raise Problem(403, f"foreign Host refused: {host!r} (use localhost or 127.0.0.1)")
    origin = headers.get("origin")
    if origin is not None and not is_local_name(_origin_host(origin)):
        raise Problem(403, f"foreign Origin refused: {origin!r}")
    if headers.get("sec-fetch-site") == "cross-site":
        raise Problem(403, "cross-site requests are refused")


def is_local_name(host: str) -> bool:
    """Whether this is a name of the machine itself: localhost or a loopback address."""
    host = host.lower().rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _token(headers: Mapping[str, str]) -> str | None:
    own = headers.get("x-mock-token")
    if own is not None:
        return own.strip()
    scheme, _, value = headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None


def _host(text: str) -> str:
    if text.startswith("["):
        return text.partition("]")[0] + "]"
    return text.rpartition(":")[0] if ":" in text else text


def _origin_host(origin: str) -> str:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.scheme in ("http", "https") else ""

"""Access to the control API: callers need the token; a server without one serves only programs on this machine."""

import secrets
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from mockserver.control.problems import Problem
from mockserver.domain.hosts import host_name, is_own_name


def check_host(pairs: Iterable[tuple[bytes, bytes]]) -> None:
    """Raise a 400 problem for a malformed Host header, and for several of them: it is unclear which one is meant.

    An absent or empty Host passes.
    """
    hosts = [value.decode("latin-1") for name, value in pairs if name == b"host"]
    if len(hosts) > 1:
        raise Problem(400, "a request has one Host header, not several")
    if hosts and hosts[0] and host_name(hosts[0]) is None:
        raise Problem(400, f"not a Host (a name or an address, and a port): {hosts[0][:200]!r}")


def check_access(headers: Mapping[str, str], *, token: str | None) -> None:
    """Raise a 401 problem where the token is missing or wrong, and a 403 problem for what a web page could send.

    The 403 checks (Host, Origin, Sec-Fetch-Site) are made only where the server has no token.

    A request with the right token is never refused.
    """
    if token is not None:
        if not _holds(headers, token):
            how = "the server's token: Authorization: Bearer TOKEN, or X-Mock-Token"
            text = f"the control API needs {how}" if _token(headers) is None else f"this token is wrong; send {how}"
            raise Problem(401, text, headers={"www-authenticate": "Bearer"})
        return
    host = headers.get("host")
    if host is not None and not is_own_name(host_name(host) or ""):
        raise Problem(403, f"foreign Host refused: {host!r} (use localhost or 127.0.0.1)")
    _check_site(headers)


def check_receiving(headers: Mapping[str, str], *, token: str | None) -> None:
    """Raise a 403 problem for what a web page of another site could send; needs no token.

    The Host is not checked, since containers reach the server under other names.
    A request with the right token is never refused.
    """
    if token is None or not _holds(headers, token):
        _check_site(headers)


def _check_site(headers: Mapping[str, str]) -> None:
    origin = headers.get("origin")
    if origin is not None and not is_own_name(_origin_host(origin)):
        raise Problem(403, f"foreign Origin refused: {origin!r}")
    if headers.get("sec-fetch-site", "").strip().lower() == "cross-site":
        raise Problem(403, "cross-site requests are refused")


def _holds(headers: Mapping[str, str], token: str) -> bool:
    credential = _token(headers)
    return credential is not None and secrets.compare_digest(credential.encode(), token.encode())


def _token(headers: Mapping[str, str]) -> str | None:
    mock_token = headers.get("x-mock-token")
    if mock_token is not None:
        return mock_token.strip()
    scheme, _, value = headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None


def _origin_host(origin: str) -> str:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.scheme in ("http", "https") else ""

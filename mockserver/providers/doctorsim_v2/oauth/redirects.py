"""Redirect URIs: which ones can be registered, and which ones a request may name (RFC 8252)."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from mockserver.providers.doctorsim_v2.settings import LONGEST_REDIRECT

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.IGNORECASE)
#: Schemes that a browser or the system itself carries out: no setting admits them.
_NEVER = frozenset(
    ("about", "blob", "chrome", "data", "file", "filesystem", "ftp", "javascript", "mailto", "vbscript", "ws", "wss")
)
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
#: Host, port (with its colon) and the rest of an http URI.
_HTTP = re.compile(r"http://(?P<host>[a-z0-9.-]+|\[[0-9a-f:]+\])(?P<port>:[0-9]{1,5})?(?P<rest>(?:[/?].*)?)", re.ASCII)
#: Addresses that always mean the machine itself, so that an app may listen on any port.
_LOOPBACK = ("127.0.0.1", "[::1]")


def redirect_problem(uri: Any, *, private_schemes: bool) -> str | None:
    """Return why a redirect URI cannot be registered, or None.

    Valid are https anywhere, http on this machine, and an app's own scheme: with a dot in it, or with
    `private_schemes` without one.
    """
    printable = isinstance(uri, str) and uri.isascii() and uri.isprintable() and " " not in uri
    if not isinstance(uri, str) or not printable or len(uri) > LONGEST_REDIRECT:
        return f"a redirect URI must be a text of at most {LONGEST_REDIRECT} printable ASCII characters without blanks"
    try:
        parts = urlsplit(uri)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return "a redirect URI must be a URI"
    if "#" in uri:
        return "a redirect URI must not have a fragment"
    if parts.scheme in ("http", "https"):
        if not host:
            return "a redirect URI must name a host"
        if parts.scheme == "http" and host not in _THIS_MACHINE:
            return "a redirect URI with http must be on this machine: localhost, 127.0.0.1 or [::1]"
        return None
    return _scheme_problem(parts.scheme, private_schemes=private_schemes)


def _scheme_problem(scheme: str, *, private_schemes: bool) -> str | None:
    if not _SCHEME.fullmatch(scheme):
        return "a redirect URI must be absolute, with https, http on this machine, or an app's own scheme"
    if scheme in _NEVER:
        return f"a redirect URI must not have the scheme {scheme}, which is no app's own"
    if "." not in scheme and not private_schemes:
        return (
            f"the scheme {scheme[:50]} has no dot: an app's own scheme must be a domain name of its maker in reverse,"
            " such as com.example.app (RFC 8252, 7.1); the setting doctorsim_v2.private_schemes admits others"
        )
    return None


def is_registered(uri: str, client: Mapping[str, Any]) -> bool:
    """Return whether the client registered this URI; the port of a loopback address may differ."""
    registered_uris: Iterable[str] = client["redirect_uris"]
    if uri in registered_uris:
        return True
    hosts = (*_LOOPBACK, *client.get("any_port_hosts", ()))
    address = _without_port(uri, hosts)
    return address is not None and address in [_without_port(other, hosts) for other in registered_uris]


def _without_port(uri: str, hosts: Iterable[str]) -> tuple[str, str] | None:
    """Return host and rest of an http URI of one of these hosts with a valid port, or None."""
    match = _HTTP.fullmatch(uri)
    if match is None or match["host"] not in hosts:
        return None
    port = match["port"]
    return (match["host"], match["rest"]) if port is None or 0 < int(port[1:]) < 65_536 else None


def with_answer(uri: str, answer: Mapping[str, str]) -> str:
    """Return the URI with the answer added to its query."""
    joint = "" if uri.endswith(("?", "&")) else "&" if "?" in uri else "?"
    return f"{uri}{joint}{urlencode(answer)}"

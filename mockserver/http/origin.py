"""Scheme, host and path in front of every address that an answer names."""

import ipaddress
import re
from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

from starlette.types import Scope

from mockserver.domain.hosts import host_name

#: In a request's scope: the server's `Origins`.
ORIGINS = "mock.origins"
_PREFIX = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~!$&'()*+,;=:@%-]+)+")
_PORT = re.compile(r"[0-9]{1,5}")
_HIGHEST_PORT = 65_535
_FORWARDED = re.compile(r'\s*([A-Za-z]+)=("[^"]*"|[^\s;,"]+)\s*(;|,|$)')


class Origins(NamedTuple):
    """What decides by which addresses a server names itself.

    `public_url` fixes them for every request that did not come to an emulated host by its own name (`hosts`).
    Otherwise they are as the client used them, or as a proxy in front of the server says, where `trust` lets it.
    """

    public_url: str | None = None
    trust: Literal["private", "off"] = "private"
    hosts: Collection[str] = ()

    def of(self, scope: Scope, host: str | None) -> str:
        """Return the address without a slash at its end, such as `https://localhost:7460`."""
        name = host_name(host) if host is not None else None
        if self.public_url is not None and (name or "").lower() not in self.hosts:
            return self.public_url
        scheme, shown, prefix = scope.get("scheme", "http"), host if name else "localhost", ""
        if self.trust == "private" and _is_near(scope):
            said = _forwarded(
                {key.decode("latin-1"): value.decode("latin-1") for key, value in reversed(scope["headers"])}
            )
            scheme, shown, prefix = said.scheme or scheme, said.host or shown, said.prefix
        return f"{scheme}://{shown}{prefix}"


AS_ASKED = Origins(trust="off")


def origin_of(scope: Scope, host: str | None) -> str:
    """Return the address at which the client reached this server (`http://localhost:7460`); `host` is its Host header.

    Addresses in answers begin with it, so that they lead back to where the client came from. For a malformed Host it
    is `localhost`.
    """
    origins: Origins = scope.get(ORIGINS, AS_ASKED)
    return origins.of(scope, host)


class _Forwarded(NamedTuple):
    """What a proxy says of the request; empty where it says nothing that can be."""

    scheme: str = ""
    host: str = ""
    prefix: str = ""


def _is_near(scope: Scope) -> bool:
    """Return whether the peer is this machine or in a private network, as one's own proxy is."""
    client = scope.get("client")
    try:
        address = ipaddress.ip_address(client[0]) if client else None
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address is not None and (address.is_loopback or address.is_private)


def _forwarded(headers: Mapping[str, str]) -> _Forwarded:
    """Read RFC 7239's header, or the older ones; of several proxies the first, which the client met, counts."""
    if "forwarded" in headers:
        said = _first_element(headers["forwarded"])
        scheme, host, port = said.get("proto", ""), said.get("host", ""), ""
    else:
        scheme, host, port = (
            headers.get(f"x-forwarded-{part}", "").partition(",")[0].strip() for part in ("proto", "host", "port")
        )
    scheme = scheme.lower()
    prefix = headers.get("x-forwarded-prefix", "").partition(",")[0].strip().rstrip("/")
    if not host_name(host):
        host = ""
    if host and _PORT.fullmatch(port) and 0 < int(port) <= _HIGHEST_PORT and not re.search(r":[0-9]+$", host):
        usual = {"http": "80", "https": "443"}.get(scheme)
        host = host if port == usual else f"{host}:{port}"
    return _Forwarded(scheme if scheme in ("http", "https") else "", host, prefix if _PREFIX.fullmatch(prefix) else "")


def _first_element(text: str) -> dict[str, str]:
    """Return the pairs of the first element of a Forwarded header; what follows a mistake is left out."""
    pairs: dict[str, str] = {}
    place = 0
    while match := _FORWARDED.match(text, place):
        pairs.setdefault(match[1].lower(), match[2].strip('"'))
        place = match.end()
        if match[3] != ";":
            break
    return pairs

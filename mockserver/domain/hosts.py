"""Host names and addresses: how a Host header is read, and which hosts are this machine."""

import ipaddress
import re
from functools import lru_cache

#: `host[:port]` as in RFC 9110 (7.2) and RFC 3986 (3.2.2), without the forms that no client of ours uses.
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})))(?::([0-9]{0,5}))?")
_HIGHEST_PORT = 65_535


@lru_cache(maxsize=64)
def host_name(text: str) -> str | None:
    """Return the name or address in a Host header, without port and brackets; None where it is not a host.

    >>> [host_name(text) for text in ("localhost:7460", "[::1]:80", "a: b", "a, b")]
    ['localhost', '::1', None, None]
    """
    match = _HOST.fullmatch(text)
    if match is None or int(match[3] or 0) > _HIGHEST_PORT:
        return None
    if match[1] is None:
        return match[2]
    try:
        return str(ipaddress.IPv6Address(match[1]))
    except ValueError:
        return None


def is_own_name(host: str) -> bool:
    """Return whether a host name or address means the machine itself (RFC 6761); brackets are allowed.

    >>> [is_own_name(host) for host in ("shop.localhost", "[::1]", "127.0.0.9", "192.168.0.7")]
    [True, True, True, False]
    """
    host = host.lower().rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False

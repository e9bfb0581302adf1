"""Which hosts are this machine."""

import ipaddress


def is_own_name(host: str) -> bool:
    """Whether a host name or address, its brackets allowed, is one by which a machine calls itself (RFC 6761).

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

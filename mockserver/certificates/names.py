"""Host names and addresses that a CA may sign for."""

import ipaddress
from collections.abc import Iterable
from hashlib import sha256

#: The names of every server on its own machine.
LOCAL = ("localhost", "127.0.0.1", "::1")
_DIGITS = 12


def canonical(name: str) -> str:
    """Return a host name in lower case without its last dot, an address in its shortest form.

    >>> [canonical(name) for name in ("Daisysim.com.", "0:0:0:0:0:0:0:1")]
    ['daisysim.com', '::1']
    """
    return str(ipaddress.ip_address(name)) if is_address(name) else name.lower().rstrip(".")


def is_address(name: str) -> bool:
    """Return whether the name is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_covered(name: str, permitted: Iterable[str]) -> bool:
    """Return whether a name is one of those that are permitted, or a subdomain of one.

    >>> [is_covered(name, ["daisysim.com"]) for name in ("daisysim.com", "www.daisysim.com", "notdaisysim.com")]
    [True, True, False]
    """
    if is_address(name):
        return name in set(permitted)
    return any(name == host or name.endswith(f".{host}") for host in permitted)


def without_subdomains(names: Iterable[str]) -> tuple[str, ...]:
    """Return the shortest list of names that covers all of these, sorted.

    >>> without_subdomains(["www.doctorsim.com", "doctorsim.com", "localhost"])
    ('doctorsim.com', 'localhost')
    """
    unique = sorted(set(names))
    return tuple(name for name in unique if not is_covered(name, [other for other in unique if other != name]))


def digest(names: Iterable[str]) -> str:
    """Return a short word that stands for this set of names in the name of a file."""
    return sha256("\n".join(without_subdomains(names)).encode()).hexdigest()[:_DIGITS]

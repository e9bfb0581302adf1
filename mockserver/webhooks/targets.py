"""Targets of webhooks: whether one is allowed, judged by the addresses of its host before anything is sent."""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import quote, unquote, urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: Returns the addresses of a host name, as texts; raises OSError when there are none.
HostLookup = Callable[[str], Awaitable[Sequence[str]]]

_PORTS = {"http": 80, "https": 443}
_LONGEST_HOST = 254
_HOST_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(map(ip_network, texts))


#: Loopback, RFC 1918 and unique local addresses: where receivers under test live.
_NEAR = _networks("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
#: Networks that nothing is sent to, even for listed hosts; the first that holds an address names its kind. Clouds keep
#: the credentials of a machine at link-local addresses, two of them at fixed unique local ones too.
_NEVER: dict[str, tuple[Network, ...]] = {
    "a link-local": _networks("169.254.0.0/16", "fe80::/10"),
    "a cloud metadata": _networks("fd00:ec2::/32", "fd20:ce::254/128"),
    "an unspecified": _networks("0.0.0.0/8", "::/128"),
    "a multicast": _networks("224.0.0.0/4", "ff00::/8"),
    "a broadcast": _networks("255.255.255.255/32"),
    "a carrier-grade NAT": _networks("100.64.0.0/10"),
    "a reserved": _networks("240.0.0.0/4", "192.0.0.0/24"),
}
_NAT64 = IPv6Network("64:ff9b::/96")
_GLOBAL_IPV6 = IPv6Network("2000::/3")
_UNLISTED = "only loopback, private addresses and listed hosts are sent to"
#: The paths at which the server itself takes webhooks, after percent-decoding, as they are routed.
_INBOX = re.compile(r"(/~[^/]+)?/_mock/inbox/[^/]+/?")


class RefusedTarget(Exception):
    """The target is not allowed; `reason` names the rule and the value."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnresolvedTarget(Exception):
    """The host's name cannot be resolved here; `reason` names the host."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that was judged. Connect to `addresses` only: another lookup of the host may give others.

    `host` is in its ASCII form, without brackets; `path` is the request target, path and query as written.
    """

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]

    @property
    def address(self) -> str:
        """The literal address to connect to first."""
        return self.addresses[0]

    @property
    def authority(self) -> str:
        """The value of the Host header: with the port only when it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


async def system_lookup(host: str) -> list[str]:
    """Return the host's addresses from the operating system, in its order of preference; raises OSError."""
    entries = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


class TargetGuard:
    """Lets webhooks go to loopback and private addresses, and anywhere public for the hosts listed.

    `allowed_hosts` are names or addresses without port, compared whole; raises ValueError for others. Without
    `loopback`, for a server that others can reach, loopback addresses have to be listed too: programs there
    expect calls from this machine only. `own` are the addresses and ports that the server itself listens on: of
    those, only the inboxes are allowed.
    """

    def __init__(
        self,
        allowed_hosts: frozenset[str] = frozenset(),
        *,
        loopback: bool = True,
        own: Sequence[tuple[str, int]] = (),
        lookup: HostLookup = system_lookup,
    ) -> None:
        self._allowed = frozenset(_ascii_host(host.strip("[]")).rstrip(".") for host in allowed_hosts)
        self._loopback = loopback
        self._own = [(_plain(ip_address(host.partition("%")[0])), port) for host, port in own]
        self._lookup = lookup
        self._running: dict[str, asyncio.Future[Sequence[str]]] = {}

    async def resolve(self, url: str) -> Target:
        """Look the host up once and judge every address; raises RefusedTarget or UnresolvedTarget."""
        scheme, host, port, path = _read(url)
        addresses = [_plain(address) for address in await self._addresses(host)]
        for address in addresses:
            objection = self._objection(host, address, port, path)
            if objection is not None:
                raise RefusedTarget(objection)
        return Target(scheme, host, port, path, tuple(map(str, addresses)))

    def _objection(self, host: str, address: Address, port: int, path: str) -> str | None:
        """Return why the target is not allowed, with the flag that would allow it where there is one; else None."""
        description = host if host == str(address) else f"{host} is {address}"
        listed = host.rstrip(".") in self._allowed or str(address) in self._allowed
        objection = _objection(address, listed=listed)
        if objection is not None:
            hint = f" (add --webhook-hosts {host})" if objection == _UNLISTED else ""
            return f"{objection}: {description}{hint}"
        if any(port == own_port and _leads_to(address, own_address) for own_address, own_port in self._own):
            if _INBOX.fullmatch(unquote(path.partition("?")[0])):
                return None
            return f"on this server webhooks may go only to /_mock/inbox/NAME: {description}, port {port}"
        if _is_loopback(address) and not (self._loopback or listed):
            what = "a server that listens beyond loopback sends to loopback only where --webhook-hosts lists it"
            return f"{what}: {description} (add --webhook-hosts {host})"
        return None

    async def _addresses(self, host: str) -> list[Address]:
        try:
            return [ip_address(host)]
        except ValueError:
            pass  # a name, or one of the spellings (`127.1`, `2130706433`) that only the resolver reads
        try:
            addresses = [ip_address(text.partition("%")[0]) for text in await self._shared_lookup(host)]
        except (OSError, ValueError) as error:
            hint = "" if host in self._allowed else f"; a public one needs --webhook-hosts {host}, too"
            raise UnresolvedTarget(f"the host name cannot be resolved: {host} ({error}{hint})") from None
        if not addresses:
            raise UnresolvedTarget(f"the host name has no address: {host}")
        return addresses

    async def _shared_lookup(self, host: str) -> Sequence[str]:
        """Share one lookup at a time for each host, so that a dead name server blocks one thread and not all."""
        lookup = self._running.get(host)
        if lookup is None:
            lookup = asyncio.ensure_future(self._lookup(host))
            self._running[host] = lookup
            lookup.add_done_callback(lambda future: self._forget(host, future))
        return await asyncio.shield(lookup)

    def _forget(self, host: str, future: "asyncio.Future[Sequence[str]]") -> None:
        self._running.pop(host, None)
        if not future.cancelled():
            future.exception()  # the caller may be gone: without this, the event loop would report the error


def _read(url: str) -> tuple[str, str, int, str]:
    """Return scheme, host, port and request target; raises RefusedTarget for a URL that cannot be a target."""
    if _UNPRINTABLE.search(url):
        raise RefusedTarget(f"a URL has no spaces or control characters: {_shown(url)!r}")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise RefusedTarget(f"not a URL: {_shown(url)!r} ({error})") from None
    if parts.scheme not in _PORTS:
        raise RefusedTarget(f"only http and https are sent to, not {parts.scheme or 'a URL without a scheme'!r}")
    if "@" in parts.netloc:
        raise RefusedTarget("a URL with a user name or password is not sent to")
    if port == 0:
        raise RefusedTarget("port 0 cannot be connected to")
    try:
        host = _ascii_host(parts.hostname or "")
    except ValueError as error:
        raise RefusedTarget(str(error)) from None
    return parts.scheme, host, port or _PORTS[parts.scheme], _request_target(url)


def _shown(url: str) -> str:
    """Return the URL for a message, without user name and query, where receivers keep their secrets."""
    return re.sub(r"//[^/]*@", "//", re.split(r"[?#]", url)[0])


def _request_target(url: str) -> str:
    """Return path and query as written; only characters that a request line forbids are percent-encoded (UTF-8)."""
    rest = url.partition("#")[0].partition("://")[2]
    place = re.search(r"[/?]", rest)
    target = rest[place.start() :] if place else "/"
    return quote(target if target.startswith("/") else "/" + target, safe=_PRINTABLE)


def _ascii_host(host: str) -> str:
    """Return the host in lower case and ASCII, addresses in their shortest form; raises ValueError."""
    refusal = f"not a host name or address: {host!r}"
    try:
        if "%" in host or len(host) > _LONGEST_HOST:
            raise ValueError(refusal)
        if ":" in host:
            return str(ip_address(host))
        name = (host if host.isascii() else host.encode("idna").decode("ascii")).lower()
    except ValueError:
        raise ValueError(refusal) from None
    if not _HOST_NAME.fullmatch(name):
        raise ValueError(refusal)
    return name


def _plain(address: Address) -> Address:
    """Return the IPv4 address of an IPv4-mapped IPv6 address (`::ffff:127.0.0.1`), other addresses as they are."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped if mapped is not None else address


def _carried(address: Address) -> IPv4Address | None:
    """Return the IPv4 address that a 6to4, Teredo or NAT64 address leads to; None for other addresses."""
    if not isinstance(address, IPv6Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour or (address.teredo[1] if address.teredo else None)


def _objection(address: Address, *, listed: bool) -> str | None:
    """Return why nothing is sent to this address, or None."""
    carried = _carried(address)
    for candidate in (address, carried):
        for kind, networks in _NEVER.items():
            if candidate is not None and any(candidate in network for network in networks):
                return f"nothing is ever sent to {kind} address"
    if any(address in network for network in _NEAR):
        return None
    if isinstance(address, IPv6Address) and carried is None and address not in _GLOBAL_IPV6:
        return "nothing is ever sent to a reserved address"
    return None if listed else _UNLISTED


def _is_loopback(address: Address) -> bool:
    carried = _carried(address)
    return address.is_loopback or (carried is not None and carried.is_loopback)


def _leads_to(address: Address, listening: Address) -> bool:
    """Return whether a connection to `address` reaches a socket of this machine that listens on `listening`."""
    if not listening.is_unspecified:
        return address == listening
    if _is_loopback(address):
        return True
    # Binding works for addresses of this machine only, and sends nothing.
    family = socket.AF_INET6 if isinstance(address, IPv6Address) else socket.AF_INET
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.bind((str(address), 0))
        return True
    return False

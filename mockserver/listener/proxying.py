"""The listener as a forward proxy: which hosts it serves itself, and how it refuses or sends on all others."""

import base64
import binascii
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment

from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.domain.hosts import is_own_name
from mockserver.http.way_in import WAY_IN, WayIn
from mockserver.listener.authority import Authority, ProxyRefusal, authority_of
from mockserver.listener.notices import Notices
from mockserver.listener.options import ListenerOptions
from mockserver.sandbox.names import RULE, is_name

if TYPE_CHECKING:
    from mockserver.listener.forwarding import Forwarder

_PORTS = {"http": 80, "https": 443}
#: Headers for the proxy alone, which the application does not see.
_OWN_HEADERS = frozenset({b"proxy-authorization", b"proxy-connection"})


class Proxy:
    """Decides what becomes of requests that clients send as to a proxy. `addresses` are the listener's own."""

    def __init__(self, options: ListenerOptions, addresses: Collection[tuple[str, int]] = ()) -> None:
        self.notices = Notices()
        self._hosts = options.hosts
        self._passthrough = options.passthrough
        self._ports = frozenset(port for _, port in addresses)
        self._addresses = frozenset(host for host, _ in addresses)
        #: Whether `--passthrough` would be taken: it is for loopback only.
        self._may_pass_through = all(is_own_name(host) for host in self._addresses)
        # Read now, not at the first request: later changes of the environment are meant for clients.
        self._proxies = getproxies_environment() if options.passthrough else {}

    @cached_property
    def forwarder(self) -> "Forwarder":
        """The forwarder, which sends requests on to other hosts."""
        from mockserver.listener.forwarding import Forwarder

        return Forwarder(self._proxies, self._is_own, self.notices)

    def _is_own(self, target: Authority) -> bool:
        return target.port in self._ports and (is_own_name(target.host) or target.host in self._addresses)

    @property
    def takes_connect(self) -> bool:
        """Whether a CONNECT is answered at all."""
        return self._hosts is not None

    def serves(self, target: Authority) -> bool:
        """Return whether requests for this host are answered here."""
        host, port = target
        if self._hosts is None:
            return True
        if host in self._hosts and (port in _PORTS.values() or port in self._ports):
            return True
        # In a container network this server has names that it does not know.
        return self._is_own(target) or (port in self._ports and not self._passthrough)

    def admit(self, target: Authority) -> bool:
        """Return whether this host is served here; False where its requests are sent on. Raises ProxyRefusal."""
        if self.serves(target):
            return True
        if self._passthrough:
            return False
        if self._hosts is not None and target.host in self._hosts:
            raise ProxyRefusal(403, f"{target.host} is served on the ports 443 and 80, not on {target.port}")
        hint = ": start it with --passthrough to send requests for other hosts on" if self._may_pass_through else ""
        raise ProxyRefusal(403, f"{target.host} is not served here, and no request leaves this server{hint}")

    def serve(self, scope: dict[str, Any], target: bytes, app: ASGIApp) -> ASGIApp:
        """Return the application that answers a request whose target is not a path, such as a whole URL.

        The scope gets the path, the host and the scheme of the URL, and the sandbox of the proxy user.
        """
        url = target.decode("latin-1")
        scheme, separator, _ = url.partition("://")
        if not separator or scheme.lower() not in _PORTS:
            return app
        try:
            authority = authority_of(_netloc(url), _PORTS[scheme.lower()])
            here = self.admit(authority)
            sandbox = sandbox_of(dict(scope["headers"]).get(b"proxy-authorization"))
        except ProxyRefusal as refusal:
            self.notices.warn(f"a proxy request was refused: {refusal.text}")
            return _Refused(refusal)
        if not here:
            from mockserver.listener.forwarding import Forward

            return Forward(self.forwarder, url, authority)
        _address_here(scope, url, scheme.lower())
        way_in: WayIn = scope[WAY_IN]
        scope[WAY_IN] = way_in._replace(scheme=scheme.lower(), sandbox=sandbox or way_in.sandbox)
        return app


def _netloc(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        raise ProxyRefusal(400, f"not a URL: {url[:200]!r}") from None


def _address_here(scope: dict[str, Any], url: str, scheme: str) -> None:
    """Change the scope of a request to a proxy into the scope of the same request to the host itself."""
    rest = url.partition("://")[2]
    end = min((place for mark in "/?#" if (place := rest.find(mark)) >= 0), default=len(rest))
    netloc, rest = rest[:end], rest[end:].partition("#")[0]
    path, _, query = rest.partition("?")
    path = path or "/"
    scope["scheme"] = scheme
    scope["raw_path"], scope["path"] = path.encode("latin-1"), unquote(path)
    scope["query_string"] = query.encode("latin-1")
    # RFC 9112, 3.2.2: the host of the URL counts, whatever the header says.
    host = netloc.rpartition("@")[2].encode("latin-1")
    headers = [pair for pair in scope["headers"] if pair[0] != b"host" and pair[0] not in _OWN_HEADERS]
    scope["headers"] = [(b"host", host), *headers]


def sandbox_of(credential: bytes | None) -> str | None:
    """Return the sandbox that the proxy user names, None without a user. Raises ProxyRefusal for a bad name."""
    if credential is None:
        return None
    scheme, _, value = credential.strip().partition(b" ")
    if scheme.lower() == b"basic":
        try:
            name = base64.b64decode(value.strip(), validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            name = ""
        if is_name(name):
            return name
    raise ProxyRefusal(407, f"the proxy user names a sandbox ({RULE}), with any password: http://NAME:x@HOST:PORT")


class _Refused:
    """Answers with a refusal of the proxy."""

    def __init__(self, refusal: ProxyRefusal) -> None:
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = self._refusal.text.encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            *self._refusal.headers,
        ]
        await send({"type": "http.response.start", "status": self._refusal.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


class ConnectRequest(NamedTuple):
    """A CONNECT: the host and port that it asks for, and the sandbox that the proxy user names."""

    authority: Authority
    sandbox: str | None


def read_connect(head: bytes) -> ConnectRequest:
    """Return the CONNECT that this head holds; raises ProxyRefusal."""
    line, *lines = head.replace(b"\r\n", b"\n").split(b"\n")
    parts = line.split(b" ")
    if len(parts) != 3 or not parts[2].startswith(b"HTTP/1."):
        raise ProxyRefusal(400, "a CONNECT is written CONNECT HOST:PORT HTTP/1.1")
    headers: Mapping[bytes, bytes] = {
        name.strip().lower(): value.strip() for name, colon, value in (line.partition(b":") for line in lines) if colon
    }
    return ConnectRequest(authority_of(parts[1].decode("latin-1")), sandbox_of(headers.get(b"proxy-authorization")))

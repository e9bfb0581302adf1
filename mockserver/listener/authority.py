"""The host and port that a request to a proxy is for, and the proxy's refusals."""

from typing import NamedTuple

from mockserver.domain.hosts import host_name

_ASK = (b"proxy-authenticate", b'Basic realm="sandbox"')


class ProxyRefusal(Exception):
    """The proxy refuses a request; `status` and `text` are its answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The headers that the status needs."""
        return [_ASK] if self.status == 407 else []


class Authority(NamedTuple):
    """A host, lower case and without brackets, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def authority_of(text: str, default_port: int | None = None) -> Authority:
    """Return the host and port that a text such as `daisysim.com:443` names; raises ProxyRefusal.

    >>> authority_of("[::1]:443")
    Authority(host='::1', port=443)
    """
    bare = text.rpartition("@")[2]
    name = host_name(bare)
    port = bare.rpartition(":")[2] if not bare.endswith("]") and ":" in bare else ""
    if name is None or not (port or default_port):
        raise ProxyRefusal(400, f"not a host and a port: {text[:200]!r}")
    return Authority(name.lower().rstrip("."), int(port) if port else default_port or 0)

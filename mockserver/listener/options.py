"""The options of a listener: the hosts it serves, its certificates, and whether it sends other requests on."""

import ssl
from dataclasses import dataclass
from typing import Protocol


class Certificates(Protocol):
    """The source of the server's certificate."""

    async def context(self) -> ssl.SSLContext:
        """Return the context for TLS. The first call makes the certificate, in a thread."""

    def covers(self, name: str) -> bool:
        """Return whether the certificate holds for this server name."""


@dataclass(frozen=True, slots=True)
class ListenerOptions:
    """`hosts` are those that are served to clients of the proxy; None serves every host, but takes no CONNECT.

    Without `certificates` the listener speaks plain HTTP alone. `passthrough` sends requests for other hosts on.
    """

    hosts: frozenset[str] | None = None
    certificates: Certificates | None = None
    passthrough: bool = False

"""What a listener is told: its names, its certificates, what it does with requests for other hosts."""

import ssl
from dataclasses import dataclass
from typing import Protocol


class Certificates(Protocol):
    """Where the listener gets its side of TLS from."""

    async def context(self) -> ssl.SSLContext:
        """Return the context to speak TLS with. The first call makes the certificate, away from the loop."""

    def covers(self, name: str) -> bool:
        """Return whether the certificate holds for this server name."""


@dataclass(frozen=True, slots=True)
class ListenerOptions:
    """`hosts` are served when a client comes as to a proxy; None serves whatever is asked for, and no CONNECT.

    Without `certificates` the listener speaks plain HTTP alone. `passthrough` sends requests for other hosts on.
    """

    hosts: frozenset[str] | None = None
    certificates: Certificates | None = None
    passthrough: bool = False

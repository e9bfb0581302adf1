"""A clock to set, CAs in directories of a test, and handshakes without a socket."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mockserver.certificates.authority import Authority
from mockserver.certificates.directory import CaDirectory
from mockserver.certificates.server import ServerCertificates, names_of
from mockserver.clockwork.clock import machine_now

HOSTS = ("api.acme.example", "www.acme.example")
NAMES = names_of(HOSTS)


class HandClock:
    """The real time, or what a test makes of it: OpenSSL itself knows only the machine's."""

    def __init__(self) -> None:
        self.moment = machine_now()

    def __call__(self) -> datetime:
        return self.moment

    def pass_by(self, **span: float) -> None:
        """Let time pass."""
        self.moment += timedelta(**span)


def far() -> HandClock:
    """A clock of another time."""
    clock = HandClock()
    clock.moment = datetime(2031, 5, 1, tzinfo=UTC)
    return clock


def ca_of(path: Path, clock: HandClock | None = None, *more: str) -> Authority:
    """The CA of a directory."""
    return CaDirectory(path, now=clock or HandClock()).obtain(names_of(HOSTS, more))[0]


def certificates_in(path: Path, clock: HandClock | None = None, *tls_names: str) -> ServerCertificates:
    """Those of a server that serves Acme."""
    return ServerCertificates(HOSTS, tls_names=tls_names, directory=path, now=clock or HandClock())


def trusting(*pems: bytes) -> ssl.SSLContext:
    """A strict client that trusts these CAs and nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    for pem in pems:
        context.load_verify_locations(cadata=pem.decode())
    return context


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> ssl.SSLObject:
    """Let a client that asks for `name` and a server shake hands; the client's side. Raises ssl.SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    here = client.wrap_bio(to_client, to_server, server_hostname=name)
    there = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(10):
        done = [_step(here), _step(there)]
        if all(done):
            return here
    raise AssertionError("the handshake has no end")


def _step(side: ssl.SSLObject) -> bool:
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True

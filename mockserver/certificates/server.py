"""The certificate of a server: a TLS context that is renewed in time, its names, and the CA for clients."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from mockserver.certificates.directory import CaDirectory, CaDirectoryProblem, Names, default_directory
from mockserver.certificates.names import LOCAL, canonical, is_address
from mockserver.clockwork.clock import machine_now

if TYPE_CHECKING:
    from ssl import SSLContext

    from mockserver.certificates.authority import Authority

Result = TypeVar("Result")

_log = logging.getLogger("mockserver.certificates")


@dataclass(frozen=True, slots=True)
class _Ready:
    """A context whose certificate is in force from `starts` to `ends`, and is to be renewed at `renewal`."""

    context: "SSLContext"
    starts: datetime
    renewal: datetime
    ends: datetime


class _Once(Generic[Result]):
    """Calls a function in a thread, once for all callers that wait for its result at the same time."""

    def __init__(self, do: Callable[[], Result]) -> None:
        self._do = do
        self._running: asyncio.Future[Result] | None = None

    def begin(self) -> "asyncio.Future[Result]":
        """Return the work under way, or begin it. Shield the result, since others may await it, too."""
        if self._running is None:
            self._running = asyncio.ensure_future(asyncio.to_thread(self._do))
            self._running.add_done_callback(self._end)
        return self._running

    def _end(self, done: "asyncio.Future[Result]") -> None:
        self._running = None
        if not done.cancelled():
            done.exception()  # marks it as read: nobody may be waiting any more


class ServerCertificates:
    """One certificate for all names of a server, made at first need and renewed while the server runs.

    `hosts` are those of the providers, `tls_names` further names of the server; `directory` is that of the CA, None
    for the user's own. Where the directory cannot be used, the CA is in memory and a line of the log says so.

        certificates = ServerCertificates(["daisysim.com"], directory=Path("ca"))
        context = await certificates.context()
    """

    def __init__(
        self,
        hosts: Iterable[str],
        *,
        tls_names: Iterable[str] = (),
        directory: Path | None = None,
        now: Callable[[], datetime] = machine_now,
    ) -> None:
        self._names = names_of(hosts, tls_names)
        self._all = frozenset(self._names.all)
        self._path = directory
        self._now = now
        self._ready: _Ready | None = None
        self._making = _Once(self._make)
        self._authority: Authority | None = None
        self._obtaining = _Once(self._current)
        #: Held while the CA is read or made, which happens in threads.
        self._reading = threading.Lock()

    def names(self) -> tuple[str, ...]:
        """Return the host names and addresses that the certificate holds, sorted."""
        return self._names.all

    def covers(self, server_name: str | None) -> bool:
        """Return whether a client that asks for this name (SNI) gets a certificate that it accepts.

        Only the names themselves count, not their subdomains. Clients that connect by address ask for none.
        """
        return not server_name or is_address(server_name) or canonical(server_name) in self._all

    async def context(self) -> "SSLContext":
        """Return the TLS context with a certificate that is in force: TLS 1.2 or later, ALPN `http/1.1`.

        It is made in a thread, once for all who wait. One that is to be renewed serves until the new one is there.
        """
        ready, now = self._ready, self._now()
        if ready is not None and ready.starts <= now < ready.renewal:
            return ready.context
        making = self._making.begin()
        if ready is not None and ready.starts <= now < ready.ends:
            return ready.context
        return (await asyncio.shield(making)).context

    async def ca_certificate(self) -> bytes:
        """Return the certificate of the CA as PEM, for clients to trust; makes the CA where there is none."""
        return (await asyncio.shield(self._obtaining.begin())).pem

    def known_ca(self) -> bytes | None:
        """Return the certificate of the CA as PEM where there is one. It may read a file: call it from a thread."""
        if self._authority is not None:
            return self._authority.pem
        try:
            return self._directory().existing(self._names)
        except CaDirectoryProblem:
            return None

    def _make(self) -> _Ready:
        from mockserver.certificates.authority import sign_leaf
        from mockserver.certificates.context import server_context

        try:
            leaf = sign_leaf(self._current(), self._names.all, self._now())
            self._ready = _Ready(server_context(leaf), leaf.starts, leaf.renewal, leaf.ends)
        except Exception as error:
            _log.error("no certificate could be made: %s: %s", type(error).__name__, error)
            raise
        return self._ready

    def _current(self) -> "Authority":
        """Return the CA that the server signs with until its renewal, whatever happens to the files meanwhile."""
        with self._reading:
            if self._authority is None or not self._authority.is_fresh(self._now()):
                self._authority = self._obtain()
            return self._authority

    def _obtain(self) -> "Authority":
        from mockserver.certificates.authority import make_authority, renew_authority

        try:
            return self._directory().obtain(self._names)[0]
        except CaDirectoryProblem as problem:
            known, now = problem.readable or self._authority, self._now()
            if known is not None and known.is_fresh(now):
                return known
            _log.warning("%s; this server's CA is in memory and ends with it (GET /_mock/ca.pem has it)", problem)
        return renew_authority(known, now) if known is not None else make_authority(self._names.all, now)

    def _directory(self) -> CaDirectory:
        return CaDirectory(self._path or default_directory(), now=self._now)


def names_of(hosts: Iterable[str], tls_names: Iterable[str] = ()) -> Names:
    """Return the names of a server's certificate: hosts of its providers, of its machine, and those it is given."""
    usual = {*LOCAL, *map(canonical, hosts)}
    return Names(tuple(sorted(usual)), tuple(sorted(set(map(canonical, tls_names)) - usual)))

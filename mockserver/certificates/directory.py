"""The directory in which the CA lies.

`ca.key` holds key and certificate, for its owner only; `ca.pem` is a copy of the certificate, for clients. Both are
replaced by a rename, so that nobody reads half of one, and changed under a lock, so that processes that start at the
same time end with one CA. `ca-DIGEST.key` and `.pem` are those of a CA for more names, and `ca.lock` is the lock.
"""

import contextlib
import logging
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mockserver.certificates.names import digest, is_covered
from mockserver.sandbox.safefile import replace_file, sweep

if TYPE_CHECKING:
    from mockserver.certificates.authority import Authority

_log = logging.getLogger("mockserver.certificates")

#: For how many seconds of real time to wait for the lock; making a CA takes a hundredth of a second.
PATIENCE = 5.0
_PAUSE = 0.02
_LARGEST = 65_536
#: The name of the usual CA's files.
_USUAL = "ca"
_FOR_CLIENTS = 0o644
_NO_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class CaDirectoryProblem(Exception):
    """The directory cannot be used; the message is one line that names it and `--ca-dir`.

    `readable` is a CA for these names that could be read there, though not renewed.
    """

    def __init__(self, message: str, readable: "Authority | None" = None) -> None:
        super().__init__(message)
        self.readable = readable


@dataclass(frozen=True, slots=True)
class Names:
    """The names that a CA has to sign for: those of every server of this installation, and `more` of this one."""

    usual: tuple[str, ...]
    more: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """All names, each once, sorted."""
        return tuple(sorted({*self.usual, *self.more}))


@dataclass(frozen=True, slots=True)
class Place:
    """The files of one CA: the one with the key, and the certificate for clients."""

    key: Path
    certificate: Path


def default_directory() -> Path:
    """Return the directory for this user's state, as the operating system has it; raises CaDirectoryProblem."""
    import platformdirs

    with contextlib.suppress(RuntimeError):  # older versions return a relative path instead
        path = platformdirs.user_state_path("mockserver", appauthor=False)
        if path.is_absolute():
            return path
    raise CaDirectoryProblem("no CA can be kept for a user without a home directory: choose one with --ca-dir")


class CaDirectory:
    """Reads the CA of a directory, or makes it when it is first needed; `now` returns the real time."""

    def __init__(self, path: Path, *, now: Callable[[], datetime], patience: float = PATIENCE) -> None:
        self.path = path.absolute()
        self._now = now
        self._patience = patience

    def obtain(self, names: Names) -> "tuple[Authority, Place]":
        """Return the CA that covers these names, and where it lies; makes or renews it where none is in force.

        It may read, write and wait for another process: call it from a thread. Raises CaDirectoryProblem.
        """
        try:
            present = self._usable(names)
            if present is not None and _read(present[1].certificate) == present[0].pem:
                return present
            return self._make(names)
        except OSError as error:
            reason = error.strerror or str(error)
            message = f"the CA directory {self.path} cannot be used ({reason}): choose another with --ca-dir"
            raise CaDirectoryProblem(message, self._readable(names)) from error

    def existing(self, names: Names) -> bytes | None:
        """Return the certificate of the CA that covers these names, where there is one; writes nothing."""
        authority = self._readable(names)
        return None if authority is None else authority.pem

    def _make(self, names: Names) -> "tuple[Authority, Place]":
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(self.path / "ca.lock", self._patience):
            present = self._usable(names)  # another process may have made it meanwhile
            if present is None:
                place = self._place(names)
                present = self._write(names, place), place
            authority, place = present
            if _read(place.certificate) != authority.pem:
                sweep(place.certificate)
                replace_file(place.certificate, authority.pem)
                place.certificate.chmod(_FOR_CLIENTS)
        return present

    def _usable(self, names: Names) -> "tuple[Authority, Place] | None":
        """Return the CA that is there, None where one has to be made or renewed."""
        place = self._place(names)
        authority = _authority_in(place.key)
        if authority is None or not authority.is_fresh(self._now()) or not authority.covers(names.all):
            return None
        return authority, place

    def _write(self, names: Names, place: Place) -> "Authority":
        """Renew the CA of this place, or make a new one where it cannot be used; a line of the log says so."""
        from mockserver.certificates.authority import make_authority, renew_authority

        data, now = _read(place.key), self._now()
        old, reason = _parse(data) if data is not None else (None, "")
        sweep(place.key)
        if old is not None and old.covers(names.all):
            authority = renew_authority(old, now)
            replace_file(place.key, authority.secret_pem)
            ends = f"{old.ends:%Y-%m-%d}"
            _log.warning("the CA %s was renewed: where you installed it, do so again until %s", place.certificate, ends)
            return authority
        aside = place.key.with_name(f"{place.key.name}.unusable")
        if data is not None:
            place.key.replace(aside)
        authority = make_authority(names.usual if place == self._at(_USUAL) else names.all, now)
        replace_file(place.key, authority.secret_pem)
        if data is not None:
            _log.warning(
                "the CA %s cannot be used: %s; it is kept as %s, and clients have to trust the new one in %s",
                place.key,
                reason or "it is for other names",
                aside.name,
                place.certificate,
            )
        return authority

    def _readable(self, names: Names) -> "Authority | None":
        with contextlib.suppress(OSError):
            authority = _authority_in(self._place(names).key)
            return authority if authority is not None and authority.covers(names.all) else None
        return None

    def _place(self, names: Names) -> Place:
        """Return the place of the usual CA where it covers the names, else the place of the CA for just these names."""
        usual = self._at(_USUAL)
        authority = _authority_in(usual.key)
        permitted = names.usual if authority is None else authority.permitted
        if all(is_covered(name, permitted) for name in names.all):
            return usual
        return self._at(f"{_USUAL}-{digest(names.all)}")

    def _at(self, stem: str) -> Place:
        return Place(self.path / f"{stem}.key", self.path / f"{stem}.pem")


def _authority_in(path: Path) -> "Authority | None":
    """Return the CA in a file; None where there is no file, or one that cannot be used. Raises OSError."""
    data = _read(path)
    return None if data is None else _parse(data)[0]


def _parse(data: bytes) -> "tuple[Authority | None, str]":
    """Return the CA in this content, or the reason why there is none."""
    from mockserver.certificates.authority import UnusableCa, read_authority

    try:
        return read_authority(data), ""
    except UnusableCa as error:
        return None, str(error)


def _read(path: Path) -> bytes | None:
    """Return the content of a regular file, None where there is no file; raises OSError."""
    try:
        # Without O_NONBLOCK, opening a pipe would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | _NO_WAIT)
    except FileNotFoundError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(None, f"{path.name} is not a regular file")
        return os.read(descriptor, _LARGEST)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _locked(path: Path, patience: float) -> Iterator[None]:
    """Hold the lock of a file, which ends with the process; raises TimeoutError, or OSError where locking fails."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | _NO_WAIT, 0o600)
    try:
        end = time.monotonic() + patience
        while not _try_lock(descriptor):
            if time.monotonic() > end:
                raise TimeoutError(None, f"another process has held {path.name} for {patience:g} s")
            time.sleep(_PAUSE)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

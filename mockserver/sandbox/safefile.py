"""Replaces files as a database does: whole or not at all, readable for the owner only, and synced to the disk.

The new text is written into a scratch file beside the file, with a random name, and renamed over it. A process that is
killed in between leaves the scratch file behind; `sweep` removes scratch files that no living process is writing.
"""

import contextlib
import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows: a file that is open cannot be removed there
    fcntl = None

_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_OWNER_ONLY = 0o600


def replace_file(path: Path, text: bytes) -> None:
    """Make `text` the contents of the file; raises OSError, and then the file is as it was.

    A symlink stays: the file that it leads to is replaced. An existing file keeps its mode (and its owner, where the
    system allows that); a new file is readable for its owner only.
    """
    target = Path(os.path.realpath(path))
    before = _regular(target)
    descriptor, scratch = _open_scratch(target)
    try:
        with open(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            _make_alike(descriptor, before)
            os.fsync(descriptor)
            if fcntl is not None:
                # Renamed while it is locked, so that no `sweep` removes it.
                scratch.replace(target)
        if fcntl is None:
            scratch.replace(target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            scratch.unlink()
        if isinstance(error, OSError) and error.errno == errno.EBUSY:
            # Single files are mounted into containers that way.
            raise OSError(errno.EBUSY, "a file that is mounted cannot be replaced: mount its directory") from error
        raise
    _sync_directory(target.parent)


def sweep(path: Path) -> None:
    """Remove the scratch files that killed processes left beside the file; errors are ignored."""
    target = Path(os.path.realpath(path))
    with contextlib.suppress(OSError):
        for scratch in _scratch_files(target):
            with contextlib.suppress(OSError):
                if _is_left_behind(scratch):
                    scratch.unlink()


def _regular(target: Path) -> os.stat_result | None:
    """Return the status of the file, None when there is none; raises OSError when it is not a regular file."""
    try:
        status = target.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise OSError(None, "not a regular file")
    return status


def _open_scratch(target: Path) -> tuple[int, Path]:
    while True:
        scratch = target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")
        descriptor = os.open(scratch, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _NO_LINK, _OWNER_ONLY)
        if _lock(descriptor) and scratch.exists():
            return descriptor, scratch
        os.close(descriptor)  # another process swept it away before it was locked


def _scratch_files(target: Path) -> Iterator[Path]:
    pattern = re.compile(re.escape(f".{target.name}.") + r"[0-9a-f]{16}\.part")
    for path in target.parent.iterdir():
        if pattern.fullmatch(path.name):
            yield path


def _is_left_behind(scratch: Path) -> bool:
    if not stat.S_ISREG(scratch.lstat().st_mode):
        return False
    descriptor = os.open(scratch, os.O_RDONLY | _NO_LINK | getattr(os, "O_NONBLOCK", 0))
    try:
        return _lock(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Return whether the file is locked now, until the descriptor closes. True where there are no locks."""
    if fcntl is not None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            pass  # a file system without locks
    return True


def _make_alike(descriptor: int, before: os.stat_result | None) -> None:
    """Give the new file the mode and owner of the file before."""
    if before is None or os.name != "posix":
        return
    now = os.fstat(descriptor)
    if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
        with contextlib.suppress(OSError):
            os.fchown(descriptor, before.st_uid, before.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(before.st_mode))


def _sync_directory(directory: Path) -> None:
    """Sync the rename itself to the disk, where directories can be synced."""
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

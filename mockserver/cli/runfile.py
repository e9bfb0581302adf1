"""Run files: a small file for each running server of this user, in which `mockserver health` finds its URL.

`$XDG_RUNTIME_DIR`, or else the temporary directory, holds a directory that only this user can enter; in it `PID.json`
holds the URL, and no secret. A server that cannot write its file serves all the same.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_LARGEST = 4_096
_NAME = re.compile(r"([1-9][0-9]{0,9})\.json")
_URL = re.compile(r"https?://[^/?#\s@]+")
#: The directory that a container with a read-only root can still write to.
SHARED_MEMORY = "/dev/shm"


def write(url: str, *, environment: Mapping[str, str] = os.environ) -> Path | None:
    """Write the run file of this process, and delete those of processes that have ended.

    Returns the file's path, None where it cannot be written.
    """
    for directory in directories(environment):
        with suppress(OSError):
            directory.mkdir(mode=0o700, exist_ok=True)
            if _is_private(directory):
                _sweep(directory)
                return _write_file(directory / f"{os.getpid()}.json", url)
    return None


def remove(path: Path) -> None:
    """Delete a run file, if it is still there."""
    with suppress(OSError):
        path.unlink()


def running(*, environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return the URLs of the servers that seem to run, last started first.

    A process id may belong to another process by now, so a server in the list may not answer.
    """
    servers: list[tuple[int, str]] = []
    for directory in directories(environment):
        with suppress(OSError):
            if _is_private(directory):
                servers += [server for path, pid in _files(directory) if _is_running(pid) and (server := _read(path))]
    return list(dict.fromkeys(url for _, url in sorted(servers, reverse=True)))


def directories(environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield the directories in which run files may lie, the preferred one first."""
    user = f"-{os.getuid()}" if hasattr(os, "getuid") else ""
    temporary = next((environment[name] for name in ("TMPDIR", "TEMP", "TMP") if environment.get(name)), "/tmp")
    for root in dict.fromkeys((environment.get("XDG_RUNTIME_DIR"), temporary, SHARED_MEMORY)):
        if root and os.path.isabs(root):
            yield Path(root, f"mockserver{user}")


def _is_private(directory: Path) -> bool:
    """Return whether it is a directory (not a link) of this user that nobody else can enter."""
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode):
        return False
    return not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o077)


def _files(directory: Path) -> Iterator[tuple[Path, int]]:
    for path in directory.iterdir():
        if match := _NAME.fullmatch(path.name):
            yield path, int(match[1])


def _sweep(directory: Path) -> None:
    for path, pid in _files(directory):
        # A file with our own process id is of an earlier process.
        if pid == os.getpid() or not _is_running(pid):
            with suppress(OSError):
                path.unlink()


def _write_file(path: Path, url: str) -> Path:
    import json

    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _NO_LINK, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump({"pid": os.getpid(), "url": url}, file)
    except OSError:
        remove(path)
        raise
    return path


def _read(path: Path) -> tuple[int, str] | None:
    """Return when the file was written, and its URL; None where it is no run file."""
    import json

    try:
        # O_NONBLOCK: opening a named pipe would wait for a writer.
        with open(os.open(path, os.O_RDONLY | _NO_LINK | _NO_WAIT), encoding="utf-8") as file:
            status = os.fstat(file.fileno())
            data = json.loads(file.read(_LARGEST)) if stat.S_ISREG(status.st_mode) else None
    except (OSError, ValueError, RecursionError):
        return None
    url = data.get("url") if isinstance(data, dict) else None
    return (status.st_mtime_ns, url) if isinstance(url, str) and _URL.fullmatch(url) else None


def _is_running(pid: int) -> bool:
    if os.name != "posix":
        return True  # os.kill would end the process there
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # the process belongs to another user
    return True

"""Where running servers of this user are: a small file for each, so that `mockserver health` needs to be told nothing.

`$XDG_RUNTIME_DIR`, or else the temporary directory, holds a directory that only this user can enter; in it `PID.json`
names the URL, and nothing that is secret. A server that cannot write one serves all the same.
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
#: Containers whose root is read-only have this one to write to.
SHARED_MEMORY = "/dev/shm"


def write(url: str, *, environment: Mapping[str, str] = os.environ) -> Path | None:
    """Say where this process serves, and forget those that have ended; None where no file can be written."""
    for directory in directories(environment):
        with suppress(OSError):
            directory.mkdir(mode=0o700, exist_ok=True)
            if _is_private(directory):
                _sweep(directory)
                return _written(directory / f"{os.getpid()}.json", url)
    return None


def remove(path: Path) -> None:
    """Forget this process."""
    with suppress(OSError):
        path.unlink()


def running(*, environment: Mapping[str, str] = os.environ) -> list[str]:
    """The URLs of the servers that seem to run, the one that was started last first.

    Another process may have the number of one that ended: whether one answers, only a question tells.
    """
    found: list[tuple[int, str]] = []
    for directory in directories(environment):
        with suppress(OSError):
            if _is_private(directory):
                found += [one for path, pid in _files(directory) if _is_running(pid) and (one := _read(path))]
    return list(dict.fromkeys(url for _, url in sorted(found, reverse=True)))


def directories(environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield the directories in which run files may lie, the preferred one first."""
    user = f"-{os.getuid()}" if hasattr(os, "getuid") else ""
    temporary = next((environment[name] for name in ("TMPDIR", "TEMP", "TMP") if environment.get(name)), "/tmp")
    for root in dict.fromkeys((environment.get("XDG_RUNTIME_DIR"), temporary, SHARED_MEMORY)):
        if root and os.path.isabs(root):
            yield Path(root, f"mockserver{user}")


def _is_private(directory: Path) -> bool:
    """Whether it is a directory, no link to one, that nobody else can enter or has made for us."""
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return False
    return not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o077)


def _files(directory: Path) -> Iterator[tuple[Path, int]]:
    for path in directory.iterdir():
        if name := _NAME.fullmatch(path.name):
            yield path, int(name[1])


def _sweep(directory: Path) -> None:
    for path, pid in _files(directory):
        # One with our own number is of a process that had it before.
        if pid == os.getpid() or not _is_running(pid):
            with suppress(OSError):
                path.unlink()


def _written(path: Path, url: str) -> Path:
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
    """When the file was written, and the URL; None when it is none of ours."""
    import json

    try:
        # Not waiting: whoever opens a pipe to read waits for a writer.
        with open(os.open(path, os.O_RDONLY | _NO_LINK | _NO_WAIT), encoding="utf-8") as file:
            found = os.fstat(file.fileno())
            data = json.loads(file.read(_LARGEST)) if stat.S_ISREG(found.st_mode) else None
    except (OSError, ValueError, RecursionError):
        return None
    url = data.get("url") if isinstance(data, dict) else None
    return (found.st_mtime_ns, url) if isinstance(url, str) and _URL.fullmatch(url) else None


def _is_running(pid: int) -> bool:
    if os.name != "posix":
        return True  # asking there would end it
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # another user's, which has this number now or can be asked over the network
    return True

"""Which files of scenario directories have changed: found by looking, at the cost of a `stat` for each file."""

import os
from collections.abc import Sequence
from pathlib import Path

from mockserver.scenario.library import Key

#: What tells one state of a file from another: moment of the last change, size, inode.
Mark = tuple[int, int, int]


class Watcher:
    """Tells what has changed since it was last asked. Begins with what is there when it is made."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = tuple(roots)
        self._known = self._look()
        self._unsettled: dict[Key, tuple[Mark, ...]] = {}

    def files(self) -> list[Key]:
        """Provider and name of every file that is known, sorted."""
        return sorted(self._known)

    def changed(self) -> list[Key]:
        """Provider and name of what is new, other or gone, sorted.

        A change counts when a second look finds the same: whoever saves a file may empty or remove it first.
        """
        now = self._look()
        different = {key for key in now.keys() | self._known.keys() if now.get(key) != self._known.get(key)}
        settled = [key for key in different if self._unsettled.get(key) == now.get(key, ())]
        self._unsettled = {key: now.get(key, ()) for key in different.difference(settled)}
        for key in settled:
            if key in now:
                self._known[key] = now[key]
            else:
                del self._known[key]
        return sorted(settled)

    def _look(self) -> dict[Key, tuple[Mark, ...]]:
        found: dict[Key, tuple[Mark, ...]] = {}
        for root in self._roots:
            for folder in _entries(root):
                for file in _entries(folder.path) if folder.is_dir() else ():
                    name, suffix = os.path.splitext(file.name)
                    mark = _mark(file) if suffix == ".yaml" else None
                    if mark is not None:
                        key = (folder.name, name)
                        found[key] = (*found.get(key, ()), mark)
        return found


def _entries(folder: str | Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _mark(file: "os.DirEntry[str]") -> Mark | None:
    try:
        found = os.stat(file.path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino

"""Finds changed files of scenario directories by polling, at the cost of a `stat` for each file."""

import os
from collections.abc import Sequence
from pathlib import Path

from mockserver.scenario.library import Key

#: The state of a file, to recognise changes: moment of the last change, size, inode.
Mark = tuple[int, int, int]


class Watcher:
    """Reports the files that have changed since its last call, first compared with those at its creation."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = tuple(roots)
        self._known = self._look()
        self._unsettled: dict[Key, tuple[Mark, ...]] = {}

    def files(self) -> list[Key]:
        """Return provider and name of every known file, sorted."""
        return sorted(self._known)

    def changed(self) -> list[Key]:
        """Return provider and name of the files that are new, changed or gone, sorted.

        A change counts when the next call finds the same state: programs may empty or remove a file before saving it.
        """
        marks = self._look()
        different = {key for key in marks.keys() | self._known.keys() if marks.get(key) != self._known.get(key)}
        settled = [key for key in different if self._unsettled.get(key) == marks.get(key, ())]
        self._unsettled = {key: marks.get(key, ()) for key in different.difference(settled)}
        for key in settled:
            if key in marks:
                self._known[key] = marks[key]
            else:
                del self._known[key]
        return sorted(settled)

    def _look(self) -> dict[Key, tuple[Mark, ...]]:
        marks: dict[Key, tuple[Mark, ...]] = {}
        for root in self._roots:
            for folder in _entries(root):
                for file in _entries(folder.path) if folder.is_dir() else ():
                    name, suffix = os.path.splitext(file.name)
                    mark = _mark(file) if suffix == ".yaml" else None
                    if mark is not None:
                        key = (folder.name, name)
                        marks[key] = (*marks.get(key, ()), mark)
        return marks


def _entries(folder: str | Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _mark(file: "os.DirEntry[str]") -> Mark | None:
    try:
        status = os.stat(file.path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino

"""Rate limits on the sandbox's clock: a window opens with its first call and lasts a fixed time."""

from collections.abc import Mapping
from datetime import datetime, timedelta

#: How many windows are kept; beyond that, those that opened first are forgotten.
MOST_WINDOWS = 10_000


class Limiter:
    """Counts calls by name, outside the use cases' transactions: refused calls count, too."""

    __slots__ = ("_windows",)

    def __init__(self) -> None:
        self._windows: dict[str, tuple[datetime, int]] = {}

    def take(self, name: str, *, calls: int, window: timedelta, now: datetime) -> timedelta | None:
        """Count one call; return None when it is allowed, else how long until the next call will be."""
        opened, count = self._windows.get(name, (now, 0))
        if now - opened >= window:
            opened, count = now, 0
        if not count:
            self._open(name)
        if count >= calls:
            return opened + window - now
        self._windows[name] = (opened, count + 1)
        return None

    def _open(self, name: str) -> None:
        """Make room for a new window of this name; it becomes the newest."""
        self._windows.pop(name, None)
        while len(self._windows) >= MOST_WINDOWS:
            del self._windows[next(iter(self._windows))]

    def state(self, name: str, *, window: timedelta, now: datetime) -> tuple[int, datetime]:
        """Return how many calls the open window has counted, and when it ends."""
        opened, count = self._windows.get(name, (now, 0))
        return (count, opened + window) if now - opened < window else (0, now + window)

    def windows(self) -> dict[str, tuple[datetime, int]]:
        """Return every window by name: when it opened, and how many calls it has counted."""
        return dict(self._windows)

    def put_windows(self, windows: Mapping[str, tuple[datetime, int]]) -> None:
        """Replace all windows with these."""
        self._windows = dict(sorted(windows.items(), key=lambda row: row[1][0])[-MOST_WINDOWS:])

    def clear(self) -> None:
        """Forget every window."""
        self._windows.clear()

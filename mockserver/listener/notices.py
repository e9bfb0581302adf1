"""Lines of the log that connections cause: each at most once a minute, whatever clients do."""

import logging
import time
from collections.abc import Callable

log = logging.getLogger("mockserver.server")

#: Seconds of real time for which a line is not written again, and how many lines are remembered.
_QUIET = 60.0
_MOST_REMEMBERED = 100


class Notices:
    """Writes warnings to the log. `ticks` tells real seconds."""

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._written: dict[str, float] = {}

    def warn(self, text: str) -> None:
        """Write a line, unless it was written within the last minute, or a hundred others were."""
        now = self._ticks()
        before = self._written.get(text)
        if before is not None and now - before < _QUIET:
            return
        if before is None and len(self._written) >= _MOST_REMEMBERED:
            self._written = {line: at for line, at in self._written.items() if now - at < _QUIET}
            if len(self._written) >= _MOST_REMEMBERED:
                return
        self._written[text] = now
        log.warning("%s", text)

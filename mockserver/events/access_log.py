"""The access log: a line for each emulated request, written by a reader of the events in the server's own process."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

import orjson

from mockserver.domain.moments import moment_text
from mockserver.events.colours import coloured, of_status
from mockserver.events.facts import Answered, Event
from mockserver.events.feed import Feed
from mockserver.events.reader import Wanted
from mockserver.events.wording import one_line

_AT_ONCE = 1_000


class AccessLog:
    """Writes the lines of requests, some at a time, until it is closed or cannot write.

    `write` gets whole lines. `now` is the machine's time, since a sandbox's clock may stand still.
    """

    def __init__(
        self,
        feed: Feed,
        write: Callable[[str], object],
        now: Callable[[], datetime],
        *,
        form: Literal["human", "json"],
        colour: bool = False,
    ) -> None:
        self._feed = feed
        self._write = write
        self._now = now
        self._form = form
        self._colour = colour
        self._reader = feed.follow(Wanted(types=frozenset({"request"})), self.flush)

    def flush(self) -> None:
        """Write the lines of what was answered since the last time."""
        while not self._reader.left and (events := self._reader.take(_AT_ONCE).events):
            now = self._now()
            try:
                self._write("".join(f"{self._line(event, now)}\n" for event in events))
            except OSError:
                # Nobody reads the lines any more; serve all the same.
                self._feed.unfollow(self._reader)

    def close(self) -> None:
        """Write what is left, and end."""
        self.flush()
        self._feed.unfollow(self._reader)

    def _line(self, event: Event, now: datetime) -> str:
        assert isinstance(event.facts, Answered), "nothing else was wanted"
        return _json(event, event.facts, now) if self._form == "json" else self._human(event, event.facts, now)

    def _human(self, event: Event, one: Answered, now: datetime) -> str:
        status = str(one.status or "---")
        if self._colour:
            status = coloured(status, of_status(one.status))
        reasons = [
            f"{kind} {one_line(name)}"
            for kind, name in (("refused as", one.mistake), ("fault", one.fault), ("rule", one.rule))
            if name
        ]
        request = f"{one.method} {one_line(one.path)}"
        where = f"{event.sandbox} {one.provider}"
        parts = [f"{now:%H:%M:%S}.{now.microsecond // 1000:03d}", request, status, f"{one.milliseconds:.1f} ms", where]
        return " ".join([*parts, *([", ".join(reasons)] if reasons else []), one.id])


def _json(event: Event, one: Answered, now: datetime) -> str:
    line: dict[str, Any] = {
        "event": "request",
        "time": moment_text(now.replace(microsecond=now.microsecond // 1000 * 1000)),
        "moment": moment_text(event.moment),
        "method": one.method,
        "path": one.path,
        "status": one.status,
        "milliseconds": round(one.milliseconds, 3),
        "sandbox": event.sandbox,
        "provider": one.provider,
        "mistake": one.mistake,
        "fault": one.fault,
        "rule": one.rule,
        "request": one.id,
    }
    return orjson.dumps(line).decode()

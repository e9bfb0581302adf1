"""The `Date` header, made once per second of a clock."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

_SECOND = timedelta(seconds=1)
_NEVER = datetime.min.replace(tzinfo=UTC)


class DateHeader:
    """Formats moments as RFC 9110 does: `Sat, 31 Jan 2026 12:00:00 GMT`. Remembers the last second."""

    __slots__ = ("_begin", "_end", "_text")

    def __init__(self) -> None:
        self._begin = self._end = _NEVER
        self._text = b""

    def at(self, moment: datetime) -> bytes:
        """Return the moment in whole seconds, as the value of a header."""
        if not self._begin <= moment < self._end:
            self._begin = moment.replace(microsecond=0)
            self._end = self._begin + _SECOND
            self._text = format_datetime(self._begin, usegmt=True).encode()
        return self._text

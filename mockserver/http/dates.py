"""The `Date` header, made once per second of a sandbox's clock."""

from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache


def http_date(moment: datetime) -> bytes:
    """The moment as RFC 9110 writes it: `Sat, 31 Jan 2026 12:00:00 GMT`."""
    return _date(moment.replace(microsecond=0))


@lru_cache(maxsize=64)
def _date(moment: datetime) -> bytes:
    return format_datetime(moment, usegmt=True).encode()

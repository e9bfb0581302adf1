"""Moments (aware datetimes in UTC) and spans (timedeltas), and the texts that people write for them."""

import re
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: No clock goes further, so that timers that are set at its end still have a moment that a datetime can hold.
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_NUMBER = r"[0-9]{1,12}(\.[0-9]{1,6})?"
#: How a duration is written, as the pattern of a JSON Schema: a number of seconds, or parts from weeks to milliseconds.
SPAN_PATTERN = f"^({_NUMBER}|(?=[0-9]){''.join(f'({_NUMBER}{unit})?' for unit in ('w', 'd', 'h', 'm', 's', 'ms'))})$"
_PART = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,6}))?(ms|s|m|h|d|w)?")
_UNITS = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000, "w": 604_800_000_000}
_HOW = "write 90s, 10m, 1h30m, 1d or a number of seconds"
_LONGEST = timedelta(days=36_525)


def to_micros(moment: datetime) -> int:
    """Return the microseconds from 1970 to a moment, exact."""
    return (moment - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the moment that is so many microseconds after 1970; undoes `to_micros`."""
    return EPOCH + timedelta(microseconds=micros)


def parse_span(text: object) -> timedelta:
    """Return the span of `90s`, `10m`, `1h30m`, `250ms`, or a number of seconds; raises ValueError for anything else.

    The parts of a text go from the largest unit to the smallest, each unit once. Never negative and at most a
    hundred years.

    >>> parse_span("2d12h")
    datetime.timedelta(days=2, seconds=43200)
    """
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise ValueError(f"not a duration: {text!r} ({_HOW})")
    # Short times would be written as 1e-05, and -0.0 with its sign.
    plain = f"{text or 0.0:.6f}" if isinstance(text, float) else str(text).strip()
    match = _PART.fullmatch(plain)
    # Compiled with the first use: few durations have several parts.
    if match is None and re.fullmatch(SPAN_PATTERN, plain) is None:
        raise ValueError(f"not a duration: {text!r} ({_HOW})")
    micros = sum(map(_micros, _PART.finditer(plain))) if match is None else _micros(match)
    if micros > _LONGEST // MICROSECOND:
        raise ValueError(f"duration too long: {text!r} (at most a hundred years)")
    return timedelta(microseconds=micros)


def _micros(part: re.Match[str]) -> int:
    whole, fraction, unit = part.groups()
    scale = _UNITS[unit or "s"]
    return int(whole) * scale + int((fraction or "0").ljust(6, "0")) * scale // 1_000_000


def span_text(span: timedelta) -> str:
    """Return the shortest text that `parse_span` reads back: `90s`, `10m`, `1h`."""
    micros = span // MICROSECOND
    for unit in ("w", "d", "h", "m", "s"):
        if micros and micros % _UNITS[unit] == 0 and (unit != "w"):
            return f"{micros // _UNITS[unit]}{unit}"
    if micros == 0:
        return "0s"
    seconds, rest = divmod(micros, 1_000_000)
    return f"{seconds}.{rest:06d}".rstrip("0") + "s"


def parse_moment(text: object) -> datetime:
    """Return the moment of an ISO 8601 text with an offset or `Z`, in UTC; raises ValueError for anything else."""
    if not isinstance(text, str):
        raise ValueError(f"not a moment: {text!r} (write 2026-01-31T12:00:00Z)")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"not a moment: {text!r} (write 2026-01-31T12:00:00Z)") from None
    if moment.tzinfo is None:
        raise ValueError(f"moment without a time zone: {text!r} (end it with Z)")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"not a moment: {text!r} (outside the years 1 to 9999 in UTC)") from None


def moment_text(moment: datetime) -> str:
    """Return a moment as ISO 8601 in UTC with `Z`; microseconds only where there are any."""
    return moment.isoformat().replace("+00:00", "Z")


def seconds_text(moment: datetime) -> str:
    """Return a moment as ISO 8601 in UTC with `Z`, in whole seconds."""
    return moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")

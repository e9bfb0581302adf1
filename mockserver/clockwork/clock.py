"""One clock for real, frozen and scaled time: `base + rate x real seconds passed`."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

from mockserver.domain.moments import moment_text

Mode = Literal["real", "frozen", "scaled"]
_MICROSECOND = timedelta(microseconds=1)
_REAL = Decimal(1)


class GoesBack(Exception):
    """The clock was told to go back, which it never does. `now` is where it stands, `target` the earlier moment."""

    def __init__(self, now: datetime, target: datetime) -> None:
        super().__init__(f"the clock stands at {moment_text(now)} and does not go back to {moment_text(target)}")
        self.now = now
        self.target = target


def machine_now() -> datetime:
    """Return the machine's own time, in UTC; a sandbox without a start of its own begins there."""
    return datetime.now(UTC)


class Clock:
    """The time of one sandbox, in UTC. `ticks` counts real nanoseconds and never goes back."""

    __slots__ = ("_base", "_rate", "_since", "_ticks")

    def __init__(self, start: datetime, *, rate: Decimal = _REAL, ticks: Callable[[], int] = time.monotonic_ns) -> None:
        self._ticks = ticks
        self._base = start
        self._since = ticks()
        self._rate = _REAL if rate == 1 else rate

    @property
    def rate(self) -> Decimal:
        """Sandbox seconds per real second; 0 is frozen."""
        return self._rate

    @property
    def mode(self) -> Mode:
        """`real` at rate 1, `frozen` at 0, else `scaled`."""
        if self._rate == 1:
            return "real"
        return "scaled" if self._rate else "frozen"

    def now(self) -> datetime:
        """Return the moment at which the clock stands, in whole microseconds."""
        rate = self._rate
        if not rate:
            return self._base
        passed = self._ticks() - self._since
        # Runs with every request: `is` takes a tenth of the time of `==`.
        micros = passed // 1000 if rate is _REAL else int(passed * rate / 1000)
        return self._base + timedelta(0, 0, micros)

    def move_to(self, moment: datetime) -> None:
        """Go to `moment` and run on from there at the same rate; raises GoesBack."""
        now = self.now()
        if moment < now:
            raise GoesBack(now, moment)
        self._base = moment
        self._since = self._ticks()

    def reach(self, moment: datetime) -> None:
        """Move the clock to `moment`; where it has run past that by itself, leave it there."""
        if moment > self.now():
            self._base = moment
            self._since = self._ticks()

    @contextmanager
    def standing(self, *, until: datetime, then: Decimal) -> Iterator[None]:
        """Stop the clock within a `with` block, and run on at the rate `then` after it.

        Raises GoesBack when `until`, where the block will move the clock, has passed. An error in the block leaves the
        rate as it was.
        """
        now, rate = self.now(), self._rate
        if until < now:
            raise GoesBack(now, until)
        self._base, self._rate = now, Decimal(0)
        try:
            yield
        except BaseException:
            self._run_on(rate)
            raise
        self._run_on(then)

    def _run_on(self, rate: Decimal) -> None:
        self._since = self._ticks()
        self._rate = _REAL if rate == 1 else rate

    def run_at(self, rate: Decimal) -> None:
        """Change the rate from here on; raises ValueError when it is negative or above a million."""
        if not rate.is_finite() or not 0 <= rate <= 1_000_000:
            raise ValueError(f"rate must be between 0 and 1000000: {rate}")
        self._base = self.now()
        self._run_on(rate)

    def real_seconds_until(self, moment: datetime) -> float | None:
        """Return the real seconds until the clock shows `moment`: 0 when it has, None when it never will (frozen)."""
        left = moment - self.now()
        if left <= timedelta():
            return 0.0
        if not self._rate:
            return None
        return float(Decimal(left // _MICROSECOND) / self._rate / 1_000_000)

"""Moving time: everything that is due on the way runs in order, each timer and delivery at its own moment.

Law, kept by a property test: many small steps equal one big step.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mockserver.clockwork.clock import Clock
from mockserver.domain.moments import moment_text

#: How many timers one call may fire before it stops and says so.
MOST_FIRED = 100_000


@dataclass(frozen=True, slots=True)
class Ran:
    """Counts of a run: timers that fired, delivery attempts that succeeded, and attempts that failed."""

    fired: int = 0
    delivered: int = 0
    failed: int = 0

    def __add__(self, other: "Ran") -> "Ran":
        return Ran(self.fired + other.fired, self.delivered + other.delivered, self.failed + other.failed)


class LimitReached(Exception):
    """The limit of timers that fire in one call; what ran so far is kept, and the clock stands at `now`."""

    def __init__(self, ran: Ran, now: datetime) -> None:
        super().__init__(f"stopped after {ran.fired} timers at {moment_text(now)}; call again to go on")
        self.ran = ran
        self.now = now


class Agenda(Protocol):
    """The timers and deliveries to come in one sandbox."""

    async def next_moment(self) -> datetime | None:
        """Return when the next timer or delivery is due; None when nothing is left to come."""
        ...

    async def run_due(self, moment: datetime, *, most: int) -> Ran:
        """Fire the timers that are due at `moment` or before (at most `most`), then await the deliveries due."""
        ...


async def advance(clock: Clock, agenda: Agenda, *, until: datetime | None, most: int = MOST_FIRED) -> Ran:
    """Move the clock to `until`, or with None until nothing is left to come; return what ran.

    For an `until` that has passed, everything due by then runs. Raises LimitReached after `most` timers.
    """
    ran = Ran()
    while True:
        due = await agenda.next_moment()
        if due is None or (until is not None and due > until):
            break
        if ran.fired >= most:
            raise LimitReached(ran, clock.now())
        clock.reach(due)
        ran += await agenda.run_due(due, most=most - ran.fired)
    if until is not None:
        clock.reach(until)
    return ran

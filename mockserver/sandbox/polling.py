"""Time that passes with each read of an order, so that a client's polling loop ends on a frozen clock."""

from datetime import datetime

from mockserver.clockwork.clock import Clock
from mockserver.clockwork.timeline import LimitReached, Ran
from mockserver.domain.moments import LATEST
from mockserver.sandbox.sandbox import Sandbox


async def pass_one_poll(sandbox: Sandbox) -> None:
    """Move the clock by the span of one read of an order (`per_poll`).

    Timers fire, and due deliveries are sent, but not awaited: the client that polls may be their receiver. Time
    stands still at the end of the calendar, and while a history is being made, which moves it alone.
    """
    span = sandbox.state.per_poll
    if span is None or sandbox.state.populating or sandbox.state.clock.now() + span >= LATEST:
        return
    try:
        await sandbox.advance(by=span, agenda=_WithoutReceivers(sandbox))
    except LimitReached:
        return  # the other timers fire with the next poll


class _WithoutReceivers:
    """An agenda that starts deliveries but does not await them; it is empty once another clock is in place."""

    __slots__ = ("_clock", "_sandbox")

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._clock: Clock = sandbox.state.clock

    async def next_moment(self) -> datetime | None:
        if self._sandbox.state.clock is not self._clock:
            return None
        async with self._sandbox.work("clock", settle=False) as work:
            moments = [await work.tx.next_due("timers"), await work.tx.next_due("outbox")]
        return min((moment for moment in moments if moment is not None), default=None)

    async def run_due(self, moment: datetime, *, most: int) -> Ran:
        sandbox = self._sandbox
        fired = await sandbox.turns.fire(moment, most=most, clock=self._clock)
        async with sandbox.work("clock", settle=False) as work:
            await sandbox.deliveries.start_due(work)
        return Ran(fired=fired)

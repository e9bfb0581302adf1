"""Time that passes whenever somebody looks whether an order is done, so that a client's loop comes to its end."""

from datetime import datetime

from mockserver.clockwork.clock import Clock
from mockserver.clockwork.timeline import LimitReached, Ran
from mockserver.domain.moments import LATEST
from mockserver.sandbox.sandbox import Sandbox


async def pass_one_poll(sandbox: Sandbox) -> None:
    """Move the clock by what one read of an order takes.

    Timers fire, and deliveries that are due are sent; nobody waits for their receivers, one of which may be the
    very client that polls. At the end of the calendar time stands still, and a history that is
    being made moves it alone.
    """
    span = sandbox.state.per_poll
    if span is None or sandbox.state.populating or sandbox.state.clock.now() + span >= LATEST:
        return
    try:
        await sandbox.advance(by=span, agenda=_WithoutReceivers(sandbox))
    except LimitReached:
        return  # what is left fires with the next poll


class _WithoutReceivers:
    """What lies ahead, with deliveries started and not awaited; nothing once another clock is in place."""

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

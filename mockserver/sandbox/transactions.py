"""Units of work, one after the other; everything due is applied before each."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from types import TracebackType

from mockserver.clockwork.clock import Clock
from mockserver.clockwork.timeline import MOST_FIRED
from mockserver.events.facts import Committed, request_in
from mockserver.sandbox.codec import decode_timer
from mockserver.sandbox.failures import RecentFailures
from mockserver.sandbox.provider_rules import Caller
from mockserver.sandbox.state import SandboxState
from mockserver.sandbox.unit_of_work import UnitOfWork
from mockserver.stores.base import Store

#: One request's own view of the state; see `view.RequestView`.
View = Callable[[SandboxState], SandboxState]

#: How many timers may fire in a row before other tasks of the event loop run.
IN_A_ROW = 64

#: Tells what a unit of work has committed, and the id of the request, timer or delivery that started it, or None.
Publish = Callable[[Sequence[Committed], str | None], None]


def _tell_nobody(facts: Sequence[Committed], origin: str | None) -> None:
    """Tell nobody."""


class Transactions:
    """The state and the rows of a sandbox, and the one lock that covers each unit of work on them.

    Code under the lock never waits for anything outside. `next_timer` is when the next timer is due. `expect` is called
    after each unit with the moment of the next timer or delivery. `publish` is called under the lock with the facts
    of each unit that has committed, so that others hear of them in the order of the commits. `failures` has what
    failed by itself.
    """

    __slots__ = ("_fired", "expect", "failures", "lock", "next_timer", "publish", "state", "store")

    def __init__(
        self,
        state: SandboxState,
        store: Store,
        expect: Callable[[datetime | None], None],
        publish: Publish = _tell_nobody,
    ) -> None:
        self.state = state
        self.store = store
        self.lock = asyncio.Lock()
        self.next_timer: datetime | None = None
        self.expect = expect
        self.publish = publish
        self.failures = RecentFailures()
        self._fired = 0

    def begin(
        self, cause: str, *, settle: bool = True, view: View | None = None, caller: Caller | None = None
    ) -> "UnitOfWorkContext":
        """Return a unit of work to enter; with `settle`, everything due is applied first."""
        return UnitOfWorkContext(self, cause, settle=settle, view=view, caller=caller)

    def overdue(self, now: datetime) -> bool:
        """Return whether a timer is due that has not fired."""
        return self.next_timer is not None and self.next_timer <= now

    async def fire(self, until: datetime, *, most: int, clock: Clock) -> int:
        """Fire the timers due by `until`, at most `most` and only while `clock` is in place; return how many fired."""
        fired = 0
        async with self.lock:
            while self.state.clock is clock and fired < most and await self._fire_next(until):
                fired += 1
        return fired

    async def settle(self, now: datetime) -> None:
        """Fire all timers due by `now`; the caller holds the lock."""
        for _ in range(MOST_FIRED):
            if not await self._fire_next(now):
                return

    async def _fire_next(self, until: datetime) -> bool:
        """Fire the first timer due by `until`; one that fails is dropped, so that it cannot fail again and again."""
        try:
            if not await self._ring_next(until):
                return False
        except Exception as error:
            await self._drop_next(until, error)
        self._fired += 1
        if self._fired % IN_A_ROW == 0:
            # A hundred thousand timers take a while: other sandboxes, health checks and signals must not wait for them.
            await asyncio.sleep(0)
        return True

    async def _ring_next(self, until: datetime) -> bool:
        async with self.store.transaction() as tx:
            rows = await tx.due("timers", until=until, limit=1)
            if not rows:
                return False
            provider, order, timer = decode_timer(rows[0].data)
            await tx.delete("timers", rows[0].key)
            await UnitOfWork(self.state, tx, timer.due, "clock").ring(provider, order, timer)
            self.next_timer = await tx.next_due("timers")
        if tx.facts:
            self.publish(tx.facts, f"timer:{rows[0].key}")
        return True

    async def _drop_next(self, until: datetime, error: Exception) -> None:
        async with self.store.transaction() as tx:
            for row in await tx.due("timers", until=until, limit=1):
                await tx.delete("timers", row.key)
                self.failures.add_dropped("timer", row.key, error)
            self.next_timer = await tx.next_due("timers")


class UnitOfWorkContext:
    """One unit of work under the lock, for `async with`; commits on leaving normally, else undoes everything."""

    __slots__ = ("_caller", "_cause", "_settle", "_transaction", "_turns", "_view", "_work")

    def __init__(
        self, turns: Transactions, cause: str, *, settle: bool, view: View | None, caller: Caller | None
    ) -> None:
        self._turns = turns
        self._cause = cause
        self._settle = settle
        self._view = view
        self._caller = caller

    async def __aenter__(self) -> UnitOfWork:
        turns = self._turns
        await turns.lock.acquire()
        try:
            now = turns.state.clock.now()
            overdue = self._settle and turns.overdue(now)
            if overdue:
                await turns.settle(now)
            # A view may raise, so it comes before the transaction, which would stay open.
            state = turns.state if self._view is None else self._view(turns.state)
            self._transaction = turns.store.transaction()
            tx = await self._transaction.__aenter__()
        except BaseException:
            turns.lock.release()
            raise
        work = self._work = UnitOfWork(state, tx, now, self._cause, caller=self._caller)
        work.touched_due = overdue
        return work

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        turns, work = self._turns, self._work
        try:
            next_delivery = None
            if work.touched_due and error is None:
                turns.next_timer = await work.tx.next_due("timers")
                next_delivery = await work.tx.next_due("outbox")
            await self._transaction.__aexit__(kind, error, trace)
            if error is None and work.tx.facts:
                turns.publish(work.tx.facts, work.origin or request_in(work.cause))
            if work.touched_due:
                moments = [moment for moment in (turns.next_timer, next_delivery) if moment is not None]
                # Timers that fired before a refused use case may have put something in the outbox.
                turns.expect(min(moments, default=None) if error is None else work.now)
        finally:
            turns.lock.release()

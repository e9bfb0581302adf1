"""Wakes sandboxes when something is due, by the event loop's own timers: no polling, no busy waiting."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from mockserver.clockwork.clock import Clock

_LONGEST_SLEEP = 3_600.0


class Ticker:
    """Calls `wake` when the clock shows the moment that `expect` got last; one per sandbox."""

    __slots__ = ("_at", "_clock", "_handle", "_tasks", "_wake")

    def __init__(self, clock: Clock, wake: Callable[[], Awaitable[None]]) -> None:
        self._clock = clock
        self._wake = wake
        self._handle: asyncio.TimerHandle | None = None
        self._at: datetime | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def expect(self, moment: datetime | None) -> None:
        """Wake at `moment` (None: never). Costs little when the moment is the same as before."""
        if moment == self._at:
            return
        self.forget()
        if moment is None:
            return
        seconds = self._clock.real_seconds_until(moment)
        if seconds is None:
            return
        self._at = moment
        loop = asyncio.get_running_loop()
        self._handle = loop.call_later(min(seconds, _LONGEST_SLEEP), self._ring)

    def forget(self) -> None:
        """Wake no more until the next `expect`, which a change of the clock's rate needs, too."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle = None
        self._at = None

    async def close(self) -> None:
        """Wake no more, and cancel every call of `wake` that still runs."""
        self.forget()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ring(self) -> None:
        self._handle = None
        self._at = None
        task = asyncio.ensure_future(self._run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self) -> None:
        await self._wake()

"""A sandbox: a world of its own with a clock, dice, settings, scenarios and rows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from mockserver.clockwork.clock import Clock, GoesBack, machine_now
from mockserver.clockwork.ticker import Ticker
from mockserver.clockwork.timeline import Agenda, Ran, advance
from mockserver.domain.accounts import Account
from mockserver.domain.orders import Order
from mockserver.events.facts import SandboxChanged
from mockserver.journal.journal import Journal
from mockserver.sandbox import accounts, guests
from mockserver.sandbox.active_scenarios import in_force
from mockserver.sandbox.announcer import Announcer
from mockserver.sandbox.config import SandboxConfig, ServerContext
from mockserver.sandbox.deliveries import Deliveries
from mockserver.sandbox.guests import Guests
from mockserver.sandbox.inboxes import Inboxes
from mockserver.sandbox.opening import new_world, open_seeds
from mockserver.sandbox.provider_rules import Caller
from mockserver.sandbox.read_cache import ReadCache
from mockserver.sandbox.refusals import WorldReplaced
from mockserver.sandbox.settings import SettingsTable
from mockserver.sandbox.state import SandboxState
from mockserver.sandbox.transactions import Transactions, UnitOfWorkContext, View
from mockserver.sandbox.world import World
from mockserver.scenario.library import DEFAULT, Library
from mockserver.scenario.model import Scenario
from mockserver.stores.memory import MemoryStore


class Sandbox:
    """A world of its own: owns its state, rows, deliveries and ticker. Made by `await Sandbox.make(...)`.

    All changes by clients and tests go through `work()`:

        async with sandbox.work("req_00000001") as work:
            order = await work.order("daisysim", order_id)
    """

    def __init__(self, name: str, birth: SandboxConfig, shared: ServerContext) -> None:
        self.name = name
        self.journal = Journal(shared.journal_size, shared.budget)
        self.inbox = Inboxes(shared.budget)
        self._shared = shared
        self.announcer = Announcer(name, shared.feed, lambda: self.state)
        state = SandboxState.begin(name, birth, shared)
        self.turns = Transactions(state, MemoryStore(), self._expect, self.announcer.committed)
        self._read_cache = ReadCache(self.turns.store)
        self.guests = Guests(self.turns)
        self.deliveries = Deliveries(self.turns, shared.sender)
        self._ticker = Ticker(self.state.clock, self.wake)
        self.ended = False
        """Whether the sandbox was deleted; only requests that began before are still in it."""
        self._heading: list[datetime] = []
        """The moments to which the advances under way lead."""

    @classmethod
    async def make(cls, name: str, birth: SandboxConfig, shared: ServerContext) -> "Sandbox":
        """Return a new sandbox with its accounts and its history; raises Invalid for unknown scenarios or settings."""
        sandbox = cls(name, birth, shared)
        try:
            async with sandbox.work("opening") as work:
                await open_seeds(work, sandbox.state.active_scenarios)
            await sandbox._live_the_past()
        except BaseException:
            await sandbox.close()
            raise
        return sandbox

    @property
    def state(self) -> SandboxState:
        """The present state of the sandbox, which is everything but its rows."""
        return self.turns.state

    def try_out(self, scenario: Scenario) -> None:
        """Raise Invalid when the scenario could not be in force here in place of the one of its name."""
        state = self.state
        for seed in scenario.accounts:
            accounts.check_seed(state.provider_rules[scenario.provider], seed)
        if scenario.name in (*state.active_scenarios.names, DEFAULT):
            trial = state.library.overlaid()
            trial.add(scenario)
            in_force(trial, state.active_scenarios.names, state.provider_rules)

    # -- work ----------------------------------------------------------------------------------------

    def work(
        self, cause: str, *, settle: bool = True, view: View | None = None, caller: Caller | None = None
    ) -> UnitOfWorkContext:
        """Return a unit of work for `async with`: everything due is applied first; then it commits whole or not at all.

        `view` is one request's own view of the state, applied under the lock; `caller` is the request, see
        `UnitOfWork`.
        """
        return self.turns.begin(cause, settle=settle, view=view, caller=caller)

    async def order(self, provider: str, order_id: str) -> Order:
        """Return the order after applying everything due; raises NotFound. Quicker than a unit of work."""
        turns = self.turns
        if turns.next_timer is not None and turns.overdue(turns.state.clock.now()):
            async with self.work("clock"):
                pass
        return await self._read_cache.order(provider, order_id)

    async def read(self, table: str, key: str) -> bytes | None:
        """Return one committed row, without waiting for units of work."""
        return await self.turns.store.read(table, key)

    async def account(self, provider: str, account_id: str, *, view: View | None = None) -> Account | None:
        """Return the committed account or None, without waiting for units of work."""
        account = await self._read_cache.account(provider, account_id)
        if account is not None and self.guests.present and await self.guests.hides(account, view):
            return None
        return account

    async def find_account(
        self, provider: str, parts: Sequence[str], *, known_only: bool = False, view: View | None = None
    ) -> Account | None:
        """Return the account that a credential opens, or None.

        With the setting `accept_any_key`, open an account for an unknown credential, unless `known_only`.
        """
        account = await self._read_cache.owner(provider, parts)
        if account is not None and self.guests.present and await self.guests.hides(account, view):
            account = None
        if account is not None or known_only:
            return account
        state = self.state if view is None else view(self.state)
        if not state.settings.values["accept_any_key"]:
            return None
        async with self.work("credential", view=view) as work:
            lasting = self.state.settings.values["accept_any_key"]
            return await self.guests.find_or_open(work, state.provider_rules[provider], parts, lasting=lasting)

    async def activate(self, names: Sequence[str], *, add: Scenario | None = None) -> None:
        """Make these the active scenarios and open their accounts, all or nothing; raises Invalid.

        `add` is posted to the library with it.
        """
        async with self.work("opening") as work:
            state = self.state
            library = state.library.overlaid()
            if add is not None:
                library.add(add)
            active_scenarios = in_force(library, names, state.provider_rules)
            await open_seeds(work, active_scenarios)
            state.use(active_scenarios, library)

    async def advance(
        self, *, by: timedelta | None = None, to: datetime | None = None, agenda: Agenda | None = None
    ) -> Ran:
        """Move time by a span or to a moment; with neither, until nothing is left to come. Return what ran.

        `agenda` replaces the usual one, which awaits deliveries.
        Raises GoesBack or LimitReached; timers that fired before the latter stay fired.
        """
        before = self.state.clock.now()
        try:
            return await self._move_on(by=by, to=to, agenda=agenda)
        finally:
            if self.state.clock.now() != before:
                self.announcer.clock_moved()

    async def _move_on(self, *, by: timedelta | None = None, to: datetime | None, agenda: Agenda | None = None) -> Ran:
        now = self.state.clock.now()
        if to is not None and to < now:
            raise GoesBack(now, to)
        # Spans add up, also of calls that run at the same time.
        until = max([now, *self._heading]) + by if by is not None else to
        heading = until if until is not None else now
        self._heading.append(heading)
        self._ticker.forget()
        try:
            return await advance(self.state.clock, agenda or _Ahead(self), until=until)
        finally:
            self._heading.remove(heading)
            await self.wake()

    async def set_clock(self, *, rate: Decimal | None = None, now: datetime | None = None) -> None:
        """Change the rate and move forward to `now`, running what is due on the way; raises GoesBack, ValueError.

        The clock stands on the way, so that it arrives at `now` exactly, and runs on from there.
        """
        state = self.state
        clock, rate = state.clock, state.clock.rate if rate is None else rate
        if now is not None:
            with clock.standing(until=now, then=rate):
                await self._move_on(to=now)
        else:
            clock.run_at(rate)
        if clock.rate:
            state.per_poll = None
        self.announcer.clock_moved()
        self._ticker.forget()
        await self.wake()

    def check_still(self, state: SandboxState) -> None:
        """Raise WorldReplaced when the sandbox has another state by now, or was deleted."""
        if self.ended or self.state is not state:
            raise WorldReplaced(ended=self.ended)

    async def end(self) -> None:
        """End the sandbox, because it is deleted: webhooks and waiting for messages end, and a history stops."""
        self.ended = True
        self.inbox.wake()
        await self.deliveries.cancel()

    async def wake(self) -> None:
        """Apply everything due, start the due deliveries, and set the ticker for the next."""
        if self._heading:
            return
        async with self.work("clock") as work:
            await self.deliveries.start_due(work)
            work.touched_due = True

    async def before_answer(self, order: str) -> None:
        """Start the due deliveries, and await those about this order that must arrive before the answer."""
        await self.wake()
        await self.deliveries.before_answer(order)

    async def pending(self) -> int:
        """Return how many timers and deliveries are still to come."""
        async with self.work("clock") as work:
            return await work.tx.count("timers") + await work.tx.count("outbox")

    async def reset(self) -> None:
        """Reset the sandbox to how it was made; deliveries under way are cancelled.

        Raises Invalid and changes nothing when a scenario that it was made with is gone or has become wrong.
        """
        world = await new_world(SandboxState.begin(self.name, self.state.birth, self._shared))
        try:
            with self.announcer.silence():
                await self._begin_anew(world)
        finally:
            if self.state is world.state:
                self.announcer.announce(SandboxChanged("reset"))

    async def _begin_anew(self, world: World) -> None:
        await self._stop()
        async with self.turns.lock:
            await self.turns.store.clear()
            self.turns.next_timer = None
            self._begin(world.state)
            # Under the same lock: no request sees a world without accounts.
            async with self.turns.store.transaction() as tx:
                await world.put_rows(tx)
        await self._live_the_past()

    def overlaid_library(self) -> Library:
        """Return an overlay of the server's library, without the scenarios posted to this sandbox."""
        return self._shared.library.overlaid()

    def new_settings(self) -> SettingsTable:
        """Return settings with their default values."""
        return SettingsTable(self._shared.rows)

    async def become(self, world: World) -> None:
        """Replace everything with the world of a snapshot.

        Deliveries under way are cancelled, the journal and the inboxes emptied.
        """
        await self._stop()
        async with self.turns.lock:
            async with self.turns.store.transaction() as tx:
                await world.put_rows(tx)
                self.turns.next_timer = await tx.next_due("timers")
            self._begin(world.state, requests=world.requests)
            self.guests.present = guests.TABLE in world.rows
            self.announcer.announce(SandboxChanged("restored"))
        await self.wake()

    async def close(self) -> None:
        """Stop everything that runs by itself, and free the rows, the journal and the inboxes."""
        await self._stop()
        await self.turns.store.close()
        self.journal.forget()
        self.inbox.clear()

    # -- the agenda (clockwork.timeline) ---------------------------------------------------------------

    async def next_moment(self) -> datetime | None:
        """Return when the next timer or delivery is due, or None.

        For a delivery under way, which was due before, it is the beginning of the sandbox's time.
        """
        if self.deliveries.unawaited:
            return self.state.born_at
        async with self.work("clock", settle=False) as work:
            moments = [await work.tx.next_due("timers"), await work.tx.next_due("outbox")]
        return min((moment for moment in moments if moment is not None), default=None)

    async def run_due(self, moment: datetime, *, most: int, clock: Clock) -> Ran:
        """Fire the timers due by `moment`, at most `most`, then await the deliveries that are due.

        Nothing fires when another clock than `clock` is in place by now.
        """
        fired = await self.turns.fire(moment, most=most, clock=clock)
        async with self.work("clock", settle=False) as work:
            await self.deliveries.start_due(work)
        return Ran(fired=fired) + await self.deliveries.wait()

    # -- inside ----------------------------------------------------------------------------------------

    def _expect(self, moment: datetime | None) -> None:
        """Set the ticker to this moment (None: to none), unless an advance is under way, which runs everything due."""
        if not self._heading:
            self._ticker.expect(moment)

    async def _live_the_past(self) -> None:
        """Make the invented history that the sandbox begins with, and let time run from there."""
        state = self.state
        birth = state.birth
        if birth.population is None:
            return
        await self._shared.populate(self, birth.population, state.born_at + birth.population.over)
        self.check_still(state)
        now = None if birth.start else max(machine_now(), state.clock.now())
        await self.set_clock(rate=birth.rate, now=now)

    async def _stop(self) -> None:
        await self.deliveries.cancel()
        await self._ticker.close()

    def _begin(self, state: SandboxState, *, requests: int = 0) -> None:
        """Put another state in place, and forget everything that belongs to the former one."""
        self.turns.state = state
        self._ticker = Ticker(state.clock, self.wake)
        self.guests = Guests(self.turns)
        self._read_cache.forget()
        self.journal.clear(number=requests)
        self.inbox.clear()


class _Ahead:
    """The agenda of one advance; it is empty once a reset or a restore has put another clock in place."""

    __slots__ = ("_clock", "_sandbox")

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._clock = sandbox.state.clock

    async def next_moment(self) -> datetime | None:
        moment = await self._sandbox.next_moment()
        return moment if self._sandbox.state.clock is self._clock else None

    async def run_due(self, moment: datetime, *, most: int) -> Ran:
        return await self._sandbox.run_due(moment, most=most, clock=self._clock)

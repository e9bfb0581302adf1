"""A sandbox: a world of its own with a clock, dice, settings, scenarios and rows. The unit of consistency."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from mockserver.clockwork.clock import Clock, GoesBack, machine_now
from mockserver.clockwork.ticker import Ticker
from mockserver.clockwork.timeline import Agenda, Ran, advance
from mockserver.domain.accounts import Account
from mockserver.domain.orders import Order
from mockserver.journal.journal import Journal
from mockserver.sandbox import accounts
from mockserver.sandbox.active_scenarios import in_force
from mockserver.sandbox.config import SandboxConfig, ServerContext
from mockserver.sandbox.deliveries import Deliveries
from mockserver.sandbox.inboxes import Inboxes
from mockserver.sandbox.provider_rules import Caller
from mockserver.sandbox.read_cache import ReadCache
from mockserver.sandbox.refusals import WorldReplaced
from mockserver.sandbox.settings import SettingsTable
from mockserver.sandbox.state import SandboxState
from mockserver.sandbox.transactions import Transactions, UnitOfWorkContext, View
from mockserver.sandbox.unit_of_work import UnitOfWork
from mockserver.sandbox.world import World
from mockserver.scenario.library import DEFAULT, Library
from mockserver.scenario.model import Scenario
from mockserver.stores.memory import MemoryStore


class Sandbox:
    """Owns a state, its rows, its deliveries and what wakes it; made by `await Sandbox.make(...)`.

    Everything that a client or a test does to it goes through `work()`.
    """

    def __init__(self, name: str, birth: SandboxConfig, shared: ServerContext) -> None:
        self.name = name
        self.journal = Journal(shared.journal_size, shared.budget)
        self.inbox = Inboxes(shared.budget)
        self._shared = shared
        self.turns = Transactions(SandboxState.begin(name, birth, shared), MemoryStore(), self._expect)
        self._lookup = ReadCache(self.turns.store)
        self.deliveries = Deliveries(self.turns, shared.sender)
        self._ticker = Ticker(self.state.clock, self.wake)
        self.ended = False
        """Whether it was forgotten, and only requests that were in it already still are."""
        self._heading: list[datetime] = []
        """Where the advances that are under way lead to."""

    @classmethod
    async def make(cls, name: str, birth: SandboxConfig, shared: ServerContext) -> "Sandbox":
        """Return a sandbox with its accounts opened; raises Invalid for unknown scenarios or settings."""
        made = cls(name, birth, shared)
        await made.open_new_accounts()
        await made._live_the_past()
        return made

    @property
    def state(self) -> SandboxState:
        """What the sandbox is by now, apart from its rows."""
        return self.turns.state

    def try_out(self, scenario: Scenario) -> None:
        """Raises Invalid when the scenario, in place of the one of its name, could not be in force where that is."""
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
        """`async with sandbox.work(cause) as work`: everything due is applied first, then this is one whole.

        `view` is one request's own view of the state, applied under the lock; `caller` the request, see `UnitOfWork`.
        """
        return self.turns.begin(cause, settle=settle, view=view, caller=caller)

    async def order(self, provider: str, order_id: str) -> Order:
        """The order as it stands now, everything due applied; raises NotFound. Quicker than a unit of work."""
        turns = self.turns
        if turns.next_timer is not None and turns.overdue(turns.state.clock.now()):
            async with self.work("clock"):
                pass
        return await self._lookup.order(provider, order_id)

    async def read(self, table: str, key: str) -> bytes | None:
        """Return one row as it is committed, without waiting for anybody's turn."""
        return await self.turns.store.read(table, key)

    async def account(self, provider: str, account_id: str) -> Account | None:
        """The account as it is committed, without waiting for anybody's turn."""
        return await self._lookup.account(provider, account_id)

    async def find_account(
        self, provider: str, parts: Sequence[str], *, known_only: bool = False, view: View | None = None
    ) -> Account | None:
        """The account that a credential opens; with `accept_any_key`, one is opened for an unknown one.

        `known_only`: not so, whatever the setting says.
        """
        found = await self._lookup.owner(provider, parts)
        if found is not None or known_only:
            return found
        state = self.state if view is None else view(self.state)
        if not state.settings.values["accept_any_key"]:
            return None
        async with self.work("credential", view=view) as work:
            return await accounts.find_or_open(work, state.provider_rules[provider], parts)

    async def open_new_accounts(self, *, view: View | None = None) -> None:
        """Open the accounts of the scenarios in force that do not exist yet."""
        async with self.work("opening", view=view) as work:
            await _open_seeds(work)

    async def advance(
        self, *, by: timedelta | None = None, to: datetime | None = None, agenda: Agenda | None = None
    ) -> Ran:
        """Move time by a span or to a moment; with neither, until nothing is left to come.

        `agenda` is what lies ahead where not all of that is to be waited for.
        Raises GoesBack or LimitReached; what ran before the latter is kept.
        """
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
        """Change the rate and move forward, running what is due on the way; raises GoesBack, ValueError.

        On the way the clock stands, so that it arrives at `now` exactly, and runs on from there.
        """
        state = self.state
        clock, rate = state.clock, state.clock.rate if rate is None else rate
        if now is not None:
            with clock.standing(until=now, then=rate):
                await self.advance(to=now)
        else:
            clock.run_at(rate)
        if clock.rate:
            state.per_poll = None
        self._ticker.forget()
        await self.wake()

    def check_still(self, state: SandboxState) -> None:
        """Raises WorldReplaced when this is not the state any more, or nobody finds the sandbox."""
        if self.ended or self.state is not state:
            raise WorldReplaced(ended=self.ended)

    async def end(self) -> None:
        """Nobody finds it from here on: webhooks end, who waits for messages is answered, a history stops."""
        self.ended = True
        self.inbox.wake()
        await self.deliveries.cancel()

    async def wake(self) -> None:
        """Apply what is due, start the deliveries that are, and expect the next."""
        if self._heading:
            return
        async with self.work("clock") as work:
            await self.deliveries.start_due(work)
            work.touched_due = True

    async def before_answer(self, order: str) -> None:
        """Start the deliveries that are due, and await those about this order that are to come before an answer."""
        await self.wake()
        await self.deliveries.before_answer(order)

    async def pending(self) -> int:
        """Timers and deliveries still to come."""
        async with self.work("clock") as work:
            return await work.tx.count("timers") + await work.tx.count("outbox")

    async def reset(self) -> None:
        """Back to how it was made; deliveries under way are ended.

        Raises Invalid and changes nothing when a scenario that it was made with is gone or can be in force no more.
        """
        state = SandboxState.begin(self.name, self.state.birth, self._shared)
        await self._stop()
        async with self.turns.lock:
            await self.turns.store.clear()
            self.turns.next_timer = None
            self._begin(state)
            # Within the same turn: nobody meets a world without accounts.
            async with self.turns.store.transaction() as tx:
                await _open_seeds(UnitOfWork(state, tx, state.clock.now(), "opening"))
        await self._live_the_past()

    def overlaid_library(self) -> Library:
        """The server's library without what was posted to this sandbox."""
        return self._shared.library.overlaid()

    def new_settings(self) -> SettingsTable:
        """Settings as they are by default."""
        return SettingsTable(self._shared.rows)

    async def become(self, world: World) -> None:
        """Be what a snapshot says, whole; deliveries under way are ended, the journal and the inboxes emptied."""
        await self._stop()
        async with self.turns.lock:
            async with self.turns.store.transaction() as tx:
                await world.put_rows(tx)
                self.turns.next_timer = await tx.next_due("timers")
            self._begin(world.state, requests=world.requests)
        await self.wake()

    async def close(self) -> None:
        """End everything that runs by itself."""
        await self._stop()
        await self.turns.store.close()
        self.journal.forget()
        self.inbox.clear()

    # -- the agenda (clockwork.timeline) ---------------------------------------------------------------

    async def next_moment(self) -> datetime | None:
        """When the next timer or delivery is due; the beginning, for a delivery under way: it was due before."""
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
        """Wake at this moment for what is due then (None: for nothing), unless an advance is on its way there."""
        if not self._heading:
            self._ticker.expect(moment)

    async def _live_the_past(self) -> None:
        """Go through the history that the sandbox begins with, and let time run from there."""
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
        """Put another state in place, and forget what belongs to the one before."""
        self.turns.state = state
        self._ticker = Ticker(state.clock, self.wake)
        self._lookup.forget()
        self.journal.clear(number=requests)
        self.inbox.clear()


async def _open_seeds(work: UnitOfWork) -> None:
    for provider, rules in work.state.provider_rules.items():
        for seed in work.state.active_scenarios.accounts(provider):
            if await work.tx.get("accounts", f"{provider}/{seed.id}") is None:
                await accounts.open_account(work, rules, seed)


class _Ahead:
    """What lies ahead of one advance: nothing any more, once a reset or a restore put another clock in place."""

    __slots__ = ("_clock", "_sandbox")

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._clock = sandbox.state.clock

    async def next_moment(self) -> datetime | None:
        moment = await self._sandbox.next_moment()
        return moment if self._sandbox.state.clock is self._clock else None

    async def run_due(self, moment: datetime, *, most: int) -> Ran:
        return await self._sandbox.run_due(moment, most=most, clock=self._clock)

"""A sandbox: a world of its own with a clock, dice, settings, scenarios and rows. The unit of consistency."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mockserver.clockwork.clock import Clock, GoesBack, machine_now
from mockserver.clockwork.ticker import Ticker
from mockserver.clockwork.timeline import Ran, advance
from mockserver.domain.accounts import Account
from mockserver.domain.orders import Order
from mockserver.engine.dice import Dice
from mockserver.engine.machine import Machine
from mockserver.engine.matching import Subject
from mockserver.engine.rules import Aspect, Rule
from mockserver.journal.journal import Journal
from mockserver.sandbox import accounts
from mockserver.sandbox.birth import Birth, Surroundings
from mockserver.sandbox.deliveries import Deliveries
from mockserver.sandbox.faults import Faults
from mockserver.sandbox.force import Force, in_force
from mockserver.sandbox.inboxes import Inboxes
from mockserver.sandbox.limits import Limiter
from mockserver.sandbox.lookup import Lookup
from mockserver.sandbox.settings import SettingsTable
from mockserver.sandbox.tallies import count_one
from mockserver.sandbox.turns import Turn, Turns
from mockserver.sandbox.work import Work
from mockserver.scenario.library import DEFAULT, Library
from mockserver.scenario.model import Scenario
from mockserver.stores.memory import MemoryStore

if TYPE_CHECKING:
    from mockserver.engine.faults import Fault
    from mockserver.sandbox.snapshot import World


class Sandbox:
    """Made by `await Sandbox.make(...)`; everything a client or a test does to it goes through `work()`."""

    clock: Clock
    dice: Dice
    force: Force
    born_at: datetime
    _ticker: Ticker
    born: "tuple[Fault, ...]" = ()
    """Webhook faults that orders placed now are born with; only one request's view of a sandbox has any."""
    quiet_until: datetime | None = None
    """Up to when orders placed now send no webhooks; only the view of invented customers has it."""

    def __init__(self, name: str, birth: Birth, shared: Surroundings) -> None:
        self.name = name
        self.identity = name
        """The name under which this world began: what ids and tokens are made of. A restored one brings its own."""
        self.birth = birth
        self.trades = shared.trades
        self.library = shared.library.overlaid()
        self.settings = SettingsTable(shared.rows)
        self.limiter = Limiter()
        self.faults = Faults()
        self.journal = Journal(shared.journal_size, shared.budget)
        self.tallies: dict[str, int] = {}
        """Counts that outlive refusals: how often a rule with `times` decided, how often prices moved."""
        self.inbox = Inboxes(shared.budget)
        self._shared = shared
        self.turns = Turns(self, MemoryStore())
        self._lookup = Lookup(self.turns.store)
        self._machines: dict[str, Machine] = {}
        self._sources: dict[str, Scenario] = {}
        self._deliveries = Deliveries(self, shared.sender)
        self._heading: list[datetime] = []
        """Where the advances that are under way lead to."""
        self._catalogues: dict[str, Any] = {}
        self._set_up(in_force(self.library, birth.scenarios, self.trades))

    @classmethod
    async def make(cls, name: str, birth: Birth, shared: Surroundings) -> "Sandbox":
        """A sandbox with its accounts opened; raises Invalid for unknown scenarios or settings."""
        made = cls(name, birth, shared)
        await made._open_accounts()
        await made._live_the_past()
        return made

    # -- what the world is made of -------------------------------------------------------------------

    @property
    def deliveries(self) -> Deliveries:
        """The webhook deliveries."""
        return self._deliveries

    def machine(self, provider: str, kind: str) -> Machine:
        """The machine in force for new orders."""
        return self.force.machine(provider, kind)

    def machine_named(self, key: str) -> Machine:
        """The machine an order was born with."""
        return self._machines[key]

    @property
    def machines_known(self) -> int:
        """How many machines orders may have been born with."""
        return len(self._machines)

    def source_of(self, key: str) -> Scenario:
        """The scenario that the machine an order was born with stood in."""
        return self._sources[key]

    def catalogue(self, provider: str, build: Any) -> Any:
        """The provider's catalogue for this sandbox's dice, built when first asked for."""
        found = self._catalogues.get(provider)
        if found is None:
            found = self._catalogues[provider] = build(self.dice)
        return found

    def decide(self, aspect: Aspect, provider: str, subject: Subject) -> Rule | None:
        """The rule that decides this aspect, counted against its `times`; None when no rule speaks of it."""
        for rule in self.force.candidates(aspect, provider, subject):
            if rule.times is None:
                return rule
            values = "/".join(str(subject.get(name)) for name in rule.per)
            tally = f"{rule.name}/{aspect}/{values}"
            if self.tallies.get(tally, 0) < rule.times:
                count_one(self.tallies, tally)
                return rule
        return None

    def activate(self, names: Sequence[str]) -> None:
        """Make these the active scenarios; running orders keep theirs. Raises Invalid and changes nothing."""
        self._use(in_force(self.library, names, self.trades))

    def _use(self, force: Force) -> None:
        self.settings.use_scenario_values(force.settings())
        self.force = force
        self.faults.use_scenarios(force.faults(), now=self.clock.now())
        self.know_machines(force)

    def know_machines(self, force: Force) -> None:
        """Keep these machines for the orders that are born with them."""
        self._know(scenario for layer in force.layers.values() for scenario in layer)

    def try_out(self, scenario: Scenario) -> None:
        """Raises Invalid when the scenario, in place of the one of its name, could not be in force where that is."""
        for seed in scenario.accounts:
            accounts.check_seed(self.trades[scenario.provider], seed)
        if scenario.name in (*self.force.names, DEFAULT):
            trial = self.library.overlaid()
            trial.add(scenario)
            in_force(trial, self.force.names, self.trades)

    # -- work ----------------------------------------------------------------------------------------

    def work(self, cause: str, *, settle: bool = True) -> Turn:
        """`async with sandbox.work(cause) as work`: everything due is applied first, then this is one whole."""
        return Turn(self.turns, self, cause, settle=settle)

    async def order(self, provider: str, order_id: str) -> Order:
        """The order as it stands now, everything due applied; raises NotFound. Quicker than a unit of work."""
        if self.turns.next_timer is not None and self.turns.overdue(self.clock.now()):
            async with self.work("clock"):
                pass
        return await self._lookup.order(provider, order_id)

    async def account(self, provider: str, account_id: str) -> Account | None:
        """The account as it is committed, without waiting for anybody's turn."""
        return await self._lookup.account(provider, account_id)

    async def find_account(self, provider: str, parts: Sequence[str], *, known_only: bool = False) -> Account | None:
        """The account that a credential opens; with `accept_any_key`, one is opened for an unknown one.

        `known_only`: not so, whatever the setting says.
        """
        found = await self._lookup.owner(provider, parts)
        if found is not None or known_only or not self.settings.values["accept_any_key"]:
            return found
        async with self.work("credential") as work:
            return await accounts.find_or_open(work, self.trades[provider], parts)

    async def open_new_accounts(self) -> None:
        """Open the accounts of the scenarios in force that do not exist yet."""
        await self._open_accounts()

    async def advance(self, *, by: timedelta | None = None, to: datetime | None = None) -> Ran:
        """Move time by a span or to a moment; with neither, until nothing is left to come.

        Raises GoesBack or LimitReached; what ran before the latter is kept.
        """
        now = self.clock.now()
        if to is not None and to < now:
            raise GoesBack(now, to)
        # Spans add up, also of calls that run at the same time.
        until = max([now, *self._heading]) + by if by is not None else to
        heading = until if until is not None else now
        self._heading.append(heading)
        self._ticker.forget()
        try:
            return await advance(self.clock, _Ahead(self), until=until)
        finally:
            self._heading.remove(heading)
            await self.wake()

    async def set_clock(self, *, rate: Decimal | None = None, now: datetime | None = None) -> None:
        """Change the rate and move forward, running what is due on the way; raises GoesBack, ValueError."""
        if now is not None:
            await self.advance(to=now)
        if rate is not None:
            self.clock.run_at(rate)
        self._ticker.forget()
        await self.wake()

    async def wake(self) -> None:
        """Apply what is due, start the deliveries that are, and expect the next."""
        if self._heading:
            return
        async with self.work("clock") as work:
            await self._deliveries.start_due(work)
            work.touched_due = True

    def expect(self, moment: datetime | None) -> None:
        """Wake at this moment for what is due then (None: for nothing), unless an advance is on its way there."""
        if not self._heading:
            self._ticker.expect(moment)

    async def pending(self) -> int:
        """Timers and deliveries still to come."""
        async with self.work("clock") as work:
            return await work.tx.count("timers") + await work.tx.count("outbox")

    async def reset(self) -> None:
        """Back to how it was made; deliveries under way are ended.

        Raises Invalid and changes nothing when a scenario that it was made with is gone or can be in force no more.
        """
        library = self.overlaid_library()
        force = in_force(library, self.birth.scenarios, self.trades)
        await self._deliveries.cancel()
        await self._ticker.close()
        async with self.turns.lock:
            await self.turns.store.clear()
            self.limiter.clear()
            self.faults = Faults()
            self.journal.clear()
            self.tallies.clear()
            self.inbox.clear()
            self._machines.clear()
            self._sources.clear()
            self._lookup.forget()
            self.library = library
            self.settings = SettingsTable(self._shared.rows)
            self.turns.next_timer = None
            self.identity = self.name
            self._set_up(force)
            # Within the same turn: nobody meets a world without accounts.
            async with self.turns.store.transaction() as tx:
                await self._open_seeds(Work(self, tx, self.clock.now(), "opening"))
        await self._live_the_past()

    def overlaid_library(self) -> Library:
        """The server's library without what was posted to this sandbox."""
        return self._shared.library.overlaid()

    def new_settings(self) -> SettingsTable:
        """Settings as they are by default."""
        return SettingsTable(self._shared.rows)

    async def become(self, world: "World") -> None:
        """Be what a snapshot says, whole; deliveries under way are ended, the journal and the inboxes emptied."""
        await self._deliveries.cancel()
        await self._ticker.close()
        async with self.turns.lock:
            async with self.turns.store.transaction() as tx:
                await world.put_rows(tx)
                self.turns.next_timer = await tx.next_due("timers")
            self.birth, self.identity, self.born_at = world.birth, world.identity, world.born_at
            self.clock, self.dice = Clock(world.now, rate=world.rate), Dice(world.birth.seed)
            self.settings, self.library, self.force = world.settings, world.library, world.force
            self.faults = world.faults
            self._machines, self._sources = {}, {}
            self._know(world.scenarios)
            self.limiter.put_windows(world.limits)
            self.tallies = dict(world.tallies)
            self.journal.clear(number=world.requests)
            self.inbox.clear()
            self._lookup.forget()
            self._catalogues = {}
            self._ticker = Ticker(self.clock, self.wake)
        await self.wake()

    async def close(self) -> None:
        """End everything that runs by itself."""
        await self._ticker.close()
        await self._deliveries.cancel()
        await self.turns.store.close()
        self.journal.forget()
        self.inbox.clear()

    # -- the agenda (clockwork.timeline) ---------------------------------------------------------------

    async def next_moment(self) -> datetime | None:
        """When the next timer or delivery is due; the beginning, for a delivery under way: it was due before."""
        if self._deliveries.unawaited:
            return self.born_at
        async with self.work("clock", settle=False) as work:
            moments = [await work.tx.next_due("timers"), await work.tx.next_due("outbox")]
        return min((moment for moment in moments if moment is not None), default=None)

    async def run_due(self, moment: datetime, *, most: int, clock: Clock) -> Ran:
        """Fire the timers due by `moment`, at most `most`, then await the deliveries that are due.

        Nothing fires when another clock than `clock` is in place by now.
        """
        fired = await self.turns.fire(moment, most=most, clock=clock)
        async with self.work("clock", settle=False) as work:
            await self._deliveries.start_due(work)
        return Ran(fired=fired) + await self._deliveries.wait()

    # -- inside ----------------------------------------------------------------------------------------

    def _know(self, scenarios: Iterable[Scenario]) -> None:
        for scenario in scenarios:
            for machine in scenario.machines.values():
                self._machines[machine.key] = machine
                self._sources[machine.key] = scenario

    def _set_up(self, force: Force) -> None:
        start, population = self.birth.start or machine_now(), self.birth.population
        if population is not None:
            start -= population.over
        self.clock = Clock(start, rate=self.birth.rate if population is None else Decimal(0))
        self.born_at = start
        self.dice = Dice(self.birth.seed)
        self._catalogues = {}
        self._ticker = Ticker(self.clock, self.wake)
        if self.birth.settings:
            self.settings.patch(self.birth.settings)
        self._use(force)

    async def _live_the_past(self) -> None:
        """Go through the history that the sandbox begins with, and let time run from there."""
        population = self.birth.population
        if population is None:
            return
        await self._shared.populate(self, population, self.born_at + population.over)
        await self.set_clock(
            rate=self.birth.rate, now=None if self.birth.start else max(machine_now(), self.clock.now())
        )

    async def _open_accounts(self) -> None:
        async with self.work("opening") as work:
            await self._open_seeds(work)

    async def _open_seeds(self, work: Work) -> None:
        for provider, trade in self.trades.items():
            for seed in self.force.accounts(provider):
                if await work.tx.get("accounts", f"{provider}/{seed.id}") is None:
                    await accounts.open_account(work, trade, seed)


class _Ahead:
    """What lies ahead of one advance: nothing any more, once a reset or a restore put another clock in place."""

    __slots__ = ("_clock", "_sandbox")

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._clock = sandbox.clock

    async def next_moment(self) -> datetime | None:
        moment = await self._sandbox.next_moment()
        return moment if self._sandbox.clock is self._clock else None

    async def run_due(self, moment: datetime, *, most: int) -> Ran:
        return await self._sandbox.run_due(moment, most=most, clock=self._clock)

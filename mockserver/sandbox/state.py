"""The state of a sandbox, which is everything but its rows: one value that a reset or a restore replaces whole."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from mockserver.clockwork.clock import Clock, machine_now
from mockserver.domain.orders import Order
from mockserver.engine.dice import Dice
from mockserver.engine.machine import Machine
from mockserver.engine.matching import Subject
from mockserver.engine.rules import Aspect, Rule
from mockserver.faults.model import Fault
from mockserver.faults.registry import Faults
from mockserver.sandbox.active_scenarios import ActiveScenarios, in_force
from mockserver.sandbox.asked_settings import check_asked_settings
from mockserver.sandbox.config import SandboxConfig, ServerContext, begin_of
from mockserver.sandbox.counters import count_one
from mockserver.sandbox.delivery_log import DeliveryLog
from mockserver.sandbox.limits import Limiter
from mockserver.sandbox.provider_rules import ProviderRules
from mockserver.sandbox.settings import SettingsTable
from mockserver.scenario.library import Library
from mockserver.scenario.model import Scenario

Catalogue = TypeVar("Catalogue")


@dataclass(slots=True)
class SandboxState:
    """Clock, dice, settings, scenarios, faults and counters of one sandbox.

    It does not know its sandbox: units of work, deliveries and faults get the state alone. While a sandbox lives,
    `active_scenarios` is replaced; a request's own view replaces some fields in a copy.
    """

    birth: SandboxConfig
    identity: str
    """The name that the sandbox had when this world began; ids and tokens are made from it. A snapshot contains it."""
    born_at: datetime
    clock: Clock
    dice: Dice
    provider_rules: Mapping[str, ProviderRules]
    library: Library
    settings: SettingsTable
    active_scenarios: ActiveScenarios
    delivery_log: DeliveryLog
    faults: Faults = field(default_factory=Faults)
    limiter: Limiter = field(default_factory=Limiter)
    counters: dict[str, int] = field(default_factory=dict)
    """Counts that survive refused requests: how often a rule with `times` decided, how often prices moved."""
    per_poll: timedelta | None = None
    """The span by which each read of an order moves the frozen clock first; None: not at all."""
    populating: bool = False
    """Whether invented customers are acting; other requests to move the clock or set balances are refused meanwhile."""
    quiet_until: datetime | None = None
    """The moment until which orders placed now send no webhooks; only the view of invented customers has it."""
    order_faults: tuple[Fault, ...] = ()
    """The webhook faults of orders placed now; only a request's own view has any."""
    machines: dict[str, Machine] = field(default_factory=dict)
    """Every machine that an order may have begun with, by its key."""
    sources: dict[str, Scenario] = field(default_factory=dict)
    """The scenario of each machine, by the machine's key."""
    catalogues: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def begin(cls, name: str, birth: SandboxConfig, shared: ServerContext) -> "SandboxState":
        """Return the state of a world that begins now; raises Invalid for unknown scenarios or settings."""
        library = shared.library.overlaid()
        start, rate = birth.start or machine_now(), birth.rate
        if birth.population is not None:
            # The invented history is made first; time stands still meanwhile.
            start, rate = begin_of(start, birth.population), Decimal(0)
        settings = SettingsTable(shared.rows)
        if birth.settings:
            settings.patch(birth.settings)
        state = cls(
            birth=birth,
            identity=name,
            born_at=start,
            clock=Clock(start, rate=rate),
            dice=Dice(birth.seed),
            provider_rules=shared.provider_rules,
            library=library,
            settings=settings,
            active_scenarios=in_force(library, birth.scenarios, shared.provider_rules),
            delivery_log=DeliveryLog(name),
            per_poll=birth.per_poll,
        )
        state.use(state.active_scenarios, library)
        return state

    def machine_named(self, key: str) -> Machine:
        """Return the machine of this key, which an order began with."""
        return self.machines[key]

    def machines_of(self, providers: Collection[str]) -> list[Machine]:
        """Return the machines of all present and future orders of these providers."""
        return [machine for machine in self.machines.values() if machine.provider in providers]

    def source_of(self, key: str) -> Scenario:
        """Return the scenario of the machine with this key."""
        return self.sources[key]

    def shown(self, order: Order) -> str:
        """Return the word that clients read as the order's state."""
        return self.machines[order.machine].shown(order.state)

    def catalogue(self, provider: str, build: Callable[[Dice], Catalogue]) -> Catalogue:
        """Return the provider's catalogue for this sandbox's dice, built on first use."""
        catalogue: Catalogue | None = self.catalogues.get(provider)
        if catalogue is None:
            catalogue = self.catalogues[provider] = build(self.dice)
        return catalogue

    def decide(self, aspect: Aspect, provider: str, subject: Subject) -> Rule | None:
        """Return the rule that decides this aspect, and count it against its `times`; None when no rule matches."""
        for rule in self.active_scenarios.candidates(aspect, provider, subject):
            if rule.times is None:
                return rule
            values = "/".join(str(subject.get(name)) for name in rule.per)
            counter = f"{rule.name}/{aspect}/{values}"
            if self.counters.get(counter, 0) < rule.times:
                count_one(self.counters, counter)
                return rule
        return None

    def activate(self, names: Sequence[str]) -> None:
        """Make these the active scenarios; running orders keep theirs. Raises Invalid and changes nothing."""
        self.use(in_force(self.library, names, self.provider_rules), self.library)

    def know(self, scenarios: Iterable[Scenario]) -> None:
        """Keep the machines of these scenarios for the orders that begin with them."""
        for scenario in scenarios:
            for machine in scenario.machines.values():
                self.machines[machine.key] = machine
                self.sources[machine.key] = scenario

    def use(self, active_scenarios: ActiveScenarios, library: Library) -> None:
        """Put these scenarios in force, which are of this library; raises Invalid and changes nothing."""
        check_asked_settings(active_scenarios.scenarios(), self.settings)
        self.settings.use_scenario_values(active_scenarios.settings())
        self.library = library
        self.active_scenarios = active_scenarios
        self.faults.use_scenarios(active_scenarios.faults(), now=self.clock.now())
        self.know(active_scenarios.scenarios())

"""A sandbox as one JSON document, and back: read whole before anything changes.

The journal's entries and what inboxes received are logs, not part of the world; they stay behind.
"""

import asyncio
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from mockserver.clockwork.clock import Clock
from mockserver.domain.errors import Invalid
from mockserver.domain.moments import MICROSECOND, parse_span, span_text
from mockserver.domain.suggestions import suggestion
from mockserver.engine.dice import Dice
from mockserver.faults.registry import Faults
from mockserver.journal.fault_secrets import kept_fault
from mockserver.sandbox.active_scenarios import ActiveScenarios, in_force
from mockserver.sandbox.codec import decode_timer
from mockserver.sandbox.config import LONGEST_PAST, LONGEST_SEED, MOST_ORDERS, Population, SandboxConfig, begin_of
from mockserver.sandbox.delivery_log import DeliveryLog
from mockserver.sandbox.plain import Unreadable, plain, typed
from mockserver.sandbox.provider_rules import ProviderRules
from mockserver.sandbox.sandbox import Sandbox
from mockserver.sandbox.sealing import sealed
from mockserver.sandbox.state import SandboxState
from mockserver.sandbox.tables import contradictions, readable, row_of
from mockserver.sandbox.world import Rows, World
from mockserver.scenario.check import load_scenario
from mockserver.scenario.library import Library
from mockserver.scenario.model import Scenario
from mockserver.scenario.problems import ScenarioProblems
from mockserver.stores.base import Row

FORMAT = "mockserver state"
_WHOLE = 1 << 40
_MOST_ERRORS = 20
_END = datetime.max.replace(tzinfo=UTC) - MICROSECOND
_HIGHEST_RATE = 1_000_000
_RELEASE = re.compile(r"([0-9]{1,6})\.([0-9]{1,6})\.([0-9]{1,6})(?![0-9])")

#: posted: to this sandbox. active: in force from a file. past: only orders that began under it know it.
Use = Literal["posted", "active", "past"]


class NewerVersion(Exception):
    """The snapshot was made by a newer version; the message says both."""


class Window(NamedTuple):
    """A rate-limit window: when it opened, how many calls it has counted."""

    opened: datetime
    calls: int


class Past(NamedTuple):
    """`Population`, as a snapshot writes it."""

    orders: int
    over: str
    providers: list[str]
    accounts: list[str]
    webhooks: bool


class Born(NamedTuple):
    """`SandboxConfig`, as a snapshot writes it."""

    seed: int | str
    start: datetime | None
    rate: Decimal
    scenarios: list[str]
    settings: dict[str, Any]
    per_poll: str | None = None
    population: Past | None = None


class Time(NamedTuple):
    """Where the clock stands, how it runs, and how far a read of an order moves it."""

    now: datetime
    rate: Decimal
    per_poll: str | None = None


class Kept(NamedTuple):
    """A scenario with its text, credentials replaced by digests; `origin` tells the contents it had with them."""

    provider: str
    name: str
    origin: str
    use: Use
    text: list[str]


class Scenarios(NamedTuple):
    """The names of the active ones, and all that are needed besides the server's own."""

    active: list[str]
    kept: list[Kept]


class Struck(NamedTuple):
    """Armed faults as they were written, each with its id, and how often they and those of scenarios struck."""

    armed: list[dict[str, Any]]
    counts: dict[str, dict[str, int]]
    held: dict[str, str]
    number: int
    since: datetime | None


class Document(NamedTuple):
    """A snapshot. `tables` holds rows by key; `agenda` what is due when, of each table in the order of its coming."""

    format: str
    version: str
    sandbox: str
    clock: Time
    born_at: datetime
    birth: Born
    settings: dict[str, Any]
    scenarios: Scenarios
    requests: int
    tallies: dict[str, int]
    limits: dict[str, Window]
    faults: Struck
    tables: dict[str, dict[str, Any]]
    agenda: dict[str, list[tuple[datetime, str]]]


async def take(sandbox: Sandbox, *, version: str) -> dict[str, Any]:
    """The snapshot as JSON data, everything due by now applied."""
    async with sandbox.work("snapshot") as work:
        tables: dict[str, list[Row]] = {}
        agenda: dict[str, list[tuple[datetime, str]]] = {}
        for table in await work.tx.tables():
            rows = tables[table] = await work.tx.scan(table, limit=_WHOLE)
            due = [(row.due, row.key) for row in await work.tx.due(table, until=_END, limit=_WHOLE)]
            if table == "outbox":
                # What is being attempted has no due moment; whoever takes up from here attempts it again.
                waiting = {key for _, key in due}
                due = [(work.now, row.key) for row in rows if row.key not in waiting] + due
            if due:
                agenda[table] = due
        state = work.state
        born = _born(state.birth)
        document = Document(
            format=FORMAT,
            version=version,
            sandbox=state.identity,
            clock=Time(work.now, state.clock.rate, _span_or_none(state.per_poll)),
            born_at=state.born_at,
            birth=born,
            settings=dict(sorted(state.settings.patched.items())),
            scenarios=Scenarios(list(state.active_scenarios.names), []),
            requests=sandbox.journal.number,
            tallies=dict(sorted(state.counters.items())),
            limits={name: Window(*window) for name, window in sorted(state.limiter.windows().items())},
            faults=typed(Struck, state.faults.state(kept_fault)),
            tables={},
            agenda=agenda,
        )
        # In a thread, so that only this sandbox waits for it; under its lock, so that nothing moves meanwhile.
        return await asyncio.to_thread(write_document, state, document, tables)


def write_document(state: SandboxState, document: Document, rows: Mapping[str, list[Row]]) -> dict[str, Any]:
    """Return the document as JSON data, with these rows and the scenarios that they need."""
    tables = {name: {row.key: readable(name, row.key, row.data) for row in held} for name, held in rows.items()}
    scenarios = document.scenarios._replace(kept=list(_kept(state, tables.get("orders", {}))))
    return plain(document._replace(tables=tables, scenarios=scenarios))  # type: ignore[no-any-return]


def _born(birth: SandboxConfig) -> Born:
    past, population = None, birth.population
    if population is not None:
        names = list(population.providers), list(population.accounts)
        past = Past(population.orders, span_text(population.over), *names, population.webhooks)
    settings, per_poll = dict(birth.settings or {}), _span_or_none(birth.per_poll)
    return Born(birth.seed, birth.start, birth.rate, list(birth.scenarios), settings, per_poll, past)


def _kept(state: SandboxState, orders: Mapping[str, Any]) -> Iterator[Kept]:
    """Each scenario once, by the first of its uses."""
    posted = state.library.posted()
    active = list(state.active_scenarios.scenarios())
    past = [state.source_of(key) for key in dict.fromkeys(order["machine"] for order in orders.values())]
    found: dict[tuple[str, str], Kept] = {}
    uses: tuple[tuple[Use, list[Scenario]], ...] = (("posted", posted), ("active", active), ("past", past))
    for use, scenarios in uses:
        for one in sorted(scenarios, key=lambda one: (one.provider, one.origin)):
            text = sealed(one, state.provider_rules[one.provider]).text.split("\n")
            found.setdefault((one.provider, one.origin), Kept(one.provider, one.name, one.origin, use, text))
    yield from found.values()


def read(sandbox: Sandbox, data: Any, *, version: str) -> World:
    """The world that a document describes, for this sandbox to become.

    Older versions are read forward: what a class of the document or of a row has gained since has a default there.
    Raises NewerVersion, Invalid with the path of each mistake, or ScenarioProblems.
    """
    if not isinstance(data, dict) or data.get("format") != FORMAT or not isinstance(data.get("version"), str):
        raise Invalid({"format": [f"must be a snapshot, with format {FORMAT!r} and a version"]})
    if _release(data["version"]) > _release(version):
        raise NewerVersion(f"the snapshot was made by version {data['version'][:100]!r}, this is {version!r}")
    try:
        document: Document = typed(Document, data)
    except Unreadable as error:
        raise Invalid({error.path: [error.rule]}) from None
    _check_values(document)
    provider_rules = sandbox.state.provider_rules
    library = sandbox.overlaid_library()
    scenarios = [_loaded(provider_rules, library, kept, place) for place, kept in enumerate(document.scenarios.kept)]
    active_scenarios = in_force(library, document.scenarios.active, provider_rules)
    settings = sandbox.new_settings()
    settings.use_scenario_values(active_scenarios.settings())
    settings.patch(document.settings)
    rows = _rows(document)
    state = SandboxState(
        birth=_birth(sandbox, library, document.birth),
        identity=document.sandbox,
        born_at=document.born_at,
        clock=Clock(document.clock.now, rate=document.clock.rate),
        dice=Dice(document.birth.seed),
        provider_rules=provider_rules,
        library=library,
        settings=settings,
        active_scenarios=active_scenarios,
        faults=_faults(document, active_scenarios),
        delivery_log=DeliveryLog(sandbox.name),
        per_poll=_per_poll(document.clock.per_poll),
        counters=dict(document.tallies),
    )
    state.know([*scenarios, *active_scenarios.scenarios()])
    state.limiter.put_windows(document.limits)
    _refuse(list(_contradictions(document, rows, state)))
    return World(state, document.requests, rows, document.agenda)


def _release(version: str) -> tuple[int, ...]:
    """The three numbers of a version, without what marks it as on its way to them."""
    found = _RELEASE.match(version)
    if found is None:
        raise Invalid({"version": [f"must be a version such as 1.2.3: {version[:100]!r}"]})
    return tuple(map(int, found.groups()))


def _check_values(document: Document) -> None:
    """What the types alone allow and a clock or a counter does not."""
    wrong = [
        Unreadable(path, f"must be from 0 to {_HIGHEST_RATE}: {rate}")
        for path, rate in (("clock.rate", document.clock.rate), ("birth.rate", document.birth.rate))
        if not rate.is_finite() or not 0 <= rate <= _HIGHEST_RATE
    ]
    for path, written, rate in (
        ("clock.per_poll", document.clock.per_poll, document.clock.rate),
        ("birth.per_poll", document.birth.per_poll, document.birth.rate),
    ):
        try:
            if written is not None and (rate or not parse_span(written)):
                wrong.append(Unreadable(path, "must be null, or above 0 beside a rate of 0"))
        except ValueError:
            wrong.append(Unreadable(path, "must be a duration such as 3s"))
    seed = document.birth.seed
    if isinstance(seed, str) and len(seed) > LONGEST_SEED:
        wrong.append(Unreadable("birth.seed", f"must have at most {LONGEST_SEED} characters"))
    counts = {"requests": document.requests, **{f"tallies.{name}": one for name, one in document.tallies.items()}}
    counts |= {f"limits.{name}.calls": one.calls for name, one in document.limits.items()}
    wrong += [Unreadable(path, f"must not be negative: {number}") for path, number in counts.items() if number < 0]
    _refuse(wrong)


def _span_or_none(span: timedelta | None) -> str | None:
    return None if span is None else span_text(span)


def _per_poll(written: str | None) -> timedelta | None:
    return None if written is None else parse_span(written)


def _loaded(provider_rules: Mapping[str, ProviderRules], library: Library, kept: Kept, place: int) -> Scenario:
    """The scenario as this server has it, where it has the very same one, else as the snapshot has it."""
    if kept.provider not in provider_rules:
        hint = suggestion(kept.provider, provider_rules)
        raise Invalid({f"scenarios.kept.{place}.provider": [f"unknown provider: {kept.provider!r} ({hint})"]})
    found = _own(library, kept) if kept.use == "active" else None
    if found is not None:
        return found
    scenario = load_scenario("\n".join(kept.text), source=f"{kept.name}.yaml", providers=list(provider_rules))
    if (scenario.provider, scenario.name) != (kept.provider, kept.name):
        raise Invalid({f"scenarios.kept.{place}.text": ["must be of the provider and name beside it"]})
    keys = {kind: f"{kept.provider}/{kind}/{kept.origin}" for kind in scenario.machines}
    machines = {kind: machine._replace(key=keys[kind]) for kind, machine in scenario.machines.items()}
    scenario = scenario._replace(origin=kept.origin, machines=machines)
    if kept.use != "past":
        library.add(sealed(scenario, provider_rules[kept.provider]))
    return scenario


def _own(library: Library, kept: Kept) -> Scenario | None:
    try:
        found = library.get(kept.provider, kept.name)
    except (KeyError, ScenarioProblems):
        return None
    return found if found.origin == kept.origin else None


def _birth(sandbox: Sandbox, library: Library, born: Born) -> SandboxConfig:
    """Refused here when a reset could not carry it out."""
    in_force(library, born.scenarios, sandbox.state.provider_rules)
    sandbox.new_settings().patch(born.settings)
    population = _population(born.population) if born.population is not None else None
    if population is not None and born.start is not None:
        begin_of(born.start, population)
    per_poll = _per_poll(born.per_poll)
    return SandboxConfig(born.seed, born.start, born.rate, tuple(born.scenarios), born.settings, per_poll, population)


def _population(past: Past) -> Population:
    try:
        over = parse_span(past.over)
        if not timedelta() < over <= LONGEST_PAST:
            raise ValueError("must be a duration above 0 and of at most ten years")
    except ValueError as error:
        raise Invalid({"birth.population.over": [str(error)]}) from None
    if not 1 <= past.orders <= MOST_ORDERS:
        raise Invalid({"birth.population.orders": [f"must be from 1 to {MOST_ORDERS}: {past.orders}"]})
    return Population(past.orders, over, tuple(past.providers), tuple(past.accounts), past.webhooks)


def _faults(document: Document, active_scenarios: ActiveScenarios) -> Faults:
    """The faults of the scenarios in force, and the armed ones over them."""
    struck = document.faults
    wrong = [
        Unreadable(f"faults.armed.{place}.id", "must be a text that no other has")
        for place, one in enumerate(struck.armed)
        if not isinstance(one.get("id"), str) or one["id"] in [other.get("id") for other in struck.armed[:place]]
    ]
    for key, counts in struck.counts.items():
        if set(counts) != {"hits", "matched"} or min(counts.values()) < 0:
            wrong.append(Unreadable(f"faults.counts.{key}", "must have hits and matched, from 0"))
    _refuse(wrong)
    faults = Faults()
    faults.use_scenarios(active_scenarios.faults(), now=document.clock.now)
    try:
        faults.restore(plain(struck))
    except Invalid as error:
        raise Invalid({f"faults.armed.{name}": texts for name, texts in error.errors.items()}) from None
    return faults


def _rows(document: Document) -> Rows:
    rows: dict[str, dict[str, bytes]] = {}
    wrong: list[Unreadable] = []
    for table, held in document.tables.items():
        made = rows[table] = {}
        for key, value in held.items():
            try:
                made[key] = row_of(table, value, f"tables.{table}.{key}")
            except Unreadable as error:
                wrong.append(error)
    _refuse(wrong)
    return rows


def _contradictions(document: Document, rows: Rows, state: SandboxState) -> Iterator[Unreadable]:
    for table, held in document.agenda.items():
        keys = [key for _, key in held]
        if len(set(keys)) < len(keys):
            yield Unreadable(f"agenda.{table}", "must name each row once")
        for place, key in enumerate(keys):
            if key not in rows.get(table, {}):
                yield Unreadable(f"agenda.{table}.{place}", f"must be the key of one of tables.{table}: {key!r}")
    # Whatever waits has its turn: nothing else would ever ask for it.
    for table in ("timers", "outbox"):
        turns = {key: moment for moment, key in document.agenda.get(table, ())}
        for key, data in rows.get(table, {}).items():
            if key not in turns:
                yield Unreadable(f"agenda.{table}", f"must have a turn for {key!r}")
            elif table == "timers" and decode_timer(data)[2].due != turns[key]:
                yield Unreadable(f"tables.timers.{key}.timer.due", "must be the moment of its turn in the agenda")
    yield from contradictions(rows, state.provider_rules, state.machines)


def _refuse(wrong: list[Unreadable]) -> None:
    if wrong:
        errors: dict[str, list[str]] = {}
        for error in wrong[:_MOST_ERRORS]:
            errors.setdefault(error.path, []).append(error.rule)
        raise Invalid(errors)

"""A sandbox as one JSON document, and back: read whole before anything changes.

The journal's entries and what inboxes received are logs, not part of the world; they stay behind.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from mockserver.domain.mistakes import Invalid
from mockserver.domain.moments import MICROSECOND, parse_span, span_text
from mockserver.sandbox.birth import LONGEST_PAST, MOST_ORDERS, Birth, Population
from mockserver.sandbox.codec import decode_timer
from mockserver.sandbox.faults import Faults
from mockserver.sandbox.force import Force, in_force
from mockserver.sandbox.plain import Unreadable, plain, typed
from mockserver.sandbox.sandbox import Sandbox
from mockserver.sandbox.sealing import sealed
from mockserver.sandbox.settings import SettingsTable
from mockserver.sandbox.tables import Rows, contradictions, readable, row_of
from mockserver.scenario.check import load_scenario
from mockserver.scenario.library import Library
from mockserver.scenario.model import Scenario
from mockserver.scenario.problems import ScenarioProblems
from mockserver.stores.base import Transaction

FORMAT = "mockserver state"
_WHOLE = 1 << 40
_MOST_ERRORS = 20
_END = datetime.max.replace(tzinfo=UTC) - MICROSECOND
_HIGHEST_RATE = 1_000_000

#: posted: to this sandbox. active: in force from a file. past: only orders that began under it know it.
Use = Literal["posted", "active", "past"]


class WrongVersion(Exception):
    """The snapshot was made by another version; the message says both."""


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
    """`Birth`, as a snapshot writes it."""

    seed: int | str
    start: datetime | None
    rate: Decimal
    scenarios: list[str]
    settings: dict[str, Any]
    population: Past | None


class Time(NamedTuple):
    """Where the clock stands and how it runs."""

    now: datetime
    rate: Decimal


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


class World(NamedTuple):
    """Everything that a restore puts in place, made of a document and found to fit together."""

    identity: str
    now: datetime
    rate: Decimal
    born_at: datetime
    birth: Birth
    settings: SettingsTable
    library: Library
    force: Force
    scenarios: list[Scenario]
    requests: int
    tallies: Mapping[str, int]
    limits: Mapping[str, tuple[datetime, int]]
    faults: Faults
    rows: Rows
    agenda: Mapping[str, list[tuple[datetime, str]]]

    async def put_rows(self, tx: Transaction) -> None:
        """Have these rows and no others."""
        for table in await tx.tables():
            for row in await tx.scan(table, limit=_WHOLE):
                await tx.delete(table, row.key)
        for table, rows in self.rows.items():
            due = {key for _, key in self.agenda.get(table, ())}
            for key, data in rows.items():
                if key not in due:
                    await tx.put(table, key, data)
            # Of two that are due at one moment the one put first comes first.
            for moment, key in self.agenda.get(table, ()):
                await tx.put(table, key, rows[key], due=moment)


async def take(sandbox: Sandbox, *, version: str) -> dict[str, Any]:
    """The snapshot as JSON data, everything due by now applied."""
    async with sandbox.work("snapshot") as work:
        tables: dict[str, dict[str, Any]] = {}
        agenda: dict[str, list[tuple[datetime, str]]] = {}
        for table in await work.tx.tables():
            rows = await work.tx.scan(table, limit=_WHOLE)
            tables[table] = {row.key: readable(table, row.key, row.data) for row in rows}
            due = [(row.due, row.key) for row in await work.tx.due(table, until=_END, limit=_WHOLE) if row.due]
            if table == "outbox":
                # What is being attempted has no due moment; whoever takes up from here attempts it again.
                due = [(work.now, row.key) for row in rows if row.due is None] + due
            if due:
                agenda[table] = due
        born = _born(sandbox.birth)
        return plain(  # type: ignore[no-any-return]
            Document(
                format=FORMAT,
                version=version,
                sandbox=sandbox.identity,
                clock=Time(work.now, sandbox.clock.rate),
                born_at=sandbox.born_at,
                birth=born,
                settings=dict(sorted(sandbox.settings.patched.items())),
                scenarios=Scenarios(list(sandbox.force.names), list(_kept(sandbox, tables.get("orders", {})))),
                requests=sandbox.journal.number,
                tallies=dict(sorted(sandbox.tallies.items())),
                limits={name: Window(*window) for name, window in sorted(sandbox.limiter.windows().items())},
                faults=typed(Struck, sandbox.faults.state()),
                tables=tables,
                agenda=agenda,
            )
        )


def _born(birth: Birth) -> Born:
    past, population = None, birth.population
    if population is not None:
        names = list(population.providers), list(population.accounts)
        past = Past(population.orders, span_text(population.over), *names, population.webhooks)
    return Born(birth.seed, birth.start, birth.rate, list(birth.scenarios), dict(birth.settings or {}), past)


def _kept(sandbox: Sandbox, orders: Mapping[str, Any]) -> Iterator[Kept]:
    """Each scenario once, by the first of its uses."""
    posted = sandbox.library.posted()
    active = [one for layer in sandbox.force.layers.values() for one in layer]
    past = [sandbox.source_of(key) for key in dict.fromkeys(order["machine"] for order in orders.values())]
    found: dict[tuple[str, str], Kept] = {}
    uses: tuple[tuple[Use, list[Scenario]], ...] = (("posted", posted), ("active", active), ("past", past))
    for use, scenarios in uses:
        for one in sorted(scenarios, key=lambda one: (one.provider, one.origin)):
            text = sealed(one, sandbox.trades[one.provider]).text.split("\n")
            found.setdefault((one.provider, one.origin), Kept(one.provider, one.name, one.origin, use, text))
    yield from found.values()


def read(sandbox: Sandbox, data: Any, *, version: str) -> World:
    """The world that a document describes, for this sandbox to become.

    Raises WrongVersion, Invalid with the path of each mistake, or ScenarioProblems.
    """
    if not isinstance(data, dict) or data.get("format") != FORMAT or not isinstance(data.get("version"), str):
        raise Invalid({"format": [f"must be a snapshot, with format {FORMAT!r} and a version"]})
    if data["version"] != version:
        raise WrongVersion(f"the snapshot was made by version {data['version'][:100]!r}, this is {version!r}")
    try:
        document: Document = typed(Document, data)
    except Unreadable as error:
        raise Invalid({error.path: [error.rule]}) from None
    _check_values(document)
    library = sandbox.overlaid_library()
    scenarios = [_loaded(sandbox, library, kept, place) for place, kept in enumerate(document.scenarios.kept)]
    force = in_force(library, document.scenarios.active, sandbox.trades)
    settings = sandbox.new_settings()
    settings.use_scenario_values(force.settings())
    settings.patch(document.settings)
    scenarios += [one for layer in force.layers.values() for one in layer]
    rows = _rows(document)
    machines = {machine.key: machine for one in scenarios for machine in one.machines.values()}
    _refuse(list(_contradictions(document, rows, sandbox, machines)))
    return World(
        identity=document.sandbox,
        now=document.clock.now,
        rate=document.clock.rate,
        born_at=document.born_at,
        birth=_birth(sandbox, library, document.birth),
        settings=settings,
        library=library,
        force=force,
        scenarios=scenarios,
        requests=document.requests,
        tallies=document.tallies,
        limits=document.limits,
        faults=_faults(document, force),
        rows=rows,
        agenda=document.agenda,
    )


def _check_values(document: Document) -> None:
    """What the types alone allow and a clock or a counter does not."""
    wrong = [
        Unreadable(path, f"must be from 0 to {_HIGHEST_RATE}: {rate}")
        for path, rate in (("clock.rate", document.clock.rate), ("birth.rate", document.birth.rate))
        if not rate.is_finite() or not 0 <= rate <= _HIGHEST_RATE
    ]
    counts = {"requests": document.requests, **{f"tallies.{name}": one for name, one in document.tallies.items()}}
    counts |= {f"limits.{name}.calls": one.calls for name, one in document.limits.items()}
    wrong += [Unreadable(path, f"must not be negative: {number}") for path, number in counts.items() if number < 0]
    _refuse(wrong)


def _loaded(sandbox: Sandbox, library: Library, kept: Kept, place: int) -> Scenario:
    """The scenario as this server has it, where it has the very same one, else as the snapshot has it."""
    if kept.provider not in sandbox.trades:
        raise Invalid({f"scenarios.kept.{place}.provider": [f"must be a known provider: {kept.provider!r}"]})
    found = _own(library, kept) if kept.use == "active" else None
    if found is not None:
        return found
    scenario = load_scenario("\n".join(kept.text), source=f"{kept.name}.yaml", providers=list(sandbox.trades))
    if (scenario.provider, scenario.name) != (kept.provider, kept.name):
        raise Invalid({f"scenarios.kept.{place}.text": ["must be of the provider and name beside it"]})
    keys = {kind: f"{kept.provider}/{kind}/{kept.origin}" for kind in scenario.machines}
    machines = {kind: machine._replace(key=keys[kind]) for kind, machine in scenario.machines.items()}
    scenario = scenario._replace(origin=kept.origin, machines=machines)
    if kept.use != "past":
        library.add(sealed(scenario, sandbox.trades[kept.provider]))
    return scenario


def _own(library: Library, kept: Kept) -> Scenario | None:
    try:
        found = library.get(kept.provider, kept.name)
    except (KeyError, ScenarioProblems):
        return None
    return found if found.origin == kept.origin else None


def _birth(sandbox: Sandbox, library: Library, born: Born) -> Birth:
    """Refused here when a reset could not carry it out."""
    in_force(library, born.scenarios, sandbox.trades)
    sandbox.new_settings().patch(born.settings)
    population = _population(born.population) if born.population is not None else None
    return Birth(born.seed, born.start, born.rate, tuple(born.scenarios), born.settings, population)


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


def _faults(document: Document, force: Force) -> Faults:
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
    faults.use_scenarios(force.faults(), now=document.clock.now)
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


def _contradictions(document: Document, rows: Rows, sandbox: Sandbox, machines: Any) -> Iterator[Unreadable]:
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
    yield from contradictions(rows, sandbox.trades, machines)


def _refuse(wrong: list[Unreadable]) -> None:
    if wrong:
        errors: dict[str, list[str]] = {}
        for error in wrong[:_MOST_ERRORS]:
            errors.setdefault(error.path, []).append(error.rule)
        raise Invalid(errors)

"""Writes a sandbox as one JSON document, a snapshot, and reads one. Reading changes nothing in the sandbox.

The journal's entries and the messages in inboxes are logs and not part of a snapshot.
"""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mockserver.clockwork.clock import Clock
from mockserver.domain.errors import Invalid
from mockserver.domain.moments import MICROSECOND
from mockserver.domain.suggestions import did_you_mean, suggestion
from mockserver.engine.dice import Dice
from mockserver.faults.registry import Faults
from mockserver.journal.fault_secrets import kept_fault
from mockserver.sandbox.active_scenarios import ActiveScenarios, in_force
from mockserver.sandbox.asked_settings import check_asked_settings
from mockserver.sandbox.config import SandboxConfig, begin_of
from mockserver.sandbox.contradictions import contradictions
from mockserver.sandbox.delivery_log import DeliveryLog
from mockserver.sandbox.json_objects import Unreadable, object_of, value_of
from mockserver.sandbox.provider_rules import ProviderRules
from mockserver.sandbox.sandbox import Sandbox
from mockserver.sandbox.sealing import sealed
from mockserver.sandbox.settings import SettingsTable
from mockserver.sandbox.snapshot_document import (
    FORMAT,
    Document,
    FaultRecords,
    KeptScenario,
    Scenarios,
    Time,
    Use,
    Window,
    read_document,
    refuse,
)
from mockserver.sandbox.state import SandboxState
from mockserver.sandbox.tables import readable, row_of
from mockserver.sandbox.world import Rows, World
from mockserver.sandbox.wrong_moments import wrong_moments
from mockserver.sandbox.wrong_plans import wrong_plans
from mockserver.scenario.check import load_scenario
from mockserver.scenario.library import Library
from mockserver.scenario.model import Scenario
from mockserver.scenario.problems import ScenarioProblems
from mockserver.stores.base import Row

_WHOLE = 1 << 40
_MOVEMENT = re.compile(r"[^/]+/.+/[0-9]{10}", re.DOTALL)
_END = datetime.max.replace(tzinfo=UTC) - MICROSECOND


async def take(sandbox: Sandbox, *, version: str) -> dict[str, Any]:
    """Return the snapshot as JSON data, everything due by now applied."""
    async with sandbox.work("snapshot") as work:
        tables: dict[str, list[Row]] = {}
        agenda: dict[str, list[tuple[datetime, str]]] = {}
        for table in await work.tx.tables():
            rows = tables[table] = await work.tx.scan(table, limit=_WHOLE)
            due = [(row.due, row.key) for row in await work.tx.due(table, until=_END, limit=_WHOLE)]
            if table == "outbox":
                # A delivery that is being attempted has no due moment; after a restore it is attempted again.
                waiting = {key for _, key in due}
                due = [(work.now, row.key) for row in rows if row.key not in waiting] + due
            if due:
                agenda[table] = due
        state = work.state
        document = Document(
            format=FORMAT,
            version=version,
            sandbox=state.identity,
            clock=Time(work.now, state.clock.rate, state.per_poll),
            born_at=state.born_at,
            birth=state.birth._replace(settings=dict(state.birth.settings or {})),
            settings=dict(sorted(state.settings.patched.items())),
            scenarios=Scenarios(list(state.active_scenarios.names), []),
            requests=sandbox.journal.number,
            tallies=dict(sorted(state.counters.items())),
            limits={name: Window(*window) for name, window in sorted(state.limiter.windows().items())},
            faults=value_of(FaultRecords, state.faults.state(kept_fault)),
            tables={},
            agenda=agenda,
        )
        # In a thread, so that only this sandbox waits; under its lock, so that nothing changes meanwhile.
        return await asyncio.to_thread(write_document, state, document, tables)


def write_document(state: SandboxState, document: Document, rows: Mapping[str, list[Row]]) -> dict[str, Any]:
    """Return the document as JSON data, with these rows and the scenarios that they need."""
    tables = {name: {row.key: readable(name, row.key, row.data) for row in table} for name, table in rows.items()}
    scenarios = document.scenarios._replace(kept=list(_kept_scenarios(state, tables.get("orders", {}))))
    return object_of(document._replace(tables=tables, scenarios=scenarios))


def _kept_scenarios(state: SandboxState, orders: Mapping[str, Any]) -> Iterator[KeptScenario]:
    """Yield every scenario that the snapshot needs, once; one of several uses gets the first that applies."""
    posted = state.library.posted()
    active = list(state.active_scenarios.scenarios())
    past = [state.source_of(key) for key in dict.fromkeys(order["machine"] for order in orders.values())]
    entries: dict[tuple[str, str], KeptScenario] = {}
    uses: tuple[tuple[Use, list[Scenario]], ...] = (("posted", posted), ("active", active), ("past", past))
    for use, scenarios in uses:
        for scenario in sorted(scenarios, key=lambda scenario: (scenario.provider, scenario.origin)):
            provider, origin = scenario.provider, scenario.origin
            text = sealed(scenario, state.provider_rules[provider]).text.split("\n")
            entries.setdefault((provider, origin), KeptScenario(provider, scenario.name, origin, use, text))
    yield from entries.values()


def read(sandbox: Sandbox, data: Any, *, version: str) -> World:
    """Return the world that a snapshot describes, ready to replace the sandbox's own.

    A snapshot of an older version may lack fields; each of them has a default in its class.
    Raises NewerVersion, Invalid with the path of each wrong value, or ScenarioProblems.
    """
    document = read_document(data, version=version)
    provider_rules = sandbox.state.provider_rules
    library = sandbox.overlaid_library()
    scenarios = [_loaded(provider_rules, library, entry, place) for place, entry in enumerate(document.scenarios.kept)]
    active_scenarios = _in_force(library, document.scenarios.active, provider_rules, "scenarios.active")
    settings = sandbox.new_settings()
    check_asked_settings([*scenarios, *active_scenarios.scenarios()], settings)
    settings.use_scenario_values(active_scenarios.settings())
    _patch(settings, document.settings, "settings")
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
        faults=_faults(document, active_scenarios, settings),
        delivery_log=DeliveryLog(sandbox.name),
        per_poll=document.clock.per_poll,
        counters=dict(document.tallies),
    )
    state.know([*scenarios, *active_scenarios.scenarios()])
    state.limiter.put_windows(document.limits)
    refuse(contradictions(rows, document.agenda, state.provider_rules, state.machines))
    refuse([*wrong_moments(document, rows), *wrong_plans(rows, state.machines, settings)])
    return World(state, document.requests, rows, document.agenda)


def _loaded(provider_rules: Mapping[str, ProviderRules], library: Library, entry: KeptScenario, place: int) -> Scenario:
    """Return the server's own scenario where its contents are the same, else the one of the snapshot."""
    if entry.provider not in provider_rules:
        hint = suggestion(entry.provider, provider_rules)
        raise Invalid({f"scenarios.kept.{place}.provider": [f"unknown provider: {entry.provider!r} ({hint})"]})
    own = _own(library, entry) if entry.use == "active" else None
    if own is not None:
        return own
    scenario = load_scenario("\n".join(entry.text), source=f"{entry.name}.yaml", providers=list(provider_rules))
    if (scenario.provider, scenario.name) != (entry.provider, entry.name):
        raise Invalid({f"scenarios.kept.{place}.text": ["must be of the provider and name beside it"]})
    keys = {kind: f"{entry.provider}/{kind}/{entry.origin}" for kind in scenario.machines}
    machines = {kind: machine._replace(key=keys[kind]) for kind, machine in scenario.machines.items()}
    scenario = scenario._replace(origin=entry.origin, machines=machines)
    if entry.use != "past":
        library.add(sealed(scenario, provider_rules[entry.provider]))
    return scenario


def _in_force(
    library: Library, names: Sequence[str], provider_rules: Mapping[str, ProviderRules], path: str
) -> ActiveScenarios:
    for place, name in enumerate(names):
        if not library.find(name):
            hint = did_you_mean(name, library.names())
            raise Invalid({f"{path}.{place}": [f"unknown scenario: {name!r}{hint}"]})
    return in_force(library, names, provider_rules)


def _patch(settings: SettingsTable, values: Mapping[str, Any], path: str) -> None:
    try:
        settings.patch(values)
    except Invalid as error:
        raise Invalid({f"{path}.{name}": texts for name, texts in error.errors.items()}) from None


def _own(library: Library, entry: KeptScenario) -> Scenario | None:
    try:
        scenario = library.get(entry.provider, entry.name)
    except (KeyError, ScenarioProblems):
        return None
    return scenario if scenario.origin == entry.origin else None


def _birth(sandbox: Sandbox, library: Library, birth: SandboxConfig) -> SandboxConfig:
    """Return how the sandbox is made; raises Invalid where a reset could not make it so."""
    _in_force(library, birth.scenarios, sandbox.state.provider_rules, "birth.scenarios")
    _patch(sandbox.new_settings(), birth.settings or {}, "birth.settings")
    if birth.population is not None and birth.start is not None:
        begin_of(birth.start, birth.population)
    return birth


def _faults(document: Document, active_scenarios: ActiveScenarios, settings: SettingsTable) -> Faults:
    """Return the faults of the scenarios in force, and the armed ones over them; raises Invalid."""
    records = document.faults
    problems = [
        Unreadable(f"faults.armed.{place}.id", "must be a text that no other has")
        for place, fault in enumerate(records.armed)
        if not isinstance(fault.get("id"), str) or fault["id"] in [other.get("id") for other in records.armed[:place]]
    ]
    for key, counts in records.counts.items():
        if set(counts) != {"hits", "matched"} or min(counts.values()) < 0:
            problems.append(Unreadable(f"faults.counts.{key}", "must have hits and matched, from 0"))
    numbers = [int(text) for one in records.armed if (text := str(one.get("id"))[4:]).isascii() and text.isdigit()]
    if records.number < max(numbers, default=0):
        problems.append(Unreadable("faults.number", f"must be {max(numbers)} or more, which a fault has already"))
    refuse(problems)
    faults = Faults()
    faults.use_scenarios(active_scenarios.faults(), now=document.clock.now)
    try:
        faults.restore(object_of(records), problem=settings.span_problem)
    except Invalid as error:
        raise Invalid({f"faults.{name}": texts for name, texts in error.errors.items()}) from None
    return faults


def _rows(document: Document) -> Rows:
    rows: dict[str, dict[str, bytes]] = {}
    problems: list[Unreadable] = []
    for table, values in document.tables.items():
        table_rows = rows[table] = {}
        for key, value in values.items():
            if table == "movements" and _MOVEMENT.fullmatch(key) is None:
                problems.append(Unreadable(f"tables.movements.{key[:200]}", "must end with a number of ten digits"))
                continue
            try:
                table_rows[key] = row_of(table, value, f"tables.{table}.{key}")
            except Unreadable as error:
                problems.append(error)
    refuse(problems)
    return rows

"""A sandbox as one JSON document, and back: read whole before anything changes.

The journal's entries and what inboxes received are logs, not part of the world; they stay behind.
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
    Kept,
    Scenarios,
    Struck,
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
            faults=value_of(Struck, state.faults.state(kept_fault)),
            tables={},
            agenda=agenda,
        )
        # In a thread, so that only this sandbox waits for it; under its lock, so that nothing moves meanwhile.
        return await asyncio.to_thread(write_document, state, document, tables)


def write_document(state: SandboxState, document: Document, rows: Mapping[str, list[Row]]) -> dict[str, Any]:
    """Return the document as JSON data, with these rows and the scenarios that they need."""
    tables = {name: {row.key: readable(name, row.key, row.data) for row in held} for name, held in rows.items()}
    scenarios = document.scenarios._replace(kept=list(_kept(state, tables.get("orders", {}))))
    return object_of(document._replace(tables=tables, scenarios=scenarios))


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
    document = read_document(data, version=version)
    provider_rules = sandbox.state.provider_rules
    library = sandbox.overlaid_library()
    scenarios = [_loaded(provider_rules, library, kept, place) for place, kept in enumerate(document.scenarios.kept)]
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


def _own(library: Library, kept: Kept) -> Scenario | None:
    try:
        found = library.get(kept.provider, kept.name)
    except (KeyError, ScenarioProblems):
        return None
    return found if found.origin == kept.origin else None


def _birth(sandbox: Sandbox, library: Library, birth: SandboxConfig) -> SandboxConfig:
    """Refused here when a reset could not carry it out."""
    _in_force(library, birth.scenarios, sandbox.state.provider_rules, "birth.scenarios")
    _patch(sandbox.new_settings(), birth.settings or {}, "birth.settings")
    if birth.population is not None and birth.start is not None:
        begin_of(birth.start, birth.population)
    return birth


def _faults(document: Document, active_scenarios: ActiveScenarios, settings: SettingsTable) -> Faults:
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
    numbers = [int(text) for one in struck.armed if (text := str(one.get("id"))[4:]).isascii() and text.isdigit()]
    if struck.number < max(numbers, default=0):
        wrong.append(Unreadable("faults.number", f"must be {max(numbers)} or more, which a fault has already"))
    refuse(wrong)
    faults = Faults()
    faults.use_scenarios(active_scenarios.faults(), now=document.clock.now)
    try:
        faults.restore(object_of(struck), problem=settings.span_problem)
    except Invalid as error:
        raise Invalid({f"faults.{name}": texts for name, texts in error.errors.items()}) from None
    return faults


def _rows(document: Document) -> Rows:
    rows: dict[str, dict[str, bytes]] = {}
    wrong: list[Unreadable] = []
    for table, held in document.tables.items():
        made = rows[table] = {}
        for key, value in held.items():
            if table == "movements" and _MOVEMENT.fullmatch(key) is None:
                wrong.append(Unreadable(f"tables.movements.{key[:200]}", "must end with a number of ten digits"))
                continue
            try:
                made[key] = row_of(table, value, f"tables.{table}.{key}")
            except Unreadable as error:
                wrong.append(error)
    refuse(wrong)
    return rows

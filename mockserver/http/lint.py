"""Checks a scenario file against its provider: settings, accounts, operations, fields, events and states."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from mockserver.domain.errors import Invalid
from mockserver.domain.suggestions import nearest
from mockserver.engine.machine import Machine
from mockserver.http.provider import Endpoint, Provider
from mockserver.http.schemas import SchemaStore
from mockserver.sandbox.accounts import check_seed
from mockserver.sandbox.asked_settings import Placed, wrong_settings
from mockserver.sandbox.settings import SettingsTable
from mockserver.scenario.check import Judge
from mockserver.scenario.library import DEFAULT, Library
from mockserver.scenario.lint import machines_with_trails
from mockserver.scenario.model import Scenario
from mockserver.scenario.placeholders import named_settings, odd_placeholders
from mockserver.scenario.problems import Report, Trail, shown

_PLAIN_NAMES = ("operation", "account")


def judge_of(
    provider_named: Callable[[str], Provider | None], settings: SettingsTable, schemas: SchemaStore, library: Library
) -> Judge:
    """Return a function that checks files of these providers.

    Unknown settings and bad accounts are errors, since the file could not work. A condition that is never met is a
    warning: operations, fields, kinds, webhooks, and events and states that neither the file nor the provider's
    default has.
    """

    def judge(scenario: Scenario, report: Report, data: Mapping[str, Any]) -> None:
        provider = provider_named(scenario.provider)
        if provider is None:
            return
        _judge_settings(scenario, report, settings)
        _judge_accounts(scenario, report, provider)
        endpoints = [*provider.endpoints, *(endpoint for annex in provider.annexes for endpoint in annex.endpoints)]
        _judge_conditions(scenario, report, endpoints, schemas)
        placed = machines_with_trails(scenario, data)
        _judge_machines(placed, report, provider)
        for at, problem in wrong_settings(scenario, settings, placed):
            report.error(at, problem)
        if not scenario.machines and scenario.rules:
            _judge_lives(scenario, report, library.default(scenario.provider).machines.values())
        if scenario.faults:
            machines = scenario.machines or library.default(scenario.provider).machines
            _judge_faults(scenario, report, endpoints, provider, machines.values())

    return judge


def _judge_settings(scenario: Scenario, report: Report, settings: SettingsTable) -> None:
    for name, value in scenario.settings.items():
        problem = settings.problem(name, value)
        if problem is not None:
            report.error(("settings", name), problem, at_key=problem.startswith("unknown"))
    for place, magic in enumerate(scenario.magic):
        for name in named_settings(magic.effect):
            if name not in settings.values:
                report.error(("magic", place, "effect"), f"unknown setting: {name!r}")
        for text in odd_placeholders(magic.effect):
            report.warning(("magic", place, "effect"), f"{text!r} names no setting (write {{PROVIDER.SETTING}})")


def _judge_accounts(scenario: Scenario, report: Report, provider: Provider) -> None:
    for place, seed in enumerate(scenario.accounts):
        try:
            check_seed(provider.rules, seed)
        except Invalid as error:
            for name, texts in error.errors.items():
                at: Trail = ("credentials",)
                if name in ("balance", "total_spent"):
                    at = (name,)
                elif name in seed.details:
                    at = ("details", name)
                report.error(("accounts", place, *at), texts[0])


def _judge_conditions(scenario: Scenario, report: Report, endpoints: list[Endpoint], schemas: SchemaStore) -> None:
    operations = list(dict.fromkeys(operation.name for operation in endpoints))
    fields = sorted(_fields(endpoints, schemas))
    for place, rule in enumerate(scenario.rules):
        if report.full:
            return
        for name, matcher in rule.when:
            at: Trail = ("rules", place, "when", name)
            kind, _, field = name.partition(".")
            if name == "operation":
                if not any(matcher.holds(operation, present=True) for operation in operations):
                    report.warning(at, f"no operation is like that (they are {', '.join(operations)})")
            elif kind == "request" and field not in fields:
                report.warning(at, f"no request has a field {shown(field)} ({_near(field, fields)})", at_key=True)
            elif kind not in ("request", "order") and name not in _PLAIN_NAMES:
                text = "operation, account, request.FIELD and order.FACT are known"
                report.warning(at, f"nothing is called {shown(name)} ({text})", at_key=True)


def _judge_faults(
    scenario: Scenario, report: Report, endpoints: list[Endpoint], provider: Provider, machines: Iterable[Machine]
) -> None:
    operations = list(dict.fromkeys(endpoint.name for endpoint in endpoints))
    states = list(dict.fromkeys(state for machine in machines for state in machine.states))
    for place, fault in enumerate(scenario.faults):
        at: Trail = ("faults", place)
        if fault.operation is not None and fault.operation not in operations:
            text = f"no operation is called {shown(fault.operation)} (they are {', '.join(operations)})"
            report.warning((*at, "operation"), text)
        if fault.event is not None and fault.event not in provider.webhooks:
            known = ", ".join(provider.webhooks) or "there are none"
            report.warning((*at, "event"), f"the provider has no webhook {shown(fault.event)} (one of {known})")
        state = fault.state
        if state is not None and not any(state.holds(name, present=name is not None) for name in (*states, None)):
            report.warning((*at, "state"), f"no state is like that (they are {', '.join(states)})")


def _fields(endpoints: list[Endpoint], schemas: SchemaStore) -> set[str]:
    # Rules see only the fields that the kit reads, and it reads only those that it checks.
    checked = [endpoint for endpoint in endpoints if endpoint.checked]
    names = {
        name
        for endpoint in checked
        for name in (endpoint.takes, endpoint.form, endpoint.query, endpoint.path_fields)
        if name
    }
    return {field for name in names for field in schemas.load(name).get("properties", {})}


def _near(name: str, known: list[str]) -> str:
    near = nearest(name, known)
    return f"did you mean {near}?" if near is not None else f"one of {', '.join(known)}"


def _judge_machines(placed: Iterable[Placed], report: Report, provider: Provider) -> None:
    for trail, machine in placed:
        if machine.kind not in provider.rules.kinds:
            kinds = ", ".join(provider.rules.kinds)
            report.warning((*trail, "kind"), f"no order is of kind {shown(machine.kind)} (one of {kinds})")
        for at, webhook in _webhooks(trail, machine):
            if webhook not in provider.webhooks:
                known = ", ".join(provider.webhooks) or "there are none"
                report.warning(at, f"the provider has no webhook {shown(webhook)} (one of {known})")


def _webhooks(trail: Trail, machine: Machine) -> Iterator[tuple[Trail, str]]:
    for name, state in machine.states.items():
        at = (*trail, "states", name)
        lists = [((*at, "effects"), state.effects)]
        lists += [
            ((*at, "transitions", place, "effects"), move.effects) for place, move in enumerate(state.transitions)
        ]
        for where, effects in lists:
            yield from (((*where, i), one.argument) for i, one in enumerate(effects) if one.name == "webhook")


def _judge_lives(scenario: Scenario, report: Report, defaults: Any) -> None:
    """Check the lives of rules in a file without a machine against the default's machines.

    They may be meant for another file's machine, so these are warnings.
    """
    machines: list[Machine] = list(defaults)
    events = list(dict.fromkeys(event for machine in machines for event in machine.events()))
    states = list(dict.fromkeys(state for machine in machines for state in machine.states))
    for place, rule in enumerate(scenario.rules):
        at: Trail = ("rules", place, "then")
        events_named = [
            ((*at, key, event), event) for key in ("delays", "outcomes") for event in rule.then.get(key, ())
        ]
        events_named += [((*at, "never", number), event) for number, event in enumerate(rule.then.get("never", ()))]
        for where, event in events_named:
            if event not in events:
                text = f"the machine of {DEFAULT} has no event {shown(event)} (one of {', '.join(events)})"
                report.warning(where, text, at_key=where[-2] != "never")
        targets = [((*at, "outcomes", event), state) for event, state in rule.then.get("outcomes", {}).items()]
        targets += [((*at, "start"), rule.then["start"])] if "start" in rule.then else []
        for where, state in targets:
            if state not in states:
                text = f"the machine of {DEFAULT} has no state {shown(state)} (one of {', '.join(states)})"
                report.warning(where, text)

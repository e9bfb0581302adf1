"""Checks a scenario file against its provider: settings, accounts, operations, fields, events and states."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from mockserver.domain.errors import Invalid
from mockserver.domain.suggestions import suggestion
from mockserver.engine.machine import Machine
from mockserver.engine.rules import Rule
from mockserver.http.fault_names import fault_problems
from mockserver.http.provider import Endpoint, Provider
from mockserver.http.schemas import SchemaStore
from mockserver.http.vocabulary import EndpointNames, endpoints_of, name_problem
from mockserver.sandbox.accounts import check_seed
from mockserver.sandbox.asked_settings import Placed, wrong_settings
from mockserver.sandbox.sealing import seed_mark
from mockserver.sandbox.settings import SettingsTable
from mockserver.scenario.check import Judge
from mockserver.scenario.library import DEFAULT, Library
from mockserver.scenario.lint import machines_with_trails
from mockserver.scenario.model import Scenario
from mockserver.scenario.placeholders import named_settings, odd_placeholders
from mockserver.scenario.problems import Report, ScenarioProblems, Trail, shown

_PLAIN_NAMES = ("operation", "account")


def judge_of(
    provider_named: Callable[[str], Provider | None], settings: SettingsTable, schemas: SchemaStore, library: Library
) -> Judge:
    """Return a function that checks files of these providers.

    Unknown settings and bad accounts are errors, since the file could not work. A condition that is never met is a
    warning: operations, fields, kinds, webhooks, and events and states that neither the file nor the provider's
    default has; so is an account whose credentials an account of the default has. A file with errors is checked as
    far as it was built.
    """

    def judge(scenario: Scenario, report: Report, data: Mapping[str, Any]) -> None:
        provider = provider_named(scenario.provider)
        if provider is None:
            return
        _judge_settings(scenario, report, settings)
        _judge_accounts(scenario, report, provider, library)
        endpoints = list(endpoints_of([provider]))
        _judge_conditions(scenario, report, endpoints, schemas)
        placed = machines_with_trails(scenario, data)
        _judge_machines(placed, report, provider)
        for at, problem in wrong_settings(scenario, settings, placed):
            report.error(at, problem)
        if scenario.rules and not {"machine", "machines"} & data.keys():
            _judge_lives(scenario, report, library.default(scenario.provider).machines.values())
        if scenario.faults:
            machines = scenario.machines or library.default(scenario.provider).machines
            _judge_faults(scenario, report, provider, schemas, machines.values())

    return judge


def _judge_settings(scenario: Scenario, report: Report, settings: SettingsTable) -> None:
    for name, value in scenario.settings.items():
        problem = _setting_problem(settings, name, value)
        if problem is not None:
            report.error(("settings", name), problem, at_key=problem.startswith("unknown"))
    for place, magic in enumerate(scenario.magic):
        for name in named_settings(magic.effect):
            if name not in settings.values:
                report.error(("magic", place, "effect"), f"unknown setting: {name!r}")
        for text in odd_placeholders(magic.effect):
            report.warning(("magic", place, "effect"), f"{text!r} names no setting (write {{PROVIDER.SETTING}})")


def _setting_problem(settings: SettingsTable, name: str, value: object) -> str | None:
    problem = settings.problem(name, value)
    return problem if problem is None or problem.startswith("unknown") else f"setting {name}: {problem}"


def _judge_accounts(scenario: Scenario, report: Report, provider: Provider, library: Library) -> None:
    taken = _credentials_of_default(scenario, provider, library) if scenario.accounts else {}
    for place, seed in enumerate(scenario.accounts):
        if report.has_error_below(("accounts", place, "credentials")):
            continue
        try:
            check_seed(provider.rules, seed)
        except Invalid as error:
            for name, texts in error.errors.items():
                at: Trail = ("credentials",)
                text = texts[0]
                if name in ("balance", "total_spent"):
                    at = (name,)
                elif name in seed.details:
                    at, text = ("details", name), f"of the details, {text}"
                report.error(("accounts", place, *at), text)
            continue
        other = taken.get(seed_mark(seed, provider.rules))
        if other is not None:
            text = f"account {seed.id!r} cannot be opened: account {other!r} of {DEFAULT} has the same credentials"
            report.warning(("accounts", place, "credentials"), text)


def _credentials_of_default(scenario: Scenario, provider: Provider, library: Library) -> dict[str, str]:
    """Return the accounts of the default scenario that are open beside this one's, by the digest of their credential.

    They are none where this scenario is the default.
    """
    if scenario.name == DEFAULT:
        return {}
    own = {seed.id for seed in scenario.accounts}
    with suppress(KeyError, ScenarioProblems):  # a provider may have no default, or one with errors
        seeds = [seed for seed in library.default(provider.name).accounts if seed.id not in own]
        return {seed_mark(seed, provider.rules): seed.id for seed in seeds}
    return {}


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
                problem = name_problem("operation", matcher, operations)
                if problem is not None:
                    report.warning(at, problem)
            elif kind == "request" and field not in fields:
                report.warning(at, f"no request has a field {shown(field)} ({suggestion(field, fields)})", at_key=True)
            elif kind not in ("request", "order") and name not in _PLAIN_NAMES:
                text = "operation, account, request.FIELD and order.FACT are known"
                report.warning(at, f"nothing is called {shown(name)} ({text})", at_key=True)


def _judge_faults(
    scenario: Scenario, report: Report, provider: Provider, schemas: SchemaStore, machines: Iterable[Machine]
) -> None:
    names = EndpointNames([provider], schemas)
    states = list(dict.fromkeys(state for machine in machines for state in machine.states))
    for place, fault in enumerate(scenario.faults):
        if report.full:
            return
        for keys, text in fault_problems(fault, names, events=provider.webhooks, states=states):
            report.warning(("faults", place, *keys), text, at_key=len(keys) > 1)


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


def _judge_machines(placed: Iterable[Placed], report: Report, provider: Provider) -> None:
    for trail, machine in placed:
        if machine.kind not in provider.rules.kinds:
            hint = suggestion(machine.kind, provider.rules.kinds)
            report.warning((*trail, "kind"), f"no order is of kind {shown(machine.kind)} ({hint})")
        for at, webhook in _webhooks(trail, machine):
            if webhook not in provider.webhooks:
                hint = suggestion(webhook, provider.webhooks)
                report.warning(at, f"the provider has no webhook {shown(webhook)} ({hint})")


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
        for where, event in _events_named(rule, at):
            if event not in events:
                text = f"the machine of {DEFAULT} has no event {shown(event)} ({suggestion(event, events)})"
                report.warning(where, text, at_key=where[-2] != "never")
        for where, state in _states_named(rule, at):
            if state not in states:
                text = f"the machine of {DEFAULT} has no state {shown(state)} ({suggestion(state, states)})"
                report.warning(where, text)


def _events_named(rule: Rule, at: Trail) -> Iterator[tuple[Trail, str]]:
    for key in ("delays", "outcomes"):
        members = rule.then.get(key)
        yield from (((*at, key, event), event) for event in (members if isinstance(members, dict) else ()))
    never = rule.then.get("never")
    for number, event in enumerate(never if isinstance(never, list) else ()):
        if isinstance(event, str):
            yield (*at, "never", number), event


def _states_named(rule: Rule, at: Trail) -> Iterator[tuple[Trail, str]]:
    outcomes = rule.then.get("outcomes")
    named = (
        [((*at, "outcomes", event), state) for event, state in outcomes.items()] if isinstance(outcomes, dict) else []
    )
    named.append(((*at, "start"), rule.then.get("start")))
    return ((where, state) for where, state in named if isinstance(state, str))

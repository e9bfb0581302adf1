"""The settings that a scenario asks for, and why one cannot be had: unknown, no duration, or never of that value."""

from collections.abc import Iterable, Iterator, Sequence

from mockserver.domain.errors import Invalid
from mockserver.engine.delays import settings_of
from mockserver.engine.machine import Machine
from mockserver.engine.rules import Rule
from mockserver.engine.weights import SettingWeight
from mockserver.faults.model import Fault
from mockserver.sandbox.settings import SettingsTable
from mockserver.scenario.model import Scenario
from mockserver.scenario.problems import Trail

#: The place of a machine in its file, and the machine.
Placed = tuple[Trail, Machine]


def wrong_settings(
    scenario: Scenario, settings: SettingsTable, machines: Sequence[Placed] | None = None
) -> Iterator[tuple[Trail, str]]:
    """Yield the place and the error of each setting that delays and weights of the scenario cannot have.

    `machines` are its machines with their places in the file.
    """
    placed = [(("machines", kind), machine) for kind, machine in scenario.machines.items()]
    for trail, machine in placed if machines is None else machines:
        for at, name in _asked_by_machine(trail, machine):
            if problem := settings.span_problem(name):
                yield at, problem
        for at, weight in _setting_weights(trail, machine):
            if problem := settings.problem(weight.name, weight.value):
                yield at, problem if problem.startswith("unknown") else f"setting {weight.name}: {problem}"
    for place, rule in enumerate(scenario.rules):
        for at, name in _asked_by_rule(rule):
            if problem := settings.span_problem(name):
                yield ("rules", place, *at), problem
    if scenario.faults:
        yield from _wrong_in_faults(scenario.faults, settings)


def check_asked_settings(scenarios: Iterable[Scenario], settings: SettingsTable) -> None:
    """Raise Invalid when one of these scenarios asks for a setting that it cannot have."""
    for scenario in scenarios:
        for trail, problem in wrong_settings(scenario, settings):
            place = ".".join(map(str, trail))
            raise Invalid({"scenarios": [f"{place} of scenario {scenario.name!r} cannot be used: {problem}"]})


def _wrong_in_faults(faults: Sequence[Fault], settings: SettingsTable) -> Iterator[tuple[Trail, str]]:
    # Imported lazily to keep start-up fast.
    from mockserver.faults.settings import asked_by_fault

    for place, fault in enumerate(faults):
        for at, name in asked_by_fault(fault):
            if problem := settings.span_problem(name):
                yield ("faults", place, *at), problem


def _asked_by_rule(rule: Rule) -> Iterator[tuple[Trail, str]]:
    for at, delay in rule.delays():
        yield from ((("then", *at), name) for name in settings_of(delay))


def _asked_by_machine(trail: Trail, machine: Machine) -> Iterator[tuple[Trail, str]]:
    for state_name, state in machine.states.items():
        for place, move in enumerate(state.transitions):
            at = (*trail, "states", state_name, "transitions", place)
            for key, delay in (("after", move.after), ("not_before", move.not_before), ("not_after", move.not_after)):
                yield from (((*at, key), name) for name in settings_of(delay))
            if move.sends is not None:
                for key, delay in (("after", move.sends.after), ("within", move.sends.within)):
                    yield from (((*at, "sends", key), name) for name in settings_of(delay))


def _setting_weights(trail: Trail, machine: Machine) -> Iterator[tuple[Trail, SettingWeight]]:
    for name, state in machine.states.items():
        for place, move in enumerate(state.transitions):
            at = (*trail, "states", name, "transitions", place, "to")
            yield from (((*at, target), weight) for target, weight in move.to if isinstance(weight, SettingWeight))

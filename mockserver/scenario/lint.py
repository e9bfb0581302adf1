"""Finds machines, rules and faults that can be built but make no sense."""

from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.engine.delays import Delay, Fixed, LogNormal, Uniform
from mockserver.engine.machine import Machine, Transition
from mockserver.engine.rules import Aspect, Rule
from mockserver.scenario.graph import Graph, cycles, reachable, reversed_graph
from mockserver.scenario.model import Scenario
from mockserver.scenario.problems import Report, Trail, which_come_first
from mockserver.scenario.shadows import ASPECTS, lint_conditions, lint_shadows


def lint(scenario: Scenario, report: Report, data: Mapping[str, Any]) -> None:
    """Report endless loops and dead ends as errors, unreachable states and idle rules as warnings.

    `scenario` may be built from a file with errors; parts that are missing from it are not reported again.
    """
    forced = _forced_states(scenario.rules)
    for trail, machine in machines_with_trails(scenario, data):
        _lint_machine(machine, report, trail, forced)
    _lint_rules(scenario.rules, report)
    lint_shadows(scenario.rules, report)
    if scenario.faults:
        from mockserver.scenario.faults import lint_faults

        lint_faults(scenario.faults, report)


def machines_with_trails(scenario: Scenario, data: Mapping[str, Any]) -> list[tuple[Trail, Machine]]:
    """Return each machine with its place in the file."""
    if "machine" in data:
        return [(("machine",), machine) for machine in scenario.machines.values()]
    items = data.get("machines") if isinstance(data.get("machines"), list) else None
    kinds = [item.get("kind") if isinstance(item, dict) else None for item in items or ()]
    return [(("machines", kinds.index(kind)), machine) for kind, machine in scenario.machines.items() if kind in kinds]


def _forced_states(rules: Iterable[Rule]) -> set[str]:
    """Return the states that rules lead into directly, whatever the machine's transitions say."""
    forced: set[str] = set()
    for rule in rules:
        outcomes = rule.then.get("outcomes")
        names = [rule.then.get("start"), *(outcomes.values() if isinstance(outcomes, dict) else ())]
        forced.update(name for name in names if isinstance(name, str))
    return forced


def _lint_machine(machine: Machine, report: Report, trail: Trail, forced: set[str]) -> None:
    ways: dict[str, set[str]] = {
        name: {target for move in state.transitions for target, _ in move.to} for name, state in machine.states.items()
    }
    _find_unreachable(machine, ways, report, trail, forced)
    _find_dead_ends(machine, ways, report, trail)
    _find_endless_loops(machine, report, trail)
    _find_closed_windows(machine, report, trail)


def _find_unreachable(machine: Machine, ways: Graph, report: Report, trail: Trail, forced: set[str]) -> None:
    if machine.start not in ways:
        return
    reached = reachable(ways, {machine.start} | forced)
    for name in ways:
        if name not in reached:
            report.warning((*trail, "states", name), f"no way leads into state {name!r}", at_key=True)


def _find_dead_ends(machine: Machine, ways: Graph, report: Report, trail: Trail) -> None:
    """Report states from which no final state can be reached; one error for all states that share the cause."""
    stuck = {name for name, state in machine.states.items() if not state.final and not state.transitions}
    for name in machine.states:
        at = (*trail, "states", name)
        if name in stuck and not any(report.has_error_below((*at, key)) for key in ("transitions", "final")):
            report.error(at, f"state {name!r} is neither final nor left by any transition", at_key=True)
    # A target that is missing or unknown was reported before: here it counts as a final state.
    ends = stuck | {name for name, state in machine.states.items() if state.final}
    ends |= {target for targets in ways.values() for target in targets if target not in ways}
    ends |= {name for name, state in machine.states.items() if any(not move.to for move in state.transitions)}
    back = reversed_graph(ways)
    with_exit = reachable(back, ends)
    reported: set[str] = set()
    for name in ways:
        if name in with_exit or name in reported:
            continue
        at = (*trail, "states", name)
        report.error(at, f"no way leads from state {name!r} to a final state", at_key=True)
        # States from which these are reached share the cause.
        reported |= reachable(back, reachable(ways, {name}), but=reported)


def _find_endless_loops(machine: Machine, report: Report, trail: Trail) -> None:
    """Report loops of timers that take no time: the sandbox's clock would never get past them."""
    moves = [
        (name, place, target)
        for name, state in machine.states.items()
        for place, move in enumerate(state.transitions)
        if _takes_no_time(move)
        for target, _ in move.to
    ]
    ways: dict[str, set[str]] = {name: set() for name in machine.states}
    for name, _, target in moves:
        if target in ways:
            ways[name].add(target)
    cycle_of = cycles(ways)
    reported: set[str] = set()
    for name, place, target in moves:
        cycle = cycle_of.get(target)
        if cycle is not None and cycle == cycle_of.get(name) and cycle not in reported:
            at = (*trail, "states", name, "transitions", place, "after")
            report.error(at, f"an endless loop: timers lead from state {name!r} back to it in no time")
            reported.add(cycle)


def _takes_no_time(move: Transition) -> bool:
    # Counted from the order's creation a timer is overdue the second time round, so it rings at once as well.
    return move.after is not None and not move.stay and (_is_zero(move.after) or move.since == "created")


def _is_zero(delay: Delay) -> bool:
    if isinstance(delay, Fixed):
        return not delay.span
    if isinstance(delay, Uniform):
        return _is_zero(delay.low) and _is_zero(delay.high)
    return isinstance(delay, LogNormal) and _is_zero(delay.median)


def _find_closed_windows(machine: Machine, report: Report, trail: Trail) -> None:
    """Warn of transitions that are refused as too late before they stop being too early."""
    for name, state in machine.states.items():
        for place, move in enumerate(state.transitions):
            match move.not_before, move.not_after:
                case Fixed(span=opens), Fixed(span=closes) if closes <= opens:
                    at = (*trail, "states", name, "transitions", place, "not_after")
                    report.warning(at, f"{move.on!r} is never taken: it is too late before it ceases to be too early")


def _lint_rules(rules: Iterable[Rule], report: Report) -> None:
    decided: dict[Aspect, str] = {}
    for place, rule in enumerate(rules):
        lint_conditions(place, rule, report)
        aspects = [aspect for aspect in ASPECTS if rule.speaks_of(aspect)]
        if aspects and all(aspect in decided for aspect in aspects):
            names = [decided[aspect] for aspect in aspects]
            first = which_come_first("rule", names, one="always decides", several="always decide")
            report.warning(("rules", place), f"rule {rule.name!r} never decides: {first}")
        # A rule whose conditions have errors was built without them: it must not pass for unconditional.
        has_conditions = bool(rule.when) or report.has_error_below(("rules", place, "when"))
        if not has_conditions and rule.times is None:
            for aspect in aspects:
                decided.setdefault(aspect, rule.name)

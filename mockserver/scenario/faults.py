"""Builds the faults of a scenario file, and warns of faults that make no sense there."""

from collections.abc import Sequence

from mockserver.faults import webhook_kinds, wire_kinds
from mockserver.faults.model import Fault
from mockserver.faults.parse import fault_from_data
from mockserver.scenario.cursor import Cursor
from mockserver.scenario.matchers import build_conditions, build_matcher
from mockserver.scenario.problems import Report, trail_text, which_come_first


def build_faults(cursor: Cursor, scenario: str, provider: str) -> tuple[Fault, ...]:
    """Return the faults in the file's order; their keys count from 1. Errors are reported."""
    faults: list[Fault] = []
    names: set[str] = set()
    for number, item in enumerate(cursor.items(), start=1):
        fault = _fault(item, f"{provider}/{scenario}#{number}", provider)
        if fault.name is not None:
            if fault.name in names:
                (item.get("name") or item).error(f"a second fault is called {fault.name!r}")
            names.add(fault.name)
        faults.append(fault)
    return tuple(faults)


def _fault(cursor: Cursor, key: str, provider: str) -> Fault:
    if not isinstance(cursor.value, dict):
        cursor.refuse("an object")
        return Fault(key, {})
    if "provider" in cursor.value:
        Cursor(cursor.report, (*cursor.trail, "provider"), None).error(
            "the scenario's provider holds for its faults: leave it out", at_key=True
        )

    def refuse(place: tuple[str, ...], message: str) -> None:
        at_key = bool(place) and message.startswith("unknown key")
        where = "" if place else f" ({trail_text(cursor.trail)})"
        cursor.report.error((*cursor.trail, *place), message + where, at_key=at_key)

    fault = fault_from_data(cursor.value, key=key, refuse=refuse, provider=provider)
    _check_matchers(cursor)
    return fault


def _check_matchers(cursor: Cursor) -> None:
    """Report matchers that are allowed in faults that tests arm, but not in files; no error is reported twice."""
    for name in ("body", "query"):
        member = cursor.get(name)
        if member is not None and isinstance(member.value, dict):
            build_conditions(member)
    state = cursor.get("state")
    if state is not None:
        build_matcher(state)


def lint_faults(faults: Sequence[Fault], report: Report) -> None:
    """Warn of faults without effect: others always decide before them, or no byte of their answer gets out."""
    decided: dict[str, str] = {}
    for place, fault in enumerate(faults):
        at = ("faults", place)
        speaks = [f"webhook {name}" for name in fault.webhook or ()] or [str(aspect) for aspect in fault.speaks_of()]
        if speaks and all(name in decided for name in speaks) and not fault.on_demand:
            names = [decided[name] for name in speaks]
            first = which_come_first("fault", names, one="always strikes", several="always strike")
            report.warning(at, f"fault {fault.label!r} never strikes: {first}")
        for name in webhook_kinds.never_sent(fault.webhook or {}) if len(speaks) > 1 else ():
            report.warning((*at, "webhook", name), "what is dropped is not sent at all: the rest is idle", at_key=True)
        if fault.answer is not None and fault.wire is not None and not wire_kinds.needs_answer(fault.wire):
            report.warning((*at, "answer"), f"nobody sees the answer: {fault.wire.kind} lets none out", at_key=True)
        if _always(fault) and not report.has_error_below(at):
            for name in speaks:
                decided.setdefault(name, fault.label)


def _always(fault: Fault) -> bool:
    conditions = (fault.method, fault.path, fault.operation, fault.account, fault.event, fault.state, fault.times)
    return not (any(conditions) or fault.body or fault.query or fault.chance or fault.until or fault.on_demand)

"""Faults out of a scenario file's data, and those that make no sense there."""

from collections.abc import Sequence

from mockserver.faults import webhook_kinds, wire_kinds
from mockserver.faults.model import Fault
from mockserver.faults.parse import fault_from_data
from mockserver.scenario.cursor import Cursor
from mockserver.scenario.matchers import build_conditions, build_matcher
from mockserver.scenario.problems import Report, trail_text


def build_faults(cursor: Cursor, scenario: str, provider: str) -> tuple[Fault, ...]:
    """The faults in the file's order, named or counted from 1; what is wrong with them is reported."""
    faults: list[Fault] = []
    taken: set[str] = set()
    for number, item in enumerate(cursor.items(), start=1):
        fault = _fault(item, f"{provider}/{scenario}#{number}", provider)
        if fault is None:
            continue
        if fault.name is not None:
            if fault.name in taken:
                (item.get("name") or item).error(f"a second fault is called {fault.name!r}")
            taken.add(fault.name)
        faults.append(fault)
    return tuple(faults)


def _fault(cursor: Cursor, key: str, provider: str) -> Fault | None:
    if not isinstance(cursor.value, dict):
        cursor.refuse("an object")
        return None
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
    """Report what a file's matchers may not be, and those that a test arms may; says nothing twice."""
    for name in ("body", "query"):
        member = cursor.get(name)
        if member is not None and isinstance(member.value, dict):
            build_conditions(member)
    state = cursor.get("state")
    if state is not None:
        build_matcher(state)


def lint_faults(faults: Sequence[Fault], report: Report) -> None:
    """Warn of what can never be seen: faults that others always forestall, answers that no byte of gets out."""
    decided: dict[str, str] = {}
    for place, fault in enumerate(faults):
        at = ("faults", place)
        speaks = [f"webhook {name}" for name in fault.webhook or ()] or [str(aspect) for aspect in fault.speaks_of()]
        if speaks and all(name in decided for name in speaks) and not fault.on_demand:
            earlier = " and ".join(dict.fromkeys(repr(decided[name]) for name in speaks))
            report.warning(at, f"fault {fault.label!r} never strikes: {earlier} before it always does")
        for name in webhook_kinds.never_sent(fault.webhook or {}) if len(speaks) > 1 else ():
            report.warning((*at, "webhook", name), "what is dropped is not sent at all: the rest is idle", at_key=True)
        if fault.answer is not None and fault.wire is not None and not wire_kinds.needs_answer(fault.wire):
            report.warning((*at, "answer"), f"nobody sees the answer: {fault.wire.kind} lets none out", at_key=True)
        if _always(fault) and not report.has_error_below(at):
            for name in speaks:
                decided.setdefault(name, fault.label)


def _always(fault: Fault) -> bool:
    told = (fault.method, fault.path, fault.operation, fault.account, fault.event, fault.state, fault.times)
    return not (any(told) or fault.body or fault.query or fault.chance or fault.until or fault.on_demand)

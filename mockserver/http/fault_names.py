"""Names in a fault that nothing has, such as a misspelt path. The fault is in force all the same: it may be meant."""

from collections.abc import Iterable, Iterator

from mockserver.domain.suggestions import suggestion
from mockserver.engine.matching import Conditions
from mockserver.faults.model import Fault
from mockserver.http.path_names import path_problem
from mockserver.http.vocabulary import METHODS, EndpointNames, name_problem

_LONGEST = 100


def fault_problems(
    fault: Fault, names: EndpointNames, *, events: Iterable[str], states: Iterable[str]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each criterion that no request or delivery can meet, as its keys in the fault, and why, with a suggestion.

    `events` are those of the providers' webhooks, `states` those of their machines.
    """
    if fault.method is not None and fault.method not in METHODS:
        yield ("method",), f"no request has the method {fault.method!r} ({suggestion(fault.method, METHODS)})"
    if fault.path is not None and (problem := path_problem(fault.path, names)) is not None:
        yield ("path",), problem
    if fault.operation is not None and fault.operation not in (operations := names.operations()):
        called = f"no operation is called {fault.operation[:_LONGEST]!r}"
        yield ("operation",), f"{called} ({suggestion(fault.operation, operations)})"
    if fault.event is not None and fault.event not in (known := list(dict.fromkeys(events))):
        yield ("event",), f"no webhook has the event {fault.event[:_LONGEST]!r} ({suggestion(fault.event, known)})"
    yield from _fields("body", fault.body, names)
    yield from _fields("query", fault.query, names)
    if fault.state is not None and (problem := name_problem("state", fault.state, list(states))) is not None:
        yield ("state",), problem


def _fields(part: str, conditions: Conditions, names: EndpointNames) -> Iterator[tuple[tuple[str, ...], str]]:
    known = names.fields(part) if conditions else None
    for name, matcher in conditions:
        first = name.partition(".")[0]
        if known is not None and first not in known and not matcher.holds(None, present=False):
            called = f"no endpoint takes a field {first[:_LONGEST]!r} in its {part}"
            yield (part, name), f"{called} ({suggestion(first, sorted(known))})"

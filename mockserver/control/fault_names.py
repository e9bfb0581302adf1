"""Warnings for names in a fault that nothing has. The fault is armed all the same: it may be meant."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from mockserver.control.criteria_reader import METHODS
from mockserver.control.operation import ControlCall
from mockserver.control.paths import path_problem
from mockserver.control.vocabulary import Vocabulary
from mockserver.domain.suggestions import suggestion
from mockserver.faults.model import Fault
from mockserver.sandbox.sandbox import Sandbox

#: How many warnings an answer holds: looking for suggestions takes a while.
_MOST_WARNINGS = 5


def fault_warnings(call: ControlCall, sandbox: Sandbox, fault: Fault) -> list[dict[str, Any]]:
    """Return `{field, message}` for each criterion that no request or delivery can meet, with a suggestion."""
    problems = islice(_problems(call, sandbox, fault), _MOST_WARNINGS)
    return [{"field": field, "message": f"this fault strikes nothing: {text}"} for field, text in problems]


def _problems(call: ControlCall, sandbox: Sandbox, fault: Fault) -> Iterator[tuple[str, str]]:
    providers = [provider for provider in call.server.providers.values() if fault.provider in (None, provider.name)]
    words = Vocabulary(providers, sandbox.state, call.server.schemas)
    if fault.method is not None and fault.method not in METHODS:
        yield "method", f"no request has the method {fault.method!r} ({suggestion(fault.method, METHODS)})"
    if fault.path is not None and (problem := path_problem(fault.path, words)) is not None:
        yield "path", problem
    if fault.event is not None:
        events = list(dict.fromkeys(event for provider in providers for event in provider.webhooks))
        if fault.event not in events:
            yield "event", f"no webhook has the event {fault.event[:100]!r} ({suggestion(fault.event, events)})"
    for part, conditions in (("body", fault.body), ("query", fault.query)):
        known = words.fields(part) if conditions else None
        for name, matcher in conditions:
            first = name.partition(".")[0]
            if known is not None and first not in known and not matcher.holds(None, present=False):
                yield f"{part}.{name[:100]}", f"no endpoint takes this field ({suggestion(first, sorted(known))})"
    if fault.state is not None:
        machines = sandbox.state.machines_of([provider.name for provider in providers])
        states = list(dict.fromkeys(state for machine in machines for state in machine.states))
        if not any(fault.state.holds(provider, present=provider is not None) for provider in (*states, None)):
            text = fault.data["state"] if isinstance(fault.data["state"], str) else ""
            yield "state", f"no order is in a state like this: {fault.state.text()[:100]} ({suggestion(text, states)})"

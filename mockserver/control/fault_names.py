"""Warnings for names in an armed fault that nothing has."""

from itertools import islice
from typing import Any

from mockserver.control.operation import ControlCall
from mockserver.faults.model import Fault
from mockserver.http.fault_names import fault_problems
from mockserver.http.vocabulary import EndpointNames
from mockserver.sandbox.sandbox import Sandbox

#: How many warnings an answer holds: looking for suggestions takes a while.
_MOST_WARNINGS = 5
_LONGEST_FIELD = 100


def fault_warnings(call: ControlCall, sandbox: Sandbox, fault: Fault) -> list[dict[str, Any]]:
    """Return `{field, message}` for each criterion that no request or delivery can meet, with a suggestion."""
    providers = [provider for provider in call.server.providers.values() if fault.provider in (None, provider.name)]
    machines = sandbox.state.machines_of([provider.name for provider in providers])
    problems = fault_problems(
        fault,
        EndpointNames(providers, call.server.schemas),
        events=(event for provider in providers for event in provider.webhooks),
        states=dict.fromkeys(state for machine in machines for state in machine.states),
    )
    return [
        {"field": ".".join(keys)[:_LONGEST_FIELD], "message": f"this fault may strike nothing: {text}"}
        for keys, text in islice(problems, _MOST_WARNINGS)
    ]

"""A sandbox as some callers see it: requests that name scenarios or a fault of their own, invented customers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from mockserver.faults.model import Fault, scenario_of
from mockserver.sandbox.active_scenarios import in_force
from mockserver.sandbox.refusals import WorldReplaced
from mockserver.sandbox.state import SandboxState


class RequestView:
    """A request with scenarios or a fault of its own (`Prefer`): those lie over the ones in force.

    Everything else stays the sandbox's own: what is written goes there, and only what is decided while the request is
    worked on differs. Orders that it places are born with the other scenarios' life cycles, rules and webhook faults,
    and keep them.
    """

    __slots__ = ("_base", "_born", "_faults", "_force", "_settings", "_state")

    def __init__(self, state: SandboxState, scenarios: Sequence[str], fault: Fault | None) -> None:
        """Lay the scenarios over those in force; raises Invalid for one that the library does not have."""
        born = [fault] if fault is not None and fault.webhook is not None else []
        self._force, self._settings, self._faults = state.active_scenarios, state.settings, state.faults
        if scenarios:
            active_scenarios = self._force = in_force(
                state.library, [*scenarios, *state.active_scenarios.names], state.provider_rules
            )
            self._settings = state.settings.under(active_scenarios.settings())
            self._faults = state.faults.with_scenarios(active_scenarios.faults(), now=state.clock.now())
            born += [
                one
                for one in active_scenarios.faults()
                if one.webhook is not None and scenario_of(one.key) in scenarios
            ]
            state.know(active_scenarios.scenarios())
        self._born = tuple(born)
        self._base: SandboxState | None = None
        self._state = state

    def __call__(self, state: SandboxState) -> SandboxState:
        """Return this state under the request's own scenarios and fault."""
        if self._base is not state:
            self._base = state
            self._state = replace(
                state, active_scenarios=self._force, settings=self._settings, faults=self._faults, born=self._born
            )
        return self._state


class PastView:
    """Invented customers: they act in the world that they began in, and in no other that takes its place.

    Orders that they place send no webhooks up to the moment `quiet_until`.
    """

    __slots__ = ("_base", "_state")

    def __init__(self, state: SandboxState, *, quiet_until: datetime | None) -> None:
        self._base = state
        self._state = state if quiet_until is None else replace(state, quiet_until=quiet_until)

    def __call__(self, state: SandboxState) -> SandboxState:
        """Return this state as they see it; raises WorldReplaced when it is another one by now."""
        if self._base is not state:
            raise WorldReplaced(ended=False)
        return self._state

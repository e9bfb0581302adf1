"""Views of a sandbox's state: for requests with scenarios or a fault of their own, and for invented customers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from mockserver.faults.model import Fault, scenario_of
from mockserver.sandbox.active_scenarios import in_force
from mockserver.sandbox.asked_settings import check_asked_settings
from mockserver.sandbox.refusals import WorldReplaced
from mockserver.sandbox.state import SandboxState


class RequestView:
    """The view of a request with scenarios or a fault of its own (`Prefer`), which lie over those in force.

    Everything else is the sandbox's own: writes go there, and only decisions about this request differ. Orders that it
    places get the life cycles, rules and webhook faults of its scenarios, and keep them.
    """

    __slots__ = ("__weakref__", "_base", "_faults", "_force", "_order_faults", "_settings", "_state")

    def __init__(self, state: SandboxState, scenarios: Sequence[str], fault: Fault | None) -> None:
        """Lay the scenarios over those in force; raises Invalid for one that the library does not have."""
        order_faults = [fault] if fault is not None and fault.webhook is not None else []
        self._force, self._settings, self._faults = state.active_scenarios, state.settings, state.faults
        if scenarios:
            active_scenarios = self._force = in_force(
                state.library, [*scenarios, *state.active_scenarios.names], state.provider_rules
            )
            check_asked_settings(active_scenarios.scenarios(), state.settings)
            self._settings = state.settings.with_scenario_values(active_scenarios.settings())
            self._faults = state.faults.with_scenarios(active_scenarios.faults(), now=state.clock.now())
            order_faults += [
                fault
                for fault in active_scenarios.faults()
                if fault.webhook is not None and scenario_of(fault.key) in scenarios
            ]
            state.know(active_scenarios.scenarios())
        self._order_faults = tuple(order_faults)
        self._base: SandboxState | None = None
        self._state = state

    def __call__(self, state: SandboxState) -> SandboxState:
        """Return this state under the request's own scenarios and fault."""
        if self._base is not state:
            self._base = state
            self._state = replace(
                state,
                active_scenarios=self._force,
                settings=self._settings,
                faults=self._faults,
                order_faults=self._order_faults,
            )
        return self._state


class PastView:
    """The view of invented customers: they act only in the state in which they began, and in none that replaces it.

    Orders that they place send no webhooks up to the moment `quiet_until`.
    """

    __slots__ = ("_base", "_state")

    def __init__(self, state: SandboxState, *, quiet_until: datetime | None) -> None:
        self._base = state
        self._state = state if quiet_until is None else replace(state, quiet_until=quiet_until)

    def __call__(self, state: SandboxState) -> SandboxState:
        """Return this state as invented customers see it; raises WorldReplaced when it is another one by now."""
        if self._base is not state:
            raise WorldReplaced(ended=False)
        return self._state

"""A sandbox as one request sees it that names its own scenarios or faults."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mockserver.engine.faults import scenario_of
from mockserver.sandbox.force import in_force
from mockserver.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from mockserver.engine.faults import Fault


class Overridden(Sandbox):
    """Other scenarios in force, with their settings and faults; everything else is the sandbox itself.

    What is written goes to the sandbox: only what is decided while the request is worked on differs. Orders that
    it places are born with the other scenarios' life cycles, rules and webhook faults, and keep them.
    """

    _real: Sandbox

    def __init__(self, sandbox: Sandbox, scenarios: Sequence[str], fault: "Fault | None") -> None:
        """Raises Invalid for a scenario that nobody has."""
        own: dict[str, Any] = {"_real": sandbox}
        born = [fault] if fault is not None and fault.webhook is not None else []
        if scenarios:
            force = in_force(sandbox.library, [*scenarios, *sandbox.force.names], sandbox.trades)
            own["force"] = force
            own["settings"] = sandbox.settings.under(force.settings())
            own["faults"] = sandbox.faults.beside(force.faults(), now=sandbox.clock.now())
            born += [one for one in force.faults() if one.webhook is not None and scenario_of(one.key) in scenarios]
            sandbox.know_machines(force)
        own["born"] = tuple(born)
        self.__dict__.update(own)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_real"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.__dict__["_real"], name, value)


def born_faults(plan: Mapping[str, Any] | None) -> "list[Fault]":
    """The webhook faults that an order of this plan was born with."""
    written = (plan or {}).get("faults")
    if not written:
        return []
    from mockserver.engine.fault_data import fault_from_data

    return [
        fault_from_data(one["data"], key=one["key"], refuse=lambda place, message: None, provider=one["provider"])
        for one in written
    ]

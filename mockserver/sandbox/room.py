"""Limits on the scenarios that are posted to a sandbox."""

from mockserver.domain.errors import NoRoom
from mockserver.sandbox.state import SandboxState
from mockserver.scenario.model import Scenario

#: How many scenarios may be posted, and how many characters their texts may have together.
MOST_POSTED, MOST_POSTED_TEXT = 200, 4 * 1024 * 1024
#: How many state machines a sandbox keeps: orders may still use those of scenarios that were replaced.
MOST_MACHINES = 1_000


def check_room(state: SandboxState, scenario: Scenario) -> None:
    """Raise NoRoom when this scenario, in place of a posted one of its name, would exceed a limit."""
    key = (scenario.provider, scenario.name)
    others = [other for other in state.library.posted() if (other.provider, other.name) != key]
    remedy = "post one of a name that is there already, or reset the sandbox"
    if len(others) >= MOST_POSTED:
        raise NoRoom("posted scenarios", f"{MOST_POSTED:,}", remedy=remedy)
    if sum(len(other.text) for other in others) + len(scenario.text) > MOST_POSTED_TEXT:
        raise NoRoom("posted scenarios", f"{MOST_POSTED_TEXT:,} characters", remedy=remedy)
    if scenario.machines and len(state.machines) >= MOST_MACHINES:
        raise NoRoom("state machines", f"{MOST_MACHINES:,}", remedy="reset the sandbox")

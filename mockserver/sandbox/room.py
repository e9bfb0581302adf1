"""How many scenarios may be posted to a sandbox."""

from mockserver.domain.errors import NoRoom
from mockserver.sandbox.state import SandboxState
from mockserver.scenario.model import Scenario

#: Posted scenarios, and how many characters their texts have together.
MOST_POSTED, MOST_POSTED_TEXT = 200, 4 * 1024 * 1024
#: State machines that orders may have been born with: those of scenarios that others replaced stay.
MOST_MACHINES = 1_000


def check_room(state: SandboxState, scenario: Scenario) -> None:
    """Raise NoRoom when the sandbox would keep too much with this scenario in place of the one of its name."""
    key = (scenario.provider, scenario.name)
    others = [one for one in state.library.posted() if (one.provider, one.name) != key]
    remedy = "post one of a name that is there already, or reset the sandbox"
    if len(others) >= MOST_POSTED:
        raise NoRoom("posted scenarios", f"{MOST_POSTED:,}", remedy=remedy)
    if sum(len(one.text) for one in others) + len(scenario.text) > MOST_POSTED_TEXT:
        raise NoRoom("posted scenarios", f"{MOST_POSTED_TEXT:,} characters", remedy=remedy)
    if scenario.machines and len(state.machines) >= MOST_MACHINES:
        raise NoRoom("state machines", f"{MOST_MACHINES:,}", remedy="reset the sandbox")

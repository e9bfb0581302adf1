"""How many scenarios may be posted to a sandbox."""

from mockserver.sandbox.refusals import NoRoom
from mockserver.scenario.library import Library
from mockserver.scenario.model import Scenario

#: Posted scenarios, and how many characters their texts have together.
MOST_POSTED, MOST_POSTED_TEXT = 200, 4 * 1024 * 1024
_REMEDY = "post one of a name that is there already, or reset the sandbox"


def check_room(library: Library, scenario: Scenario) -> None:
    """Raise NoRoom when the library would hold too much with this scenario in place of the one of its name."""
    key = (scenario.provider, scenario.name)
    others = [one for one in library.posted() if (one.provider, one.name) != key]
    if len(others) >= MOST_POSTED:
        raise NoRoom("posted scenarios", f"{MOST_POSTED:,}", remedy=_REMEDY)
    if sum(len(one.text) for one in others) + len(scenario.text) > MOST_POSTED_TEXT:
        raise NoRoom("posted scenarios", f"{MOST_POSTED_TEXT:,} characters", remedy=_REMEDY)

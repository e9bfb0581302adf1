"""Places: what the server knows of a sandbox from outside, such as its terms and its last use."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from mockserver.sandbox.config import SandboxConfig
from mockserver.sandbox.names import DEFAULT
from mockserver.sandbox.sandbox import Sandbox

#: How long a sandbox stays after a call of its control API, in real seconds.
STEERED_STAYS = 60.0


class Terms(NamedTuple):
    """The terms on which a sandbox is made and kept; two requests with equal terms get the same sandbox.

    `expires` counts real time since the last use; None leaves it to the server.
    """

    birth: SandboxConfig
    expires: timedelta | None = None
    labels: Mapping[str, str] | None = None


@dataclass(slots=True, eq=False)
class Place:
    """A sandbox on the server, with its use. Moments are real seconds of a clock that never goes back.

    `named`: POST or PUT made it, and not its first use. `lives` is the seconds without use after which it expires.
    `visits` counts the requests that are in it. Once it is `gone`, no request finds it, and it is closed when the
    last request leaves.
    """

    sandbox: Sandbox
    terms: Terms
    named: bool
    lives: float | None
    used: float
    steered: float = field(default=float("-inf"))
    visits: int = 0
    gone: bool = False

    @property
    def name(self) -> str:
        """The sandbox's name."""
        return self.sandbox.name

    def expired(self, now: float) -> bool:
        """Return whether it was not used for `lives` seconds."""
        return self.lives is not None and not self.visits and now - self.used >= self.lives

    def may_go(self, now: float) -> bool:
        """Return whether it may be removed to make room for another sandbox."""
        if self.visits or self.name == DEFAULT:
            return False
        return self.expired(now) or (not self.named and now - self.steered >= STEERED_STAYS)


def first_to_go(places: Iterable[Place], now: float) -> Place | None:
    """Return the place to remove: an expired one, else the longest unused; None when every sandbox must stay."""
    going = [place for place in places if place.may_go(now)]
    return min(going, key=lambda place: (not place.expired(now), place.used), default=None)

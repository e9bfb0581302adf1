"""What the server knows of a sandbox besides its world: how it was made, when it was used, who is in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from mockserver.sandbox.config import SandboxConfig
from mockserver.sandbox.names import DEFAULT
from mockserver.sandbox.sandbox import Sandbox

#: How long a sandbox stays that was steered through the control API, in real seconds.
STEERED_STAYS = 60.0


class Terms(NamedTuple):
    """How a sandbox is made and kept. Two requests that ask for equal terms ask for the same sandbox.

    `expires` counts real time since the last use; None leaves it to the server.
    """

    birth: SandboxConfig
    expires: timedelta | None = None
    labels: Mapping[str, str] | None = None


@dataclass(slots=True, eq=False)
class Place:
    """One sandbox among the others. Moments are real seconds of a clock that never goes back.

    `named` tells that POST or PUT made it, not its first use. `lives` is after how many seconds without use it
    expires. `visits` counts the requests that are in it. Once `gone`, no request finds it any more, and it is
    closed when the last one leaves.
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
        """Whether it was not used for as long as it lives without use."""
        return self.lives is not None and not self.visits and now - self.used >= self.lives

    def may_go(self, now: float) -> bool:
        """Whether it can make room for another sandbox."""
        if self.visits or self.name == DEFAULT:
            return False
        return self.expired(now) or (not self.named and now - self.steered >= STEERED_STAYS)


def first_to_go(places: Iterable[Place], now: float) -> Place | None:
    """The place that makes room: an expired one, else the longest unused; None when every sandbox has to stay."""
    going = [place for place in places if place.may_go(now)]
    return min(going, key=lambda place: (not place.expired(now), place.used), default=None)

"""How much of what came in is kept, in bytes: one budget for all sandboxes of a server."""

from typing import Protocol

from mockserver.config import MOST_LOG_BYTES

#: Whoever gives way gives this part of what it holds, so that room is not made for each entry anew.
_PART = 8


class Holder(Protocol):
    """Keeps what came in, and can forget the oldest of it."""

    @property
    def held(self) -> int:
        """How many bytes it keeps."""
        ...

    def shed(self, least: int) -> None:
        """Forget the oldest until so many bytes are free, or nothing is left."""
        ...


class Budget:
    """Counts what all holders keep. Beyond `most`, the one that keeps the most gives way, its oldest first."""

    __slots__ = ("_holders", "held", "most")

    def __init__(self, most: int = MOST_LOG_BYTES) -> None:
        self.most = most
        self.held = 0
        self._holders: dict[Holder, None] = {}

    def take_in(self, holder: Holder) -> None:
        """Know a holder that has nothing so far, whose bytes count towards `held` from now on."""
        self._holders[holder] = None

    def give_back(self, holder: Holder, size: int) -> None:
        """Count so many bytes less, which the holder has forgotten already."""
        self.held -= size
        if not holder.held:
            self._holders.pop(holder, None)

    def count(self, holder: Holder, size: int) -> None:
        """Count so many bytes more, which the holder has already."""
        self._holders[holder] = None
        self.held += size
        if self.held > self.most:
            self.make_room()

    def make_room(self) -> None:
        """Let the fullest forget until no more is held than may be."""
        while self.held > self.most and self._holders:
            fullest = max(self._holders, key=lambda one: one.held)
            if not fullest.held:
                return
            fullest.shed(max(self.held - self.most, fullest.held // _PART))

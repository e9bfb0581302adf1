"""How much of what came in is kept, in bytes: one budget for all sandboxes of a server."""

from typing import Protocol

#: What journals and inboxes of all sandboxes hold together, unless a setting says otherwise.
MOST_BYTES = 256 * 1024 * 1024
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

    def __init__(self, most: int = MOST_BYTES) -> None:
        self.most = most
        self.held = 0
        self._holders: dict[Holder, None] = {}

    def count(self, holder: Holder, change: int) -> None:
        """Count so many bytes more, or less, of this holder, which has or forgot them already."""
        self.held += change
        if change > 0:
            self._holders[holder] = None
            if self.held > self.most:
                self._make_room()
        elif not holder.held:
            self._holders.pop(holder, None)

    def _make_room(self) -> None:
        while self.held > self.most:
            fullest = max(self._holders, key=lambda one: one.held)
            if not fullest.held:
                return
            fullest.shed(max(self.held - self.most, fullest.held // _PART))

"""The memory budget of journals and inboxes, in bytes: one for all sandboxes of a server."""

from typing import Protocol

from mockserver.config import MOST_LOG_BYTES

#: A holder that must shrink frees an eighth of its bytes at least, so that this does not recur with each entry.
_PART = 8


class Holder(Protocol):
    """A journal or inboxes: keeps messages that came in, and can forget the oldest ones."""

    @property
    def held(self) -> int:
        """The count of bytes that it keeps."""
        ...

    def shed(self, least: int) -> None:
        """Forget the oldest messages until at least so many bytes are free, or nothing is left."""
        ...


class Budget:
    """Counts the bytes of all holders. Beyond `most` bytes, the largest holder forgets its oldest messages."""

    __slots__ = ("_holders", "held", "most")

    def __init__(self, most: int = MOST_LOG_BYTES) -> None:
        self.most = most
        self.held = 0
        self._holders: dict[Holder, None] = {}

    def take_in(self, holder: Holder) -> None:
        """Add a holder that is empty so far; from now on it adds its bytes to `held` itself."""
        self._holders[holder] = None

    def give_back(self, holder: Holder, size: int) -> None:
        """Subtract bytes that the holder has forgotten already."""
        self.held -= size
        if not holder.held:
            self._holders.pop(holder, None)

    def count(self, holder: Holder, size: int) -> None:
        """Add bytes that the holder keeps already, and make room where they are too many."""
        self._holders[holder] = None
        self.held += size
        if self.held > self.most:
            self.make_room()

    def make_room(self) -> None:
        """Let the largest holders forget messages until all of them together keep at most `most` bytes."""
        while self.held > self.most and self._holders:
            fullest = max(self._holders, key=lambda holder: holder.held)
            if not fullest.held:
                return
            fullest.shed(max(self.held - self.most, fullest.held // _PART))

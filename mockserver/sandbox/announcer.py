"""What a sandbox tells the readers of the event stream."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from mockserver.events.facts import ClockMoved, Committed, Facts, SandboxChanged
from mockserver.events.feed import Feed
from mockserver.journal.journal import Entry
from mockserver.sandbox.state import SandboxState


class Announcer:
    """Tells of what happens in one sandbox, from when it is made until it is deleted.

    It is silent while the sandbox is reset, and of changes while a history is made. `state` returns the sandbox's
    present state.
    """

    __slots__ = ("_feed", "_is_public", "_name", "_silences", "_state")

    def __init__(self, name: str, feed: Feed, state: Callable[[], SandboxState]) -> None:
        self._name = name
        self._feed = feed
        self._state = state
        self._is_public = False
        self._silences = 0

    @property
    def speaks(self) -> bool:
        """Whether anything is told now."""
        return self._is_public and not self._silences

    def begin(self) -> None:
        """Tell of everything from now on, first of all that the sandbox is made."""
        self._is_public = True
        self.announce(SandboxChanged("made"))

    def end(self) -> None:
        """Tell that the sandbox is deleted, and nothing more: requests under way may still end in it."""
        if self._is_public:
            self._feed.add(self._name, self._state().clock.now(), None, SandboxChanged("deleted"))
            self._is_public = False
        self._feed.end_of(self._name)

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Tell nothing until the `with` block is over."""
        self._silences += 1
        try:
            yield
        finally:
            self._silences -= 1

    def announce(self, facts: Facts) -> None:
        """Tell of something that has happened at this moment."""
        state = self._state()
        if self.speaks and not state.populating:
            self._feed.add(self._name, state.clock.now(), None, facts)

    def committed(self, facts: Sequence[Committed], origin: str | None) -> None:
        """Tell of what a unit of work has committed, and what started it."""
        if self.speaks and not self._state().populating:
            for one in facts:
                self._feed.add(self._name, one.at, origin, one)

    def answered(self, entry: Entry) -> None:
        """Tell of an answered request."""
        if self._is_public and not self._silences:
            self._feed.answered(self._name, entry)

    def clock_moved(self) -> None:
        """Tell where the clock stands and how it runs."""
        clock = self._state().clock
        self.announce(ClockMoved(clock.now(), clock.mode, str(clock.rate)))

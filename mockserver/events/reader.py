"""One reader of the event stream: what it wants, what waits for it, and how much of that it has lost."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from mockserver.events.facts import TYPE_OF, Event

#: How many events wait for a reader; the oldest are lost first.
MOST_WAITING = 1_000


class Wanted(NamedTuple):
    """The events that a reader wants: those of a sandbox (None: of all), of these types (None: of all)."""

    sandbox: str | None = None
    types: frozenset[str] | None = None

    def has(self, event: Event) -> bool:
        """Return whether the reader wants this event."""
        if self.sandbox is not None and event.sandbox != self.sandbox:
            return False
        return self.types is None or TYPE_OF[type(event.facts)] in self.types


class Batch(NamedTuple):
    """What a reader takes at once: first how many events it has `lost`, then events."""

    lost: int
    events: list[Event]


class Reader:
    """A reader. `ready` is called when it may `take` something, or has `ended`.

    `earlier` are kept events with which it begins, `lost` is how many before them are not kept any more.
    """

    __slots__ = ("_earlier", "_lost", "_lost_before", "_ready", "_waiting", "_wanted", "beaten", "ended", "left")

    def __init__(
        self, wanted: Wanted, ready: Callable[[], None], *, earlier: Iterable[Event] = (), lost: int = 0
    ) -> None:
        self._wanted = wanted
        self._ready = ready
        self._earlier = deque(event for event in earlier if wanted.has(event))
        self._waiting: deque[Event] = deque()
        self._lost_before = lost
        self._lost = 0
        self.beaten = False
        """Whether it should show that it lives, though nothing has happened."""
        self.ended = False
        """Whether nothing will come after what waits."""
        self.left = False
        """Whether nobody reads any more."""

    @property
    def waiting(self) -> int:
        """The count of events that wait, besides those with which it began."""
        return len(self._waiting)

    def offer(self, event: Event) -> bool:
        """Put a new event among those that wait, if it is wanted; return whether it was the first of them."""
        if not self._wanted.has(event):
            return False
        waiting = self._waiting
        waiting.append(event)
        if len(waiting) > MOST_WAITING:
            waiting.popleft()
            self._lost += 1
        return len(waiting) == 1

    def take(self, most: int) -> Batch:
        """Take at most so many events."""
        source = self._earlier or self._waiting
        lost, self._lost_before = self._lost_before, 0
        if source is self._waiting:
            lost, self._lost = lost + self._lost, 0
        return Batch(lost, [source.popleft() for _ in range(min(most, len(source)))])

    def wake(self) -> None:
        """Say that there is something to take."""
        self._ready()

    def beat(self) -> None:
        """Let it show that it lives."""
        self.beaten = True
        self._ready()

    def end(self) -> None:
        """Let it end after what waits."""
        self.ended = True
        self._ready()

    def concerns(self, sandbox: str) -> bool:
        """Return whether it reads the events of this sandbox alone."""
        return self._wanted.sandbox == sandbox

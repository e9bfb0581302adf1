"""The events of a server: the newest are kept, and readers get each new one."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime

from mockserver.domain.ledger import Movement
from mockserver.domain.money import Currency
from mockserver.events.facts import Answered, Event, Facts, FaultChanged, cut
from mockserver.events.reader import Reader, Wanted
from mockserver.events.wording import data_of, frame_of
from mockserver.journal.journal import Entry

#: How many events are kept.
KEPT = 5_000
#: How many readers there may be at a time.
MOST_READERS = 100
#: Seconds of real time: how long new events are gathered before readers are woken, and between two heartbeats.
GATHER, HEARTBEAT = 0.005, 15.0


class TooManyReaders(Exception):
    """There are as many readers as there may be."""

    def __init__(self) -> None:
        super().__init__(f"at most {MOST_READERS} readers follow the events at a time")


class Feed:
    """All events of a server, in the order in which their facts were committed.

    Ids are one sequence for all sandboxes, so that a reader of one sandbox and a reader of all can both go on after
    an id. `begin` is the id before the first: greater than any that an earlier run of the server gave.
    """

    __slots__ = ("_beating", "_begin", "_currencies", "_gathering", "_kept", "_readers", "newest", "streams")

    def __init__(self, *, begin: int = 0, currencies: Mapping[str, Currency] | None = None) -> None:
        self._begin = begin
        self._currencies = currencies or {}
        self._kept: deque[Event] = deque(maxlen=KEPT)
        self._readers: dict[Reader, None] = {}
        self._gathering: asyncio.TimerHandle | None = None
        self._beating: asyncio.TimerHandle | None = None
        self.newest = begin
        """The id of the newest event."""
        self.streams = 0
        """The count of readers that clients have opened."""

    # -- what happens ------------------------------------------------------------------------------------

    def add(self, sandbox: str, moment: datetime, cause: str | None, facts: Facts) -> None:
        """Add an event. Without a reader nothing else is done: text is made when somebody reads."""
        self.newest = number = self.newest + 1
        event = Event(number, sandbox, moment, cause, facts)
        self._kept.append(event)
        if self._readers:
            self._offer(event)

    def answered(self, sandbox: str, entry: Entry) -> None:
        """Add the event of an answered request, and one for each fault that struck it."""
        fault = None
        if entry.faults:
            fault = cut(entry.fault) if entry.fault is not None else None
            for row in entry.faults:
                if row["hit"]:
                    name = cut(row["fault"])
                    facts = FaultChanged(entry.at, "struck", cut(row["id"]), name, entry.provider, entry.id)
                    self.add(sandbox, entry.at, entry.id, facts)
        path = entry.path
        self.add(
            sandbox,
            entry.at,
            None,
            Answered(
                entry.id,
                entry.provider,
                entry.method,
                path if len(path) <= 200 else cut(path),
                entry.status,
                entry.milliseconds,
                entry.operation,
                entry.account,
                entry.order,
                entry.mistake,
                fault,
                entry.rule,
            ),
        )

    def _offer(self, event: Event) -> None:
        first = False
        for reader in self._readers:
            first = reader.offer(event) or first
        if first and self._gathering is None:
            # Woken for each event, ten readers would cost more than the request that they are told of.
            self._gathering = asyncio.get_running_loop().call_later(GATHER, self._wake)

    def _wake(self) -> None:
        self._gathering = None
        for reader in list(self._readers):
            if reader.waiting:
                reader.wake()

    # -- readers -----------------------------------------------------------------------------------------

    def open(self, wanted: Wanted, ready: Callable[[], None], *, since: int | None = None) -> Reader:
        """Return a reader for a client, which `close` forgets; raises TooManyReaders.

        It gets the kept events after the id `since`, then new ones; without `since` new ones alone. An id of an
        earlier run of the server, or one that was never given, stands for the beginning of this run.
        """
        if self.streams >= MOST_READERS:
            raise TooManyReaders
        if since is None:
            reader = Reader(wanted, ready)
        else:
            after = since if self._begin <= since <= self.newest else self._begin
            oldest = self._kept[0].id if self._kept else self.newest + 1
            earlier = [event for event in self._kept if event.id > after]
            reader = Reader(wanted, ready, earlier=earlier, lost=max(oldest - 1 - after, 0))
        self.streams += 1
        self._readers[reader] = None
        if self._beating is None:
            self._beating = asyncio.get_running_loop().call_later(HEARTBEAT, self._beat_on)
        return reader

    def follow(self, wanted: Wanted, ready: Callable[[], None]) -> Reader:
        """Return a reader in this process, which counts not among those of clients."""
        reader = Reader(wanted, ready)
        self._readers[reader] = None
        return reader

    def unfollow(self, reader: Reader) -> None:
        """Forget a reader in this process."""
        reader.left = True
        self._readers.pop(reader, None)

    def close(self, reader: Reader) -> None:
        """Forget a reader that a client had opened; it may be forgotten already."""
        reader.left = True
        if self._readers.pop(reader, reader) is None:
            self.streams -= 1
        if not self.streams and self._beating is not None:
            self._beating.cancel()
            self._beating = None

    def beat(self) -> None:
        """Let every reader show that it lives; so it is noticed which of them do not."""
        for reader in list(self._readers):
            reader.beat()

    def _beat_on(self) -> None:
        self._beating = asyncio.get_running_loop().call_later(HEARTBEAT, self._beat_on)
        self.beat()

    def end_of(self, sandbox: str) -> None:
        """Let the readers of this sandbox end, because it is deleted."""
        for reader in list(self._readers):
            if reader.concerns(sandbox):
                reader.end()

    def end(self) -> None:
        """Let every reader end, because the server stops."""
        for reader in list(self._readers):
            reader.end()
        for timer in (self._gathering, self._beating):
            if timer is not None:
                timer.cancel()
        self._gathering = self._beating = None

    @property
    def is_waiting(self) -> bool:
        """Whether a timer is set that will wake readers."""
        return self._gathering is not None or self._beating is not None

    # -- as text -----------------------------------------------------------------------------------------

    def frame(self, event: Event) -> bytes:
        """Return the event as the stream shows it; made once for all readers."""
        if not event.frame:
            event.frame = frame_of(data_of(event, self.amount))
        return event.frame

    def amount(self, move: Movement) -> str:
        """Return the signed amount of a movement in its currency, such as `-1.1400 EUR`."""
        currency = self._currencies.get(move.provider)
        return str(move.signed) if currency is None else f"{currency.text(move.signed)} {currency.code}"

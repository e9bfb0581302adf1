"""What webhook receivers of a sandbox got, within bounds."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from mockserver.journal.budget import Budget

#: How many messages one inbox keeps, and how many inboxes a sandbox has; the oldest go first.
MOST_RECEIVED = 1_000
MOST_INBOXES = 1_000
#: How many bytes all inboxes of a sandbox keep, heads included; the newest message always stays.
MOST_BYTES = 16 * 1024 * 1024
#: What a message or an inbox takes besides its texts.
_OVERHEAD = 512


@dataclass(slots=True, eq=False)
class Inbox:
    """What arrived, and how to answer: `status` after `delay` of real time."""

    status: int = 200
    delay: timedelta = timedelta()
    received: deque[dict[str, Any]] = field(default_factory=deque)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False
    """Whether nothing arrives any more that anybody should wait for."""

    def end(self) -> None:
        """Let nobody wait any longer."""
        self.ended = True
        self.arrived.set()


class Inboxes:
    """The inboxes of one sandbox by name; fulfils `Holder`."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._inboxes: dict[str, Inbox] = {}
        self._messages: deque[tuple[Inbox, dict[str, Any]]] = deque()
        """Every message in the order of its coming; those that their inbox has forgotten are passed over."""
        self._held = 0
        self._ended = False

    @property
    def held(self) -> int:
        """How many bytes it keeps."""
        return self._held

    def of(self, name: str) -> Inbox:
        """The inbox of this name, made on first use."""
        found = self._inboxes.get(name)
        if found is None:
            found = self._inboxes[name] = Inbox(ended=self._ended)
            self._count(_OVERHEAD + len(name))
            while len(self._inboxes) > MOST_INBOXES:
                self.pop(next(iter(self._inboxes)))
        return found

    def keep(self, inbox: Inbox, message: dict[str, Any]) -> None:
        """Take a message, and forget the oldest where there are too many."""
        inbox.received.append(message)
        self._messages.append((inbox, message))
        self._held += _size(message)
        if len(inbox.received) > MOST_RECEIVED:
            self._count(-_size(inbox.received.popleft()))
        while self._held > MOST_BYTES and self._forget_one(but=message):
            pass
        inbox.arrived.set()
        self._budget.count(self, _size(message))

    def pop(self, name: str) -> None:
        """Forget an inbox and what arrived in it."""
        found = self._inboxes.pop(name, None)
        if found is not None:
            found.end()
            self._count(-_OVERHEAD - len(name) - sum(map(_size, found.received)))
            if found.received:
                found.received.clear()
                self._messages = deque(row for row in self._messages if row[0] is not found)

    def wake(self) -> None:
        """Whoever waits for messages is answered with what there is, now and from here on."""
        self._ended = True
        for inbox in self._inboxes.values():
            inbox.end()

    def clear(self) -> None:
        """Forget every inbox."""
        held, self._held = self._held, 0
        for inbox in self._inboxes.values():
            inbox.received.clear()
            inbox.end()
        self._inboxes.clear()
        self._messages.clear()
        self._budget.give_back(self, held)

    def shed(self, least: int) -> None:
        """Forget the oldest messages until so many bytes are free; then, inboxes that have none."""
        wanted = self._held - least
        while self._held > wanted and self._forget_one():
            pass
        while self._held > wanted and self._inboxes:
            self.pop(next(iter(self._inboxes)))

    def _forget_one(self, but: dict[str, Any] | None = None) -> bool:
        """Forget the oldest message; False when there is none, or none but this one."""
        while self._messages:
            inbox, message = self._messages[0]
            if message is but:
                return False
            self._messages.popleft()
            if inbox.received and inbox.received[0] is message:
                self._count(-_size(inbox.received.popleft()))
                return True
        return False

    def _count(self, size: int) -> None:
        self._held += size
        if size > 0:
            self._budget.count(self, size)
        else:
            self._budget.give_back(self, -size)


def _size(message: dict[str, Any]) -> int:
    """About how many bytes a message takes."""
    texts = sum(len(text) for text in (message["path"], message["query"], message["body"]))
    return _OVERHEAD + texts + sum(len(name) + len(value) for name, value in message["headers"].items())

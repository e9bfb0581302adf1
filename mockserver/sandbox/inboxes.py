"""Inboxes: the messages that webhook receivers in a sandbox got, within limits."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from mockserver.journal.budget import Budget

#: How many messages one inbox keeps, and how many inboxes a sandbox has; the oldest are forgotten first.
MOST_RECEIVED = 1_000
MOST_INBOXES = 1_000
#: How many bytes all inboxes of a sandbox keep, heads included; the newest message always stays.
MOST_BYTES = 16 * 1024 * 1024
#: The bytes of a message or an inbox besides its texts.
_OVERHEAD = 512


@dataclass(slots=True, eq=False)
class Inbox:
    """A webhook receiver: the messages it got, and its answer, which is `status` after `delay` of real time."""

    status: int = 200
    delay: timedelta = timedelta()
    received: deque[dict[str, Any]] = field(default_factory=deque)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False
    """Whether waiting for messages is over: the sandbox or the inbox is gone."""

    def end(self) -> None:
        """End the waiting for messages."""
        self.ended = True
        self.arrived.set()


class Inboxes:
    """The inboxes of one sandbox by name; fulfils `Holder`."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._inboxes: dict[str, Inbox] = {}
        self._messages: deque[tuple[Inbox, dict[str, Any]]] = deque()
        """Every message in the order of arrival; messages that their inbox has forgotten are skipped."""
        self._held = 0
        self._ended = False

    @property
    def held(self) -> int:
        """The count of bytes that all inboxes keep."""
        return self._held

    def of(self, name: str) -> Inbox:
        """Return the inbox of this name, made on first use."""
        inbox = self._inboxes.get(name)
        if inbox is None:
            inbox = self._inboxes[name] = Inbox(ended=self._ended)
            self._count(_OVERHEAD + len(name))
            while len(self._inboxes) > MOST_INBOXES:
                self.pop(next(iter(self._inboxes)))
        return inbox

    def keep(self, inbox: Inbox, message: dict[str, Any]) -> None:
        """Add a message, and forget the oldest ones where there are too many."""
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
        """Forget an inbox and its messages."""
        inbox = self._inboxes.pop(name, None)
        if inbox is not None:
            inbox.end()
            self._count(-_OVERHEAD - len(name) - sum(map(_size, inbox.received)))
            if inbox.received:
                inbox.received.clear()
                self._messages = deque(row for row in self._messages if row[0] is not inbox)

    def wake(self) -> None:
        """End all waiting for messages, now and from here on: callers get the messages that are there."""
        self._ended = True
        for inbox in self._inboxes.values():
            inbox.end()

    def clear(self) -> None:
        """Forget every inbox."""
        freed, self._held = self._held, 0
        for inbox in self._inboxes.values():
            inbox.received.clear()
            inbox.end()
        self._inboxes.clear()
        self._messages.clear()
        self._budget.give_back(self, freed)

    def shed(self, least: int) -> None:
        """Forget the oldest messages until at least so many bytes are free; then also empty inboxes."""
        target = self._held - least
        while self._held > target and self._forget_one():
            pass
        while self._held > target and self._inboxes:
            self.pop(next(iter(self._inboxes)))

    def _forget_one(self, but: dict[str, Any] | None = None) -> bool:
        """Forget the oldest message; return False when there is none, or only the message `but`."""
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
    """Return about how many bytes a message takes."""
    texts = sum(len(text) for text in (message["path"], message["query"], message["body"]))
    return _OVERHEAD + texts + sum(len(name) + len(value) for name, value in message["headers"].items())

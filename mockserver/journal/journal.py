"""A bounded journal of exchanges, in memory. Entries arrive redacted (`journal.redact`)."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from mockserver.engine.rules import Aspect, Rule

#: How many bytes of bodies one journal keeps; older entries go first.
MOST_BYTES = 16 * 1024 * 1024
#: How much of one body is kept.
MOST_BODY = 64 * 1024

#: Header names (lower case) and values, as they went over the wire.
Pairs = tuple[tuple[bytes, bytes], ...]


class Decision(NamedTuple):
    """A rule decided an aspect of what it was asked about."""

    aspect: Aspect
    rule: Rule
    subject: Mapping[str, Any]


@dataclass(slots=True)
class Entry:
    """One exchange. `request_headers` and bodies are already redacted; `subject` is what rules were asked about.

    `rules` are those that were asked, first things first; `decisions` what they said.
    """

    id: str
    at: datetime
    provider: str
    method: str
    path: str
    query: str
    request_headers: Pairs
    request_body: bytes
    status: int = 0
    response_headers: Pairs = ()
    response_body: bytes = b""
    milliseconds: float = 0.0
    operation: str | None = None
    changes_state: bool = False
    """Whether the operation is one that changes something, which a GET can be too."""
    account: str | None = None
    order: str | None = None
    rule: str | None = None
    mistake: str | None = None
    because: Mapping[str, Any] | None = None
    """What would have been right in place of what was refused."""
    subject: Mapping[str, Any] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    decisions: tuple[Decision, ...] = ()
    faults: Sequence[Mapping[str, Any]] = ()
    """A row for each fault that struck, or matched and was spared."""
    fault_misses: Sequence[Mapping[str, Any]] = ()
    """A row for each fault that nearly matched, with its differences; redacted."""
    ignored: Sequence[str] = ()
    """The names of fields that nobody reads, where the endpoint tells them."""
    scenarios: Sequence[str] = ()
    """What the caller asked for, for this one request."""

    @property
    def fault(self) -> str | None:
        """The name (or id) of the first fault that struck."""
        return next((row["fault"] for row in self.faults if row["hit"]), None)

    @property
    def size(self) -> int:
        """Bytes of the bodies."""
        return len(self.request_body) + len(self.response_body)


class Journal:
    """The newest `most` entries by id; ids count up from 1 in each sandbox."""

    __slots__ = ("_bytes", "_entries", "_most", "_number")

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._bytes = 0
        self._number = 0

    @property
    def number(self) -> int:
        """How many exchanges began."""
        return self._number

    def next_id(self) -> str:
        """The id of the exchange that begins now."""
        self._number += 1
        return f"req_{self._number:08d}"

    def keep(self, entry: Entry) -> None:
        """Write the entry down, and forget the oldest where there are too many."""
        self._entries[entry.id] = entry
        self._bytes += entry.size
        while len(self._entries) > self._most or (self._bytes > MOST_BYTES and len(self._entries) > 1):
            _, oldest = self._entries.popitem(last=False)
            self._bytes -= oldest.size

    def find(self, entry_id: str) -> Entry | None:
        """The entry, or None when it never was or is forgotten."""
        return self._entries.get(entry_id)

    def newest_first(self) -> Iterator[Entry]:
        """Every entry, newest first."""
        return reversed(self._entries.values())

    def forget(self) -> None:
        """Drop every entry; ids go on counting."""
        self._entries.clear()
        self._bytes = 0

    def clear(self, *, number: int = 0) -> None:
        """Drop every entry and count on from `number`."""
        self.forget()
        self._number = number

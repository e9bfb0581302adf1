"""A bounded journal of exchanges, in memory. Entries arrive redacted (`journal.redact`)."""

import operator
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import Any, NamedTuple

import msgspec

from mockserver.engine.rules import Aspect, Rule
from mockserver.journal.budget import Budget

#: How many bytes one journal keeps, heads, paths and bodies; older entries go first.
MOST_BYTES = 16 * 1024 * 1024
#: How much of one body is kept.
MOST_BODY = 64 * 1024
#: How long the head of a request (headers, path and query) may be before it is cut, and to how much of each
#: text, of how many headers.
MOST_HEAD, MOST_TEXT, MOST_HEADERS = 16 * 1024, 2 * 1024, 100
#: How many rows about faults an entry has, and how long they may be.
MOST_ROWS, MOST_ROW_BYTES = 20, 16 * 1024
#: How many values a field of the subject may hold to be kept whole.
MOST_VALUES = 100
#: What an entry takes besides its texts.
_OVERHEAD = 1_024
#: Longer bodies may be full of empty lists, whose values take many times their text.
_SHORT_BODY, _READ_SHORT, _READ_LONG = 512, 2, 8
_CUT = "... (cut)"
#: Above this size an entry is looked at more closely.
_LARGE = 16 * 1024

#: Header names (lower case) and values, as they went over the wire.
Pairs = tuple[tuple[bytes, bytes], ...]


class Decision(NamedTuple):
    """A rule decided an aspect of what it was asked about."""

    aspect: Aspect
    rule: Rule
    subject: Mapping[str, Any]


class Entry(msgspec.Struct, weakref=False, eq=False):
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
    subject: Mapping[str, Any] = {}
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
    counted: int = 0
    """How many bytes its request's head has; once it is kept, how many the journal has counted for all of it."""

    @property
    def fault(self) -> str | None:
        """The name (or id) of the first fault that struck."""
        return next((row["fault"] for row in self.faults if row["hit"]), None)

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        rows = _row_bytes(self.faults) + _row_bytes(self.fault_misses) if self.faults or self.fault_misses else 0
        length = len(self.request_body)
        read = length * (_READ_SHORT if length <= _SHORT_BODY else _READ_LONG) if self.subject else 0
        return _OVERHEAD + self._head + length + len(self.response_body) + read + rows

    @property
    def _head(self) -> int:
        # Joined, because that is the quickest way to add up lengths.
        texts = b"".join(chain.from_iterable(chain(self.request_headers, self.response_headers)))
        return len(texts) + len(self.path) + len(self.query)

    def shorten(self) -> None:
        """Cut what is so long that nobody reads it: texts of the head, values of a body, rows about faults."""
        if self.subject:
            self.subject = _cut_subject(self.subject)
            self.decisions = tuple(one._replace(subject=_cut_subject(one.subject)) for one in self.decisions)
        if self._head > MOST_HEAD:
            self.path, self.query = _cut(self.path), _cut(self.query)
            self.request_headers = _cut_headers(self.request_headers)
            self.response_headers = _cut_headers(self.response_headers)
        if self.faults or self.fault_misses:
            self.faults, self.fault_misses = _cut_rows(self.faults), _cut_rows(self.fault_misses)


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + _CUT


def _cut_headers(pairs: Pairs) -> Pairs:
    kept = [(name[:MOST_TEXT], _cut(value.decode("latin-1")).encode("latin-1")) for name, value in pairs[:MOST_HEADERS]]
    if len(pairs) > MOST_HEADERS:
        kept.append((b"...", b"%d more (cut)" % (len(pairs) - MOST_HEADERS)))
    return tuple(kept)


def _cut_subject(subject: Mapping[str, Any]) -> Mapping[str, Any]:
    """The subject without values that are large; a request may have up to a megabyte of them."""
    return {_cut(name): value if _is_small(value) else _CUT for name, value in islice(subject.items(), MOST_VALUES)}


def _is_small(value: Any) -> bool:
    """Whether a value of JSON has few parts and short texts; looks at no more than those."""
    parts = [value]
    for count, part in enumerate(parts):
        if count > MOST_VALUES or (isinstance(part, str) and len(part) > MOST_TEXT):
            return False
        if isinstance(part, Mapping):
            parts += islice(part.keys(), MOST_VALUES + 1)
            parts += islice(part.values(), MOST_VALUES + 1)
        elif isinstance(part, list | tuple):
            parts += part[: MOST_VALUES + 1]
    return True


def _row_bytes(rows: Sequence[Mapping[str, Any]]) -> int:
    return sum(len(repr(row)) for row in rows)


def _cut_rows(rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The first rows; of one that is too long, what its fault is called and whether it struck."""
    short = [
        row
        if _row_bytes([row]) <= MOST_ROW_BYTES
        else {name: row[name] for name in ("fault", "id", "hit") if name in row} | {"about": "too long to be kept"}
        for row in rows[:MOST_ROWS]
    ]
    return rows if len(rows) <= MOST_ROWS and all(map(operator.is_, short, rows)) else short


def _looked_at(entry: Entry) -> int:
    """The size of an entry, cut first where it is long."""
    if entry.size > _LARGE:
        entry.shorten()
    return entry.size


class Journal:
    """The newest `most` entries by id; ids count up from 1 in each sandbox. Fulfils `Holder`."""

    __slots__ = ("_budget", "_entries", "_held", "_most", "_number")

    def __init__(self, most: int, budget: Budget | None = None) -> None:
        self._most = most
        self._budget = Budget() if budget is None else budget
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._held = 0
        self._number = 0

    @property
    def number(self) -> int:
        """How many exchanges began."""
        return self._number

    @property
    def held(self) -> int:
        """How many bytes the entries take, about."""
        return self._held

    def next_id(self) -> str:
        """The id of the exchange that begins now."""
        self._number += 1
        return f"req_{self._number:08d}"

    def keep(self, entry: Entry) -> None:
        """Write the entry down, and forget the oldest where there are too many."""
        # What most requests are: with nothing in them that could be large but texts.
        size = entry.counted + len(entry.path) + len(entry.query)
        size += _OVERHEAD + len(entry.request_body) + len(entry.response_body)
        if size > _LARGE or entry.subject or entry.faults or entry.fault_misses:
            size = _looked_at(entry)
        entry.counted = size
        entries, budget, held = self._entries, self._budget, self._held
        entries[entry.id] = entry
        if not held:
            budget.take_in(self)
        self._held = held = held + size
        budget.held += size
        if held > MOST_BYTES or len(entries) > self._most:
            self._forget_oldest()
        if budget.held > budget.most:
            budget.make_room()

    def _forget_oldest(self) -> None:
        entries, freed = self._entries, 0
        while len(entries) > self._most or (self._held - freed > MOST_BYTES and len(entries) > 1):
            freed += entries.popitem(last=False)[1].counted
        self._held -= freed
        self._budget.held -= freed

    def find(self, entry_id: str) -> Entry | None:
        """The entry, or None when it never was or is forgotten."""
        return self._entries.get(entry_id)

    def newest_first(self) -> Iterator[Entry]:
        """Every entry, newest first."""
        return reversed(self._entries.values())

    def shed(self, least: int) -> None:
        """Forget the oldest until so many bytes are free, or nothing is left."""
        freed = 0
        while self._entries and freed < least:
            freed += self._entries.popitem(last=False)[1].counted
        self._held -= freed
        self._budget.give_back(self, freed)

    def forget(self) -> None:
        """Drop every entry; ids go on counting."""
        held, self._held = self._held, 0
        self._entries.clear()
        self._budget.give_back(self, held)

    def clear(self, *, number: int = 0) -> None:
        """Drop every entry and count on from `number`."""
        self.forget()
        self._number = number

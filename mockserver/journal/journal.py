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

#: How many bytes one journal keeps (heads, paths and bodies); the oldest entries are forgotten first.
MOST_BYTES = 16 * 1024 * 1024
#: How many bytes of one body are kept.
MOST_BODY = 64 * 1024
#: How long the head of a request (headers, path and query) may be before it is cut, and to how much of each
#: text, of how many headers.
MOST_HEAD, MOST_TEXT, MOST_HEADERS = 16 * 1024, 2 * 1024, 100
#: How many rows about faults an entry keeps, and how many bytes one of them may have.
MOST_ROWS, MOST_ROW_BYTES = 20, 16 * 1024
#: How many values a field of the subject may hold; larger fields are cut.
MOST_VALUES = 100
#: The bytes of an entry besides its texts.
_OVERHEAD = 1_024
#: How many times its text the data of a body may take: longer bodies may be full of empty lists.
_SHORT_BODY, _READ_SHORT, _READ_LONG = 512, 2, 8
_CUT = "... (cut)"
#: The size in bytes above which an entry is measured exactly and cut.
_LARGE = 16 * 1024

#: Header names (lower case) and values, as they went over the wire.
Pairs = tuple[tuple[bytes, bytes], ...]


class Decision(NamedTuple):
    """The rule that decided an aspect of a request, and the subject that it was matched with."""

    aspect: Aspect
    rule: Rule
    subject: Mapping[str, Any]


class Entry(msgspec.Struct, weakref=False, eq=False):
    """One exchange. `request_headers` and bodies are already redacted; `subject` is what rules were matched with.

    `rules` are those that could decide, in their order; `decisions` are the rules that did.
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
    """Whether the operation changes something; a GET can, too."""
    account: str | None = None
    order: str | None = None
    rule: str | None = None
    mistake: str | None = None
    because: Mapping[str, Any] | None = None
    """What would have been right, where the request was refused (`ApiError.because`)."""
    subject: Mapping[str, Any] = {}
    rules: tuple[Rule, ...] = ()
    decisions: tuple[Decision, ...] = ()
    faults: Sequence[Mapping[str, Any]] = ()
    """A row for each fault that struck, or that matched but did not strike."""
    fault_misses: Sequence[Mapping[str, Any]] = ()
    """A row for each fault that nearly matched, with its differences; redacted."""
    ignored: Sequence[str] = ()
    """The names of request fields that nothing reads, where the endpoint reports them."""
    scenarios: Sequence[str] = ()
    """The scenarios that the caller named for this one request."""
    counted: int = 0
    """The bytes of the request's head; after `Journal.keep`, the bytes that the journal counts for the whole entry."""

    @property
    def fault(self) -> str | None:
        """The name (or id) of the first fault that struck."""
        return next((row["fault"] for row in self.faults if row["hit"]), None)

    @property
    def size(self) -> int:
        """The approximate count of bytes that the entry takes."""
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
        """Cut texts of the head, values of a body and rows about faults that are too long to be useful."""
        if self.subject:
            self.subject = _cut_subject(self.subject)
            self.decisions = tuple(choice._replace(subject=_cut_subject(choice.subject)) for choice in self.decisions)
        if self._head > MOST_HEAD:
            self.path, self.query = _cut(self.path), _cut(self.query)
            self.request_headers = _cut_headers(self.request_headers)
            self.response_headers = _cut_headers(self.response_headers)
        if self.faults or self.fault_misses:
            self.faults, self.fault_misses = _cut_rows(self.faults), _cut_rows(self.fault_misses)


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + _CUT


def _cut_headers(pairs: Pairs) -> Pairs:
    rows = [(name[:MOST_TEXT], _cut(value.decode("latin-1")).encode("latin-1")) for name, value in pairs[:MOST_HEADERS]]
    if len(pairs) > MOST_HEADERS:
        rows.append((b"...", b"%d more (cut)" % (len(pairs) - MOST_HEADERS)))
    return tuple(rows)


def _cut_subject(subject: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the subject without large values; a request may have up to a megabyte of them."""
    return {_cut(name): value if _is_small(value) else _CUT for name, value in islice(subject.items(), MOST_VALUES)}


def _is_small(value: Any) -> bool:
    """Return whether a value of JSON has few parts and short texts; stops at the first part too many."""
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
    """Return the first rows; of a row that is too long, only its fault's name and id and whether it struck."""
    short = [
        row
        if _row_bytes([row]) <= MOST_ROW_BYTES
        else {name: row[name] for name in ("fault", "id", "hit") if name in row} | {"about": "too long to be kept"}
        for row in rows[:MOST_ROWS]
    ]
    return rows if len(rows) <= MOST_ROWS and all(map(operator.is_, short, rows)) else short


def _size_after_cutting(entry: Entry) -> int:
    """Return the size of an entry, after cutting it where it is large."""
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
        """The count of exchanges that began."""
        return self._number

    @property
    def held(self) -> int:
        """The approximate count of bytes that the entries take."""
        return self._held

    def next_id(self) -> str:
        """Return the id of the exchange that begins now."""
        self._number += 1
        return f"req_{self._number:08d}"

    def keep(self, entry: Entry) -> None:
        """Add the entry, and forget the oldest entries where there are too many."""
        # A quick estimate for most requests, which hold nothing large but texts.
        size = entry.counted + len(entry.path) + len(entry.query)
        size += _OVERHEAD + len(entry.request_body) + len(entry.response_body)
        if size > _LARGE or entry.subject or entry.faults or entry.fault_misses:
            size = _size_after_cutting(entry)
        entry.counted = size
        entries, budget, total = self._entries, self._budget, self._held
        entries[entry.id] = entry
        if not total:
            budget.take_in(self)
        self._held = total = total + size
        budget.held += size
        if total > MOST_BYTES or len(entries) > self._most:
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
        """Return the entry of this id; None when there never was one, or it is forgotten."""
        return self._entries.get(entry_id)

    def newest_first(self) -> Iterator[Entry]:
        """Return every entry, newest first."""
        return reversed(self._entries.values())

    def shed(self, least: int) -> None:
        """Forget the oldest entries until at least so many bytes are free, or nothing is left."""
        freed = 0
        while self._entries and freed < least:
            freed += self._entries.popitem(last=False)[1].counted
        self._held -= freed
        self._budget.give_back(self, freed)

    def forget(self) -> None:
        """Forget every entry; ids count on."""
        freed, self._held = self._held, 0
        self._entries.clear()
        self._budget.give_back(self, freed)

    def clear(self, *, number: int = 0) -> None:
        """Forget every entry, and count ids on from `number`."""
        self.forget()
        self._number = number

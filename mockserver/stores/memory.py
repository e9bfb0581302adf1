"""The store in memory: quick, and lost when the process ends.

A table is a dictionary of text to bytes and little else, so that a full garbage collection has nothing to walk
in it, however many rows there are. No verb ever waits: a unit of work in memory never yields to the event loop.
"""

import sys
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from types import TracebackType
from typing import Any

from sortedcontainers import SortedList

from mockserver.domain.moments import from_micros, to_micros
from mockserver.stores.base import DueRow, Row, Transaction

#: A row's turn is one number that grows with its due moment and, among equal moments, with every put.
_SEQUENCE_BITS = 40


class MemoryStore:
    """Rows in dictionaries; fulfils `Store`.

    The caller's lock sees to it that transactions do not overlap; a second one raises RuntimeError.
    """

    __slots__ = ("_busy", "_tables")

    def __init__(self) -> None:
        self._tables: dict[str, _Table] = {}
        self._busy = False

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Return a transaction that writes at once; an exception that passes, or a cancellation, undoes its writes."""
        return MemoryTransaction(self)

    async def read(self, table: str, key: str) -> bytes | None:
        """Return one row as it was last committed: transactions never wait, so none can be half done when this runs."""
        contents = self._tables.get(table)
        return contents.rows.get(key) if contents is not None else None

    async def clear(self) -> None:
        """Forget every row; raises RuntimeError while a transaction is open."""
        if self._busy:
            raise RuntimeError("the store cannot be cleared while a transaction is open")
        self._tables.clear()

    async def close(self) -> None:
        """Forget every row."""
        self._tables.clear()

    def _begin(self) -> None:
        if self._busy:
            raise RuntimeError("transactions do not overlap: one is open already")
        self._busy = True

    def _end(self) -> None:
        self._busy = False


class _Table:
    """A table: rows by key. `line` sorts the turns of due rows; `turns` maps keys to turns, `waiting` turns to keys."""

    __slots__ = ("keys", "line", "rows", "sequence", "turns", "waiting")

    def __init__(self) -> None:
        self.rows: dict[str, bytes] = {}
        self.turns: dict[str, int] = {}
        self.waiting: dict[int, str] = {}
        self.line: SortedList[int] = SortedList()
        self.sequence = 0
        # A table that nobody scans never pays for sorted keys: they are built at the first scan.
        self.keys: SortedList[str] | None = None

    def sorted_keys(self) -> "SortedList[str]":
        if self.keys is None:
            self.keys = SortedList(self.rows)
        return self.keys

    def next_turn(self, due: datetime) -> int:
        self.sequence += 1
        return to_micros(due) << _SEQUENCE_BITS | self.sequence

    def place(self, key: str, data: bytes | None, turn: int | None) -> None:
        """Put `data` with `turn` under `key`, or remove the row for None; to undo a change, put the former ones."""
        if data is None:
            if self.rows.pop(key, None) is not None and self.keys is not None:
                self.keys.remove(key)
        else:
            if self.keys is not None and key not in self.rows:
                self.keys.add(key)
            self.rows[key] = data
        if self.turns or turn is not None:
            self._queue(key, turn)

    def _queue(self, key: str, turn: int | None) -> None:
        before = self.turns.pop(key, None)
        if before is not None:
            self.line.remove(before)
            del self.waiting[before]
        if turn is not None:
            self.turns[key] = turn
            self.waiting[turn] = key
            self.line.add(turn)


class MemoryTransaction:
    """A transaction on a `MemoryStore`; fulfils `Transaction`. `_undo` remembers what each change replaced."""

    __slots__ = ("_store", "_tables", "_undo", "facts")

    def __init__(self, store: MemoryStore) -> None:
        self.facts: list[Any] = []
        self._store = store
        self._tables: dict[str, _Table] | None = None
        self._undo: list[tuple[_Table, str, bytes | None, int | None]] = []

    async def __aenter__(self) -> "MemoryTransaction":
        self._store._begin()
        self._tables = self._store._tables
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is not None:
                for table, key, data, turn in reversed(self._undo):
                    table.place(key, data, turn)
        finally:
            self._undo = []
            self._tables = None
            self._store._end()

    async def get(self, table: str, key: str) -> bytes | None:
        """Return the row's data, or None."""
        contents = self._table(table)
        return contents.rows.get(key) if contents is not None else None

    async def put(self, table: str, key: str, data: bytes, *, due: datetime | None = None) -> None:
        """Write the row, due at the moment `due`; with None it is not due, even if it was before."""
        contents = self._table(table)
        if contents is None:
            contents = self._store._tables[table] = _Table()
        self._undo.append((contents, key, contents.rows.get(key), contents.turns.get(key)))
        contents.place(key, data, contents.next_turn(due) if due is not None else None)

    async def delete(self, table: str, key: str) -> None:
        """Remove the row; nothing happens when there is none."""
        contents = self._table(table)
        before = contents.rows.get(key) if contents is not None else None
        if contents is not None and before is not None:
            self._undo.append((contents, key, before, contents.turns.get(key)))
            contents.place(key, None, None)

    async def scan(
        self, table: str, *, prefix: str = "", after: str = "", limit: int = 100, skip: int = 0, reverse: bool = False
    ) -> list[Row]:
        """Return rows whose key begins with `prefix`, sorted by key; cost grows with the answer, not with `skip`."""
        contents = self._table(table)
        if contents is None or limit <= 0:
            return []
        keys = contents.sorted_keys()
        low, high = _bounds(keys, prefix)
        skip = max(skip, 0)
        if reverse:
            stop = (min(high, keys.bisect_left(after)) if after else high) - skip
            page = keys[max(low, stop - limit) : max(low, stop)]
            page.reverse()
        else:
            start = (max(low, keys.bisect_right(after)) if after else low) + skip
            page = keys[start : min(high, start + limit)]
        rows = contents.rows
        return [Row(key, rows[key]) for key in page]

    async def count(self, table: str, *, prefix: str = "") -> int:
        """Return how many rows begin with `prefix`."""
        contents = self._table(table)
        if contents is None:
            return 0
        if not prefix:
            return len(contents.rows)
        low, high = _bounds(contents.sorted_keys(), prefix)
        return high - low

    async def due(self, table: str, *, until: datetime, limit: int = 1) -> list[DueRow]:
        """Return rows that are due at `until` or before, earliest first; of equal moments, the row put first."""
        contents = self._table(table)
        if contents is None:
            return []
        end = (to_micros(until) + 1) << _SEQUENCE_BITS
        due_rows: list[DueRow] = []
        for turn in contents.line[:limit]:
            if turn >= end:
                break
            key = contents.waiting[turn]
            due_rows.append(DueRow(key, contents.rows[key], _moment(turn)))
        return due_rows

    async def due_at(self, table: str, key: str) -> datetime | None:
        """Return when the row is due; None when it is not, or is not there."""
        contents = self._table(table)
        turn = contents.turns.get(key) if contents is not None else None
        return None if turn is None else _moment(turn)

    async def next_due(self, table: str) -> datetime | None:
        """Return the earliest due moment of the table, or None."""
        contents = self._table(table)
        return _moment(contents.line[0]) if contents is not None and contents.line else None

    async def tables(self) -> list[str]:
        """Return the names of the tables that have rows, sorted."""
        if self._tables is None:
            raise RuntimeError("the transaction is not open")
        return sorted(name for name, contents in self._tables.items() if contents.rows)

    def _table(self, name: str) -> _Table | None:
        if self._tables is None:
            raise RuntimeError("the transaction is not open")
        return self._tables.get(name)


def _moment(turn: int) -> datetime:
    return from_micros(turn >> _SEQUENCE_BITS)


def _bounds(keys: "SortedList[str]", prefix: str) -> tuple[int, int]:
    """Return the places of the first key that begins with `prefix` and of the first key behind all that do."""
    if not prefix:
        return 0, len(keys)
    behind = _behind(prefix)
    return keys.bisect_left(prefix), keys.bisect_left(behind) if behind else len(keys)


def _behind(prefix: str) -> str:
    """Return the lowest text above all that begin with `prefix`; empty when there is none."""
    stem = prefix.rstrip(chr(sys.maxunicode))
    return stem[:-1] + chr(ord(stem[-1]) + 1) if stem else ""

"""The store in memory: quick, and gone with the process.

A table is a dictionary of text to bytes and little else, so that a full garbage collection finds nothing to walk
in it, however many rows there are. No verb ever waits: a unit of work in memory runs without giving up its turn.
"""

import sys
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from types import TracebackType

from sortedcontainers import SortedList

from mockserver.domain.moments import from_micros, to_micros
from mockserver.stores.base import DueRow, Row, Transaction

#: A row's turn is one number that grows with its due moment and, among equals, with every put.
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
        """Writes apply at once; an exception that passes takes them back, cancellation included."""
        return MemoryTransaction(self)

    async def read(self, table: str, key: str) -> bytes | None:
        """Return one row. Transactions never wait for anything, so none can be half-way when this runs."""
        held = self._tables.get(table)
        return held.rows.get(key) if held is not None else None

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
    """Rows by key. `line` sorts the turns of due rows; `turns` and `waiting` lead from key to turn and back."""

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
        """Make `data` with `turn` what the table holds under `key`; the undo of a change is such a change."""
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
    """Fulfils `Transaction`; `_undo` remembers what each change replaced."""

    __slots__ = ("_store", "_tables", "_undo")

    def __init__(self, store: MemoryStore) -> None:
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
        held = self._table(table)
        return held.rows.get(key) if held is not None else None

    async def put(self, table: str, key: str, data: bytes, *, due: datetime | None = None) -> None:
        """Write the row, due at this moment; without one it is due no more."""
        held = self._table(table)
        if held is None:
            held = self._store._tables[table] = _Table()
        self._undo.append((held, key, held.rows.get(key), held.turns.get(key)))
        held.place(key, data, held.next_turn(due) if due is not None else None)

    async def delete(self, table: str, key: str) -> None:
        """Remove the row; nothing happens when there is none."""
        held = self._table(table)
        before = held.rows.get(key) if held is not None else None
        if held is not None and before is not None:
            self._undo.append((held, key, before, held.turns.get(key)))
            held.place(key, None, None)

    async def scan(
        self, table: str, *, prefix: str = "", after: str = "", limit: int = 100, skip: int = 0, reverse: bool = False
    ) -> list[Row]:
        """Return rows whose key begins with `prefix`, by key; cost grows with the answer, not with `skip`."""
        held = self._table(table)
        if held is None or limit <= 0:
            return []
        keys = held.sorted_keys()
        low, high = _bounds(keys, prefix)
        skip = max(skip, 0)
        if reverse:
            stop = (min(high, keys.bisect_left(after)) if after else high) - skip
            found = keys[max(low, stop - limit) : max(low, stop)]
            found.reverse()
        else:
            start = (max(low, keys.bisect_right(after)) if after else low) + skip
            found = keys[start : min(high, start + limit)]
        rows = held.rows
        return [Row(key, rows[key]) for key in found]

    async def count(self, table: str, *, prefix: str = "") -> int:
        """Return how many rows begin with `prefix`."""
        held = self._table(table)
        if held is None:
            return 0
        if not prefix:
            return len(held.rows)
        low, high = _bounds(held.sorted_keys(), prefix)
        return high - low

    async def due(self, table: str, *, until: datetime, limit: int = 1) -> list[DueRow]:
        """Return rows that are due at `until` or before, earliest first; among equals, the one put first."""
        held = self._table(table)
        if held is None:
            return []
        end = (to_micros(until) + 1) << _SEQUENCE_BITS
        found: list[DueRow] = []
        for turn in held.line[:limit]:
            if turn >= end:
                break
            key = held.waiting[turn]
            found.append(DueRow(key, held.rows[key], _moment(turn)))
        return found

    async def due_at(self, table: str, key: str) -> datetime | None:
        """Return when the row is due; None when it is not, or is not there."""
        held = self._table(table)
        turn = held.turns.get(key) if held is not None else None
        return None if turn is None else _moment(turn)

    async def next_due(self, table: str) -> datetime | None:
        """Return the earliest due moment of the table, or None."""
        held = self._table(table)
        return _moment(held.line[0]) if held is not None and held.line else None

    async def tables(self) -> list[str]:
        """Return the names of the tables that have rows, sorted."""
        if self._tables is None:
            raise RuntimeError("the transaction is not open")
        return sorted(name for name, held in self._tables.items() if held.rows)

    def _table(self, name: str) -> _Table | None:
        if self._tables is None:
            raise RuntimeError("the transaction is not open")
        return self._tables.get(name)


def _moment(turn: int) -> datetime:
    return from_micros(turn >> _SEQUENCE_BITS)


def _bounds(keys: "SortedList[str]", prefix: str) -> tuple[int, int]:
    """The places of the first key that begins with `prefix` and of the first one behind those."""
    if not prefix:
        return 0, len(keys)
    behind = _behind(prefix)
    return keys.bisect_left(prefix), keys.bisect_left(behind) if behind else len(keys)


def _behind(prefix: str) -> str:
    """The lowest text above all that begin with `prefix`; empty when there is none."""
    stem = prefix.rstrip(chr(sys.maxunicode))
    return stem[:-1] + chr(ord(stem[-1]) + 1) if stem else ""

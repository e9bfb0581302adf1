"""The store in memory: quick, and gone with the process."""

import sys
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from types import TracebackType

from mockserver.domain.moments import to_micros
from mockserver.stores.base import Conflict, Row, Transaction
from mockserver.stores.sortedkeys import SortedKeys

#: A number that grows with the due moment and, among equals, with every put; and the key of the row.
#: One number, because it is compared some seventeen times to find a place among 100,000.
_Turn = tuple[int, str]
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
        return _Transaction(self)

    async def read(self, table: str, key: str) -> Row | None:
        """One row. Transactions never wait for anything, so that none can be half-way when this runs."""
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
    """Rows by key; `line` holds the turns of those that are due some time, `turns` finds them by key."""

    __slots__ = ("keys", "line", "rows", "sequence", "turns")

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.turns: dict[str, _Turn] = {}
        self.line: SortedKeys[_Turn] = SortedKeys()
        self.sequence = 0
        # A table that nobody scans never pays for sorted keys: they are built at the first scan.
        self.keys: SortedKeys[str] | None = None

    def sorted_keys(self) -> SortedKeys[str]:
        if self.keys is None:
            self.keys = SortedKeys(self.rows)
        return self.keys

    def next_turn(self, due: datetime, key: str) -> _Turn:
        self.sequence += 1
        return (to_micros(due) << _SEQUENCE_BITS | self.sequence, key)

    def place(self, key: str, row: Row | None, turn: _Turn | None) -> None:
        """Make `row` with `turn` what the table holds under `key`; the undo of a change is such a change."""
        if row is None:
            if self.rows.pop(key, None) is not None and self.keys is not None:
                self.keys.remove(key)
        else:
            if self.keys is not None and key not in self.rows:
                self.keys.add(key)
            self.rows[key] = row
        if self.turns or turn is not None:
            self._queue(key, turn)

    def _queue(self, key: str, turn: _Turn | None) -> None:
        before = self.turns.pop(key, None)
        if before is not None:
            self.line.remove(before)
        if turn is not None:
            self.turns[key] = turn
            self.line.add(turn)


class _Transaction:
    """Fulfils `Transaction`; `_undo` remembers what each change replaced."""

    __slots__ = ("_store", "_tables", "_undo")

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._tables: dict[str, _Table] | None = None
        self._undo: list[tuple[_Table, str, Row | None, _Turn | None]] = []

    async def __aenter__(self) -> "_Transaction":
        self._store._begin()
        self._tables = self._store._tables
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is not None:
                for table, key, row, turn in reversed(self._undo):
                    table.place(key, row, turn)
        finally:
            self._undo = []
            self._tables = None
            self._store._end()

    async def get(self, table: str, key: str) -> Row | None:
        """The row, or None."""
        held = self._table(table)
        return held.rows.get(key) if held is not None else None

    async def put(
        self, table: str, key: str, data: bytes, *, due: datetime | None = None, expect: int | None = None
    ) -> Row:
        """Write the row; with `expect`, only over that version (0: only when absent), else raise Conflict."""
        held = self._table(table)
        before = held.rows.get(key) if held is not None else None
        version = before.version if before is not None else 0
        if expect is not None and expect != version:
            raise Conflict(f"row {key!r} of {table!r} has version {version}, not {expect}")
        if held is None:
            held = self._made(table)
        row = Row(key, data, version + 1, due)
        self._undo.append((held, key, before, held.turns.get(key)))
        held.place(key, row, held.next_turn(due, key) if due is not None else None)
        return row

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
        """Rows whose key begins with `prefix`, by key; cost grows with the answer, not with `skip`."""
        held = self._table(table)
        if held is None or limit <= 0:
            return []
        keys = held.sorted_keys()
        low, high = _bounds(keys, prefix)
        skip = max(skip, 0)
        if reverse:
            stop = (min(high, keys.rank(after)) if after else high) - skip
            found: Iterable[str] = reversed(keys.slice(max(low, stop - limit), max(low, stop)))
        else:
            start = (max(low, keys.rank(after, inclusive=True)) if after else low) + skip
            found = keys.slice(start, min(high, start + limit))
        rows = held.rows
        return [rows[key] for key in found]

    async def count(self, table: str, *, prefix: str = "") -> int:
        """How many rows begin with `prefix`."""
        held = self._table(table)
        if held is None:
            return 0
        if not prefix:
            return len(held.rows)
        low, high = _bounds(held.sorted_keys(), prefix)
        return high - low

    async def due(self, table: str, *, until: datetime, limit: int = 1) -> list[Row]:
        """Rows that are due at `until` or before, earliest first; among equals, the one put first."""
        held = self._table(table)
        if held is None:
            return []
        end = (to_micros(until) + 1) << _SEQUENCE_BITS
        return [held.rows[key] for number, key in held.line.slice(0, limit) if number < end]

    async def next_due(self, table: str) -> datetime | None:
        """The earliest due moment of the table, or None."""
        held = self._table(table)
        if held is None or not held.turns:
            return None
        (_, key), *_ = held.line.slice(0, 1)
        return held.rows[key].due

    def _table(self, name: str) -> _Table | None:
        if self._tables is None:
            raise RuntimeError("the transaction is not open")
        return self._tables.get(name)

    def _made(self, name: str) -> _Table:
        return self._store._tables.setdefault(name, _Table())


def _bounds(keys: SortedKeys[str], prefix: str) -> tuple[int, int]:
    """The places of the first key that begins with `prefix` and of the first one behind those."""
    if not prefix:
        return 0, len(keys)
    behind = _behind(prefix)
    return keys.rank(prefix), keys.rank(behind) if behind else len(keys)


def _behind(prefix: str) -> str:
    """The lowest text above all that begin with `prefix`; empty when there is none."""
    stem = prefix.rstrip(chr(sys.maxunicode))
    return stem[:-1] + chr(ord(stem[-1]) + 1) if stem else ""

"""The port of stores: nine verbs over tables of rows, in transactions that commit whole or not at all.

A row is bytes under a key, with a moment beside it where it is due some time. There is no version in a row: one lock
per sandbox already keeps its units of work apart.
"""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, NamedTuple, Protocol


class Row(NamedTuple):
    """One row of a scan; `data` is opaque to the store."""

    key: str
    data: bytes


class DueRow(NamedTuple):
    """A row with the moment at which it is due."""

    key: str
    data: bytes
    due: datetime


class Transaction(Protocol):
    """An open transaction, for a unit of work. Keys sort by code point; `limit` bounds every answer."""

    facts: list[Any]
    """What will have happened once the transaction commits; whoever commits tells others of it."""

    async def get(self, table: str, key: str) -> bytes | None:
        """Return the row's data, or None."""

    async def put(self, table: str, key: str, data: bytes, *, due: datetime | None = None) -> None:
        """Write the row, due at the moment `due`; with None it is not due, even if it was before."""

    async def delete(self, table: str, key: str) -> None:
        """Remove the row; nothing happens when there is none."""

    async def scan(
        self, table: str, *, prefix: str = "", after: str = "", limit: int = 100, skip: int = 0, reverse: bool = False
    ) -> list[Row]:
        """Return rows whose key begins with `prefix`, sorted by key, with `reverse` from the last to the first.

        `after` is the last key of the page before, which is left out; with `reverse`, only keys below it follow.
        """

    async def count(self, table: str, *, prefix: str = "") -> int:
        """Return how many rows begin with `prefix`."""

    async def due(self, table: str, *, until: datetime, limit: int = 1) -> list[DueRow]:
        """Return rows that are due at `until` or before, earliest first; of equal moments, the row put first."""

    async def due_at(self, table: str, key: str) -> datetime | None:
        """Return when the row is due; None when it is not, or is not there."""

    async def next_due(self, table: str) -> datetime | None:
        """Return the earliest due moment of the table, or None."""

    async def tables(self) -> list[str]:
        """Return the names of the tables that have rows, sorted."""


class Store(Protocol):
    """The rows of one sandbox."""

    async def read(self, table: str, key: str) -> bytes | None:
        """Return one row as it was last committed, outside any transaction."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Return a transaction that commits on leaving normally and undoes everything when an exception passes."""

    async def clear(self) -> None:
        """Forget every row."""

    async def close(self) -> None:
        """Release what the store holds."""

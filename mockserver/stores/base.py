"""The port: nine verbs over tables of rows, in transactions that commit whole or not at all.

A row is bytes under a key. Nothing but its moment, where it is due some time, stands beside it: one lock per sandbox
orders its units of work, so that a version in each row would protect nothing.
"""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import NamedTuple, Protocol


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
    """What a unit of work sees. Keys sort by code point; `limit` bounds every answer."""

    async def get(self, table: str, key: str) -> bytes | None:
        """Return the row's data, or None."""

    async def put(self, table: str, key: str, data: bytes, *, due: datetime | None = None) -> None:
        """Write the row, due at this moment; without one it is due no more."""

    async def delete(self, table: str, key: str) -> None:
        """Remove the row; nothing happens when there is none."""

    async def scan(
        self, table: str, *, prefix: str = "", after: str = "", limit: int = 100, skip: int = 0, reverse: bool = False
    ) -> list[Row]:
        """Return rows whose key begins with `prefix`, by key; `after` (exclusive) continues; `reverse` from the end.

        With `reverse`, `after` means keys below it.
        """

    async def count(self, table: str, *, prefix: str = "") -> int:
        """Return how many rows begin with `prefix`."""

    async def due(self, table: str, *, until: datetime, limit: int = 1) -> list[DueRow]:
        """Return rows that are due at `until` or before, earliest first; among equals, the one put first."""

    async def due_at(self, table: str, key: str) -> datetime | None:
        """Return when the row is due; None when it is not, or is not there."""

    async def next_due(self, table: str) -> datetime | None:
        """Return the earliest due moment of the table, or None."""

    async def tables(self) -> list[str]:
        """Return the names of the tables that have rows, sorted."""


class Store(Protocol):
    """One world's rows."""

    async def read(self, table: str, key: str) -> bytes | None:
        """Return one row as it was last committed, outside any transaction."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Commit on leaving normally, undo everything when an exception passes."""

    async def clear(self) -> None:
        """Forget every row."""

    async def close(self) -> None:
        """Release what the store holds."""

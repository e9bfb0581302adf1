"""The port: seven verbs over tables of rows, in transactions that commit whole or not at all."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import NamedTuple, Protocol


class Conflict(Exception):
    """The row's version is not the expected one; run the use case again."""


class Row(NamedTuple):
    """`data` is opaque to the store. `version` grows by one with every put, from 1."""

    key: str
    data: bytes
    version: int
    due: datetime | None = None


class Transaction(Protocol):
    """What a use case sees. Keys sort by code point; `limit` bounds every answer."""

    async def get(self, table: str, key: str) -> Row | None:
        """The row, or None."""
        ...

    async def put(
        self, table: str, key: str, data: bytes, *, due: datetime | None = None, expect: int | None = None
    ) -> Row:
        """Write the row; with `expect`, only over that version (0: only when absent), else raise Conflict."""
        ...

    async def delete(self, table: str, key: str) -> None:
        """Remove the row; nothing happens when there is none."""
        ...

    async def scan(
        self, table: str, *, prefix: str = "", after: str = "", limit: int = 100, skip: int = 0, reverse: bool = False
    ) -> list[Row]:
        """Rows whose key begins with `prefix`, by key; `after` (exclusive) continues; `reverse` from the end.

        With `reverse`, `after` means keys below it.
        """
        ...

    async def count(self, table: str, *, prefix: str = "") -> int:
        """How many rows begin with `prefix`."""
        ...

    async def due(self, table: str, *, until: datetime, limit: int = 1) -> list[Row]:
        """Rows that are due at `until` or before, earliest first; among equals, the one put first."""
        ...

    async def next_due(self, table: str) -> datetime | None:
        """The earliest due moment of the table, or None."""
        ...


class Store(Protocol):
    """One world's rows."""

    async def read(self, table: str, key: str) -> Row | None:
        """One row as it was last committed, outside any transaction."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Commit on leaving normally, undo everything when an exception passes."""
        ...

    async def clear(self) -> None:
        """Forget every row."""
        ...

    async def close(self) -> None:
        """Release what the store holds."""
        ...

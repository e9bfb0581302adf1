"""Everything that a restore puts in place, made from a snapshot and checked."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from mockserver.sandbox.state import SandboxState
from mockserver.stores.base import Transaction

_WHOLE = 1 << 40

#: The bytes of each row, by table and key.
Rows = Mapping[str, Mapping[str, bytes]]


class World(NamedTuple):
    """A state and its rows. `agenda` lists the keys of due rows with their moments, by table, first to last.

    `requests` is the number of exchanges that the journal had counted.
    """

    state: SandboxState
    requests: int
    rows: Rows
    agenda: Mapping[str, list[tuple[datetime, str]]]

    async def put_rows(self, tx: Transaction) -> None:
        """Replace all rows of the store with these."""
        for table in await tx.tables():
            for row in await tx.scan(table, limit=_WHOLE):
                await tx.delete(table, row.key)
        for table, rows in self.rows.items():
            due = {key for _, key in self.agenda.get(table, ())}
            for key, data in rows.items():
                if key not in due:
                    await tx.put(table, key, data)
            # Of rows that are due at the same moment, the one put first comes first.
            for moment, key in self.agenda.get(table, ()):
                await tx.put(table, key, rows[key], due=moment)

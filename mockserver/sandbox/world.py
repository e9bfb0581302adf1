"""Everything that a restore puts in place, made of a snapshot and found to fit together."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from mockserver.sandbox.state import SandboxState
from mockserver.stores.base import Transaction

_WHOLE = 1 << 40

#: By table and key, the bytes of each row.
Rows = Mapping[str, Mapping[str, bytes]]


class World(NamedTuple):
    """A state and its rows. `agenda` names the rows that are due, by table, in the order in which they come.

    `requests` is how many exchanges the journal had counted.
    """

    state: SandboxState
    requests: int
    rows: Rows
    agenda: Mapping[str, list[tuple[datetime, str]]]

    async def put_rows(self, tx: Transaction) -> None:
        """Have these rows and no others."""
        for table in await tx.tables():
            for row in await tx.scan(table, limit=_WHOLE):
                await tx.delete(table, row.key)
        for table, rows in self.rows.items():
            due = {key for _, key in self.agenda.get(table, ())}
            for key, data in rows.items():
                if key not in due:
                    await tx.put(table, key, data)
            # Of two that are due at one moment the one put first comes first.
            for moment, key in self.agenda.get(table, ()):
                await tx.put(table, key, rows[key], due=moment)

"""The tables of the authorization server: their rows end at some time, and their size is bounded."""

from mockserver.domain.moments import LATEST
from mockserver.sandbox.unit_of_work import UnitOfWork

#: How many ended rows are deleted with each new one: more than are added.
_AT_ONCE = 10


async def make_room(work: UnitOfWork, table: str, *, most: int) -> None:
    """Delete rows that have ended and, where the table is still full, those that end first."""
    for row in await work.tx.due(table, until=work.now, limit=_AT_ONCE):
        await work.tx.delete(table, row.key)
    surplus = await work.tx.count(table) - most + 1
    if surplus > 0:
        for row in await work.tx.due(table, until=LATEST, limit=surplus):
            await work.tx.delete(table, row.key)

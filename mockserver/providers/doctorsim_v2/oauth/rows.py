"""Rows of the authorization server: tables whose rows end some time, kept within a bound."""

from mockserver.domain.moments import LATEST
from mockserver.sandbox.unit_of_work import UnitOfWork

#: So many ended rows are forgotten with each new one: more than come.
_AT_ONCE = 10


async def make_room(work: UnitOfWork, table: str, *, most: int) -> None:
    """Forget rows that have ended and, where the table is full nevertheless, those that end first."""
    for row in await work.tx.due(table, until=work.now, limit=_AT_ONCE):
        await work.tx.delete(table, row.key)
    surplus = await work.tx.count(table) - most + 1
    if surplus > 0:
        for row in await work.tx.due(table, until=LATEST, limit=surplus):
            await work.tx.delete(table, row.key)

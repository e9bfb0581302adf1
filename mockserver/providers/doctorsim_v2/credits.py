"""The prepaid balance and its history, both straight from the ledger."""

from mockserver.http.call import Call
from mockserver.http.replies import Reply
from mockserver.providers.doctorsim_v2 import wire
from mockserver.providers.doctorsim_v2.errors import Page
from mockserver.providers.doctorsim_v2.paging import cursor_of, place_of
from mockserver.sandbox.ledger import page_movements


async def balance(call: Call) -> Reply:
    """Return the balance of the account."""
    async with call.work() as work:
        credit = await work.balance(call.account)
    return Reply({"balance": wire.money(credit), "currency": "EUR", "environment": call.identity.environment})


async def history(call: Call) -> Reply:
    """Return every movement, newest first."""
    limit = call.fields["limit"]
    before = place_of("movement", call.fields.get("cursor"))
    async with call.work() as work:
        moves = await page_movements(work.tx, "doctorsim_v2", call.account.id, before=before, limit=limit + 1)
    more = len(moves) > limit
    rows = [wire.entry(move) for move in moves[:limit]]
    return Reply(Page(rows, cursor_of("movement", moves[limit - 1].sequence) if more else None))

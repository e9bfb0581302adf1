"""Operations and transactions as clients see them, with the relations that they want populated."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mockserver.domain.ledger import Movement
from mockserver.domain.orders import Order
from mockserver.http.call import Call
from mockserver.providers.hidsim import wire
from mockserver.providers.hidsim.auth import shown_user
from mockserver.providers.hidsim.catalogue import catalogue
from mockserver.providers.hidsim.listing import in_slices, populating, wants_populated
from mockserver.providers.hidsim.shelves import country_row, service_row
from mockserver.providers.hidsim.stock import stocks_left
from mockserver.sandbox.unit_of_work import UnitOfWork


def word_of(call: Call, order: Order) -> str:
    """The word for the operation's state."""
    return call.state.shown(order)


async def shown_operations(call: Call, work: UnitOfWork, orders: Sequence[Order]) -> list[Mapping[str, Any]]:
    """As clients see them, with the relations that the call wants populated."""
    rows: list[wire.Row] = []
    async for some in in_slices(orders):
        rows += [wire.operation(call.state, order) for order in some]
    if not wants_populated(call):
        return list(rows)
    relations: dict[str, Callable[[str], Any]] = {"_service": service_row, "_country": country_row}
    if wants_populated(call, "_user"):
        user = await shown_user(work, call.account)
        relations["_user"] = lambda _: user
    if wants_populated(call, "_product"):
        sold = [one for row in rows if row["_product"] and (one := catalogue().product_by_id(row["_product"]))]
        left = await stocks_left(call, work, sold)
        products = {one.id: wire.product(one, left=left[one.id]) for one in sold}
        relations["_product"] = products.get
    populate = populating(call, relations)
    return [populate(row) for row in rows]


async def shown_moves(call: Call, work: UnitOfWork, moves: Sequence[Movement]) -> list[Mapping[str, Any]]:
    """As clients see them, with the relations that the call wants populated."""
    rows: list[wire.Row] = []
    async for some in in_slices(moves):
        rows += [wire.transaction(work.dice, move) for move in some]
    if not wants_populated(call):
        return list(rows)
    relations: dict[str, Callable[[str], Any]] = {}
    if wants_populated(call, "_user"):
        user = await shown_user(work, call.account)
        relations["_user"] = lambda _: user
    if wants_populated(call, "_operation"):
        names = dict.fromkeys(move.order for move in moves if move.order)
        orders = {name: wire.operation(call.state, await work.order("hidsim", name)) for name in names}
        relations["_operation"] = orders.get
    populate = populating(call, relations)
    return [populate(row) for row in rows]

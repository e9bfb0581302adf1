"""Operations and transactions as clients see them, with the relations that they want populated."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mockserver.domain.ledger import Movement
from mockserver.domain.orders import Order
from mockserver.http.call import Call
from mockserver.providers.hidsim import wire
from mockserver.providers.hidsim.auth import user_row
from mockserver.providers.hidsim.catalogue import catalogue
from mockserver.providers.hidsim.listing import in_slices, populating, wants_populated
from mockserver.providers.hidsim.shelves import country_row, service_row
from mockserver.providers.hidsim.stock import stocks_left
from mockserver.sandbox.unit_of_work import UnitOfWork


def public_state(call: Call, order: Order) -> str:
    """Return the word that clients read for the operation's state."""
    return call.state.shown(order)


async def operation_rows(call: Call, work: UnitOfWork, orders: Sequence[Order]) -> list[Mapping[str, Any]]:
    """Return operations as clients see them, with the relations that the call wants populated."""
    rows: list[wire.Row] = []
    async for part in in_slices(orders):
        rows += [wire.operation(call.state, order) for order in part]
    if not wants_populated(call):
        return list(rows)
    relations: dict[str, Callable[[str], Any]] = {"_service": service_row, "_country": country_row}
    if wants_populated(call, "_user"):
        user = await user_row(work, call.account)
        relations["_user"] = lambda _: user
    if wants_populated(call, "_product"):
        items = [item for row in rows if row["_product"] and (item := catalogue().product_by_id(row["_product"]))]
        left = await stocks_left(call, work, items)
        products = {item.id: wire.product(item, left=left[item.id]) for item in items}
        relations["_product"] = products.get
    populate = populating(call, relations)
    return [populate(row) for row in rows]


async def transaction_rows(call: Call, work: UnitOfWork, moves: Sequence[Movement]) -> list[Mapping[str, Any]]:
    """Return transactions as clients see them, with the relations that the call wants populated."""
    rows: list[wire.Row] = []
    async for part in in_slices(moves):
        rows += [wire.transaction(work.dice, move) for move in part]
    if not wants_populated(call):
        return list(rows)
    relations: dict[str, Callable[[str], Any]] = {}
    if wants_populated(call, "_user"):
        user = await user_row(work, call.account)
        relations["_user"] = lambda _: user
    if wants_populated(call, "_operation"):
        names = dict.fromkeys(move.order for move in moves if move.order)
        orders = {name: wire.operation(call.state, await work.order("hidsim", name)) for name in names}
        relations["_operation"] = orders.get
    populate = populating(call, relations)
    return [populate(row) for row in rows]

"""How many numbers of a product are left: those there were at first, or as a rule says, without those sold."""

import asyncio
from collections.abc import Sequence

from mockserver.http.call import Call
from mockserver.journal.journal import Decision
from mockserver.providers.hidsim.catalogue import Product
from mockserver.providers.hidsim.listing import in_slices
from mockserver.sandbox.codec import decode_json
from mockserver.sandbox.unit_of_work import UnitOfWork

_TABLE, _PREFIX = "stock", "hidsim/"
#: From so many products on it is quicker to read all that was ever sold than to ask for each.
_MANY = 100
_BATCH = 500


async def left_of(work: UnitOfWork, one: Product) -> int:
    """How many numbers of the product are left."""
    return max(0, work.stock_of(one.stock, facts_of(one)) - await work.sold(stock_key(one)))


async def stocks_left(call: Call, work: UnitOfWork, products: Sequence[Product]) -> dict[str, int]:
    """How many are left of each of these products, by `_id`."""
    at_first = await _stocks(call, work, products)
    if len(products) < _MANY:
        return {one.id: max(0, at_first[one.id] - await work.sold(stock_key(one))) for one in products}
    sold = await _all_sold(work)
    return {one.id: max(0, at_first[one.id] - sold.get(one.short, 0)) for one in products}


def stock_key(one: Product) -> str:
    """The row that counts what was sold of the product."""
    return f"{_PREFIX}{one.short}"


async def _stocks(call: Call, work: UnitOfWork, products: Sequence[Product]) -> dict[str, int]:
    """How many there were at first, or fewer by a rule; of each rule the journal keeps the first decision."""
    if not products or not _is_ruled(call):
        return {one.id: one.stock for one in products}
    found: dict[str, int] = {}
    before, first = call.entry.decisions, dict[str, Decision]()
    async for some in in_slices(products):
        for one in some:
            call.entry.decisions = ()
            found[one.id] = work.stock_of(one.stock, facts_of(one))
            first = _by_rule(call.entry.decisions) | first
    call.entry.decisions = (*before, *first.values())
    return found


def _by_rule(decisions: Sequence[Decision]) -> dict[str, Decision]:
    return {one.rule.name: one for one in decisions}


async def _all_sold(work: UnitOfWork) -> dict[str, int]:
    """What was sold of each product of which anything was, by short id."""
    sold: dict[str, int] = {}
    after = ""
    while rows := await work.tx.scan(_TABLE, prefix=_PREFIX, after=after, limit=_BATCH):
        sold |= {row.key.removeprefix(_PREFIX): decode_json(row.data) for row in rows}
        after = rows[-1].key
        await asyncio.sleep(0)
    return sold


def _is_ruled(call: Call) -> bool:
    operation = call.endpoint.name if call.endpoint else None
    return bool(call.state.active_scenarios.speaking("stock", "hidsim", operation))


def facts_of(one: Product) -> dict[str, str]:
    """What rules may ask of a product."""
    return {"product": one.short, "service": one.service, "country": one.country}

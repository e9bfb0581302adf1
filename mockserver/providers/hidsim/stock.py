"""The numbers left of a product: its stock at first, or what a rule says, less the numbers sold."""

import asyncio
from collections.abc import Sequence

from mockserver.http.call import Call
from mockserver.journal.journal import Decision
from mockserver.providers.hidsim.catalogue import Product
from mockserver.providers.hidsim.listing import in_slices
from mockserver.sandbox.codec import decode_json
from mockserver.sandbox.unit_of_work import UnitOfWork

_TABLE, _PREFIX = "stock", "hidsim/"
#: From so many products on it is quicker to read all sales than to read those of each product.
_MANY = 100
_BATCH = 500


async def left_of(work: UnitOfWork, product: Product) -> int:
    """Return how many numbers of the product are left."""
    return max(0, work.stock_of(product.stock, facts_of(product)) - await work.sold(stock_key(product)))


async def stocks_left(call: Call, work: UnitOfWork, products: Sequence[Product]) -> dict[str, int]:
    """Return how many numbers are left of each of these products, by `_id`."""
    at_first = await _stocks(call, work, products)
    if len(products) < _MANY:
        return {product.id: max(0, at_first[product.id] - await work.sold(stock_key(product))) for product in products}
    sales = await _all_sales(work)
    return {product.id: max(0, at_first[product.id] - sales.get(product.short, 0)) for product in products}


def stock_key(product: Product) -> str:
    """Return the key of the row that counts the numbers sold of the product."""
    return f"{_PREFIX}{product.short}"


async def _stocks(call: Call, work: UnitOfWork, products: Sequence[Product]) -> dict[str, int]:
    """Return the stocks at first, or those that a rule says; the journal keeps the first decision of each rule."""
    if not products or not _is_ruled(call):
        return {product.id: product.stock for product in products}
    stocks: dict[str, int] = {}
    before, first = call.entry.decisions, dict[str, Decision]()
    async for part in in_slices(products):
        for product in part:
            call.entry.decisions = ()
            stocks[product.id] = work.stock_of(product.stock, facts_of(product))
            first = _by_rule(call.entry.decisions) | first
    call.entry.decisions = (*before, *first.values())
    return stocks


def _by_rule(decisions: Sequence[Decision]) -> dict[str, Decision]:
    return {decision.rule.name: decision for decision in decisions}


async def _all_sales(work: UnitOfWork) -> dict[str, int]:
    """Return how many numbers were sold of each product that has any sales, by short id."""
    sales: dict[str, int] = {}
    after = ""
    while rows := await work.tx.scan(_TABLE, prefix=_PREFIX, after=after, limit=_BATCH):
        sales |= {row.key.removeprefix(_PREFIX): decode_json(row.data) for row in rows}
        after = rows[-1].key
        await asyncio.sleep(0)
    return sales


def _is_ruled(call: Call) -> bool:
    operation = call.endpoint.name if call.endpoint else None
    return bool(call.state.active_scenarios.speaking("stock", "hidsim", operation))


def facts_of(product: Product) -> dict[str, str]:
    """Return the facts of a product that rules may match."""
    return {"product": product.short, "service": product.service, "country": product.country}

"""The lists of an account: its operations, and the movements of its money."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from mockserver.domain.ledger import Movement
from mockserver.domain.orders import Order
from mockserver.http.call import Call
from mockserver.http.replies import Reply
from mockserver.providers.hidsim import wire
from mockserver.providers.hidsim.catalogue import catalogue
from mockserver.providers.hidsim.listing import any_id, any_of, listed, ordered, paged, sort_keys
from mockserver.providers.hidsim.showing import operation_rows, public_state, transaction_rows
from mockserver.sandbox import ledger
from mockserver.sandbox.orders import count_orders, list_orders
from mockserver.sandbox.unit_of_work import UnitOfWork

_BATCH = 250
_MOMENTS = ("createdAt", "updatedAt", "expiresAt", "closableAt", "completedAt", "refundedAt")


async def operations(call: Call) -> Reply:
    """Return the account's operations, newest first."""
    account = call.account.id
    users, words = any_id(call, "_user"), any_of(call, "state")
    keys = sort_keys(call, ("_id", "id", "state", "status", "number", "code", "message", "price", *_MOMENTS))
    query = _Wanted(words, any_id(call, "_service"), any_id(call, "_country", "_countryIds"), any_id(call, "_product"))
    async with call.work() as work:
        if users is not None and wire.user_id(account) not in users:
            return listed(call, [], 0)
        if not keys and query.only_one_word:
            word = next(iter(words)) if words else ""
            skip, limit = call.fields["skip"], call.fields["limit"]
            orders = await list_orders(work.tx, "hidsim", account, shown=word, skip=skip, limit=limit)
            total = await count_orders(work.tx, "hidsim", account, shown=word)
        else:
            fits = _fits(call, query)
            names = [name for name, _ in keys]
            # Only ids and sort fields: thousands of whole operations would keep the garbage collector busy.
            matches: Sequence[tuple[str, dict[str, Any]]] = [
                (order.id, _order_fields(call, order, names))
                async for order in _all_orders(work, account)
                if fits(order)
            ]
            matches = await ordered(matches, keys, itemgetter(1))
            orders, total = [await work.order("hidsim", name) for name, _ in paged(call, matches)], len(matches)
        return listed(call, await operation_rows(call, work, orders), total)


async def transactions(call: Call) -> Reply:
    """Return every movement of the account's money, newest first."""
    account = call.account.id
    users, orders, types = any_id(call, "_user"), any_id(call, "_operation"), any_of(call, "type")
    keys = sort_keys(call, ("_id", "id", "type", "amount", "balanceAfter", "createdAt"))
    async with call.work() as work:
        if users is not None and wire.user_id(account) not in users:
            return listed(call, [], 0)
        if not keys and orders is None and types is None:
            skip, limit = call.fields["skip"], call.fields["limit"]
            page, total = await ledger.newest(work.tx, "hidsim", account, skip=skip, limit=limit)
        else:
            moves: Sequence[Movement] = [
                move
                async for move in _all_moves(work, account)
                if (orders is None or move.order in orders) and (types is None or wire.transaction_type(move) in types)
            ]
            moves = await ordered(moves, keys, lambda move: _move_fields(call, move))
            page, total = list(paged(call, moves)), len(moves)
        rows = await transaction_rows(call, work, page)
    return listed(call, rows, total)


class _Wanted(NamedTuple):
    """The filters of a list of operations: words for states, and `_id` values; None does not filter."""

    words: set[str] | None
    services: set[str] | None
    countries: set[str] | None
    products: set[str] | None

    @property
    def only_one_word(self) -> bool:
        """Whether the store itself can filter: at most one word for a state, and no other filter."""
        ids = (self.services, self.countries, self.products)
        return all(values is None for values in ids) and (self.words is None or len(self.words) == 1)


def _fits(call: Call, query: _Wanted) -> Callable[[Order], bool]:
    goods, words = catalogue(), query.words
    codes = None if query.services is None else {goods.service_by_id(name) for name in query.services}
    countries = None if query.countries is None else {goods.country_by_id(name) for name in query.countries}
    products = None
    if query.products is not None:
        products = {product.short for name in query.products if (product := goods.product_by_id(name)) is not None}

    def fits(order: Order) -> bool:
        return (
            (words is None or public_state(call, order) in words)
            and (codes is None or order.facts["service"] in codes)
            and (countries is None or order.facts["country"] in countries)
            and (products is None or order.facts["product"] in products)
        )

    return fits


async def _all_orders(work: UnitOfWork, account: str) -> AsyncIterator[Order]:
    """Yield the account's orders, newest first; other requests are served between one batch and the next."""
    skip = 0
    while batch := await list_orders(work.tx, "hidsim", account, skip=skip, limit=_BATCH):
        for order in batch:
            yield order
        skip += _BATCH
        await asyncio.sleep(0)


async def _all_moves(work: UnitOfWork, account: str) -> AsyncIterator[Movement]:
    """Yield the account's movements, newest first; other requests are served between one batch and the next."""
    before: int | None = None
    while batch := await ledger.page_movements(work.tx, "hidsim", account, before=before, limit=_BATCH):
        for move in batch:
            yield move
        before = batch[-1].sequence
        await asyncio.sleep(0)


def _order_fields(call: Call, order: Order, names: Sequence[str]) -> dict[str, Any]:
    """Return these fields of an operation as clients see them; the price as a number, the state by either name."""
    if not names:
        return {}
    word = public_state(call, order)
    row = {**wire.operation(call.state, order), "price": order.amount, "state": word, "status": word}
    return {name: row[name] for name in names}


def _move_fields(call: Call, move: Movement) -> dict[str, Any]:
    """Return a transaction as clients see it, but with sums as numbers."""
    row = wire.transaction(call.state.dice, move)
    return {**row, "amount": move.signed, "balanceAfter": move.balance_after}

"""The lists of what an account did: its operations, and the movements of its money."""

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
from mockserver.providers.hidsim.showing import shown_moves, shown_operations, word_of
from mockserver.sandbox import ledger
from mockserver.sandbox.orders import count_orders, list_orders
from mockserver.sandbox.unit_of_work import UnitOfWork

_BATCH = 250
_MOMENTS = ("createdAt", "updatedAt", "expiresAt", "closableAt", "completedAt", "refundedAt")


async def operations(call: Call) -> Reply:
    """The account's operations, newest first."""
    account = call.account.id
    users, words = any_id(call, "_user"), any_of(call, "state")
    keys = sort_keys(call, ("_id", "id", "state", "status", "number", "code", "message", "price", *_MOMENTS))
    wanted = _Wanted(words, any_id(call, "_service"), any_id(call, "_country", "_countryIds"), any_id(call, "_product"))
    async with call.work() as work:
        if users is not None and wire.user_id(account) not in users:
            return listed(call, [], 0)
        if not keys and wanted.only_one_word:
            shown = next(iter(words)) if words else ""
            skip, limit = call.fields["skip"], call.fields["limit"]
            found = await list_orders(work.tx, "hidsim", account, shown=shown, skip=skip, limit=limit)
            total = await count_orders(work.tx, "hidsim", account, shown=shown)
        else:
            fits = _fits(call, wanted)
            names = [name for name, _ in keys]
            # Ids and what they are sorted by: thousands of whole operations would keep the garbage collector busy.
            fitting: Sequence[tuple[str, dict[str, Any]]] = [
                (order.id, _order_fields(call, order, names))
                async for order in _all_orders(work, account)
                if fits(order)
            ]
            fitting = await ordered(fitting, keys, itemgetter(1))
            found, total = [await work.order("hidsim", name) for name, _ in paged(call, fitting)], len(fitting)
        return listed(call, await shown_operations(call, work, found), total)


async def transactions(call: Call) -> Reply:
    """Every movement of the account's money, newest first."""
    account = call.account.id
    users, orders, types = any_id(call, "_user"), any_id(call, "_operation"), any_of(call, "type")
    keys = sort_keys(call, ("_id", "id", "type", "amount", "balanceAfter", "createdAt"))
    async with call.work() as work:
        if users is not None and wire.user_id(account) not in users:
            return listed(call, [], 0)
        if not keys and orders is None and types is None:
            skip, limit = call.fields["skip"], call.fields["limit"]
            found, total = await ledger.newest(work.tx, "hidsim", account, skip=skip, limit=limit)
        else:
            moves: Sequence[Movement] = [
                move
                async for move in _all_moves(work, account)
                if (orders is None or move.order in orders) and (types is None or wire.transaction_type(move) in types)
            ]
            moves = await ordered(moves, keys, lambda move: _move_fields(call, move))
            found, total = list(paged(call, moves)), len(moves)
        rows = await shown_moves(call, work, found)
    return listed(call, rows, total)


class _Wanted(NamedTuple):
    """What a list of operations is narrowed to: words for states, and `_id` values; None: to nothing."""

    words: set[str] | None
    services: set[str] | None
    countries: set[str] | None
    products: set[str] | None

    @property
    def only_one_word(self) -> bool:
        """Whether the store itself can tell which operations are wanted."""
        ids = (self.services, self.countries, self.products)
        return all(one is None for one in ids) and (self.words is None or len(self.words) == 1)


def _fits(call: Call, wanted: _Wanted) -> Callable[[Order], bool]:
    known, words = catalogue(), wanted.words
    codes = None if wanted.services is None else {known.service_by_id(one) for one in wanted.services}
    where = None if wanted.countries is None else {known.country_by_id(one) for one in wanted.countries}
    sold = None
    if wanted.products is not None:
        sold = {one.short for name in wanted.products if (one := known.product_by_id(name)) is not None}

    def fits(order: Order) -> bool:
        return (
            (words is None or word_of(call, order) in words)
            and (codes is None or order.facts["service"] in codes)
            and (where is None or order.facts["country"] in where)
            and (sold is None or order.facts["product"] in sold)
        )

    return fits


async def _all_orders(work: UnitOfWork, account: str) -> AsyncIterator[Order]:
    """Newest first; others are served between one batch and the next."""
    skip = 0
    while some := await list_orders(work.tx, "hidsim", account, skip=skip, limit=_BATCH):
        for order in some:
            yield order
        skip += _BATCH
        await asyncio.sleep(0)


async def _all_moves(work: UnitOfWork, account: str) -> AsyncIterator[Movement]:
    """Newest first; others are served between one batch and the next."""
    before: int | None = None
    while some := await ledger.page_movements(work.tx, "hidsim", account, before=before, limit=_BATCH):
        for move in some:
            yield move
        before = some[-1].sequence
        await asyncio.sleep(0)


def _order_fields(call: Call, order: Order, names: Sequence[str]) -> dict[str, Any]:
    """Of what clients see of an operation these fields; the price as a number, the state by either name."""
    if not names:
        return {}
    word = word_of(call, order)
    row = {**wire.operation(call.state, order), "price": order.amount, "state": word, "status": word}
    return {name: row[name] for name in names}


def _move_fields(call: Call, move: Movement) -> dict[str, Any]:
    """What clients see of a transaction; sums as numbers."""
    row = wire.transaction(call.state.dice, move)
    return {**row, "amount": move.signed, "balanceAfter": move.balance_after}

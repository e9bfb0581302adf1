"""Purchases, and everything about the operations that they create."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from mockserver.domain.ledger import Movement
from mockserver.domain.mistakes import NotFound, NotTaken, OutOfStock, TooEarly
from mockserver.domain.moments import parse_span
from mockserver.domain.orders import Order
from mockserver.engine.rules import LIFE_KEYS, Rule
from mockserver.http.call import Call
from mockserver.http.provider import Reply
from mockserver.providers.hidsim import wire
from mockserver.providers.hidsim.auth import shown_user
from mockserver.providers.hidsim.catalogue import Product, catalogue
from mockserver.providers.hidsim.errors import TooDear, Unavailable
from mockserver.providers.hidsim.listing import (
    any_id,
    any_of,
    check_window,
    listed,
    ordered,
    paged,
    populated,
    sort_keys,
    wants_populated,
)
from mockserver.providers.hidsim.money import USD
from mockserver.providers.hidsim.shelves import (
    candidates,
    country_row,
    known_product,
    left_of,
    service_row,
    stock_key,
    stock_of,
)
from mockserver.providers.hidsim.trade import TRADE
from mockserver.sandbox import ledger
from mockserver.sandbox.orders import count_orders, list_orders, timers_of
from mockserver.sandbox.work import Work

_SOON = timedelta(seconds=1)
_BATCH = 1_000


async def purchase_product(call: Call) -> Reply:
    """Buy from exactly this product; without stock the money comes back by itself."""
    one = known_product(call)
    if not one.active:
        raise Unavailable
    most = call.fields.get("maxPrice")
    async with call.work() as work:
        if most is not None and USD.decimal(one.price) > most:
            raise TooDear(one.price, most)
        return await _buy(call, work, one, left=await left_of(call, work, one))


async def purchase_service(call: Call) -> Reply:
    """Buy the cheapest product of the service that fits and has stock."""
    code = catalogue().service_by_id(call.fields["serviceId"])
    if code is None:
        raise NotFound("service")
    check_window(call)
    async with call.work() as work:
        offers = [
            (one, left)
            for one in candidates(call, {catalogue().services[code].id})
            if (left := await left_of(call, work, one))
        ]
        if not offers:
            raise OutOfStock
        one, left = min(offers, key=lambda offer: (offer[0].price, -offer[1], offer[0].id))
        return await _buy(call, work, one, left=left)


async def show(call: Call) -> Reply:
    """The operation as it stands."""
    async with call.work() as work:
        return Reply(await _shown(call, work, await _own(call, work)))


async def refetch(call: Call) -> Reply:
    """Ask the provider again; once completed, for one more SMS."""
    async with call.work() as work:
        order = await _own(call, work)
        if _word(call, order) == "creating":
            timers = await timers_of(work.tx, order)
            raise TooEarly("refetch", order, timers[0].due - work.now if timers else _SOON)
        return Reply(await _shown(call, work, await work.send(order, "refetch")))


async def close(call: Call) -> Reply:
    """Give a number back that has brought no SMS, for a full refund."""
    operation = call.endpoint.name if call.endpoint else "close"
    async with call.work() as work:
        order = await _own(call, work)
        if _word(call, order) == "creating":
            closable = order.created_at + parse_span(work.settings["hidsim.close_after"])
            timers = await timers_of(work.tx, order)
            moments = [closable, *(timer.due for timer in timers[:1])]
            raise TooEarly(operation, order, max(max(moments) - work.now, _SOON))
        try:
            closed = await work.send(order, "close")
        except NotTaken as refused:
            refused.event = operation
            raise
        return Reply(await _shown(call, work, closed))


async def operations(call: Call) -> Reply:
    """The account's operations, newest first."""
    account = call.account.id
    users, words = any_id(call, "_user"), any_of(call, "state")
    keys = sort_keys(call, ("_id", "id", "state", "status", "number", "code", "message", "price", *_MOMENTS))
    services, countries = any_id(call, "_service"), any_id(call, "_country", "_countryIds")
    async with call.work() as work:
        if users is not None and wire.user_id(account) not in users:
            return listed(call, [], 0)
        if not keys and services is None and countries is None and (words is None or len(words) == 1):
            shown = next(iter(words)) if words else ""
            skip, limit = call.fields["skip"], call.fields["limit"]
            found = await list_orders(work.tx, "hidsim", account, shown=shown, skip=skip, limit=limit)
            total = await count_orders(work.tx, "hidsim", account, shown=shown)
        else:
            fits = _fits(call, words, services, countries)
            fitting = [order for order in await _all_orders(work, account) if fits(order)]
            fitting = ordered(fitting, keys, lambda order, name: _value(call, order, name))
            found, total = list(paged(call, fitting)), len(fitting)
        return listed(call, [await _shown(call, work, order) for order in found], total)


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
            moves = [
                move
                for move in reversed(await ledger.movements(work.tx, "hidsim", account))
                if (orders is None or move.order in orders) and (types is None or wire.transaction_type(move) in types)
            ]
            moves = ordered(moves, keys, lambda move, name: _move_value(call, move, name))
            found, total = list(paged(call, moves)), len(moves)
        rows = [await _shown_move(call, work, move) for move in found]
    return listed(call, rows, total)


_MOMENTS = ("createdAt", "updatedAt", "expiresAt", "closableAt", "completedAt", "refundedAt")


async def _buy(call: Call, work: Work, one: Product, *, left: int) -> Reply:
    key = stock_key(one)
    if left:
        await work.take_stock(key, stock=stock_of(call, one))
    facts = await _facts(work, one)
    order = await work.place(
        TRADE,
        kind="operation",
        account=call.account.id,
        amount=one.price,
        facts=facts,
        rule=_life(call.decide("life", facts), in_stock=left > 0),
        stock=key if left else None,
    )
    call.touched(order)
    status = int(call.state.settings.values["hidsim.purchase_status"])
    return Reply(await _shown(call, work, order), status=status)


def _life(rule: Rule | None, *, in_stock: bool) -> Rule | None:
    """What decides the order's life: without stock there is no number to assign, whatever rules say."""
    if in_stock:
        return rule
    then = {} if rule is None else {key: rule.then[key] for key in LIFE_KEYS if key in rule.then and key != "start"}
    never = [event for event in then.get("never", ()) if event != "no_number"]
    name = "out of stock" if rule is None else f"out of stock, {rule.name}"
    return Rule(name, (), {**then, "never": [*never, "assign"]})


async def _facts(work: Work, one: Product) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "product": one.short,
        "service": one.service,
        "country": one.country,
        "line": await work.next_number(f"hidsim/lines/{one.country}"),
        "expires_in": work.settings["hidsim.expire_after"],
        "messages": [],
    }
    if one.style != "plain":
        facts["style"] = one.style
    if one.second_sms is not None:
        facts["second_sms"] = one.second_sms
    return facts


async def _own(call: Call, work: Work) -> Order:
    """The operation that the path names; raises NotFound for a stranger's too."""
    return call.touched(await work.own_order(call.account, call.fields["operationId"]))


def _word(call: Call, order: Order) -> str:
    return call.state.shown(order)


async def _shown(call: Call, work: Work, order: Order) -> Mapping[str, Any]:
    row = wire.operation(call.state, order)
    if not wants_populated(call):
        return row
    user = await shown_user(work, call.account)
    one = catalogue().product_by_id(order.facts["product"])
    sold = None if one is None else wire.product(one, left=await left_of(call, work, one))
    relations = {
        "_user": lambda _: user,
        "_service": service_row,
        "_country": country_row,
        "_product": lambda _: sold,
    }
    return populated(call, row, relations)


async def _shown_move(call: Call, work: Work, move: Movement) -> Mapping[str, Any]:
    row = wire.transaction(work.dice, move)
    if not wants_populated(call):
        return row
    user = await shown_user(work, call.account)
    order = wire.operation(call.state, await work.order("hidsim", move.order)) if move.order else None
    return populated(call, row, {"_user": lambda _: user, "_operation": lambda _: order})


def _fits(
    call: Call, words: set[str] | None, services: set[str] | None, countries: set[str] | None
) -> Callable[[Order], bool]:
    known = catalogue()
    codes = None if services is None else {known.service_by_id(one) for one in services}
    where = None if countries is None else {known.country_by_id(one) for one in countries}

    def fits(order: Order) -> bool:
        return (
            (words is None or _word(call, order) in words)
            and (codes is None or order.facts["service"] in codes)
            and (where is None or order.facts["country"] in where)
        )

    return fits


async def _all_orders(work: Work, account: str) -> list[Order]:
    found: list[Order] = []
    while True:
        some = await list_orders(work.tx, "hidsim", account, skip=len(found), limit=_BATCH)
        found += some
        if len(some) < _BATCH:
            return found


def _value(call: Call, order: Order, name: str) -> Any:
    match name:
        case "price":
            return order.amount
        case "state" | "status":
            return _word(call, order)
    return wire.operation(call.state, order)[name]


def _move_value(call: Call, move: Movement, name: str) -> Any:
    match name:
        case "amount":
            return move.signed
        case "balanceAfter":
            return move.balance_after
    return wire.transaction(call.state.dice, move)[name]

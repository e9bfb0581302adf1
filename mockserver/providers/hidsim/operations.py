"""The handlers of purchases and of the operations that they create."""

from collections.abc import Awaitable
from typing import Any

from mockserver.domain.errors import NotFound, NotTaken, OutOfStock, TooEarly
from mockserver.domain.moments import parse_span
from mockserver.domain.orders import Order
from mockserver.engine.rules import LIFE_KEYS, Rule
from mockserver.http.call import Call
from mockserver.http.replies import Reply
from mockserver.providers.hidsim import wire
from mockserver.providers.hidsim.catalogue import Product, catalogue
from mockserver.providers.hidsim.errors import TooDear, Unavailable
from mockserver.providers.hidsim.listing import check_window, wants_populated
from mockserver.providers.hidsim.rules import RULES
from mockserver.providers.hidsim.settings import SHORTEST_WAIT, USD
from mockserver.providers.hidsim.shelves import candidates, known_product
from mockserver.providers.hidsim.showing import operation_rows, public_state
from mockserver.providers.hidsim.stock import facts_of, left_of, stock_key, stocks_left
from mockserver.sandbox.orders import timers_of
from mockserver.sandbox.unit_of_work import UnitOfWork


async def purchase_product(call: Call) -> Reply:
    """Buy from exactly this product; without stock the purchase is refunded by itself."""
    product = known_product(call)
    if not product.active:
        raise Unavailable
    max_price = call.fields.get("maxPrice")
    async with call.work() as work:
        if max_price is not None and USD.decimal(product.price) > max_price:
            raise TooDear(product.price, max_price)
        return await _buy(call, work, product, left=await left_of(work, product))


async def purchase_service(call: Call) -> Reply:
    """Buy the cheapest product of the service that fits and has stock."""
    code = catalogue().service_by_id(call.fields["serviceId"])
    if code is None:
        raise NotFound("service")
    check_window(call)
    async with call.work() as work:
        products = candidates(call, {catalogue().services[code].id})
        left = await stocks_left(call, work, products)
        offers = [offer for offer in products if left[offer.id]]
        if not offers:
            raise OutOfStock
        product = min(offers, key=lambda offer: (offer.price, -left[offer.id], offer.id))
        return await _buy(call, work, product, left=left[product.id])


async def show(call: Call) -> Reply:
    """Return the operation as it stands."""
    async with call.work() as work:
        return await _answer(call, work, await _own(call, work))


async def refetch(call: Call) -> Reply:
    """Ask the provider again; of a completed operation, ask for one more SMS."""
    async with call.work() as work:
        order = await _own(call, work)
        if public_state(call, order) == "creating":
            timers = await timers_of(work.tx, order)
            raise TooEarly("refetch", order, timers[0].due - work.now if timers else SHORTEST_WAIT)
        return await _answer(call, work, await work.send(order, "refetch"))


async def close(call: Call) -> Reply:
    """Give back a number that has received no SMS, for a full refund."""
    operation = call.endpoint.name if call.endpoint else "close"
    async with call.work() as work:
        order = await _own(call, work)
        if public_state(call, order) == "creating":
            closable = order.created_at + parse_span(work.settings["hidsim.close_after"])
            timers = await timers_of(work.tx, order)
            moments = [closable, *(timer.due for timer in timers[:1])]
            raise TooEarly(operation, order, max(max(moments) - work.now, SHORTEST_WAIT))
        try:
            closed = await work.send(order, "close")
        except NotTaken as error:
            error.event = operation
            raise
        return await _answer(call, work, closed)


async def _buy(call: Call, work: UnitOfWork, product: Product, *, left: int) -> Reply:
    key = stock_key(product)
    if left:
        await work.take_stock(key, stock=product.stock, about=facts_of(product))
    facts = await _facts(work, product)
    order = await work.place(
        RULES,
        kind="operation",
        account=call.account.id,
        amount=product.price,
        facts=facts,
        amend=None if left else _without_stock,
        stock=key if left else None,
    )
    status = int(call.state.settings.values["hidsim.purchase_status"])
    return (await _answer(call, work, order))._replace(status=status)


def _without_stock(rule: Rule | None) -> Rule:
    """Return the rule for the life of an order without stock: no number is assigned, whatever other rules say."""
    then = {} if rule is None else {key: rule.then[key] for key in LIFE_KEYS if key in rule.then and key != "start"}
    never = [event for event in then.get("never", ()) if event != "no_number"]
    name = "out of stock" if rule is None else f"out of stock, {rule.name}"
    return Rule(name, (), {**then, "never": [*never, "assign"]})


async def _facts(work: UnitOfWork, product: Product) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "product": product.short,
        "service": product.service,
        "country": product.country,
        "line": await work.next_number(f"hidsim/lines/{product.country}"),
        "expires_in": work.settings["hidsim.expire_after"],
        "messages": [],
    }
    if product.style != "plain":
        facts["style"] = product.style
    if product.second_sms is not None:
        facts["second_sms"] = product.second_sms
    return facts


def _own(call: Call, work: UnitOfWork) -> Awaitable[Order]:
    """Return the operation that the path names; raises NotFound, also where another account owns it."""
    return work.own_order(call.account, call.fields["operationId"])


async def _answer(call: Call, work: UnitOfWork, order: Order) -> Reply:
    if not wants_populated(call):
        return Reply(wire.operation(call.state, order))
    [row] = await operation_rows(call, work, [order])
    return Reply(row)

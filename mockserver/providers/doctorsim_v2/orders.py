"""The handlers that place, preview, show and list orders."""

from typing import Any

from mockserver.domain.orders import Order
from mockserver.http.call import Call
from mockserver.http.replies import Reply
from mockserver.providers.doctorsim_v2 import wire
from mockserver.providers.doctorsim_v2.catalogue import ready
from mockserver.providers.doctorsim_v2.currencies import dollar_cents
from mockserver.providers.doctorsim_v2.discovery import signer_of
from mockserver.providers.doctorsim_v2.errors import Page, wrap
from mockserver.providers.doctorsim_v2.idempotency import find_reply, keep_reply, key_of
from mockserver.providers.doctorsim_v2.paging import cursor_of, place_of
from mockserver.providers.doctorsim_v2.rules import RULES, next_order_id
from mockserver.providers.doctorsim_v2.settings import SMS_CENTS
from mockserver.providers.doctorsim_v2.wanted import Wanted, circumstances_of, facts_of, read_request
from mockserver.sandbox.orders import page_orders
from mockserver.sandbox.unit_of_work import UnitOfWork

#: The states in a list without a status filter; MANUAL_REVISION counts as open (the vendor's word).
FINAL = ("fulfilled", "failed", "refunded")


async def create(call: Call) -> Reply:
    """Place an order; production pays with credits at once. A known Idempotency-Key answers as it did before."""
    key = key_of(call)
    await ready()
    async with call.work() as work:
        earlier = await find_reply(work, call.account.id, key)
        if earlier is not None:
            reply, call.entry.order = earlier
            return reply
        request = read_request(call)
        environment = call.identity.environment
        facts = facts_of(request, call.fields, environment)
        order = await work.place(
            RULES,
            kind="order",
            account=call.account.id,
            amount=request.total if environment == "production" else 0,
            facts=facts,
            about=circumstances_of(request),
            order_id=await next_order_id(work, environment),
        )
        reply = Reply(wrap(call, Reply(wire.placed(order, _public_state(work, order)))), status=201)
        await keep_reply(work, call.account.id, key, reply, order.id)
    return reply


async def replayed(call: Call) -> Reply | None:
    """Return the answer that `create` gives to an Idempotency-Key that it knows; None for a new key."""
    key = key_of(call)
    async with call.work() as work:
        earlier = await find_reply(work, call.account.id, key)
    if earlier is None:
        return None
    reply, call.entry.order = earlier
    return reply


async def preview(call: Call) -> Reply:
    """Return the price of an order, without placing it."""
    await ready()
    request = read_request(call)
    async with call.work() as work:
        balance = await work.balance(call.account)
        token = call.fields.get("price_token") or signer_of(call).issuer(work.now)(request.rate).decode()
    return Reply(
        {
            "order_type": request.rate.product.kind,
            "price_token": token,
            "pricing": _pricing(request),
            "checkout_mode": "credits",
            "environment": call.identity.environment,
            "current_balance_eur": wire.money(balance),
        }
    )


async def show(call: Call) -> Reply:
    """Return one order of the account, whatever its state."""
    async with call.work() as work:
        order = await work.own_order(call.account, call.fields["id"])
        return Reply(wire.order(order, _public_state(work, order)))


async def listing(call: Call) -> Reply:
    """Return orders that have ended, newest first; those in MANUAL_REVISION where the status filter says so."""
    limit = call.fields["limit"]
    before = place_of("order", call.fields.get("cursor"))
    status = call.fields.get("status")
    async with call.work() as work:
        orders = await _ended(work, call, (status,) if status else FINAL, before, limit + 1)
        rows = [wire.order(order, _public_state(work, order)) for order in orders[:limit]]
    more = len(orders) > limit
    return Reply(Page(rows, cursor_of("order", orders[limit - 1].sequence) if more else None))


async def _ended(work: UnitOfWork, call: Call, states: tuple[str, ...], before: int | None, enough: int) -> list[Order]:
    """Return the newest orders in these states; each state has a list of its own, so no other order is read."""
    kind = call.fields.get("type")
    orders: list[Order] = []
    for state in states:
        after, count = before, 0
        while count < enough:
            rows = await page_orders(work.tx, "doctorsim_v2", call.account.id, shown=state, before=after, limit=enough)
            matches = [order for order in rows if kind in (None, order.facts["type"])]
            orders += matches
            count += len(matches)
            if len(rows) < enough:
                break
            after = rows[-1].sequence
    return sorted(orders, key=lambda order: -order.sequence)[:enough]


def _pricing(request: Wanted) -> dict[str, Any]:
    rate = request.rate
    return {
        "amount": wire.money(rate.amount),
        "currency": rate.product.currency,
        "service_fee_eur": wire.money(rate.fee_eur),
        "sms_fee_eur": wire.money(SMS_CENTS if request.sms else 0),
        "total_cost_eur": wire.money(request.total),
        "total_cost_usd": wire.money(dollar_cents(request.total)),
    }


def _public_state(work: UnitOfWork, order: Order) -> str:
    return work.shown(order)

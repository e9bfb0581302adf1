"""Orders: placed, previewed, read, listed."""

from typing import Any

from mockserver.domain.orders import Order
from mockserver.http.call import Call
from mockserver.http.replies import Reply
from mockserver.providers.doctorsim_v2 import wire
from mockserver.providers.doctorsim_v2.catalogue import ready
from mockserver.providers.doctorsim_v2.currencies import dollar_cents
from mockserver.providers.doctorsim_v2.discovery import signer_of
from mockserver.providers.doctorsim_v2.errors import Page, wrap
from mockserver.providers.doctorsim_v2.idempotency import keep_reply, kept_reply, key_of
from mockserver.providers.doctorsim_v2.paging import cursor_of, place_of
from mockserver.providers.doctorsim_v2.rules import RULES, next_order_id
from mockserver.providers.doctorsim_v2.settings import SMS_CENTS
from mockserver.providers.doctorsim_v2.wanted import Wanted, circumstances_of, facts_of, read_wanted
from mockserver.sandbox.orders import page_orders
from mockserver.sandbox.unit_of_work import UnitOfWork

#: What the list has where no status is asked for: MANUAL_REVISION is open (the vendor's word).
FINAL = ("fulfilled", "failed", "refunded")


async def create(call: Call) -> Reply:
    """Place an order; production pays with credits at once. A known Idempotency-Key answers as it did before."""
    key = key_of(call)
    await ready()
    async with call.work() as work:
        kept = await kept_reply(work, call.account.id, key)
        if kept is not None:
            reply, call.entry.order = kept
            return reply
        wanted = read_wanted(call)
        environment = call.identity.environment
        facts = facts_of(wanted, call.fields, environment)
        order = await work.place(
            RULES,
            kind="order",
            account=call.account.id,
            amount=wanted.total if environment == "production" else 0,
            facts=facts,
            about=circumstances_of(wanted),
            order_id=await next_order_id(work, environment),
        )
        reply = Reply(wrap(call, Reply(wire.placed(order, _shown(work, order)))), status=201)
        await keep_reply(work, call.account.id, key, reply, order.id)
    return reply


async def replayed(call: Call) -> Reply | None:
    """What `create` answers to an Idempotency-Key that it knows."""
    key = key_of(call)
    async with call.work() as work:
        kept = await kept_reply(work, call.account.id, key)
    if kept is None:
        return None
    reply, call.entry.order = kept
    return reply


async def preview(call: Call) -> Reply:
    """What an order would cost; places nothing."""
    await ready()
    wanted = read_wanted(call)
    async with call.work() as work:
        held = await work.balance(call.account)
        token = call.fields.get("price_token") or signer_of(call).issuer(work.now)(wanted.rate).decode()
    return Reply(
        {
            "order_type": wanted.rate.product.kind,
            "price_token": token,
            "pricing": _pricing(wanted),
            "checkout_mode": "credits",
            "environment": call.identity.environment,
            "current_balance_eur": wire.money(held),
        }
    )


async def show(call: Call) -> Reply:
    """One order of the account, whatever its state."""
    async with call.work() as work:
        order = await work.own_order(call.account, call.fields["id"])
        return Reply(wire.order(order, _shown(work, order)))


async def listing(call: Call) -> Reply:
    """Orders that have ended, newest first; those in MANUAL_REVISION where the status is asked for."""
    limit = call.fields["limit"]
    before = place_of("order", call.fields.get("cursor"))
    wanted = call.fields.get("status")
    async with call.work() as work:
        found = await _ended(work, call, (wanted,) if wanted else FINAL, before, limit + 1)
        rows = [wire.order(order, _shown(work, order)) for order in found[:limit]]
    more = len(found) > limit
    return Reply(Page(rows, cursor_of("order", found[limit - 1].sequence) if more else None))


async def _ended(work: UnitOfWork, call: Call, words: tuple[str, ...], before: int | None, enough: int) -> list[Order]:
    """The newest orders of these words; each word has a list of its own, so no other order is looked at."""
    kind = call.fields.get("type")
    found: list[Order] = []
    for word in words:
        after, taken = before, 0
        while taken < enough:
            rows = await page_orders(work.tx, "doctorsim_v2", call.account.id, shown=word, before=after, limit=enough)
            fitting = [order for order in rows if kind in (None, order.facts["type"])]
            found += fitting
            taken += len(fitting)
            if len(rows) < enough:
                break
            after = rows[-1].sequence
    return sorted(found, key=lambda order: -order.sequence)[:enough]


def _pricing(wanted: Wanted) -> dict[str, Any]:
    rate = wanted.rate
    return {
        "amount": wire.money(rate.amount),
        "currency": rate.product.currency,
        "service_fee_eur": wire.money(rate.fee_eur),
        "sms_fee_eur": wire.money(SMS_CENTS if wanted.sms else 0),
        "total_cost_eur": wire.money(wanted.total),
        "total_cost_usd": wire.money(dollar_cents(wanted.total)),
    }


def _shown(work: UnitOfWork, order: Order) -> str:
    return work.shown(order)

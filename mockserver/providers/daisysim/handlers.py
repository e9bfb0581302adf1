"""The eight handlers of DaisySIM. Each reads fields, asks the sandbox and answers; refusals are raised below it."""

from typing import Any

from mockserver.domain.errors import (
    InvalidPrice,
    OutOfStock,
)
from mockserver.domain.orders import Order
from mockserver.http.call import Call
from mockserver.http.replies import Reply
from mockserver.providers.daisysim import wire
from mockserver.providers.daisysim.catalogue import Tier
from mockserver.providers.daisysim.errors import RefundedAtExpiry
from mockserver.providers.daisysim.rules import RULES
from mockserver.providers.daisysim.settings import LOYALTY_TIERS, USD
from mockserver.providers.daisysim.shop import live_tiers, move_prices, shop_of, stock_key
from mockserver.sandbox.orders import count_orders, list_orders


async def balance(call: Call) -> Reply:
    """Return wallet and loyalty tier."""
    async with call.work() as work:
        account = await work.account("daisysim", call.account.id)
        balance_left = await work.balance(account)
    return Reply(
        {
            "balance": wire.money(balance_left),
            "currency": "USD",
            "email": account.details["email"],
            "total_spent": wire.money(account.total_spent),
            "discount": wire.discount(account.total_spent),
        }
    )


async def countries(call: Call) -> Reply:
    """Return every country, sorted by name."""
    return Reply(shop_of(call.state).countries_answer())


async def services(call: Call) -> Reply:
    """Return the services that a country sells."""
    return Reply(shop_of(call.state).services_answer(call.fields["country_id"]))


async def prices(call: Call) -> Reply:
    """Return the tiers of a country and service that have numbers left."""
    country, service = call.fields["country"], call.fields["service"]
    async with call.work() as work:
        account = await work.account("daisysim", call.account.id)
        name, percent, _ = LOYALTY_TIERS[wire.tier_of(account.total_spent)]
        rows = []
        total = 0
        for tier in live_tiers(call.state, country, service, now=work.now, most=work.most_in_stock()):
            available = tier.stock - await work.sold(stock_key(country, service, tier))
            if available > 0:
                total += available
                price = wire.money(tier.price)
                rows.append({"tier": tier.number, "price": price, "discount_pct": percent, "available": available})
    return Reply(
        {
            "country": country,
            "service": service,
            "total_numbers": total,
            "discount_tier": name,
            "discount_pct": percent,
            "tiers": rows,
        }
    )


async def purchase(call: Call) -> Reply:
    """Charge the price and assign a number; the checks run in the order price, stock, balance."""
    country, service = call.fields["country"], call.fields["service"]
    if call.decide("reprice") is not None:
        move_prices(call.state, country, service)
    async with call.work() as work:
        tiers = live_tiers(call.state, country, service, now=work.now, most=work.most_in_stock())
        tier = _tier_at_price(call.fields["price"], tiers)
        key = stock_key(country, service, tier)
        await work.take_stock(key, stock=tier.stock)
        account = await work.account("daisysim", call.account.id)
        facts = await _facts(call, await work.next_number("daisysim/phone"), account.total_spent)
        order = await work.place(
            RULES,
            kind="activation",
            account=account.id,
            amount=tier.price,
            facts=facts,
            stock=key,
        )
        balance_after = await work.balance(account)
    return Reply(
        {
            "activation_id": order.id,
            "phone_number": facts["phone_number"],
            "amount_charged": wire.money(order.amount),
            "balance_after": wire.money(balance_after),
            "service": facts["label"],
            "country": facts["country_name"],
        },
        status=201,
    )


async def check(call: Call) -> Reply:
    """Return the state of an activation, with its code once that has arrived."""
    order = await call.own_order(call.fields["activation_id"])
    return Reply(wire.status(order, _public_state(call, order)), assumed=wire.is_expired(order))


async def cancel(call: Call) -> Reply:
    """Give the number back for a full refund."""
    async with call.work() as work:
        order = await work.own_order(call.account, call.fields["activation_id"])
        events = wire.events_of(order)
        if "expire" in events and "cancel" not in events and _public_state(call, order) == "Cancelled":
            raise RefundedAtExpiry("cancel", order)
        await work.send(order, "cancel")
        balance_after = await work.balance(call.account)
    return Reply(
        {"activation_id": order.id, "refund": wire.money(order.amount), "balance_after": wire.money(balance_after)},
        assumed="expire" in events,
    )


async def history(call: Call) -> Reply:
    """Return the account's orders, newest first."""
    page, per_page = call.fields["page"], call.fields["per_page"]
    status = call.fields.get("status") or ""
    account = call.account.id
    async with call.work() as work:
        public_state = status.capitalize()
        total = await count_orders(work.tx, "daisysim", account, shown=public_state)
        skip = (page - 1) * per_page
        orders = await list_orders(work.tx, "daisysim", account, shown=public_state, skip=skip, limit=per_page)
    pagination = {
        "current_page": page,
        "per_page": per_page,
        "total": total,
        "last_page": max(1, -(-total // per_page)),
    }
    return Reply(
        {"orders": [wire.history_row(order, _public_state(call, order)) for order in orders], "pagination": pagination},
        assumed=any(wire.is_expired(order) for order in orders),
    )


def _tier_at_price(value: Any, tiers: tuple[Tier, ...]) -> Tier:
    """Return the tier at the price sent; raises InvalidPrice, or OutOfStock where no tier ever has any numbers."""
    if tiers and not any(tier.stock for tier in tiers):
        raise OutOfStock
    try:
        price = USD.rounded(value)
    except ValueError:
        raise _invalid_price(tiers) from None
    for tier in tiers:
        if tier.price == price:
            return tier
    raise _invalid_price(tiers)


def _invalid_price(tiers: tuple[Tier, ...]) -> InvalidPrice:
    return InvalidPrice([{"tier": tier.number, "price": wire.money(tier.price)} for tier in tiers if tier.stock])


async def _facts(call: Call, number: int, total_spent: int) -> dict[str, object]:
    from mockserver.catalogue.numbers import number_at

    catalogue = shop_of(call.state).catalogue
    country = catalogue.country(call.fields["country"])
    service = catalogue.service(call.fields["country"], call.fields["service"])
    assert country is not None, "a tier belongs to a known country"
    assert service is not None, "a tier belongs to a known service"
    return {
        "country": country.id,
        "country_name": country.name,
        "service": service.code,
        "label": call.fields.get("service_name") or service.name,
        "phone_number": number_at(country.iso2, call.state.dice.below(1 << 32, "daisysim phones") + number),
        "discount_pct": LOYALTY_TIERS[wire.tier_of(total_spent)][1],
    }


def _public_state(call: Call, order: Order) -> str:
    return call.state.shown(order)

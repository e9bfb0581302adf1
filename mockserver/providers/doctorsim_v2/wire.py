"""The shapes of doctorSIM v2. Amounts are decimal texts, ids whole numbers (both the vendor's)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mockserver.domain.ledger import ADJUSTMENTS, OPENING, TOP_UPS, Movement
from mockserver.domain.moments import seconds_text
from mockserver.domain.orders import Order
from mockserver.providers.doctorsim_v2.settings import EUR, PICTURES

if TYPE_CHECKING:
    from mockserver.providers.doctorsim_v2.carriers import Country, Operator
    from mockserver.providers.doctorsim_v2.catalogue import Product, Rate, ServiceType


#: The `delivery_status` by the order's status (assumed).
_DELIVERY = {
    "pending": "pending",
    "processing": "in_progress",
    "fulfilled": "delivered",
    "failed": "failed",
    "refunded": "refunded",
    "MANUAL_REVISION": "manual_revision",
}


def money(minor: int) -> str:
    """Return cents, or hundredths of any currency, as a text: `21.98`."""
    return EUR.text(minor)


def language(fields: Mapping[str, Any]) -> str:
    """Return the call's language in lower case, without its region (`es-MX` gives `es`); English by default."""
    return str(fields.get("lang", "en"))[:2].lower()


def place(country: "Country") -> dict[str, Any]:
    """Return the three fields that name a country in every object."""
    return {"id_country": country.id, "country_name": country.name, "iso_short_code": country.iso2.lower()}


def country_row(country: "Country", operators: int) -> dict[str, Any]:
    """Return one country of /countries."""
    return {**place(country), "operators": operators, "img": _flag(country)}


def operator_row(operator: "Operator") -> dict[str, Any]:
    """Return one operator of /operators."""
    return {
        "id_operator": operator.id,
        "operator_name": operator.name,
        **place(operator.country),
        "img": _logo(operator.id),
    }


def _flag(country: "Country") -> str:
    return f"{PICTURES}/country_flags/vectored/{country.iso2.lower()}.svg"


def _logo(number: int) -> str:
    return f"{PICTURES}/oper/{number}.png"


def service_definition(service: "ServiceType") -> dict[str, Any]:
    """Return one service type of /service-types."""
    return {"topup_type": service.id, "name": service.name, "description": service.about}


def service_row(product: "Product") -> dict[str, Any]:
    """Return one service of an operator, with the child id that its rates have."""
    assert product.service is not None, "gift cards have no services"
    return {
        "id_operator": product.id,
        "parent_id_operator": product.parent,
        "operator_name": product.name,
        **service_definition(product.service),
    }


def rate_row(rate: "Rate", lang: str) -> dict[str, Any]:
    """Return one price point without its token."""
    return {
        "product_name": rate.name.get(lang, rate.name["en"]),
        "description": rate.about.get(lang, rate.about["en"]),
        "tool_id": rate.product.id,
        "denomination_id": rate.denomination,
        "amount": money(rate.amount),
        "currency": rate.product.currency,
        "service_fee_eur": money(rate.fee_eur),
        "service_fee_usd": money(rate.fee_usd),
        "total_cost_eur": money(rate.total_eur),
        "total_cost_usd": money(rate.total_usd),
    }


def product_row(products: "tuple[Product, ...]") -> dict[str, Any]:
    """Return an operator with all its services, or a gift card, as search and detail show it."""
    first = products[0]
    gift = first.kind == "giftcard"
    return {
        "type": first.kind,
        "id_operator": first.parent,
        "operator_name": first.name,
        **place(first.country),
        "currency": first.currency,
        "service_types": [service_row(item) for item in products if item.service is not None],
        "description": first.about.capitalize() if gift else None,
        "phone_required": first.needs_phone,
        "image": _logo(first.parent),
        "img": _logo(first.parent),
    }


def order(order: Order, public_state: str) -> dict[str, Any]:
    """Return an order as clients and webhooks see it; fulfilled gift cards have their code and address, too."""
    facts = order.facts
    data = {
        "order_id": order.id,
        "status": public_state,
        "delivery_status": _DELIVERY[public_state],
        "type": facts["type"],
        "environment": facts["environment"],
        "phone": facts["phone"],
        "id_operator": facts["id_operator"],
        "operator_name": facts["operator_name"],
        "id_country": facts["id_country"],
        "country_name": facts["country_name"],
        "product_name": facts["product_name"],
        "amount": facts["amount"],
        "amount_currency": facts["amount_currency"],
        "total_cost_eur": facts["total_cost_eur"],
        "credits_used": money(order.amount),
        "currency": "EUR",
        "sms_notification": facts["sms_notification"],
        "created_at": seconds_text(order.created_at),
        "updated_at": seconds_text(order.entered_at),
        "fulfilled_at": facts.get("fulfilled_at"),
    }
    if "redemption_code" in facts:
        data |= {"redemption_code": facts["redemption_code"], "redemption_url": facts["redemption_url"]}
    return data


def placed(order: Order, public_state: str) -> dict[str, Any]:
    """Return the answer to a new order."""
    return {
        "order_id": order.id,
        "status": public_state,
        "credits_used": money(order.amount),
        "currency": "EUR",
        "environment": order.facts["environment"],
        "type": order.facts["type"],
    }


def entry(move: Movement) -> dict[str, Any]:
    """Return one line of the balance's history."""
    kind = "refund" if move.credit == "wallet" else "order"
    if move.debit in (OPENING, TOP_UPS):
        kind = "deposit"
    elif ADJUSTMENTS in (move.debit, move.credit):
        kind = "adjustment"
    return {
        "id": move.sequence,
        "type": kind,
        "amount": money(move.signed),
        "balance_after": money(move.balance_after),
        "currency": "EUR",
        "order_id": move.order,
        "created_at": seconds_text(move.at),
    }


def webhook(row: dict[str, Any], *, secret: bool = False) -> dict[str, Any]:
    """Return a webhook; its secret is only in the answer to its creation."""
    names = ("id", "url", "events", "status", "secret", "created_at")
    return {name: row[name] for name in names if secret or name != "secret"}

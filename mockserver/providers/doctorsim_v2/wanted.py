"""The request for an order, read from its body and checked against the catalogue."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mockserver.domain.errors import Invalid
from mockserver.domain.moments import parse_span
from mockserver.http.call import Call
from mockserver.providers.doctorsim_v2 import wire
from mockserver.providers.doctorsim_v2.catalogue import Product, Rate, catalogue
from mockserver.providers.doctorsim_v2.discovery import signer_of
from mockserver.providers.doctorsim_v2.phones import is_valid_in, line_of
from mockserver.providers.doctorsim_v2.settings import SMS_CENTS
from mockserver.providers.doctorsim_v2.tokens import InvalidPriceToken


@dataclass(frozen=True, slots=True)
class Wanted:
    """The rate that an order asks for, its recipient, and its total in euro cents."""

    rate: Rate
    phone: str | None
    sms: bool
    total: int


def read_request(call: Call) -> Wanted:
    """Read a body; raises InvalidPriceToken, or Invalid, which names every field that does not fit the product."""
    fields = call.fields
    rate = _quoted(call) if "price_token" in fields else _legacy(fields)
    product = rate.product
    errors: dict[str, list[str]] = {}
    phone, sms = fields.get("phone"), bool(fields.get("sms_notification"))
    if phone is None and product.needs_phone:
        errors["phone"] = ["The phone field is required for this product."]
    if fields.get("type", product.kind) != product.kind:
        errors["type"] = [f"The type field must be {product.kind}, as this price is."]
    if _whole(fields, "operator_id") not in (None, product.id, product.parent):
        errors["operator_id"] = ["The operator_id field does not belong to this price."]
    country = fields.get("country_id")
    if country is not None and catalogue().country(str(country)) != product.country:
        errors["country_id"] = ["The country_id field does not belong to this price."]
    if sms and product.kind == "giftcard":
        errors["sms_notification"] = ["The sms_notification field is for top-ups only."]
    if fields.get("sms_text") is not None and not sms:
        errors["sms_text"] = ["The sms_text field needs sms_notification."]
    if errors:
        raise Invalid(errors)
    return Wanted(rate, phone, sms, rate.total_eur + (SMS_CENTS if sms else 0))


def facts_of(request: Wanted, fields: dict[str, Any], environment: str) -> dict[str, Any]:
    """Return the facts that an order keeps of the request for it."""
    rate, product = request.rate, request.rate.product
    lang = wire.language(fields)
    return {
        "type": product.kind,
        "environment": environment,
        "phone": request.phone,
        "id_operator": product.id,
        "operator_name": product.name,
        "id_country": product.country.id,
        "country_name": product.country.name,
        "product_name": rate.name.get(lang, rate.name["en"]),
        "amount": wire.money(rate.amount),
        "amount_currency": product.currency,
        "total_cost_eur": wire.money(request.total),
        "sms_notification": request.sms,
        "sms_text": fields.get("sms_text"),
    }


def circumstances_of(request: Wanted) -> dict[str, Any]:
    """Return what rules may match of an order's recipient beside the order's own facts.

    `ending`: the last four digits of the number. `mismatch`: why the product does not fit the number: invalid (no
    number at all), country (of another), operator (its prefix is another's), or none.
    """
    return {"ending": (request.phone or "")[-4:], "mismatch": _mismatch(request.rate.product, request.phone)}


def _mismatch(product: Product, phone: str | None) -> str:
    """Return the mismatch; where the prefix tells no operator any is right, since lookup answers with a cast one."""
    if phone is None or product.kind != "topup":
        return "none"
    iso2 = product.country.iso2
    if not is_valid_in(phone, iso2):
        return "invalid" if line_of(phone) is None else "country"
    operator = catalogue().carriers.owner(iso2, phone[1:])
    return "none" if operator is None or operator.id == product.parent else "operator"


def _quoted(call: Call) -> Rate:
    state = call.state
    lives = parse_span(state.settings.values["doctorsim_v2.token_ttl"])
    quote = signer_of(call).read(call.fields["price_token"], now=state.clock.now(), lives=lives)
    rate = catalogue().rate(quote.product, quote.denomination)
    if rate is None or rate.total_eur != quote.price:
        raise InvalidPriceToken
    return rate


def _legacy(fields: dict[str, Any]) -> Rate:
    """Return the rate for its ids and its amount, without a token (the vendor's older body)."""
    names = ("tool_id", "denomination_id", "amount", "operator_id", "country_id")
    missing = [name for name in names if fields.get(name) is None]
    if len(missing) == len(names):
        raise Invalid({"price_token": ["The price_token field is required."]})
    if missing:
        raise Invalid({name: [f"The {name} field is required without price_token."] for name in missing})
    rate = catalogue().rate(_whole(fields, "tool_id") or 0, _whole(fields, "denomination_id") or 0)
    if rate is None:
        raise Invalid({"denomination_id": ["The fields tool_id and denomination_id name no price."]})
    if Decimal(fields["amount"]) * 100 != rate.amount:
        raise Invalid({"amount": [f"The amount field must be {wire.money(rate.amount)} for this price."]})
    return rate


def _whole(fields: dict[str, Any], name: str) -> int | None:
    """Return an id that may come as a number or as its digits."""
    value = fields.get(name)
    return None if value is None else int(value)

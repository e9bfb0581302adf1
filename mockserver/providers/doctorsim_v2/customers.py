"""The invented customers of doctorSIM v2: they top up phones, and buy gift cards."""

from decimal import Decimal
from importlib import import_module
from typing import Any

from mockserver.domain.accounts import Account
from mockserver.domain.errors import ApiError
from mockserver.http.customers import CustomerVisit, Purchase
from mockserver.providers.doctorsim_v2.auth import Identity, environment_of
from mockserver.providers.doctorsim_v2.settings import (
    CARD_PERCENT,
    CUSTOMERS_COUNTRIES,
    MAGIC_ENDINGS,
    MOST_EXPENSIVE,
    NUMBERS_TRIED,
    READ_ONLY,
    READ_WRITE,
    SMS_PERCENT,
)


class TopUpCustomers:
    """The `Customers` of doctorSIM v2."""

    def prepare(self) -> None:
        """Load the carriers of all countries."""
        from mockserver.catalogue.numbers import number_at
        from mockserver.providers.doctorsim_v2.catalogue import catalogue

        import_module("mockserver.providers.doctorsim_v2.orders")
        carriers = catalogue().carriers
        for iso2 in CUSTOMERS_COUNTRIES:
            carriers.owner(iso2, number_at(iso2, 0)[1:])

    def hindrance(self, account: Account) -> str | None:
        """Return why the account cannot buy: its key only reads, or its calls are refused for their address."""
        if account.details.get("scope", "read-write") != "read-write":
            return "its key may only read"
        if account.details.get("ip_allowlist", "off") != "off":
            return "its calls are refused for their address"
        return None

    def identity(self, account: Account) -> Any:
        """Return what the account's key allows."""
        writes = account.details.get("scope", "read-write") == "read-write"
        return Identity(environment_of(account.id), READ_WRITE if writes else READ_ONLY)

    async def choose(self, visit: CustomerVisit) -> Purchase | None:
        """Return the order of a top-up for a number of the number's operator, or of a gift card."""
        iso2 = visit.choice(CUSTOMERS_COUNTRIES, "country")
        if visit.below(100, "card") < CARD_PERCENT:
            return await _card(visit, iso2)
        recipient = await _phone(visit, iso2)
        if recipient is None:
            return None
        phone, operator = recipient
        token = await _token(visit, operator)
        if token is None:
            return None
        fields: dict[str, Any] = {"price_token": token, "phone": phone}
        if visit.below(100, "sms") < SMS_PERCENT:
            fields |= {"sms_notification": True, "sms_text": f"From {visit.customer.name}"[:140]}
        return Purchase("create_order", fields)


async def _card(visit: CustomerVisit, iso2: str) -> Purchase | None:
    rows = (await visit.ask("search", country=iso2, q="", limit=100))["data"]
    cards = [row for row in rows if row["type"] == "giftcard" and not row["phone_required"]]
    token = await _token(visit, visit.choice(cards, "which card")["id_operator"]) if cards else None
    return None if token is None else Purchase("create_order", {"price_token": token})


async def _phone(visit: CustomerVisit, iso2: str) -> tuple[str, int] | None:
    """Return a valid number of the country and its operator's id; None where none was found."""
    from mockserver.catalogue.numbers import how_many_numbers, number_at
    from mockserver.providers.doctorsim_v2.catalogue import catalogue
    from mockserver.providers.doctorsim_v2.phones import is_valid_in

    lines = how_many_numbers(iso2)
    for place in range(NUMBERS_TRIED):
        number = number_at(iso2, visit.below(lines, f"line {place}"))
        phone = number[:-4] + _ending(visit, number[-4:])
        operator = catalogue().carriers.of_mobile(iso2, phone[1:])
        if operator is not None and is_valid_in(phone, iso2):
            return phone, operator.id
    return None


def _ending(visit: CustomerVisit, digits: str) -> str:
    point = visit.below(100, "ending")
    for ending, percent in MAGIC_ENDINGS:
        if point < percent:
            return ending
        point -= percent
    return f"1{digits[1:]}" if digits.startswith("000") else digits


async def _token(visit: CustomerVisit, operator: int) -> str | None:
    """Return the token of a price of this operator or gift card that people pay; None where there is none."""
    try:
        rates = (await visit.ask("rates", id=operator))["data"]["rates"]
    except ApiError:
        return None
    payable = [rate for rate in rates if Decimal(rate["total_cost_eur"]) <= MOST_EXPENSIVE]
    return visit.choice(payable, "rate")["token"] if payable else None

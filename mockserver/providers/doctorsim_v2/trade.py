"""What the use cases need to know of doctorSIM: ids, redemption codes, webhooks and their signature."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from mockserver.domain.mistakes import Invalid
from mockserver.domain.moments import seconds_text
from mockserver.domain.orders import Order
from mockserver.engine.dice import Dice
from mockserver.providers.doctorsim_v2 import wire
from mockserver.providers.doctorsim_v2.hooks import gone, notices, sign
from mockserver.sandbox.trade import Trade, UnitOfWork
from mockserver.webhooks.backoff import RetryPolicy

#: Letters and digits that are not mistaken for each other.
_CODE = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_HEX = "0123456789abcdef"
#: After each try the pause before the next (assumed).
_PAUSES = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
)


def order_id(dice: Dice, kind: str, number: int) -> str:
    """A sandbox order's id; production ids count up and are given by `next_order_id`."""
    return f"sandbox_{dice.letters(_HEX, 8, 'order id', number)}{number:08x}"


async def next_order_id(unit: UnitOfWork, environment: str) -> str | None:
    """The id of a new production order, numbers in sequence (the vendor's); None where `order_id` makes it."""
    if environment != "production":
        return None
    start = 4_000_000 + unit.dice.below(1_000_000, "production order ids start")
    return str(start + await unit.next_number("doctorsim_v2/production order"))


def compose(unit: UnitOfWork, order: Order, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What fulfilment adds: the moment and, for a gift card, its code (`code`, if a test gave one) and address."""
    facts: dict[str, Any] = {"fulfilled_at": seconds_text(unit.now)}
    if order.facts["type"] == "giftcard":
        code = given.get("code")
        if code is None:
            drawn = unit.dice.letters(_CODE, 16, "redemption code", order.id)
            code = "-".join(drawn[place : place + 4] for place in range(0, 16, 4))
        if not isinstance(code, str) or not 0 < len(code) <= 64 or not code.isprintable():
            raise Invalid({"code": ["must be a text of 1 to 64 printable characters"]})
        facts |= {"redemption_code": code, "redemption_url": f"https://redeem.example.com/{order.id}"}
    return facts


def new_credential(dice: Dice, account_id: str) -> dict[str, str]:
    """The account's id is its api_id: begin it with `live_` for production."""
    return {"api_id": account_id, "api_secret": "sk_" + dice.letters(_HEX, 32, "api secret", account_id)}


def account_details(account_id: str) -> dict[str, Any]:
    """`scope` read or read-write, `tier` Free, Pro or Enterprise, `ip_allowlist` off, missing or other."""
    return {"scope": "read-write", "tier": "Pro", "ip_allowlist": "off"}


TRADE = Trade(
    provider="doctorsim_v2",
    currency=wire.EUR,
    kinds=("order",),
    order_id=order_id,
    compose=compose,
    notices=notices,
    credential=("api_id", "api_secret"),
    new_credential=new_credential,
    account_details=account_details,
    public="api_id",
    choices={
        "scope": ("read", "read-write"),
        "tier": ("Free", "Pro", "Enterprise"),
        "ip_allowlist": ("off", "missing", "other"),
    },
    retries=RetryPolicy(_PAUSES),
    sign=sign,
    gone=gone,
)

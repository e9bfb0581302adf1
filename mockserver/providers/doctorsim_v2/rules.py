"""doctorSIM v2's rules for the use cases: ids, redemption codes, webhooks, their signature, and credentials."""

from collections.abc import Mapping
from typing import Any

from mockserver.domain.errors import Invalid
from mockserver.domain.moments import seconds_text
from mockserver.domain.orders import Order
from mockserver.engine.dice import Dice
from mockserver.providers.doctorsim_v2.hooks import deactivate, notices, sign
from mockserver.providers.doctorsim_v2.settings import (
    DEFAULT_TIER,
    EUR,
    FIRST_PRODUCTION_ID,
    LONGEST_CODE,
    NAME,
    PRODUCTION_ID_SPAN,
    RATE_TIERS,
    REDEEM,
    REDEMPTION_CODE_ALPHABET,
    REDEMPTION_CODE_GROUP,
    REDEMPTION_CODE_LENGTH,
    RETRY_PAUSES,
    SECRET_LENGTH,
    SECRET_PREFIX,
)
from mockserver.sandbox.provider_rules import ProviderRules, UnitOfWorkPort
from mockserver.sandbox.row_forms import RowForms
from mockserver.webhooks.backoff import RetryPolicy

_HEX = "0123456789abcdef"


def order_id(dice: Dice, kind: str, number: int) -> str:
    """Return the id of an order in the sandbox environment; `next_order_id` gives production ids, which count up."""
    return f"sandbox_{dice.letters(_HEX, 8, 'order id', number)}{number:08x}"


async def next_order_id(unit: UnitOfWorkPort, environment: str) -> str | None:
    """Return the id of a new production order, which count up (the vendor's); None where `order_id` gives it."""
    if environment != "production":
        return None
    start = FIRST_PRODUCTION_ID + unit.dice.below(PRODUCTION_ID_SPAN, "production order ids start")
    return str(start + await unit.next_number("doctorsim_v2/production order"))


def compose(unit: UnitOfWorkPort, order: Order, kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Compose what fulfilment adds: the moment and, for a gift card, its `code` (a test may push one) and URL."""
    facts: dict[str, Any] = {"fulfilled_at": seconds_text(unit.now)}
    if order.facts["type"] == "giftcard":
        code = data.get("code")
        if code is None:
            letters = unit.dice.letters(REDEMPTION_CODE_ALPHABET, REDEMPTION_CODE_LENGTH, "redemption code", order.id)
            size = REDEMPTION_CODE_GROUP
            code = "-".join(letters[place : place + size] for place in range(0, len(letters), size))
        if not isinstance(code, str) or not 0 < len(code) <= LONGEST_CODE or not code.isprintable():
            raise Invalid({"code": [f"must be a text of 1 to {LONGEST_CODE} printable characters"]})
        facts |= {"redemption_code": code, "redemption_url": f"{REDEEM}/{order.id}"}
    return facts


def new_credential(dice: Dice, account_id: str) -> dict[str, str]:
    """Return api_id and api_secret; the account's id is its api_id: begin it with `live_` for production."""
    secret = SECRET_PREFIX + dice.letters(_HEX, SECRET_LENGTH, "api secret", account_id)
    return {"api_id": account_id, "api_secret": secret}


def account_details(account_id: str) -> dict[str, Any]:
    """Return `scope` (read, read-write), `tier` (Free, Pro, Enterprise) and `ip_allowlist` (off, missing, other)."""
    return {"scope": "read-write", "tier": DEFAULT_TIER, "ip_allowlist": "off"}


def forms() -> RowForms:
    """Return the types of facts and rows; imported lazily to keep start-up fast."""
    from mockserver.providers.doctorsim_v2.forms import FORMS

    return FORMS


RULES = ProviderRules(
    provider=NAME,
    currency=EUR,
    kinds=("order",),
    order_id=order_id,
    compose=compose,
    notices=notices,
    credential=("api_id", "api_secret"),
    new_credential=new_credential,
    account_details=account_details,
    forms=forms,
    public="api_id",
    choices={
        "scope": ("read", "read-write"),
        "tier": tuple(RATE_TIERS),
        "ip_allowlist": ("off", "missing", "other"),
    },
    retries=RetryPolicy(RETRY_PAUSES),
    sign=sign,
    gone=deactivate,
)

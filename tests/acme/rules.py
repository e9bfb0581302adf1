"""The facts about Acme that the use cases need: money, ids, messages, webhooks."""

from collections.abc import Mapping
from typing import Any

import orjson

from mockserver.domain.errors import Invalid
from mockserver.domain.money import Currency
from mockserver.domain.orders import Order
from mockserver.engine.dice import Dice
from mockserver.sandbox.provider_rules import ProviderRules, UnitOfWorkPort
from mockserver.sandbox.settings import Setting
from mockserver.webhooks.model import Notice

EUR = Currency("EUR", 2)
CANCEL_AFTER = Setting("acme.cancel_after", "60s", "duration", "how old an order must be before it can be cancelled")


def order_data(order: Order, state: str) -> dict[str, Any]:
    """An order as clients see it; `state` is the word for its state."""
    facts = order.facts
    return {
        "id": order.id,
        "service": facts["service"],
        "phone": facts["phone"],
        "price": EUR.text(order.amount),
        "state": state,
        "code": facts.get("code"),
    }


def order_id(dice: Dice, kind: str, number: int) -> str:
    """The number and four digits that nobody can guess."""
    return f"{number}{dice.digits(4, 'order id', number)}"


def compose(unit: UnitOfWorkPort, order: Order, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """An SMS: the code that a test gives, or five digits. Raises Invalid for a code that is none."""
    code = given.get("code")
    if code is None:
        code = unit.dice.digits(5, "code", order.id, order.visit)
    if not isinstance(code, str) or not (code.isascii() and code.isdecimal() and len(code) <= 10):
        raise Invalid({"code": ["must be 1 to 10 digits"]})
    return {"code": code, "text": given.get("text") or f"Your code is {code}."}


async def notices(unit: UnitOfWorkPort, order: Order, event: str) -> list[Notice]:
    """The order, to the account's one address."""
    account = await unit.account(order.provider, order.account)
    if not account.webhook_url:
        return []
    body = orjson.dumps({"event": event, "order": order_data(order, unit.shown(order))})
    return [Notice(event, account.webhook_url, body, {"content-type": "application/json"})]


def new_credential(dice: Dice, account_id: str) -> dict[str, str]:
    """A key of 24 digits."""
    return {"key": f"acme-{dice.digits(24, 'key', account_id)}"}


RULES = ProviderRules(
    provider="acme",
    currency=EUR,
    kinds=("activation",),
    order_id=order_id,
    compose=compose,
    notices=notices,
    credential=("key",),
    new_credential=new_credential,
    account_details=lambda account_id: {"email": f"{account_id}@example.com"},
)

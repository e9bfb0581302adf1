"""DaisySIM's rules for the use cases: ids, messages, the webhook and credentials."""

from collections.abc import Mapping
from typing import Any

from mockserver.domain.errors import Invalid
from mockserver.domain.moments import seconds_text
from mockserver.domain.orders import Order
from mockserver.engine.dice import Dice
from mockserver.providers.daisysim import wire
from mockserver.providers.daisysim.settings import (
    ACTIVATION_ID_SPAN,
    ACTIVATION_ID_STEP,
    ASSUMED_EVENTS,
    CODE_DIGITS,
    FIRST_ACTIVATION_ID,
    KEY_ALPHABET,
    KEY_LENGTH,
    KEY_PREFIX,
    LONGEST_CODE,
    LONGEST_TEXT,
    USD,
    WEBHOOK_USER_AGENT,
)
from mockserver.sandbox.provider_rules import ProviderRules, UnitOfWorkPort
from mockserver.sandbox.row_forms import RowForms
from mockserver.webhooks.model import Notice


def activation_id(dice: Dice, kind: str, number: int) -> str:
    """Return the n-th activation id: a text of nine digits (documented), a few above the id before it."""
    start = FIRST_ACTIVATION_ID + dice.below(ACTIVATION_ID_SPAN, "activation ids start")
    return str(start + number * ACTIVATION_ID_STEP + dice.below(ACTIVATION_ID_STEP, "activation id", number))


def compose(unit: UnitOfWorkPort, order: Order, kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Compose an SMS: its `code`, its `text`, and the moment `received_at`.

    The code is the one pushed (1 to 32 printable characters), else the one in the `text` pushed, else six digits.
    Raises Invalid for a text alone that holds no code: it would complete nothing.
    """
    code = data.get("code")
    text = data.get("text")
    if code is None and isinstance(text, str):
        from mockserver.catalogue.codes import find_code

        code = find_code(text)
        if code is None:
            raise Invalid({"text": ["holds no code of 4 to 8 digits: give it as `code`"]})
    if code is None:
        code = unit.dice.digits(CODE_DIGITS, "code", order.id, order.visit)
    if not isinstance(code, str) or not 0 < len(code) <= LONGEST_CODE or not code.isprintable():
        raise Invalid({"code": [f"must be a text of 1 to {LONGEST_CODE} printable characters"]})
    if text is not None and (not isinstance(text, str) or len(text) > LONGEST_TEXT):
        raise Invalid({"text": [f"must be a text of at most {LONGEST_TEXT} characters"]})
    label = order.facts["label"]
    return {
        "code": code,
        "text": f"{label}: {code} is your verification code." if text is None else text,
        "received_at": seconds_text(unit.now),
    }


async def notices(unit: UnitOfWorkPort, order: Order, event: str) -> list[Notice]:
    """Return the notice to the account's one webhook, unsigned (documented); its URL is used as set, query included."""
    account = await unit.account(order.provider, order.account)
    if not account.webhook_url:
        return []
    headers = {"content-type": "application/json", "user-agent": WEBHOOK_USER_AGENT}
    return [Notice(event, account.webhook_url, wire.code_received(order), headers)]


def new_credential(dice: Dice, account_id: str) -> dict[str, str]:
    """Return a key in the form of real ones: `DA_` and 40 letters and digits (observed)."""
    return {"key": KEY_PREFIX + dice.letters(KEY_ALPHABET, KEY_LENGTH, "key", account_id)}


def account_details(account_id: str) -> dict[str, Any]:
    """Return an e-mail address that belongs to nobody (RFC 2606)."""
    return {"email": f"{account_id}@example.com"}


def forms() -> RowForms:
    """Return the types of facts and rows; imported lazily to keep start-up fast."""
    from mockserver.providers.daisysim.forms import FORMS

    return FORMS


RULES = ProviderRules(
    provider="daisysim",
    currency=USD,
    kinds=("activation",),
    order_id=activation_id,
    compose=compose,
    notices=notices,
    credential=("key",),
    new_credential=new_credential,
    account_details=account_details,
    forms=forms,
    assumed_events=ASSUMED_EVENTS,
)

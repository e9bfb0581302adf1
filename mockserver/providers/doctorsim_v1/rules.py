"""doctorSIM v1's rules for the use cases: ticket ids, instructions and credentials."""

from collections.abc import Mapping
from typing import Any

from mockserver.domain.errors import Invalid
from mockserver.domain.orders import Order
from mockserver.engine.dice import Dice
from mockserver.providers.doctorsim_v1.auth import PRODUCTION, SANDBOX
from mockserver.providers.doctorsim_v1.settings import (
    CREDENTIAL_ALPHABET,
    CREDENTIAL_LENGTH,
    CREDITS,
    FIRST_TICKET,
    LONGEST_CODE,
    LONGEST_TEXT,
    NAME,
    NEW_BALANCE,
    TICKET_SPAN,
    TICKET_STEP,
)
from mockserver.sandbox.provider_rules import ProviderRules, UnitOfWorkPort
from mockserver.sandbox.row_forms import RowForms
from mockserver.webhooks.model import Notice


def ticket_id(dice: Dice, kind: str, number: int) -> str:
    """Return the n-th ticket id: seven digits, later more (documented: 1509403), a little above the one before."""
    start = FIRST_TICKET + dice.below(TICKET_SPAN, "ticket ids start")
    return str(start + number * TICKET_STEP + dice.below(TICKET_STEP, "ticket id", number))


def compose(unit: UnitOfWorkPort, order: Order, kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Compose the instructions: the unlock `code` and, where a test pushed a `text`, that as `howto`.

    The code is the one pushed (1 to 64 printable characters), else the one in the `text`, else one that suits the
    brand. `howto` stands in place of our own instructions. Raises Invalid.
    """
    code, text = data.get("code"), data.get("text")
    if code is None and isinstance(text, str):
        from mockserver.catalogue.codes import find_code

        code = find_code(text)
    if code is None:
        from mockserver.providers.doctorsim_v1.instructions import code_for

        code = code_for(order.facts["brand"], unit.dice, "unlock code", order.id)
    if not isinstance(code, str) or not 0 < len(code) <= LONGEST_CODE or not code.isprintable():
        raise Invalid({"code": [f"must be a text of 1 to {LONGEST_CODE} printable characters"]})
    if text is not None and (not isinstance(text, str) or not 0 < len(text) <= LONGEST_TEXT):
        raise Invalid({"text": [f"must be a text of 1 to {LONGEST_TEXT} characters"]})
    return {"code": code} if text is None else {"code": code, "howto": text}


async def notices(unit: UnitOfWorkPort, order: Order, event: str) -> list[Notice]:
    """Return no notices: this API has no webhooks."""
    return []


def new_credential(dice: Dice, account_id: str) -> dict[str, str]:
    """Return key and secret, two texts of 32 letters and digits (assumed)."""
    return {part: dice.letters(CREDENTIAL_ALPHABET, CREDENTIAL_LENGTH, part, account_id) for part in ("key", "secret")}


def account_details(account_id: str) -> dict[str, Any]:
    """Return the sandbox mode; a scenario or a test can say `production` instead."""
    return {"mode": SANDBOX}


def forms() -> RowForms:
    """Return the types of facts and rows; imported lazily to keep start-up fast."""
    from mockserver.providers.doctorsim_v1.forms import FORMS

    return FORMS


RULES = ProviderRules(
    provider=NAME,
    currency=CREDITS,
    kinds=("unlock",),
    order_id=ticket_id,
    compose=compose,
    notices=notices,
    credential=("key", "secret"),
    new_credential=new_credential,
    account_details=account_details,
    forms=forms,
    public="key",
    choices={"mode": (SANDBOX, PRODUCTION)},
    new_balance=NEW_BALANCE,
)

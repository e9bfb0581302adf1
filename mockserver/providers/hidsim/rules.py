"""HidSim's rules for the use cases: numbers, messages and credentials."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.domain.errors import Invalid
from mockserver.domain.orders import Order
from mockserver.engine.dice import Dice
from mockserver.providers.hidsim.ids import drawn_id, operation_id, read_operation_id
from mockserver.providers.hidsim.settings import (
    FEWEST_DIGITS,
    MOST_DIGITS,
    NEW_BALANCE,
    PASSWORD_ALPHABET,
    PASSWORD_LENGTH,
    USD,
)
from mockserver.sandbox.provider_rules import ProviderRules, UnitOfWorkPort
from mockserver.sandbox.row_forms import RowForms
from mockserver.webhooks.model import Notice

_NUMBER = re.compile(rf"\+[0-9]{{{FEWEST_DIGITS},{MOST_DIGITS}}}")


def compose(unit: UnitOfWorkPort, order: Order, kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Compose a `number` for the operation, or an `sms` at the end of its messages; a test may push the contents."""
    if kind == "number":
        return {"number": _number(unit.dice, order, data)}
    from mockserver.providers.hidsim import wire
    from mockserver.providers.hidsim.messages import sms_for

    sms = sms_for(unit.dice, order, data)
    messages = order.facts["messages"]
    row = {
        "_id": drawn_id(unit.dice, "message", order.id, len(messages)),
        "sender": sms.sender,
        "text": sms.text,
        "code": sms.code,
        "receivedAt": wire.moment(unit.now),
    }
    return {"messages": [*messages, row]}


def new_credential(dice: Dice, account_id: str) -> dict[str, str]:
    """Return an e-mail address that belongs to nobody (RFC 2606), and a password."""
    password = dice.letters(PASSWORD_ALPHABET, PASSWORD_LENGTH, "hidsim password", account_id)
    return {"identifier": f"{account_id}@example.com", "password": password}


def fold(parts: Sequence[str]) -> tuple[str, str]:
    """Return a credential as it is compared: identifier without case and outer blanks, password unchanged (assumed)."""
    identifier, password = parts
    return fold_name(identifier), password


def fold_name(identifier: str) -> str:
    """Return an e-mail or a user name as it is compared."""
    return identifier.strip().casefold()


def secret_of(account_id: str, parts: Sequence[str]) -> tuple[str, str, str]:
    """Return the credential of an account by its id and password, whichever of its names the password came with."""
    return "account", account_id, parts[-1]


def account_details(account_id: str) -> dict[str, Any]:
    """Return the e-mail and the user name of a new account."""
    return {"email": f"{account_id}@example.com", "username": account_id}


async def no_notices(unit: UnitOfWorkPort, order: Order, event: str) -> list[Notice]:
    """Return no notices: HidSim has no webhooks."""
    return []


def _number(dice: Dice, order: Order, data: Mapping[str, Any]) -> str:
    number = data.get("number")
    if number is not None:
        if not isinstance(number, str) or _NUMBER.fullmatch(number) is None:
            raise Invalid({"number": [f"must be + and {FEWEST_DIGITS} to {MOST_DIGITS} digits"]})
        return number
    from mockserver.catalogue.numbers import how_many_numbers, number_at

    # Lines are counted by country, so that no two operations have the same number before all were used.
    country = order.facts["country"]
    start = dice.below(how_many_numbers(country), "hidsim numbers start", country)
    return number_at(country, start + order.facts["line"])


def forms() -> RowForms:
    """Return the types of facts and rows; imported lazily to keep start-up fast."""
    from mockserver.providers.hidsim.forms import FORMS

    return FORMS


RULES = ProviderRules(
    provider="hidsim",
    currency=USD,
    kinds=("operation",),
    order_id=operation_id,
    compose=compose,
    notices=no_notices,
    credential=("identifier", "password"),
    new_credential=new_credential,
    account_details=account_details,
    forms=forms,
    fold=fold,
    secret_of=secret_of,
    public="identifier",
    new_balance=NEW_BALANCE,
    read_id=read_operation_id,
)

"""The shapes of HidSim's objects, as clients see them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

from mockserver.domain.accounts import Account
from mockserver.domain.ledger import SALES, Movement
from mockserver.domain.moments import parse_span
from mockserver.domain.orders import Order
from mockserver.engine.dice import Dice
from mockserver.providers.hidsim.catalogue import Product, catalogue
from mockserver.providers.hidsim.ids import drawn_id, drawn_short_id, object_id, operation_short_id, short_id
from mockserver.providers.hidsim.settings import USD
from mockserver.sandbox.state import SandboxState

#: The words for states in which the money is back.
REFUNDED = ("no_number_refunded", "system_refunded", "user_refunded")
#: Every word for a state; all but the first two are terminal.
STATES = ("creating", "pending", "completed", *REFUNDED)

Row = dict[str, Any]


def moment(at: datetime) -> str:
    """Return a moment in ISO 8601, in UTC with milliseconds and `Z`."""
    return at.isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"


@lru_cache(maxsize=4096)
def money(minor: int) -> orjson.Fragment:
    """Return a JSON number with as many decimals as it needs, four at most."""
    text = USD.text(minor).rstrip("0").rstrip(".")
    return orjson.Fragment(text.encode())


def user_id(account_id: str) -> str:
    """Return the `_id` of a user."""
    return object_id("user", account_id)


def user(account: Account, *, balance: int, opened_at: datetime, moved_at: datetime) -> Row:
    """Return a user; `opened_at` is when the account was opened, `moved_at` is when its money moved last."""
    return {
        "_id": user_id(account.id),
        "id": short_id("user", account.id),
        "email": account.details["email"],
        "username": account.details["username"],
        "role": "partner",
        "balance": money(balance),
        "currency": USD.code,
        "isActive": account.status == "active",
        "createdAt": moment(opened_at),
        "updatedAt": moment(moved_at),
    }


def product(item: Product, *, left: int) -> Row:
    """Return a product with the number `left` of it."""
    goods = catalogue()
    service = goods.services[item.service]
    return {
        "_id": item.id,
        "id": item.short,
        "_service": service.id,
        "_country": goods.countries[item.country].id,
        "price": money(item.price),
        "currency": USD.code,
        "count": left,
        "isActive": item.active,
        "createdAt": service.row["createdAt"],
        "updatedAt": service.row["updatedAt"],
    }


def operation(state: SandboxState, order: Order) -> Row:
    """Return an operation, with its state under the names that the settings say."""
    goods, facts, settings = catalogue(), order.facts, state.settings.values
    word = state.shown(order)
    names = {"both": ("state", "status")}.get(settings["hidsim.state_field"], (settings["hidsim.state_field"],))
    item = goods.product_by_id(facts["product"])
    messages = facts["messages"]
    return {
        "_id": order.id,
        "id": operation_short_id(state.dice, order.id),
        **dict.fromkeys(names, word),
        "_user": user_id(order.account),
        "_service": goods.services[facts["service"]].id,
        "_country": goods.countries[facts["country"]].id,
        "_product": item.id if item is not None else None,
        "number": _number(facts, settings),
        "code": messages[-1]["code"] if messages else None,
        "message": messages[-1]["text"] if messages else None,
        "messages": messages,
        "price": money(order.amount),
        "currency": USD.code,
        "expiresAt": moment(order.created_at + _span(facts["expires_in"])),
        "closableAt": moment(order.created_at + _span(settings["hidsim.close_after"])),
        "completedAt": messages[0]["receivedAt"] if messages else None,
        "refundedAt": moment(order.entered_at) if word in REFUNDED else None,
        "createdAt": moment(order.created_at),
        "updatedAt": moment(order.history[-1].at),
    }


def transaction(dice: Dice, move: Movement) -> Row:
    """Return a movement of a user's money."""
    name = ("transaction", move.account, move.sequence)
    return {
        "_id": drawn_id(dice, *name),
        "id": drawn_short_id(dice, *name),
        "_user": user_id(move.account),
        "_operation": move.order,
        "type": transaction_type(move),
        "amount": money(move.signed),
        "balanceAfter": money(move.balance_after),
        "currency": USD.code,
        "createdAt": moment(move.at),
    }


def transaction_type(move: Movement) -> str:
    """Return `purchase` or `refund` for the money of operations, `deposit` for any other, be it negative."""
    if move.debit == SALES:
        return "refund"
    return "purchase" if move.credit == SALES else "deposit"


@lru_cache(maxsize=256)
def _span(text: str | int | float) -> timedelta:
    return parse_span(text)


def _number(facts: Mapping[str, Any], settings: Mapping[str, Any]) -> str | None:
    number: str | None = facts.get("number")
    if number is None or settings["hidsim.number_plus"]:
        return number
    return number.removeprefix("+")

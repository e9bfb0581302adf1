"""The shapes of DaisySIM's answers and of its webhook."""

from typing import Any

import orjson

from mockserver.domain.moments import seconds_text
from mockserver.domain.orders import Order, event_of
from mockserver.providers.daisysim.settings import ASSUMED_EVENTS, LOYALTY_TIERS, USD

_DOLLAR = USD.minor(1)


def money(minor: int) -> orjson.Fragment:
    """Return a JSON number with the four decimals that the page prints: 1.1400."""
    return orjson.Fragment(USD.text(minor).encode())


def tier_of(total_spent: int) -> int:
    """Return the index of the loyalty tier in `LOYALTY_TIERS`."""
    return max(index for index, (_, _, threshold) in enumerate(LOYALTY_TIERS) if total_spent >= threshold)


def discount(total_spent: int) -> dict[str, Any]:
    """Return the loyalty part of a balance; at the top there is no next tier."""
    index = tier_of(total_spent)
    name, percent, _ = LOYALTY_TIERS[index]
    if index + 1 == len(LOYALTY_TIERS):
        return {"tier": name, "percent": percent, "next_tier": None, "next_at": None, "needed": None}
    following, _, threshold = LOYALTY_TIERS[index + 1]
    return {
        "tier": name,
        "percent": percent,
        "next_tier": following,
        "next_at": threshold // _DOLLAR,
        "needed": money(threshold - total_spent),
    }


def status(order: Order, public_state: str) -> dict[str, Any]:
    """Return the data of /check."""
    return {
        "activation_id": order.id,
        "status": public_state,
        "code": order.facts.get("code"),
        "phone_number": order.facts["phone_number"],
    }


def events_of(order: Order) -> set[str]:
    """Return the events that the order went through; `expire`, and what followed from it, is assumed."""
    return {event for history_entry in order.history if (event := event_of(history_entry.cause)) is not None}


def is_expired(order: Order) -> bool:
    """Return whether the order is in its state because its time was up; that effect is assumed."""
    return order.state not in ("waiting", "completed") and not ASSUMED_EVENTS.isdisjoint(events_of(order))


def history_row(order: Order, public_state: str) -> dict[str, Any]:
    """Return one order of /history."""
    has_code = "code" in order.facts
    return {
        "activation_id": order.id,
        "phone_number": order.facts["phone_number"],
        "service": order.facts["label"],
        "country": order.facts["country_name"],
        "status": public_state,
        "code": order.facts.get("code"),
        "amount_charged": money(order.amount),
        "created_at": seconds_text(order.created_at),
        "completed_at": seconds_text(order.entered_at) if has_code else None,
    }


def code_received(order: Order) -> bytes:
    """Return the body of the webhook, whose values are all texts."""
    return orjson.dumps(
        {
            "event": "code.received",
            "activation_id": order.id,
            "phone_number": order.facts["phone_number"],
            "service": order.facts["label"],
            "code": order.facts["code"],
            "received_at": order.facts["received_at"],
        }
    )

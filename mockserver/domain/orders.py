"""An order of any provider: an activation, an unlock, a top-up, an operation.

Orders are read with every call and changed with every step, so they are named tuples: Python makes those four times
as quickly as frozen dataclasses.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

Facts = Mapping[str, Any]


class HistoryEntry(NamedTuple):
    """One line of an order's history: the state entered, when, and what caused it."""

    state: str
    at: datetime
    cause: str


def event_of(cause: str) -> str | None:
    """Return the event in the cause of a history entry; None for `created`, which has none.

    >>> event_of("timer sms"), event_of("cancel by cancel req_00000007"), event_of("created")
    ('sms', 'cancel', None)
    """
    if cause.startswith("timer "):
        return cause.removeprefix("timer ")
    event, by, _ = cause.partition(" by ")
    return event if by else None


class Order(NamedTuple):
    """An order with everything that is known of it.

    `state` is the machine's own word. `visit` counts the states entered, so that a timer of an
    earlier one can be recognised by its number. `amount` is what was charged, in minor units. `machine` names
    the machine the order began with; `plan` holds what the deciding rule changed about it (JSON data
    as in the scenario file); `facts` are the provider's own fields (JSON data).
    """

    provider: str
    kind: str
    id: str
    account: str
    sequence: int
    state: str
    visit: int
    created_at: datetime
    entered_at: datetime
    amount: int
    machine: str
    facts: Facts
    history: tuple[HistoryEntry, ...]
    rule: str | None = None
    plan: Mapping[str, Any] | None = None
    settled: tuple[str, ...] = ()
    """Effects that have happened (`refund`, `cashback` ...), so that none happens twice."""

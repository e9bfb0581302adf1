"""The facts that events are made of: ids and short words, so that thousands of them cost little memory.

No fact holds a body, a header, a query or a credential.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal, get_args

import msgspec

from mockserver.domain.ledger import Movement
from mockserver.domain.orders import Order
from mockserver.webhooks.model import Delivery

Type = Literal["request", "order", "money", "webhook", "clock", "scenario", "fault", "sandbox"]
#: The types of events.
TYPES: tuple[Type, ...] = get_args(Type)

_REQUEST = re.compile(r"\breq_\d+\b")
#: How many characters of a text that a client chose are kept.
MOST_TEXT = 200


class _Fact(msgspec.Struct, eq=False, weakref=False, gc=False):
    """Base of facts. They refer to texts, numbers and moments only, so that the garbage collector passes them by."""


class Answered(_Fact):
    """An emulated request has its answer, and its entry is in the journal."""

    id: str
    provider: str
    method: str
    path: str
    status: int
    milliseconds: float
    operation: str | None
    account: str | None
    order: str | None
    mistake: str | None
    fault: str | None
    rule: str | None


class OrderMoved(_Fact):
    """An order has taken a step: it was placed (`was` is None), or an event moved it."""

    at: datetime
    provider: str
    kind: str
    order: str
    account: str
    was: str | None
    state: str
    by: str
    """The cause as the order's history has it."""


class WebhookWent(_Fact):
    """A delivery was put in the outbox or attempted. `what`: posted, dropped, delivered, failed, retried, redelivered.

    `outcome` is the status of the receiver's answer, or the verdict where there was none; empty before an attempt.
    """

    at: datetime
    provider: str
    delivery: str
    event: str
    order: str | None
    account: str
    what: str
    outcome: str
    request: str | None
    """The request from which the delivery follows, where it follows from one."""


class ClockMoved(_Fact):
    """The clock was moved on, or runs in another way."""

    now: datetime
    mode: str
    rate: str


class ScenariosChanged(_Fact):
    """Other scenarios are active (`active`), one was posted (`posted`), or its file changed (`reloaded`)."""

    what: str
    names: tuple[str, ...]


class FaultChanged(_Fact):
    """A fault was `armed` or `disarmed`, or `struck` a request or a delivery."""

    at: datetime
    what: str
    fault: str
    name: str
    provider: str | None = None
    subject: str | None = None
    """The request or the delivery that it struck."""


class SandboxChanged(_Fact):
    """The sandbox was `made`, `reset`, `restored`, `populated` or `deleted`."""

    what: str


#: Facts that a unit of work commits.
Committed = OrderMoved | WebhookWent | FaultChanged | Movement
Facts = Answered | Committed | ClockMoved | ScenariosChanged | SandboxChanged

TYPE_OF: Mapping[type, Type] = {
    Answered: "request",
    OrderMoved: "order",
    Movement: "money",
    WebhookWent: "webhook",
    ClockMoved: "clock",
    ScenariosChanged: "scenario",
    FaultChanged: "fault",
    SandboxChanged: "sandbox",
}


class Event(msgspec.Struct, eq=False, weakref=False, gc=False):
    """One event; `frame` is how the stream shows it, made when the first reader asks."""

    id: int
    sandbox: str
    moment: datetime
    cause: str | None
    facts: Facts
    frame: bytes = b""

    @property
    def type(self) -> Type:
        """The type of the event."""
        return TYPE_OF[type(self.facts)]


def cut(text: str) -> str:
    """Return the beginning of a text that a client chose."""
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT]


def order_fact(order: Order, was: Order | None, now: datetime) -> OrderMoved:
    """Return the step that an order has taken; `was` is the order before, None for a new one."""
    return OrderMoved(
        now,
        order.provider,
        order.kind,
        order.id,
        order.account,
        was.state if was is not None else None,
        order.state,
        order.history[-1].cause,
    )


def webhook_fact(delivery: Delivery, now: datetime, what: str, outcome: str = "") -> WebhookWent:
    """Return what has happened to a delivery."""
    return WebhookWent(
        now,
        delivery.provider,
        delivery.id,
        delivery.event,
        delivery.order,
        delivery.account,
        what,
        outcome,
        request_in(delivery.cause),
    )


def request_in(cause: str) -> str | None:
    """Return the id of the request that a cause names, None where it names none."""
    match = _REQUEST.search(cause)
    return match[0] if match is not None else None

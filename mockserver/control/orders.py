"""`/_mock/orders`: any order of any provider, its history, its timers, and events pushed to it."""

from typing import Any

from mockserver.control.operation import (
    Answer,
    ControlCall,
    Operation,
    known_provider,
    list_of,
    text_schema,
    whole_query,
)
from mockserver.domain.moments import moment_text
from mockserver.domain.orders import Order
from mockserver.engine.machine import taken_by, target_of
from mockserver.sandbox import orders
from mockserver.sandbox.codec import decode_order
from mockserver.sandbox.work import Work

ORDER = {
    "type": "object",
    "required": ["provider", "kind", "id", "state", "account", "created_at", "amount", "history", "timers"],
}
EVENT = {
    "type": "object",
    "required": ["event"],
    "properties": {
        "event": text_schema("A word of the order's state machine, such as sms."),
        "code": {
            "type": ["string", "null"],
            "description": "The code that a message carries; null: none, where a message can do without."
            " Where it is not given, it is found in `text`, or made.",
        },
        "text": text_schema("The text of a message."),
        "sender": text_schema("Who sent the message, where the provider tells."),
    },
}


async def order_data(work: Work, order: Order) -> dict[str, Any]:
    """An order as the control API shows it: what all kinds share, then the provider's own facts."""
    machine = work.state.machine_named(order.machine)
    state = machine.states[order.state]
    timers = await orders.timers_of(work.tx, order)
    return {
        "provider": order.provider,
        "kind": order.kind,
        "id": order.id,
        "state": order.state,
        "shown_as": machine.shown(order.state),
        "final": state.final,
        "account": order.account,
        "created_at": moment_text(order.created_at),
        "amount": work.state.trades[order.provider].currency.text(order.amount),
        "currency": work.state.trades[order.provider].currency.code,
        "history": [{"state": one.state, "at": moment_text(one.at), "cause": one.cause} for one in order.history],
        "timers": [
            {
                "at": moment_text(timer.due),
                "to": target_of(order, move, work.dice, work.settings),
                "event": timer.event,
            }
            for timer in timers
            if (move := taken_by(state, timer.event)) is not None
        ],
        "events": [move.on for move in state.transitions],
        "machine": order.machine,
        "rule": order.rule,
        "facts": dict(order.facts),
    }


async def listing(call: ControlCall) -> Answer:
    """Orders by provider and id; `provider` and `state` (the machine's own word) narrow it down."""
    sandbox = await call.sandbox()
    provider, state, account = (call.query.get(name) for name in ("provider", "state", "account"))
    limit = whole_query(call, "limit", default=1000, most=100_000)
    if provider is not None:
        known_provider(call.server, provider)
    found: list[dict[str, Any]] = []
    after = ""
    async with sandbox.work("control") as work:
        while len(found) < limit:
            rows = await work.tx.scan("orders", prefix=f"{provider}/" if provider else "", after=after, limit=1000)
            if not rows:
                break
            after = rows[-1].key
            for order in map(decode_order, (row.data for row in rows)):
                if state in (None, order.state) and account in (None, order.account) and len(found) < limit:
                    found.append(await order_data(work, order))
    return Answer({"orders": found})


async def show(call: ControlCall) -> Answer:
    """One order, with its whole story under `explanation`."""
    from mockserver.control.explain import order_story

    sandbox, provider = await call.sandbox(), call.provider()
    async with sandbox.work("control") as work:
        order = await work.order(provider.name, call.path_fields["id"])
        return Answer({**await order_data(work, order), "explanation": await order_story(sandbox, work, order)})


async def push(call: ControlCall) -> Answer:
    """Send the order an event; 409 when its state does not take it."""
    sandbox, provider = await call.sandbox(), call.provider()
    given = {name: value for name, value in call.body.items() if name != "event"}
    async with sandbox.work("control") as work:
        order = await work.order(provider.name, call.path_fields["id"])
        order = await work.send(order, call.body["event"], given)
        return Answer(await order_data(work, order))


OPERATIONS = (
    Operation(
        "GET",
        "/orders",
        listing,
        name="orders",
        summary="Orders of every kind",
        gives=list_of("orders", ORDER),
        query={
            "provider": "only this provider's",
            "state": "only those in this state (the machine's own word)",
            "account": "only this account's",
            "limit": "how many at most (1000)",
        },
    ),
    Operation("GET", "/orders/{provider}/{id}", show, name="order", summary="One order and its story", gives=ORDER),
    Operation(
        "POST",
        "/orders/{provider}/{id}/events",
        push,
        name="pushEvent",
        summary="Push an order along by an event of its machine",
        takes=EVENT,
        gives=ORDER,
    ),
)

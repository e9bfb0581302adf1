"""`/_mock/orders`: orders of every provider, their history and timers, and events sent to them."""

from collections.abc import Callable
from typing import Any

from mockserver.control.operation import Answer, ControlCall, Operation, known_provider, text_schema
from mockserver.control.paging import PAGING, SLICE_ROWS, Slices, after_of, limit_of, page_of, serialise_rows
from mockserver.control.problems import Problem
from mockserver.domain.errors import Invalid, NotTaken
from mockserver.domain.moments import moment_text
from mockserver.domain.orders import Order
from mockserver.domain.suggestions import did_you_mean, suggestion
from mockserver.engine.machine import target_of, transition_on
from mockserver.sandbox import orders
from mockserver.sandbox.codec import decode_order
from mockserver.sandbox.naming import account_id_of, known_names
from mockserver.sandbox.sandbox import Sandbox
from mockserver.sandbox.unit_of_work import UnitOfWork

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


async def order_data(work: UnitOfWork, order: Order) -> dict[str, Any]:
    """Return an order as the control API shows it: the fields that all kinds share, then the provider's own facts."""
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
        "amount": work.state.provider_rules[order.provider].currency.text(order.amount),
        "currency": work.state.provider_rules[order.provider].currency.code,
        "history": [
            {"state": entry.state, "at": moment_text(entry.at), "cause": entry.cause} for entry in order.history
        ],
        "timers": [
            {
                "at": moment_text(timer.due),
                "to": target_of(order, move, work.dice, work.settings),
                "event": timer.event,
            }
            for timer in timers
            if (move := transition_on(state, timer.event)) is not None
        ],
        "events": [move.on for move in state.transitions],
        "machine": order.machine,
        "rule": order.rule,
        "facts": dict(order.facts),
    }


async def listing(call: ControlCall) -> Answer:
    """List orders by provider and id, in pages; `provider`, `state` and `account` narrow them down."""
    sandbox = await call.sandbox()
    limit, after = limit_of(call), after_of(call, r"[^/]+/.+", "daisysim/123456789")
    fits = await _filter(call, sandbox)
    provider = call.query.get("provider")
    prefix, more = f"{provider}/" if provider else "", True
    narrowed = "state" in call.query or "account" in call.query
    shown: list[Any] = []
    slices = Slices(SLICE_ROWS)
    # Each slice is a unit of work of its own, so that others get their turn in between.
    while more and len(shown) < limit:
        async with sandbox.work("control") as work:
            most = SLICE_ROWS if narrowed else min(SLICE_ROWS, limit - len(shown) + 1)
            rows = await work.tx.scan("orders", prefix=prefix, after=after or "", limit=most)
            more = len(rows) == most
            for row in rows:
                order = decode_order(row.data)
                if len(shown) == limit:
                    more = True
                    break
                after = row.key
                if fits(order):
                    shown.append(await order_data(work, order))
        await slices.add(len(rows))
    return Answer({"orders": await serialise_rows(shown), "next": after if more and shown else None})


async def _filter(call: ControlCall, sandbox: Sandbox) -> Callable[[Order], bool]:
    """Return a test of orders for the query; raises NotFound for a provider, Invalid for a state or account."""
    name, state, account = (call.query.get(name) for name in ("provider", "state", "account"))
    providers = list(call.server.providers.values()) if name is None else [known_provider(call.server, name)]
    if state is not None:
        words = {
            word
            for machine in sandbox.state.machines_of({candidate.name for candidate in providers})
            for word in machine.states
        }
        if state not in words:
            raise Invalid({"state": [f"no order has this state: {state[:100]!r} ({suggestion(state, sorted(words))})"]})
    accounts: dict[str, str | None] = {}
    if account is not None:
        async with sandbox.work("control") as work:
            accounts = {candidate.name: await account_id_of(work, candidate.rules, account) for candidate in providers}
            if not any(accounts.values()):
                known = [
                    known_name for candidate in providers for known_name in await known_names(work, candidate.rules)
                ]
                raise Invalid({"account": [f"unknown account ({suggestion(account, known)})"]})

    def fits(order: Order) -> bool:
        return state in (None, order.state) and (account is None or accounts[order.provider] == order.account)

    return fits


async def show(call: ControlCall) -> Answer:
    """Show one order, with its whole story under `explanation`."""
    from mockserver.control.explain import order_story

    sandbox, provider = await call.sandbox(), call.provider()
    async with sandbox.work("control") as work:
        order = await work.order(provider.name, call.path_fields["id"])
        return Answer({**await order_data(work, order), "explanation": await order_story(sandbox, work, order)})


async def push(call: ControlCall) -> Answer:
    """Send the order an event; refused with 409 where its state does not take it."""
    sandbox, provider = await call.sandbox(), call.provider()
    facts = {name: value for name, value in call.body.items() if name != "event"}
    async with sandbox.work("control") as work:
        order = await work.order(provider.name, call.path_fields["id"])
        try:
            order = await work.send(order, call.body["event"], facts)
        except NotTaken as error:
            states = sandbox.state.machine_named(order.machine).states.values()
            known = {move.on for state in states for move in state.transitions}
            hint = "" if error.event in known else did_you_mean(error.event, known)
            raise Problem(409, f"{error}{hint}") from None
        return Answer(await order_data(work, order))


OPERATIONS = (
    Operation(
        "GET",
        "/orders",
        listing,
        name="orders",
        summary="Orders of every kind",
        gives=page_of("orders", ORDER),
        query={
            "provider": "only this provider's",
            "state": "only those in this state (the machine's own word)",
            "account": "only this account's: its id, or the public part of its credential",
            **PAGING,
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

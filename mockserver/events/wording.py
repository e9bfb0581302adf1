"""Events as data and as lines for people. Made when somebody reads, never when something happens."""

from collections.abc import Callable
from typing import Any

import orjson

from mockserver.domain.ledger import Movement
from mockserver.domain.moments import moment_text
from mockserver.events.facts import (
    Answered,
    ClockMoved,
    Event,
    FaultChanged,
    OrderMoved,
    SandboxChanged,
    ScenariosChanged,
    WebhookWent,
)

#: Writes the signed amount of a movement.
AmountText = Callable[[Movement], str]
#: How many characters a line has at most.
_LONGEST = 400


def data_of(event: Event, amount: AmountText) -> dict[str, Any]:
    """Return the event as JSON data. Members that are not known, such as an order, are left out."""
    line, more = _told(event, amount)
    return {
        "id": event.id,
        "type": event.type,
        "sandbox": event.sandbox,
        "moment": moment_text(event.moment),
        "cause": event.cause,
        "line": one_line(line),
        **{name: value for name, value in more.items() if value is not None},
    }


def frame_of(data: dict[str, Any]) -> bytes:
    """Return the data of an event as server-sent events show it."""
    return b"event: %b\nid: %d\ndata: %b\n\n" % (data["type"].encode(), data["id"], orjson.dumps(data))


def lost_frame(count: int) -> bytes:
    """Return what the stream shows where a reader has lost so many events."""
    return b'event: lost\ndata: {"lost": %d}\n\n' % count


def one_line(text: str) -> str:
    """Return a text without control characters and line breaks, cut where it is too long for a line."""
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else " " for sign in text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _told(event: Event, amount: AmountText) -> tuple[str, dict[str, Any]]:
    """Return the line and the further members of an event."""
    match event.facts:
        case Answered() as answered:
            return _answered(answered)
        case OrderMoved() as moved:
            return _order(event, moved)
        case Movement() as move:
            return _money(event, move, amount(move))
        case WebhookWent() as webhook:
            return _webhook(webhook)
        case ClockMoved() as clock:
            rate = f" ({clock.rate} times real time)" if clock.mode == "scaled" else ""
            now = moment_text(clock.now)
            return f"clock {clock.mode}{rate}, now {now}", {"now": now, "mode": clock.mode}
        case ScenariosChanged() as scenarios:
            names = ", ".join(scenarios.names) or "none"
            return f"scenarios {scenarios.what}: {names}", {"what": scenarios.what, "names": list(scenarios.names)}
        case FaultChanged() as fault:
            return _fault(event, fault)
        case SandboxChanged() as sandbox:
            return f"sandbox {event.sandbox} {sandbox.what}", {"what": sandbox.what}


def _answered(one: Answered) -> tuple[str, dict[str, Any]]:
    parts = [f"{one.provider} {one.method} {one.path} {one.status or 'no answer'} in {one.milliseconds:.1f} ms"]
    parts += [f"refused as {one.mistake}"] if one.mistake else []
    parts += [f"fault {one.fault}"] if one.fault else []
    parts += [f"rule {one.rule}"] if one.rule else []
    parts += [f"order {one.order}"] if one.order else []
    more = {
        "request": one.id,
        "order": one.order,
        "account": one.account,
        "provider": one.provider,
        "operation": one.operation,
        "method": one.method,
        "path": one.path,
        "status": one.status,
        "milliseconds": round(one.milliseconds, 3),
        "mistake": one.mistake,
        "fault": one.fault,
        "rule": one.rule,
    }
    return f"{', '.join(parts)} ({one.id})", more


def _order(event: Event, one: OrderMoved) -> tuple[str, dict[str, Any]]:
    step = f"{one.was} -> {one.state}" if one.was is not None else f"is {one.state}"
    more = {
        "request": _request(event),
        "order": one.order,
        "account": one.account,
        "provider": one.provider,
        "kind": one.kind,
        "was": one.was,
        "state": one.state,
        "by": one.by,
    }
    return f"{one.provider} {one.kind} {one.order} {step}: {one.by}", more


def _money(event: Event, one: Movement, amount: str) -> tuple[str, dict[str, Any]]:
    more = {
        "request": _request(event),
        "order": one.order,
        "account": one.account,
        "provider": one.provider,
        "amount": amount.partition(" ")[0],
        "currency": amount.partition(" ")[2] or None,
        "why": one.cause,
    }
    return f"{one.provider} account {one.account} {amount}: {one.cause}", more


def _webhook(one: WebhookWent) -> tuple[str, dict[str, Any]]:
    outcome = f" ({one.outcome})" if one.outcome else ""
    order = f", order {one.order}" if one.order else ""
    more = {
        "request": one.request,
        "order": one.order,
        "account": one.account,
        "provider": one.provider,
        "delivery": one.delivery,
        "event": one.event,
        "what": one.what,
        "outcome": one.outcome or None,
    }
    return f"{one.provider} webhook {one.event} {one.what}{outcome}{order} ({one.delivery})", more


def _fault(event: Event, one: FaultChanged) -> tuple[str, dict[str, Any]]:
    name = one.name if one.name == one.fault else f"{one.name} ({one.fault})"
    subject = f" {one.subject}" if one.subject else ""
    more = {
        "request": _request(event),
        "provider": one.provider,
        "fault": one.fault,
        "name": one.name,
        "what": one.what,
        "delivery": one.subject if one.subject != event.cause else None,
    }
    return f"fault {name} {one.what}{subject}", more


def _request(event: Event) -> str | None:
    """Return the request that caused the event, where one did."""
    return event.cause if event.cause is not None and event.cause.startswith("req_") else None

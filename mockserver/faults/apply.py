"""Applies faults to an answer or a delivery; the caller sends the answer and stores the delivery."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from mockserver.engine.delays import resolve
from mockserver.engine.dice import Dice
from mockserver.faults import webhook_kinds, wire_kinds
from mockserver.faults.connection import Connection, Send
from mockserver.faults.model import LONGEST_WAIT, Fault, Wire
from mockserver.faults.webhook_kinds import Circumstances


def spoil(wire: Wire, connection: Connection) -> Send:
    """Return the `send` that spoils the answer it is given."""
    kind = wire_kinds.kind_named(wire.kind)
    assert kind is not None, "a fault on the wire is of a kind of the table"
    return kind.act(connection, wire.argument)


def noise(dice: Dice, fault: Fault, hits: int, purpose: str) -> bytes:
    """Return 64 bytes for the fault's `hits`th strike, the same for the same seed."""
    return b"".join(dice.cast(purpose, fault.label, hits, place).to_bytes(8) for place in range(8))


def waiting_time(fault: Fault, dice: Dice, settings: Mapping[str, Any], hits: int) -> timedelta:
    """Return how long the fault holds an answer back when it strikes for the `hits`th time."""
    assert fault.delay is not None, "only delays are waited for"
    span = resolve(fault.delay, dice, "fault delay", fault.label, hits, facts={}, settings=settings)
    return span if fault.sandbox_time else min(span, LONGEST_WAIT)


class DeliveryChanges(NamedTuple):
    """What faults make of a delivery: their names, the kinds with their arguments, and how much later it is sent."""

    names: list[str]
    webhook: dict[str, Any]
    later: timedelta


def delivery_changes(
    faults: Iterable[Fault], delivery: str, dice: Dice, settings: Mapping[str, Any]
) -> DeliveryChanges:
    """Lay the faults over each other: of each kind the first decides. `delivery` is the delivery's id."""
    names, webhook = [], dict[str, Any]()
    for fault in faults:
        names.append(fault.label)
        for name, value in (fault.webhook or {}).items():
            webhook.setdefault(name, value)
    later = webhook_kinds.fix_arguments(webhook, Circumstances(delivery, dice, settings))
    return DeliveryChanges(names, webhook, later)

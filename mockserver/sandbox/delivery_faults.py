"""Applies webhook faults to deliveries. Imported when the first fault is in force."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from mockserver.domain.orders import Order
from mockserver.events.facts import FaultChanged, cut
from mockserver.faults import webhook_kinds
from mockserver.faults.apply import delivery_changes
from mockserver.faults.model import Fault, FaultSubject
from mockserver.faults.parse import fault_from_data
from mockserver.faults.select import DeliveryFaults, find_delivery_faults
from mockserver.journal.names import SECRET_NAMES
from mockserver.journal.redact import miss_rows
from mockserver.sandbox.codec import decode_delivery
from mockserver.sandbox.state import SandboxState
from mockserver.stores.base import Transaction
from mockserver.webhooks.model import Delivery

#: How long a delivery that is to be overtaken waits for another one, when none comes.
LONGEST_HELD = timedelta(minutes=1)


async def with_delivery_faults(
    state: SandboxState, tx: Transaction, now: datetime, order: Order, delivery: Delivery
) -> tuple[Delivery, datetime | None]:
    """Return the delivery with the faults that strike it, and when its first attempt is due (None: never)."""
    subject = FaultSubject(order.provider, order.account, event=delivery.event)
    order_faults = [*state.order_faults, *faults_of_plan(order.plan)]
    matching = {fault.key: fault for fault in order_faults if fault.event in (None, delivery.event)}
    delivery_faults = await find_delivery_faults(state, subject, order.state, list(matching.values()))
    tx.facts += [
        FaultChanged(now, "struck", cut(row["id"]), cut(row["fault"]), order.provider, delivery.id)
        for row in delivery_faults.rows
        if row["hit"]
    ]
    names, webhook, later = delivery_changes(delivery_faults.faults, delivery.id, state.dice, state.settings.values)
    report = _report(delivery_faults)
    if webhook_kinds.never_sent(webhook):
        return replace(delivery, state="dropped", hostile={"faults": names, **webhook, **report}), None
    due = await _reordered(state, tx, delivery, webhook, now + later, delivery_faults.rows)
    return replace(delivery, hostile={**({"faults": names} if webhook else {}), **webhook, **report}), due


def _report(delivery_faults: DeliveryFaults) -> dict[str, Any]:
    """Return the rows about faults for explanations; they are kept as long as the delivery."""
    rows = {
        "faults": list(delivery_faults.rows),
        "near_misses": list(miss_rows(delivery_faults.misses, SECRET_NAMES)),
    }
    return {"told": rows} if any(rows.values()) else {}


async def _reordered(
    state: SandboxState,
    tx: Transaction,
    delivery: Delivery,
    webhook: dict[str, Any],
    due: datetime,
    rows: Sequence[dict[str, Any]],
) -> datetime:
    """Return when the delivery is due. A delivery that is held back is sent after it; `reorder` holds this one back.

    The rows about `reorder` get the id of the delivery that was overtaken.
    """
    held_back = state.faults.held
    receiver = f"{delivery.provider}/{delivery.account}/{delivery.url}"
    waiting = held_back.pop(receiver, None)
    if waiting is not None and await _release(tx, waiting, due):
        # Holding this one back as well would only restore the order.
        for name in webhook_kinds.overtaken(webhook):
            del webhook[name]
        for row in rows:
            if row["hit"] and webhook_kinds.overtaken(row["webhook"]):
                row["overtook"] = waiting
    elif webhook_kinds.overtaken(webhook):
        held_back[receiver] = delivery.id
        due += LONGEST_HELD
    return due


async def _release(tx: Transaction, delivery_id: str, due: datetime) -> bool:
    """Make a waiting delivery due with the other one, and sent after it; return whether it was still waiting."""
    waiting = await tx.due_at("outbox", delivery_id)
    row = await tx.get("deliveries", delivery_id)
    if waiting is None or row is None or decode_delivery(row).attempts:
        return False
    await tx.put("outbox", delivery_id, b"", due=due)
    return True


def faults_of_plan(plan: Mapping[str, Any] | None) -> list[Fault]:
    """Return the webhook faults that an order of this plan began with."""
    written = (plan or {}).get("faults", ())
    return [
        fault_from_data(data["data"], key=data["key"], refuse=lambda place, message: None, provider=data["provider"])
        for data in written
    ]

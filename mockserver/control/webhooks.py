"""`/_mock/webhooks/deliveries`: the webhooks of a sandbox, with every attempt to deliver them."""

from datetime import datetime
from typing import Any

from mockserver.control.operation import Answer, ControlCall, Operation
from mockserver.control.paging import PAGING, after_of, limit_of, page_of, serialise_rows
from mockserver.domain.moments import moment_text
from mockserver.journal.redact import redact_url
from mockserver.sandbox.codec import decode_delivery
from mockserver.webhooks.model import Delivery


def delivery_data(delivery: Delivery, next_try: datetime | None) -> dict[str, Any]:
    """Return a delivery as the control API shows it; values in its URL's query are hidden."""
    return {
        "id": delivery.id,
        "provider": delivery.provider,
        "account": delivery.account,
        "order": delivery.order,
        "event": delivery.event,
        "url": redact_url(delivery.url),
        "state": delivery.state,
        "created_at": moment_text(delivery.created_at),
        "cause": delivery.cause,
        "faults": list(delivery.hostile.get("faults", ())),
        "hostile": {name: value for name, value in delivery.hostile.items() if name not in ("faults", "told")},
        "next_try": moment_text(next_try) if next_try is not None else None,
        "request": {"headers": dict(delivery.headers), "body": delivery.body},
        "attempts": [
            {
                "at": moment_text(attempt.at),
                "verdict": attempt.outcome.verdict,
                "status": attempt.outcome.status,
                "headers": [list(pair) for pair in attempt.outcome.headers],
                "body": attempt.outcome.body,
                "detail": attempt.outcome.detail,
                "milliseconds": attempt.outcome.milliseconds,
                "signed_headers": dict(attempt.signed),
            }
            for attempt in delivery.attempts
        ],
    }


async def listing(call: ControlCall) -> Answer:
    """List the deliveries, newest first, in pages."""
    sandbox = await call.sandbox()
    limit, after = limit_of(call), after_of(call, r"dlv_[0-9]{8,}", "dlv_00000100")
    async with sandbox.work("control") as work:
        rows = await work.tx.scan("deliveries", after=after or "", limit=limit + 1, reverse=True)
        deliveries = [await sandbox.deliveries.with_next(work, decode_delivery(row.data)) for row in rows[:limit]]
    page = await serialise_rows(delivery_data(delivery, due) for delivery, due in deliveries)
    return Answer({"deliveries": page, "next": rows[limit - 1].key if len(rows) > limit else None})


async def show(call: ControlCall) -> Answer:
    """Show one delivery with all its attempts."""
    sandbox = await call.sandbox()
    async with sandbox.work("control") as work:
        delivery = await sandbox.deliveries.find(work, call.path_fields["id"])
        return Answer(delivery_data(*await sandbox.deliveries.with_next(work, delivery)))


async def redeliver(call: ControlCall) -> Answer:
    """Attempt the delivery once more, at once; the answer does not wait for it."""
    sandbox = await call.sandbox()
    async with sandbox.work("control") as work:
        delivery = await sandbox.deliveries.redeliver(work, call.path_fields["id"])
        return Answer(delivery_data(*await sandbox.deliveries.with_next(work, delivery)))


OPERATIONS = (
    Operation(
        "GET",
        "/webhooks/deliveries",
        listing,
        name="deliveries",
        summary="Webhook deliveries, newest first",
        gives=page_of("deliveries"),
        query=PAGING,
    ),
    Operation("GET", "/webhooks/deliveries/{id}", show, name="delivery", summary="One delivery"),
    Operation(
        "POST",
        "/webhooks/deliveries/{id}/redeliver",
        redeliver,
        name="redeliver",
        summary="Attempt a delivery once more",
    ),
)

"""Webhooks as rows, the notices to them, and the signature of each attempt.

Rows name the event of a fulfilled order as the reference page does. Clients send and see the names in force: a
changed setting renames the event for existing webhooks, too.
"""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from mockserver.domain.errors import Invalid
from mockserver.domain.moments import seconds_text
from mockserver.domain.orders import Order
from mockserver.providers.doctorsim_v2 import wire
from mockserver.providers.doctorsim_v2.errors import WebhookInactive, WebhookLimitReached, WebhookNotFound
from mockserver.providers.doctorsim_v2.settings import (
    COMPLETED,
    DELIVERY_HEADER,
    EVENT_HEADER,
    EVENTS,
    FULFILLED,
    MOST_WEBHOOKS,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    WEBHOOK_SECRET_LENGTH,
    WEBHOOK_SECRET_PREFIX,
    WEBHOOK_USER_AGENT,
)
from mockserver.sandbox.codec import decode_json, encode_json
from mockserver.sandbox.provider_rules import UnitOfWorkPort
from mockserver.webhooks.model import Delivery, Notice

TABLE = "doctorsim_v2 webhooks"
_HEX = "0123456789abcdef"


def shown_events(unit: UnitOfWorkPort, events: Iterable[str]) -> list[str]:
    """Return the events under the names that the sandbox's setting gives them."""
    return [_sent_as(unit, event) for event in events]


def read_events(unit: UnitOfWorkPort, names: Sequence[str]) -> list[str]:
    """Return the events that these names in force stand for, each once; raises Invalid for any other name."""
    by_name = {_sent_as(unit, event): event for event in EVENTS}
    rule = f"must be one of: {', '.join(by_name)}"
    unknown = [f"events.{place}" for place, name in enumerate(names) if name not in by_name]
    if unknown:
        raise Invalid({field: [f"The {field} field {rule}."] for field in unknown})
    return list(dict.fromkeys(by_name[name] for name in names))


async def create(unit: UnitOfWorkPort, account: str, url: str, events: list[str]) -> dict[str, Any]:
    """Create a webhook and return it with its secret; raises WebhookLimitReached."""
    if await unit.tx.count(TABLE, prefix=f"{account}/") >= MOST_WEBHOOKS:
        raise WebhookLimitReached
    number = await unit.next_number("doctorsim_v2/webhook")
    row = {
        "id": number,
        "url": url,
        "events": events,
        "status": "active",
        "created_at": seconds_text(unit.now),
    }
    await keep(unit, account, row)
    return row | {"secret": _secret(unit, account, number)}


def _secret(unit: UnitOfWorkPort, account: str, number: int) -> str:
    """Derive the secret of a webhook, which is never stored, since snapshots show all rows."""
    purpose = ("webhook secret", unit.identity, account, number)
    return WEBHOOK_SECRET_PREFIX + unit.dice.letters(_HEX, WEBHOOK_SECRET_LENGTH, *purpose)


async def listing(unit: UnitOfWorkPort, account: str) -> list[dict[str, Any]]:
    """Return the account's webhooks, oldest first."""
    rows = await unit.tx.scan(TABLE, prefix=f"{account}/")
    return [_read(row.data) for row in rows]


async def find(unit: UnitOfWorkPort, account: str, number: str) -> dict[str, Any]:
    """Return one webhook of the account; raises WebhookNotFound for any text that is no id of one."""
    is_number = number.isascii() and number.isdigit() and len(number) <= 10
    row = await unit.tx.get(TABLE, _key(account, int(number))) if is_number else None
    if row is None:
        raise WebhookNotFound("webhook", number)
    return _read(row)


async def keep(unit: UnitOfWorkPort, account: str, row: Mapping[str, Any]) -> None:
    """Store the webhook."""
    await unit.tx.put(TABLE, _key(account, row["id"]), encode_json(row))


async def delete(unit: UnitOfWorkPort, account: str, number: str) -> None:
    """Delete the webhook; raises WebhookNotFound. Deliveries that are under way to it are not sent."""
    row = await find(unit, account, number)
    await unit.tx.delete(TABLE, _key(account, row["id"]))


async def notices(unit: UnitOfWorkPort, order: Order, event: str) -> list[Notice]:
    """Return a notice for each active webhook of the account that wants the event."""
    hooks = [row for row in await listing(unit, order.account) if row["status"] == "active" and event in row["events"]]
    if not hooks:
        return []
    name = _sent_as(unit, event)
    public_state = unit.shown(order)
    body = orjson.dumps(
        {
            "id": "evt_" + unit.dice.letters(_HEX, 24, "event", order.id, order.visit, event),
            "event": name,
            "created_at": seconds_text(unit.now),
            "data": wire.order(order, public_state),
        }
    )
    headers = {
        "content-type": "application/json",
        "user-agent": WEBHOOK_USER_AGENT,
        EVENT_HEADER: name,
    }
    return [Notice(name, row["url"], body, headers, receiver=str(row["id"])) for row in hooks]


async def sign(unit: UnitOfWorkPort, delivery: Delivery, real: datetime) -> dict[str, str]:
    """Return the headers of one attempt: its id, timestamp and signature.

    Raises WebhookNotFound or WebhookInactive where nothing is to be sent any more. The timestamp is real time, so that
    receivers that refuse old ones can be tested.
    """
    row = await find(unit, delivery.account, delivery.receiver)
    if row["status"] != "active":
        raise WebhookInactive(f"webhook {delivery.receiver} is inactive")
    timestamp = str(int(real.timestamp()))
    return {
        DELIVERY_HEADER: delivery.id,
        TIMESTAMP_HEADER: timestamp,
        SIGNATURE_HEADER: signature(_secret(unit, delivery.account, row["id"]), timestamp, delivery.body.encode()),
    }


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature header of a body: `sha256=` and the hex HMAC of `timestamp.body`."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, sha256).hexdigest()


async def deactivate(unit: UnitOfWorkPort, delivery: Delivery) -> None:
    """Switch off the webhook of a receiver that answered 410, so that nothing is sent to it again."""
    try:
        row = await find(unit, delivery.account, delivery.receiver)
    except WebhookNotFound:
        return
    await keep(unit, delivery.account, row | {"status": "inactive"})


def _read(data: bytes) -> dict[str, Any]:
    """Decode a row; one from an older state file may name the fulfilled event either way."""
    row: dict[str, Any] = decode_json(data)
    if COMPLETED in row["events"]:
        row["events"] = list(dict.fromkeys(FULFILLED if event == COMPLETED else event for event in row["events"]))
    return row


def _key(account: str, number: int) -> str:
    return f"{account}/{number:010d}"


def _sent_as(unit: UnitOfWorkPort, event: str) -> str:
    name: str = unit.settings["doctorsim_v2.fulfilled_event"] if event == FULFILLED else event
    return name

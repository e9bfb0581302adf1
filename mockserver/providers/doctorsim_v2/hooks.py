"""Webhooks as rows, what is sent to them, and how each attempt is signed."""

import hmac
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from mockserver.domain.moments import seconds_text
from mockserver.domain.orders import Order
from mockserver.providers.doctorsim_v2 import wire
from mockserver.providers.doctorsim_v2.errors import WebhookInactive, WebhookLimitReached, WebhookNotFound
from mockserver.sandbox.codec import decode_json, encode_json
from mockserver.sandbox.trade import UnitOfWork
from mockserver.webhooks.model import Delivery, Notice

PROVIDER = "doctorsim_v2"
TABLE = "doctorsim_v2 webhooks"
#: How many an account may have (documented).
MOST = 5
FULFILLED = "order.fulfilled"
COMPLETED = "order.completed"
EVENTS = ("order.created", FULFILLED, "order.failed")
_HEX = "0123456789abcdef"


def names_in_force(unit: UnitOfWork) -> list[str]:
    """The three events under the names that the sandbox's setting gives them."""
    return [_sent_as(unit, event) for event in EVENTS]


async def create(unit: UnitOfWork, account: str, url: str, events: list[str]) -> dict[str, Any]:
    """A new webhook with its secret; raises WebhookLimitReached."""
    if await unit.tx.count(TABLE, prefix=f"{account}/") >= MOST:
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


def _secret(unit: UnitOfWork, account: str, number: int) -> str:
    """Never kept: rows are shown in snapshots."""
    return "whsec_" + unit.dice.letters(_HEX, 40, "webhook secret", unit.identity, account, number)


async def listing(unit: UnitOfWork, account: str) -> list[dict[str, Any]]:
    """The account's webhooks, oldest first."""
    rows = await unit.tx.scan(TABLE, prefix=f"{account}/")
    return [decode_json(row.data) for row in rows]


async def find(unit: UnitOfWork, account: str, number: str) -> dict[str, Any]:
    """One webhook of the account; raises WebhookNotFound for any text that names none."""
    known = number.isascii() and number.isdigit() and len(number) <= 10
    row = await unit.tx.get(TABLE, _key(account, int(number))) if known else None
    if row is None:
        raise WebhookNotFound("webhook", number)
    found: dict[str, Any] = decode_json(row)
    return found


async def keep(unit: UnitOfWork, account: str, row: Mapping[str, Any]) -> None:
    """Write the webhook."""
    await unit.tx.put(TABLE, _key(account, row["id"]), encode_json(row))


async def delete(unit: UnitOfWork, account: str, number: str) -> None:
    """Forget the webhook; raises WebhookNotFound. What is still on its way to it is not sent."""
    row = await find(unit, account, number)
    await unit.tx.delete(TABLE, _key(account, row["id"]))


async def notices(unit: UnitOfWork, order: Order, event: str) -> list[Notice]:
    """One for each active webhook of the account that wants the event."""
    hooks = [row for row in await listing(unit, order.account) if row["status"] == "active" and _wants(row, event)]
    if not hooks:
        return []
    name = _sent_as(unit, event)
    shown = unit.shown(order)
    body = orjson.dumps(
        {
            "id": "evt_" + unit.dice.letters(_HEX, 24, "event", order.id, order.visit, event),
            "event": name,
            "created_at": seconds_text(unit.now),
            "data": wire.order(order, shown),
        }
    )
    headers = {
        "content-type": "application/json",
        "user-agent": "doctorSIM-Webhook/2.0",
        "X-DoctorSIM-Event": name,
    }
    return [Notice(name, row["url"], body, headers, receiver=str(row["id"])) for row in hooks]


async def sign(unit: UnitOfWork, delivery: Delivery, real: datetime) -> dict[str, str]:
    """`sha256=` and the hex HMAC of `timestamp.body`; raises WebhookNotFound, or WebhookInactive, instead of sending.

    The timestamp is real time, so that receivers that refuse old ones can be tested.
    """
    row = await find(unit, delivery.account, delivery.receiver)
    if row["status"] != "active":
        raise WebhookInactive(f"webhook {delivery.receiver} is inactive")
    timestamp = str(int(real.timestamp()))
    return {
        "X-DoctorSIM-Delivery": delivery.id,
        "X-DoctorSIM-Timestamp": timestamp,
        "X-DoctorSIM-Signature": signature(
            _secret(unit, delivery.account, row["id"]), timestamp, delivery.body.encode()
        ),
    }


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What the signature header says of these bytes."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, sha256).hexdigest()


async def gone(unit: UnitOfWork, delivery: Delivery) -> None:
    """A receiver that answers 410 is not sent to again."""
    try:
        row = await find(unit, delivery.account, delivery.receiver)
    except WebhookNotFound:
        return
    await keep(unit, delivery.account, row | {"status": "inactive"})


def _key(account: str, number: int) -> str:
    return f"{account}/{number:010d}"


def _sent_as(unit: UnitOfWork, event: str) -> str:
    name: str = unit.settings["doctorsim_v2.fulfilled_event"] if event == FULFILLED else event
    return name


def _wants(row: Mapping[str, Any], event: str) -> bool:
    """Both names of the event that has two mean the same."""
    names = {FULFILLED, COMPLETED} if event == FULFILLED else {event}
    return not names.isdisjoint(row["events"])

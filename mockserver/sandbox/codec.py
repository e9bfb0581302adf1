"""Domain values to row bytes and back: compact JSON arrays, so that any store can hold them."""

from collections.abc import Mapping
from typing import Any

import orjson

from mockserver.domain.accounts import Account
from mockserver.domain.ledger import Movement
from mockserver.domain.moments import from_micros, to_micros
from mockserver.domain.orders import Order, Passage
from mockserver.engine.effects import Timer
from mockserver.webhooks.model import Attempt, Delivery, Outcome


def _packed(data: Any) -> bytes:
    """JSON in bytes of just its length: those that orjson gives keep a buffer of 4 KiB."""
    return memoryview(orjson.dumps(data)).tobytes()


def encode_order(order: Order) -> bytes:
    """The row of an order."""
    created = to_micros(order.created_at)
    return _packed(
        [
            order.provider,
            order.kind,
            order.id,
            order.account,
            order.sequence,
            order.state,
            order.visit,
            created,
            to_micros(order.entered_at) - created,
            order.amount,
            order.machine,
            order.facts,
            [(passage.state, to_micros(passage.at) - created, passage.cause) for passage in order.history],
            order.rule,
            order.plan,
            order.settled,
        ]
    )


def decode_order(data: bytes) -> Order:
    """The order of `encode_order`."""
    row = orjson.loads(data)
    created = row[7]
    history = tuple([Passage(state, from_micros(created + after), cause) for state, after, cause in row[12]])
    row[7], row[8] = from_micros(created), from_micros(created + row[8])
    row[12], row[15] = history, tuple(row[15])
    return Order._make(row)


def encode_account(account: Account) -> bytes:
    """The row of an account."""
    return _packed(
        [account.provider, account.id, account.status, account.webhook_url, account.total_spent, account.details]
    )


def decode_account(data: bytes) -> Account:
    """The account of `encode_account`."""
    return Account(*orjson.loads(data))


def encode_movement(move: Movement) -> bytes:
    """The row of a movement."""
    return _packed(
        [to_micros(move.at), move.debit, move.credit, move.amount, move.cause, move.order, move.balance_after]
    )


def decode_movement(provider: str, account: str, sequence: int, data: bytes) -> Movement:
    """The movement of `encode_movement`; the first three are in the row's key."""
    at, *rest = orjson.loads(data)
    return Movement(provider, account, sequence, from_micros(at), *rest)


def encode_timer(provider: str, order: str, timer: Timer) -> bytes:
    """The row of a timer, with the order it belongs to."""
    return _packed([provider, order, timer.event, to_micros(timer.due), timer.visit, timer.place])


def decode_timer(data: bytes) -> tuple[str, str, Timer]:
    """Provider, order id and timer of `encode_timer`."""
    provider, order, event, due, visit, place = orjson.loads(data)
    return provider, order, Timer(event, from_micros(due), visit, place)


def encode_delivery(delivery: Delivery) -> bytes:
    """The row of a delivery with all its attempts."""
    return _packed(
        [
            delivery.id,
            delivery.provider,
            delivery.account,
            delivery.order,
            delivery.event,
            delivery.url,
            delivery.body,
            delivery.headers,
            to_micros(delivery.created_at),
            delivery.cause,
            delivery.state,
            [(to_micros(one.at), dict(one.signed), *_outcome_row(one.outcome)) for one in delivery.attempts],
            delivery.receiver,
            dict(delivery.hostile),
        ]
    )


def decode_delivery(data: bytes) -> Delivery:
    """The delivery of `encode_delivery`."""
    row = orjson.loads(data)
    attempts = tuple(Attempt(from_micros(at), _outcome(rest), signed) for at, signed, *rest in row[11])
    return Delivery(
        id=row[0],
        provider=row[1],
        account=row[2],
        order=row[3],
        event=row[4],
        url=row[5],
        body=row[6],
        headers=row[7],
        created_at=from_micros(row[8]),
        cause=row[9],
        state=row[10],
        attempts=attempts,
        receiver=row[12],
        hostile=row[13],
    )


def _outcome_row(outcome: Outcome) -> tuple[Any, ...]:
    return (
        outcome.verdict,
        outcome.status,
        outcome.headers,
        outcome.body,
        outcome.detail,
        outcome.milliseconds,
    )


def _outcome(row: list[Any]) -> Outcome:
    verdict, status, headers, body, detail, milliseconds = row
    return Outcome(verdict, status, tuple((name, value) for name, value in headers), body, detail, milliseconds)


def encode_json(data: Mapping[str, Any] | list[Any] | str | int) -> bytes:
    """Any JSON data."""
    return _packed(data)


def decode_json(data: bytes) -> Any:
    """The data of `encode_json`."""
    return orjson.loads(data)

"""Converts domain values to the bytes of rows and back: MessagePack, typed by the classes, for any store."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import orjson

from mockserver.domain.accounts import Account
from mockserver.domain.ledger import Movement
from mockserver.domain.orders import Order
from mockserver.engine.effects import Timer
from mockserver.webhooks.model import Delivery


class OrderTimer(NamedTuple):
    """A timer and the order that it is for."""

    provider: str
    order: str
    timer: Timer


def _as_dict(value: Any) -> dict[str, Any]:
    """Return a mapping that is no dictionary, such as a read-only view, as a dictionary."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a row cannot hold a {type(value).__name__}")


_encode = msgspec.msgpack.Encoder(enc_hook=_as_dict).encode
_order = msgspec.msgpack.Decoder(Order).decode
_account = msgspec.msgpack.Decoder(Account).decode
_delivery = msgspec.msgpack.Decoder(Delivery).decode
_timer = msgspec.msgpack.Decoder(OrderTimer).decode
#: The fields of a movement that are not in its key: at, debit, credit, amount, cause, order, balance_after.
_movement = msgspec.msgpack.Decoder(tuple[datetime, str, str, int, str, str | None, int]).decode


def encode_order(order: Order) -> bytes:
    """Return the row of an order."""
    return _encode(order)


def decode_order(data: bytes) -> Order:
    """Return the order of `encode_order`."""
    return _order(data)


def encode_account(account: Account) -> bytes:
    """Return the row of an account."""
    return _encode(account)


def decode_account(data: bytes) -> Account:
    """Return the account of `encode_account`."""
    return _account(data)


def encode_movement(move: Movement) -> bytes:
    """Return the row of a movement; provider, account and sequence are in its key."""
    return _encode((move.at, move.debit, move.credit, move.amount, move.cause, move.order, move.balance_after))


def decode_movement(provider: str, account: str, sequence: int, data: bytes) -> Movement:
    """Return the movement of `encode_movement`."""
    return Movement(provider, account, sequence, *_movement(data))


def decode_movement_row(key: str, data: bytes) -> Movement:
    """Return the movement of a row, whose key is `provider/account/sequence`; an account's id may have slashes."""
    wallet, _, sequence = key.rpartition("/")
    provider, _, account = wallet.partition("/")
    return decode_movement(provider, account, int(sequence), data)


def encode_timer(provider: str, order: str, timer: Timer) -> bytes:
    """Return the row of a timer, with the order that it belongs to."""
    return _encode((provider, order, timer))


def decode_timer(data: bytes) -> OrderTimer:
    """Return provider, order id and timer of `encode_timer`."""
    return _timer(data)


def encode_delivery(delivery: Delivery) -> bytes:
    """Return the row of a delivery with all its attempts."""
    return _encode(delivery)


def decode_delivery(data: bytes) -> Delivery:
    """Return the delivery of `encode_delivery`."""
    return _delivery(data)


def encode_json(data: Mapping[str, Any] | list[Any] | str | int) -> bytes:
    """Return JSON data as bytes of exactly its length; the bytes that orjson returns keep a buffer of 4 KiB."""
    return memoryview(orjson.dumps(data)).tobytes()


def decode_json(data: bytes) -> Any:
    """Return the data of `encode_json`."""
    return orjson.loads(data)

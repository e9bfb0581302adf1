"""The rows of a sandbox as readable JSON data and back."""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import orjson

from mockserver.domain.accounts import Account
from mockserver.domain.ledger import Movement
from mockserver.domain.orders import Order
from mockserver.sandbox import codec
from mockserver.sandbox.json_objects import Unreadable, object_of, value_of
from mockserver.webhooks.model import Delivery

_NUMBER = re.compile(rb"0|-?[1-9][0-9]{0,17}")
_BINARY = "base64"
#: Tables whose rows are a word: an order's or an account's id.
_WORDS = frozenset({"account_names", "by_account", "by_word", "credentials"})


class _Form(NamedTuple):
    """How a table's rows are read and written: a class and the two functions of the codec."""

    kind: Any
    decode: Callable[[str, bytes], Any]
    encode: Callable[[Any], bytes]


FORMS: Mapping[str, _Form] = {
    "accounts": _Form(Account, lambda _, data: codec.decode_account(data), codec.encode_account),
    "deliveries": _Form(Delivery, lambda _, data: codec.decode_delivery(data), codec.encode_delivery),
    "movements": _Form(Movement, codec.decode_movement_row, codec.encode_movement),
    "orders": _Form(Order, lambda _, data: codec.decode_order(data), codec.encode_order),
    "timers": _Form(
        codec.OrderTimer,
        lambda _, data: codec.decode_timer(data),
        lambda ring: codec.encode_timer(ring.provider, ring.order, ring.timer),
    ),
}


def readable(table: str, key: str, data: bytes) -> Any:
    """Return a row as JSON data: an object of its fields, the JSON that it holds, a number or a text."""
    form = FORMS.get(table)
    if form is not None:
        return object_of(form.decode(key, data))
    if table not in _WORDS:
        if _NUMBER.fullmatch(data):
            return int(data)
        if data[:1] in (b"{", b"["):
            value = _same_json(data)
            if value is not None:
                return value
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {_BINARY: base64.b64encode(data).decode()}


def row_of(table: str, value: Any, path: str) -> bytes:
    """Return the row that `readable` made `value` of; raises Unreadable."""
    form = FORMS.get(table)
    try:
        return form.encode(value_of(form.kind, value, path)) if form is not None else _row_without_form(value, path)
    except (TypeError, OverflowError, RecursionError) as error:
        raise Unreadable(path, f"must be what a row can hold: {error}") from None


def _row_without_form(value: Any, path: str) -> bytes:
    match value:
        case str():
            return _utf8(value, path)
        case bool() | float() | None:
            raise Unreadable(path, "must be an object, a list, a text or a whole number")
        case int():
            return str(value).encode()
        case {"base64": str() as text, **rest} if not rest:
            try:
                return base64.b64decode(text, validate=True)
            except ValueError:
                raise Unreadable(path, "must be base64") from None
    return orjson.dumps(value)


def _same_json(data: bytes) -> Any:
    """Return the JSON of a row, None where its bytes cannot be made from that again."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return value if orjson.dumps(value) == data and not (isinstance(value, dict) and _BINARY in value) else None


def _utf8(text: str, path: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Unreadable(path, "must be a text in Unicode") from None

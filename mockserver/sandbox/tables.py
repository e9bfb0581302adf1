"""The rows of a sandbox as readable JSON data and back, and whether they fit together."""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from mockserver.domain.accounts import Account
from mockserver.domain.ledger import Movement
from mockserver.domain.orders import Order
from mockserver.domain.suggestions import suggestion
from mockserver.engine.machine import Machine
from mockserver.sandbox import codec
from mockserver.sandbox.plain import Unreadable, plain, typed
from mockserver.sandbox.provider_rules import ProviderRules
from mockserver.sandbox.world import Rows
from mockserver.webhooks.model import Delivery

_NUMBER = re.compile(rb"0|-?[1-9][0-9]{0,17}")
_BINARY = "base64"
#: Tables whose rows are a word: an order's or an account's id.
_WORDS = frozenset({"account_names", "by_account", "by_word", "credentials"})
_SETS_OF_ACCOUNTS = ("accounts", "orders", "deliveries")


class _Form(NamedTuple):
    """How a table's rows are read and written: a class and the two functions of the codec."""

    kind: Any
    decode: Callable[[str, bytes], Any]
    encode: Callable[[Any], bytes]


def _decode_movement(key: str, data: bytes) -> Movement:
    provider, account, sequence = key.split("/")[0], *key.split("/", 1)[1].rsplit("/", 1)
    return codec.decode_movement(provider, account, int(sequence), data)


_FORMS: Mapping[str, _Form] = {
    "accounts": _Form(Account, lambda _, data: codec.decode_account(data), codec.encode_account),
    "deliveries": _Form(Delivery, lambda _, data: codec.decode_delivery(data), codec.encode_delivery),
    "movements": _Form(Movement, _decode_movement, codec.encode_movement),
    "orders": _Form(Order, lambda _, data: codec.decode_order(data), codec.encode_order),
    "timers": _Form(
        codec.OrderTimer,
        lambda _, data: codec.decode_timer(data),
        lambda ring: codec.encode_timer(ring.provider, ring.order, ring.timer),
    ),
}


def readable(table: str, key: str, data: bytes) -> Any:
    """A row as JSON data: an object of its fields, the JSON that it holds, a number or a text."""
    form = _FORMS.get(table)
    if form is not None:
        return plain(form.decode(key, data))
    if table not in _WORDS:
        if _NUMBER.fullmatch(data):
            return int(data)
        if data[:1] in (b"{", b"["):
            held = _same_json(data)
            if held is not None:
                return held
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {_BINARY: base64.b64encode(data).decode()}


def row_of(table: str, value: Any, path: str) -> bytes:
    """The row that `readable` made `value` of; raises Unreadable."""
    form = _FORMS.get(table)
    if form is not None:
        try:
            return form.encode(typed(form.kind, value, path))
        except (TypeError, OverflowError) as error:
            raise Unreadable(path, f"must be what a row can hold: {error}") from None
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


def contradictions(
    rows: Rows, provider_rules: Mapping[str, ProviderRules], machines: Mapping[str, Machine]
) -> Iterator[Unreadable]:
    """What keeps rows that are readable one by one from being a world."""
    for table in _SETS_OF_ACCOUNTS:
        for key, data in rows.get(table, {}).items():
            value = _FORMS[table].decode(key, data)
            path = f"tables.{table}.{key}"
            if value.provider not in provider_rules:
                hint = suggestion(value.provider, provider_rules)
                yield Unreadable(path, f"must be of a known provider: {value.provider!r} ({hint})")
            elif key != (value.id if table == "deliveries" else f"{value.provider}/{value.id}"):
                yield Unreadable(path, "must stand under its provider and id")
    yield from _lost_orders(rows, machines)
    yield from _lost_timers(rows, machines)
    for table, target in (("outbox", "deliveries"),):
        yield from (
            Unreadable(f"tables.{table}.{key}", f"must be the id of one of tables.{target}")
            for key in rows.get(table, {})
            if key not in rows.get(target, {})
        )
    yield from _wrong_money(rows)
    yield from _wrong_numbers(rows)


def _lost_orders(rows: Rows, machines: Mapping[str, Machine]) -> Iterator[Unreadable]:
    for key, data in rows.get("orders", {}).items():
        order = codec.decode_order(data)
        path = f"tables.orders.{key}"
        machine = machines.get(order.machine)
        if machine is None:
            yield Unreadable(f"{path}.machine", f"must be a machine of one of the scenarios: {order.machine!r}")
        elif order.state not in machine.states:
            yield Unreadable(f"{path}.state", f"must be a state of its machine: {order.state!r}")
        elif not order.history:
            yield Unreadable(f"{path}.history", "must not be empty")
        elif f"{order.provider}/{order.account}" not in rows.get("accounts", {}):
            yield Unreadable(f"{path}.account", f"must be one of tables.accounts: {order.account!r}")


def _lost_timers(rows: Rows, machines: Mapping[str, Machine]) -> Iterator[Unreadable]:
    orders = rows.get("orders", {})
    for key, data in rows.get("timers", {}).items():
        provider, order_id, timer = codec.decode_timer(data)
        held = orders.get(f"{provider}/{order_id}")
        if held is None:
            yield Unreadable(f"tables.timers.{key}", "must be for one of tables.orders")
            continue
        order = codec.decode_order(held)
        machine = machines.get(order.machine)
        state = machine.states.get(order.state) if machine is not None else None
        if state is not None and timer.visit == order.visit and not 0 <= timer.place < len(state.transitions):
            yield Unreadable(f"tables.timers.{key}.timer.place", f"must be a transition of state {order.state!r}")


def _wrong_money(rows: Rows) -> Iterator[Unreadable]:
    """A wallet holds what its last movement says, and each movement what the one before says and its amount."""
    folded: dict[str, tuple[int, int]] = {}
    for key in sorted(rows.get("movements", {})):
        wallet, _, number = key.rpartition("/")
        balance, sequence = folded.get(wallet, (0, 0))
        move = _decode_movement(key, rows["movements"][key])
        if move.balance_after != balance + move.signed or int(number) != sequence + 1:
            yield Unreadable(f"tables.movements.{key}", "must follow from the movement before it")
        folded[wallet] = move.balance_after, int(number)
    for key, data in rows.get("wallets", {}).items():
        held = folded.get(key, (0, 0))
        if data not in (codec.encode_json([*held]), codec.encode_json([*held, True])):
            yield Unreadable(f"tables.wallets.{key}", "must be the sum and the number of the account's movements")
    for key in folded:
        if key not in rows.get("wallets", {}):
            yield Unreadable(f"tables.wallets.{key}", "is missing")


def _wrong_numbers(rows: Rows) -> Iterator[Unreadable]:
    for table in ("counters", "stock"):
        for key, data in rows.get(table, {}).items():
            if not data.isdigit():
                yield Unreadable(f"tables.{table}.{key}", "must be a whole number from 0")


def _same_json(data: bytes) -> Any:
    """The JSON of a row, None when its bytes could not be had back from it."""
    try:
        held = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return held if orjson.dumps(held) == data and not (isinstance(held, dict) and _BINARY in held) else None


def _utf8(text: str, path: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Unreadable(path, "must be a text in Unicode") from None

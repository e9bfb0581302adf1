"""Whether the rows are there that other rows imply: lists of orders, credentials, stock and numbers."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from mockserver.domain.orders import Order
from mockserver.engine.machine import Machine
from mockserver.sandbox import codec, orders
from mockserver.sandbox.json_objects import Unreadable
from mockserver.sandbox.owned_rows import low_counters, row_error
from mockserver.sandbox.world import Rows

_DIGEST = re.compile(r"[0-9a-f]{32}")


def wrong_implied_rows(rows: Rows, machines: Mapping[str, Machine]) -> Iterator[Unreadable]:
    """Yield the rows that are missing or wrong beside the orders, accounts, timers and deliveries."""
    decoded = [codec.decode_order(data) for data in rows.get("orders", {}).values()]
    yield from _wrong_lists(rows, decoded, machines)
    yield from _wrong_credentials(rows)
    for key in rows.get("accounts", {}):
        if key not in rows.get("wallets", {}):
            yield Unreadable(f"tables.wallets.{key}", "is missing: each account has one since its opening")
    for key, data in rows.get("guests", {}).items():
        if key not in rows.get("accounts", {}) or row_error(data, list[str], "") is not None:
            yield Unreadable(f"tables.guests.{key[:100]}", "must be the credentials of one of tables.accounts")
    sold = Counter(order.facts["stock"] for order in decoded if _is_sold(order))
    for key, count in sold.items():
        held = rows.get("stock", {}).get(key, b"0")
        if held.isdigit() and int(held) < count:
            yield Unreadable(f"tables.stock.{key}", f"must be {count} or more: so many orders have taken from it")
    yield from low_counters(rows.get("counters", {}), _least_numbers(rows))


def _is_sold(order: Order) -> bool:
    return isinstance(order.facts.get("stock"), str) and "restock" not in order.settled


def _wrong_lists(rows: Rows, decoded: list[Order], machines: Mapping[str, Machine]) -> Iterator[Unreadable]:
    expected: dict[str, dict[str, bytes]] = {"by_account": {}, "by_word": {}}
    for order in decoded:
        machine = machines.get(order.machine)
        if machine is not None:
            expected["by_account"][orders.listed(order, "")] = order.id.encode()
            expected["by_word"][orders.listed(order, machine.shown(order.state))] = order.id.encode()
    for table, wanted in expected.items():
        held = rows.get(table, {})
        for key, order_id in wanted.items():
            if held.get(key) != order_id:
                yield Unreadable(f"tables.{table}.{key}", f"must be the order {order_id.decode()!r}")
        for key in held:
            if key not in wanted:
                yield Unreadable(f"tables.{table}.{key[:200]}", "must be the place of an order")


def _wrong_credentials(rows: Rows) -> Iterator[Unreadable]:
    """Each account has a credential. A row names the account by its id, which those of several providers may have."""
    held = rows.get("credentials", {})
    counts = Counter(_text(data) for data in held.values())
    owners = Counter(codec.decode_account(data).id for data in rows.get("accounts", {}).values())
    for account_id, accounts in owners.items():
        if counts[account_id] < accounts:
            yield Unreadable("tables.credentials", f"must have a row for each account {account_id!r}")
    for table in ("credentials", "account_names"):
        for key, data in rows.get(table, {}).items():
            if _DIGEST.fullmatch(key) is None:
                yield Unreadable(f"tables.{table}.{key[:100]}", "must be a digest of 32 hexadecimal digits")
            elif _text(data) not in owners:
                yield Unreadable(f"tables.{table}.{key[:100]}", "must be the id of one of tables.accounts")


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


def _least_numbers(rows: Rows) -> dict[str, int]:
    numbers = {
        "deliveries": [key.removeprefix("dlv_") for key in rows.get("deliveries", {})],
        "finished": list(rows.get("finished", {})),
        "reminders": [key.rpartition("/sent-")[2] for key in rows.get("timers", {}) if "/sent-" in key],
    }
    return {
        name: max((int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19), default=0)
        for name, texts in numbers.items()
    }

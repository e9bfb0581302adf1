"""Checks that the rows of a snapshot, each of which could be read, do not contradict each other."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from mockserver.domain.suggestions import suggestion
from mockserver.engine.machine import Machine
from mockserver.sandbox import codec
from mockserver.sandbox.implied_rows import wrong_implied_rows
from mockserver.sandbox.json_objects import Unreadable
from mockserver.sandbox.owned_rows import LARGEST, wrong_owned_rows
from mockserver.sandbox.provider_rules import ProviderRules
from mockserver.sandbox.tables import FORMS
from mockserver.sandbox.world import Rows

#: By table, the moments and keys of due rows, first to last.
Agenda = Mapping[str, list[tuple[datetime, str]]]

_LAST_SEQUENCE = 10**10 - 1
#: Tables whose rows name a provider.
_OF_PROVIDERS = ("accounts", "orders", "deliveries")


def contradictions(
    rows: Rows, agenda: Agenda, provider_rules: Mapping[str, ProviderRules], machines: Mapping[str, Machine]
) -> Iterator[Unreadable]:
    """Yield every contradiction between these rows, their agenda, the providers and the machines."""
    yield from _wrong_agenda(rows, agenda)
    for table in _OF_PROVIDERS:
        for key, data in rows.get(table, {}).items():
            value = FORMS[table].decode(key, data)
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
    yield from wrong_owned_rows(rows, provider_rules)
    yield from wrong_implied_rows(rows, machines)


def _lost_orders(rows: Rows, machines: Mapping[str, Machine]) -> Iterator[Unreadable]:
    for key, data in rows.get("orders", {}).items():
        order = codec.decode_order(data)
        path = f"tables.orders.{key}"
        for name, number, least, most in (
            ("amount", order.amount, 0, LARGEST),
            ("sequence", order.sequence, 1, _LAST_SEQUENCE),
            ("visit", order.visit, 1, LARGEST),
        ):
            if not least <= number <= most:
                yield Unreadable(f"{path}.{name}", f"must be from {least} to {most}: {number}")
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
        row = orders.get(f"{provider}/{order_id}")
        if row is None:
            yield Unreadable(f"tables.timers.{key}", "must be for one of tables.orders")
            continue
        order = codec.decode_order(row)
        machine = machines.get(order.machine)
        state = machine.states.get(order.state) if machine is not None else None
        if state is not None and timer.visit == order.visit and not 0 <= timer.place < len(state.transitions):
            yield Unreadable(f"tables.timers.{key}.timer.place", f"must be a transition of state {order.state!r}")


def _wrong_money(rows: Rows) -> Iterator[Unreadable]:
    """Yield wallets that are not the sum of their movements, and movements that do not follow from the one before."""
    folded: dict[str, tuple[int, int]] = {}
    for key in sorted(rows.get("movements", {})):
        wallet, _, number = key.rpartition("/")
        balance, sequence = folded.get(wallet, (0, 0))
        move = codec.decode_movement_row(key, rows["movements"][key])
        if move.balance_after != balance + move.signed or int(number) != sequence + 1:
            yield Unreadable(f"tables.movements.{key}", "must follow from the movement before it")
        folded[wallet] = move.balance_after, int(number)
    for key, data in rows.get("wallets", {}).items():
        expected = folded.get(key, (0, 0))
        if data not in (codec.encode_json([*expected]), codec.encode_json([*expected, True])):
            yield Unreadable(f"tables.wallets.{key}", "must be the sum and the number of the account's movements")
    for key in folded:
        if key not in rows.get("wallets", {}):
            yield Unreadable(f"tables.wallets.{key}", "is missing")


def _wrong_numbers(rows: Rows) -> Iterator[Unreadable]:
    for table in ("counters", "stock"):
        for key, data in rows.get(table, {}).items():
            if not data.isdigit() or int(data) > LARGEST:
                yield Unreadable(f"tables.{table}.{key}", f"must be a whole number from 0 to {LARGEST}")


def _wrong_agenda(rows: Rows, agenda: Agenda) -> Iterator[Unreadable]:
    for table, turns_of_table in agenda.items():
        keys = [key for _, key in turns_of_table]
        if len(set(keys)) < len(keys):
            yield Unreadable(f"agenda.{table}", "must name each row once")
        for place, key in enumerate(keys):
            if key not in rows.get(table, {}):
                yield Unreadable(f"agenda.{table}.{place}", f"must be the key of one of tables.{table}: {key!r}")
    # A timer or delivery that waits without a moment in the agenda would never be handled.
    for table in ("timers", "outbox"):
        turns = {key: moment for moment, key in agenda.get(table, ())}
        for key, data in rows.get(table, {}).items():
            if key not in turns:
                yield Unreadable(f"agenda.{table}", f"must have a turn for {key!r}")
            elif table == "timers" and codec.decode_timer(data)[2].due != turns[key]:
                yield Unreadable(f"tables.timers.{key}.timer.due", "must be the moment of its turn in the agenda")

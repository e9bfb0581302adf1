"""Whether the facts of orders, the details of accounts and the rows of providers are what the providers read."""

from collections.abc import Iterator, Mapping

import orjson

from mockserver.domain.accounts import STATUSES
from mockserver.domain.orders import Order
from mockserver.sandbox import codec
from mockserver.sandbox.accounts import wrong_details_of
from mockserver.sandbox.json_objects import Unreadable, check_type
from mockserver.sandbox.provider_rules import ProviderRules
from mockserver.sandbox.row_forms import RowForms, Tables
from mockserver.sandbox.world import Rows

#: The tables that every sandbox has.
COMMON_TABLES = frozenset(
    {
        *("account_names", "accounts", "by_account", "by_word", "counters", "credentials", "deliveries", "finished"),
        *("guests", "movements", "orders", "outbox", "stock", "timers", "wallets"),
    }
)
#: Counts and amounts go further only where somebody made them up; much beyond this, a row could not hold them.
LARGEST = 2**53 - 1
_NO_FORMS = RowForms()


def wrong_owned_rows(rows: Rows, provider_rules: Mapping[str, ProviderRules]) -> Iterator[Unreadable]:
    """Yield what the providers of these rows could not read."""
    forms = {name: rules.forms() if rules.forms is not None else _NO_FORMS for name, rules in provider_rules.items()}
    yield from _unknown_tables(rows, forms)
    orders: dict[str, list[Order]] = {name: [] for name in forms}
    for key, data in rows.get("orders", {}).items():
        order = codec.decode_order(data)
        if order.provider in forms:
            orders[order.provider].append(order)
            yield from _wrong_facts(order, forms[order.provider], f"tables.orders.{key}.facts")
    yield from _wrong_accounts(rows, provider_rules)
    for name, form in forms.items():
        tables: dict[str, dict[str, object]] = {}
        for table, kind in form.tables.items():
            for key, data in rows.get(table, {}).items():
                error = row_error(data, kind, f"tables.{table}.{key}")
                if error is not None:
                    yield error
                else:
                    tables.setdefault(table, {})[key] = orjson.loads(data)
        yield from _low_numbers(rows, form, orders[name], tables)


def _unknown_tables(rows: Rows, forms: Mapping[str, RowForms]) -> Iterator[Unreadable]:
    for table in rows:
        owner, blank, _ = table.partition(" ")
        owned = bool(blank) and owner in forms and (not forms[owner].tables or table in forms[owner].tables)
        if table not in COMMON_TABLES and not owned:
            yield Unreadable(f"tables.{table[:100]}", "is not known")


def _wrong_facts(order: Order, forms: RowForms, path: str) -> Iterator[Unreadable]:
    kind = forms.facts.get(order.kind)
    try:
        if kind is not None:
            check_type(kind, dict(order.facts), path)
        if forms.probe is not None:
            forms.probe(order)
    except Unreadable as error:
        yield error
    except Exception as error:
        yield Unreadable(path, f"must be what the provider can show: {type(error).__name__}: {str(error)[:100]}")


def _wrong_accounts(rows: Rows, provider_rules: Mapping[str, ProviderRules]) -> Iterator[Unreadable]:
    for key, data in rows.get("accounts", {}).items():
        account, path = codec.decode_account(data), f"tables.accounts.{key}"
        rules = provider_rules.get(account.provider)
        if rules is None:
            continue
        known = rules.account_details(account.id)
        for name in known:
            if name not in account.details:
                yield Unreadable(f"{path}.details.{name}", "is missing")
        # Others were taken from scenarios once, and nothing reads them.
        details = {name: value for name, value in account.details.items() if name in known}
        for name, text in wrong_details_of(rules, account.id, details).items():
            yield Unreadable(f"{path}.details.{name}", text)
        if account.status not in STATUSES:
            yield Unreadable(f"{path}.status", f"must be one of {', '.join(STATUSES)}: {account.status[:100]!r}")
        if not 0 <= account.total_spent <= LARGEST:
            yield Unreadable(f"{path}.total_spent", f"must be from 0 to {LARGEST}: {account.total_spent}")


def row_error(data: bytes, kind: object, path: str) -> Unreadable | None:
    """Return why the row is not JSON of this type, or None when it is."""
    try:
        check_type(kind, orjson.loads(data), path)
    except orjson.JSONDecodeError:
        return Unreadable(path, "must be an object or a list")
    except Unreadable as error:
        return error
    return None


def _low_numbers(rows: Rows, forms: RowForms, orders: list[Order], tables: Tables) -> Iterator[Unreadable]:
    counters = rows.get("counters", {})
    least: dict[str, int] = {}
    for order in orders:
        name = f"{order.provider}/{order.kind}"
        least[name] = max(least.get(name, 0), order.sequence)
    if forms.numbers is not None:
        least |= forms.numbers(orders, tables)
    yield from low_counters(counters, least)


def low_counters(counters: Mapping[str, bytes], least: Mapping[str, int]) -> Iterator[Unreadable]:
    """Yield the counters below these numbers, which rows have already: the next one would be of another row."""
    for name, number in least.items():
        held = counters.get(name, b"0")
        if held.isdigit() and int(held) < number:
            yield Unreadable(f"tables.counters.{name}", f"must be {number} or more, which a row has already")

"""Random sequences of transactions, compared with a very simple model."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from mockserver.stores.base import DueRow, Row, Store, Transaction

OpenStore = Callable[[], Store]
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
TABLES = st.sampled_from(["orders", "timers"])
KEYS = st.text(alphabet="ab\ud7ff\U0010ffff", min_size=1, max_size=3)
PREFIXES = st.text(alphabet="ab\U0010ffff", max_size=2)
MOMENTS = st.integers(0, 3).map(lambda minutes: NOON + timedelta(minutes=minutes))
SMALL = st.integers(0, 4)
OPERATION = st.one_of(
    st.tuples(st.just("put"), TABLES, KEYS, st.none() | MOMENTS),
    st.tuples(st.just("put"), TABLES, KEYS, st.none() | MOMENTS),
    st.tuples(st.just("delete"), TABLES, KEYS),
    st.tuples(st.just("get"), TABLES, KEYS),
    st.tuples(st.just("scan"), TABLES, PREFIXES, PREFIXES, SMALL, SMALL, st.booleans()),
    st.tuples(st.just("count"), TABLES, PREFIXES),
    st.tuples(st.just("due"), TABLES, MOMENTS, SMALL),
)


class Undone(Exception):
    """Raised by the test to leave a transaction."""


@dataclass
class Model:
    """Rows with their moment and the number of their put, in one dictionary; every answer walks all of it."""

    rows: dict[tuple[str, str], tuple[Row, datetime | None, int]] = field(default_factory=dict)
    puts: int = 0

    def copy(self) -> "Model":
        return Model(dict(self.rows), self.puts)

    def of(self, table: str) -> list[tuple[Row, datetime | None, int]]:
        return [held for (name, _), held in sorted(self.rows.items()) if name == table]

    def put(self, table: str, key: str, due: datetime | None) -> bytes:
        self.puts += 1
        data = b"%d" % self.puts
        self.rows[table, key] = (Row(key, data), due, self.puts)
        return data

    def scan(self, table: str, prefix: str, after: str, limit: int, skip: int, reverse: bool) -> list[Row]:
        rows = [row for row, _, _ in self.of(table) if row.key.startswith(prefix)]
        if reverse:
            rows = [row for row in reversed(rows) if not after or row.key < after]
        else:
            rows = [row for row in rows if row.key > after]
        return rows[skip : skip + limit]

    def due(self, table: str, until: datetime, limit: int) -> list[DueRow]:
        line = [(due, number, row) for row, due, number in self.of(table) if due is not None and due <= until]
        return [DueRow(row.key, row.data, due) for due, _, row in sorted(line, key=lambda turn: turn[:2])][:limit]


async def perform(transaction: Transaction, model: Model, operation: tuple[Any, ...]) -> None:
    """Do one operation on both and compare what they answer."""
    match operation:
        case "put", table, key, due:
            await transaction.put(table, key, model.put(table, key, due), due=due)
        case "delete", table, key:
            model.rows.pop((table, key), None)
            await transaction.delete(table, key)
        case "get", table, key:
            row, due, _ = model.rows.get((table, key), (None, None, 0))
            assert await transaction.get(table, key) == (row.data if row is not None else None)
            assert await transaction.due_at(table, key) == due
        case "scan", table, prefix, after, limit, skip, reverse:
            found = await transaction.scan(table, prefix=prefix, after=after, limit=limit, skip=skip, reverse=reverse)
            assert found == model.scan(table, prefix, after, limit, skip, reverse)
        case "count", table, prefix:
            assert await transaction.count(table, prefix=prefix) == len(model.scan(table, prefix, "", 999, 0, False))
        case "due", table, until, limit:
            assert await transaction.due(table, until=until, limit=limit) == model.due(table, until, limit)
        case _:
            raise AssertionError(f"unknown operation {operation!r}")


class StoreMachine(RuleBasedStateMachine):
    """One store, one model, and transactions that end well or badly."""

    opened: Callable[[], Store]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.store = self.opened()
        self.model = Model()

    @rule(operations=st.lists(OPERATION, max_size=8), undone=st.booleans(), look=st.booleans())
    def transact(self, operations: list[tuple[Any, ...]], undone: bool, look: bool) -> None:
        self.runner.run(self.transaction(operations, undone))
        if look:  # not always, so that tables are also met before their first scan
            self.runner.run(self.compare())

    @rule()
    def clear(self) -> None:
        self.runner.run(self.store.clear())
        self.model.rows.clear()

    async def transaction(self, operations: list[tuple[Any, ...]], undone: bool) -> None:
        model = self.model.copy()
        try:
            async with self.store.transaction() as transaction:
                for operation in operations:
                    await perform(transaction, model, operation)
                if undone:
                    raise Undone
        except Undone:
            return
        self.model = model

    async def compare(self) -> None:
        """Everything that can be asked about the tables as a whole."""
        async with self.store.transaction() as transaction:
            for table in ("orders", "timers"):
                line = self.model.due(table, NOON + timedelta(days=1), 999)
                assert await transaction.scan(table, limit=999) == [row for row, _, _ in self.model.of(table)]
                assert await transaction.due(table, until=NOON + timedelta(days=1), limit=999) == line
                assert await transaction.next_due(table) == (line[0].due if line else None)

    def teardown(self) -> None:
        self.runner.run(self.store.close())
        self.runner.close()


@pytest.mark.slow
def test_any_transactions_leave_what_the_model_says(open_store: OpenStore) -> None:
    class Opened(StoreMachine):
        opened = staticmethod(open_store)

    run_state_machine_as_test(Opened, settings=settings(stateful_step_count=12))

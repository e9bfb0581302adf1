"""Behaviour of the store in memory alone."""

import subprocess
import sys
import tracemalloc
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest

from mockserver.stores.memory import MemoryStore

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
T = TypeVar("T")


async def test_transactions_do_not_overlap() -> None:
    store = MemoryStore()
    async with store.transaction() as first:
        with pytest.raises(RuntimeError, match="one is open already"):
            async with store.transaction():
                pass
        with pytest.raises(RuntimeError, match="while a transaction is open"):
            await store.clear()
        await first.put("orders", "a", b"")
    async with store.transaction() as second:
        assert await second.get("orders", "a") is not None


async def test_a_transaction_that_is_over_takes_nothing_more() -> None:
    async with MemoryStore().transaction() as transaction:
        await transaction.put("orders", "a", b"")
    with pytest.raises(RuntimeError, match="not open"):
        await transaction.put("orders", "a", b"")
    with pytest.raises(RuntimeError, match="not open"):
        await transaction.get("orders", "a")


async def test_no_verb_ever_waits() -> None:
    store = MemoryStore()
    transaction = _at_once(store.transaction().__aenter__())
    for number in range(3):
        _at_once(transaction.put("orders", f"a{number}", b"", due=NOON))
    _at_once(transaction.delete("orders", "a0"))
    assert _at_once(transaction.get("orders", "a1")) == b""
    assert len(_at_once(transaction.scan("orders"))) == _at_once(transaction.count("orders")) == 2
    assert [row.key for row in _at_once(transaction.due("orders", until=NOON, limit=9))] == ["a1", "a2"]
    assert _at_once(transaction.next_due("orders")) == _at_once(transaction.due_at("orders", "a2")) == NOON
    assert _at_once(transaction.tables()) == ["orders"]
    assert _at_once(store.read("orders", "a1")) == b""


def _at_once(verb: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns that never gives up its turn."""
    try:
        verb.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("the verb waits")


_FILLED = """
import asyncio, gc
from datetime import UTC, datetime
from mockserver.stores.memory import MemoryStore

async def fill(store, count):
    async with store.transaction() as transaction:
        for number in range(count):
            await transaction.put("orders", f"order/{number:08}", b"%d" % number)
            await transaction.put("timers", f"timer/{number:08}", b"%d" % number, due=datetime.now(UTC))
        await transaction.scan("orders", limit=1)

store = MemoryStore()
gc.collect()
before = len(gc.get_objects())
asyncio.run(fill(store, 50_000))
gc.collect()
print(len(gc.get_objects()) - before)
"""


def test_a_garbage_collection_finds_nothing_to_walk() -> None:
    """In a process of its own, whose collector has nothing of other tests."""
    done = subprocess.run([sys.executable, "-c", _FILLED], capture_output=True, text=True, check=True)
    # A list of sorted keys for each thousand, the tables themselves, and what asyncio leaves.
    assert int(done.stdout) < 2_000


async def test_a_row_costs_little_beyond_its_key_and_data() -> None:
    store, data, count = MemoryStore(), b"the same for all", 10_000
    keys = [f"order/{number:08}" for number in range(count)]
    tracemalloc.start()
    try:
        for key in keys:
            async with store.transaction() as transaction:
                await transaction.put("orders", key, data)
        async with store.transaction() as transaction:
            assert len(await transaction.scan("orders", prefix="order/00009", limit=1)) == 1
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held / count < 120

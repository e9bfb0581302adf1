"""What only the store in memory does."""

import tracemalloc

import pytest

from mockserver.stores.memory import MemoryStore

pytestmark = pytest.mark.anyio


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


async def test_a_table_without_scans_keeps_no_sorted_keys() -> None:
    store = MemoryStore()
    async with store.transaction() as transaction:
        await transaction.put("orders", "a", b"")
        await transaction.count("orders")
        assert store._tables["orders"].keys is None
        await transaction.scan("orders")
        assert store._tables["orders"].keys is not None


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
    assert held / count < 160

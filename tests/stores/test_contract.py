"""The contract of every store."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from mockserver.stores.base import DueRow, Row, Store

pytestmark = pytest.mark.anyio

OpenStore = Callable[[], Store]
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def later(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


async def filled(store: Store, *keys: str, table: str = "orders") -> None:
    async with store.transaction() as transaction:
        for key in keys:
            await transaction.put(table, key, key.encode())


async def keys_due(store: Store, until: datetime, *, limit: int = 100) -> list[str]:
    async with store.transaction() as transaction:
        return [row.key for row in await transaction.due("timers", until=until, limit=limit)]


async def scanned(
    store: Store, *, prefix: str = "", after: str = "", limit: int = 100, skip: int = 0, reverse: bool = False
) -> list[str]:
    async with store.transaction() as transaction:
        rows = await transaction.scan("orders", prefix=prefix, after=after, limit=limit, skip=skip, reverse=reverse)
        return [row.key for row in rows]


async def test_a_row_is_read_as_it_was_put(open_store: OpenStore) -> None:
    store = open_store()
    async with store.transaction() as transaction:
        await transaction.put("orders", "a", b"\x00one", due=NOON)
        assert await transaction.get("orders", "a") == b"\x00one"
    assert await store.read("orders", "a") == b"\x00one"
    assert await store.read("orders", "b") is None
    async with store.transaction() as transaction:
        assert await transaction.get("orders", "a") == b"\x00one"
        assert await transaction.due_at("orders", "a") == NOON
        assert await transaction.get("orders", "b") is None
        assert await transaction.due_at("orders", "b") is None
        assert await transaction.get("timers", "a") is None
        assert await transaction.due_at("timers", "a") is None
    await store.close()


async def test_a_deleted_row_is_gone_and_can_be_put_again(open_store: OpenStore) -> None:
    store = open_store()
    async with store.transaction() as transaction:
        await transaction.put("orders", "a", b"one", due=NOON)
        await transaction.delete("orders", "a")
        await transaction.delete("orders", "never there")
        await transaction.delete("no such table", "a")
        assert await transaction.get("orders", "a") is None
        assert await transaction.due_at("orders", "a") is None
        await transaction.put("orders", "a", b"two")
        assert await transaction.get("orders", "a") == b"two"
        assert await transaction.due_at("orders", "a") is None
    await store.close()


async def test_a_scan_goes_by_code_point_within_the_prefix(open_store: OpenStore) -> None:
    store = open_store()
    await filled(store, "b", "a/2", "a/10", "a", "A", "é", "a0", "a/\U0010ffff", "\U0010ffff\U0010ffff", "\U0010ffff")
    assert await scanned(store) == [
        *("A", "a", "a/10", "a/2", "a/\U0010ffff", "a0", "b", "é", "\U0010ffff", "\U0010ffff\U0010ffff")
    ]
    assert await scanned(store, prefix="a/") == ["a/10", "a/2", "a/\U0010ffff"]
    assert await scanned(store, prefix="a/\U0010ffff") == ["a/\U0010ffff"]
    assert await scanned(store, prefix="\U0010ffff") == ["\U0010ffff", "\U0010ffff\U0010ffff"]
    assert await scanned(store, prefix="c") == []
    await store.close()


async def test_a_scan_continues_skips_and_turns_round(open_store: OpenStore) -> None:
    store = open_store()
    await filled(store, *(f"a{number}" for number in range(6)), "b")
    assert await scanned(store, prefix="a", limit=2) == ["a0", "a1"]
    assert await scanned(store, prefix="a", after="a1", limit=2) == ["a2", "a3"]
    assert await scanned(store, prefix="a", after="a1x", skip=1) == ["a3", "a4", "a5"]
    assert await scanned(store, prefix="a", skip=5) == ["a5"]
    assert await scanned(store, prefix="a", skip=9) == []
    assert await scanned(store, prefix="b", after="a3") == ["b"]
    assert await scanned(store, prefix="a", after="b") == []
    assert await scanned(store, limit=0) == []
    assert await scanned(store, reverse=True, limit=2) == ["b", "a5"]
    assert await scanned(store, prefix="a", reverse=True, skip=4) == ["a1", "a0"]
    assert await scanned(store, prefix="a", reverse=True, after="a2") == ["a1", "a0"]
    assert await scanned(store, prefix="a", reverse=True, after="a2", skip=1) == ["a0"]
    assert await scanned(store, prefix="a", reverse=True, skip=9) == []
    assert await scanned(store, prefix="b", reverse=True, after="a9") == []
    await store.close()


async def test_count_follows_puts_and_deletions_by_prefix(open_store: OpenStore) -> None:
    store = open_store()
    await filled(store, "a1", "a2", "b1")
    async with store.transaction() as transaction:
        assert await transaction.count("orders", prefix="a") == 2
        await transaction.put("orders", "a3", b"")
        await transaction.put("orders", "a1", b"changed")
        await transaction.delete("orders", "b1")
        assert await transaction.count("orders", prefix="a") == 3
        assert await transaction.count("orders", prefix="b") == 0
        assert await transaction.count("orders") == 3
        assert await transaction.count("no such table") == 0
    await store.close()


async def test_rows_are_due_earliest_first_and_no_sooner(open_store: OpenStore) -> None:
    store = open_store()
    async with store.transaction() as transaction:
        for key, minutes in (("late", 9), ("early", 1), ("middle", 5)):
            await transaction.put("timers", key, b"", due=later(minutes))
        await transaction.put("timers", "never", b"")
        assert await transaction.next_due("timers") == later(1)
        assert await transaction.next_due("orders") is None
        assert [row.key for row in await transaction.due("timers", until=later(9))] == ["early"]
    assert await keys_due(store, later(0)) == []
    assert await keys_due(store, later(5)) == ["early", "middle"]
    assert await keys_due(store, later(5), limit=1) == ["early"]
    assert await keys_due(store, later(99)) == ["early", "middle", "late"]
    async with store.transaction() as transaction:
        assert await transaction.due("timers", until=later(99), limit=1) == [DueRow("early", b"", later(1))]
    await store.close()


async def test_equals_are_due_in_the_order_in_which_they_were_put_last(open_store: OpenStore) -> None:
    store = open_store()
    async with store.transaction() as transaction:
        for key in ("z", "a", "m"):
            await transaction.put("timers", key, b"", due=NOON)
    assert await keys_due(store, NOON) == ["z", "a", "m"]
    async with store.transaction() as transaction:
        await transaction.put("timers", "z", b"", due=NOON)
    assert await keys_due(store, NOON) == ["a", "m", "z"]
    await store.close()


async def test_a_row_put_without_a_moment_is_due_no_more(open_store: OpenStore) -> None:
    store = open_store()
    async with store.transaction() as transaction:
        await transaction.put("timers", "a", b"", due=NOON)
        await transaction.put("timers", "b", b"", due=NOON)
        await transaction.put("timers", "a", b"done")
        await transaction.delete("timers", "b")
        assert await transaction.next_due("timers") is None
    assert await keys_due(store, NOON) == []
    await store.close()


async def test_an_exception_undoes_everything(open_store: OpenStore) -> None:
    store = open_store()
    async with store.transaction() as transaction:
        for key in ("z", "a", "m"):
            await transaction.put("timers", key, b"old", due=NOON)
        await transaction.scan("timers")
    with pytest.raises(ZeroDivisionError):
        await change_and_fail(store)
    assert await keys_due(store, NOON) == ["z", "a", "m"]
    async with store.transaction() as transaction:
        assert await transaction.scan("timers") == [Row(key, b"old") for key in ("a", "m", "z")]
        assert [await transaction.due_at("timers", key) for key in ("a", "m", "z")] == [NOON] * 3
        assert await transaction.count("unheard of") == 0
    await store.close()


async def change_and_fail(store: Store) -> None:
    async with store.transaction() as transaction:
        await transaction.put("timers", "z", b"new", due=later(5))
        await transaction.put("timers", "z", b"newer")
        await transaction.delete("timers", "a")
        await transaction.put("timers", "a", b"another", due=NOON)
        await transaction.put("timers", "b", b"", due=NOON)
        await transaction.put("unheard of", "b", b"")
        assert [row.key for row in await transaction.due("timers", until=NOON, limit=9)] == ["m", "a", "b"]
        raise ZeroDivisionError


async def test_a_cancelled_transaction_is_undone(open_store: OpenStore) -> None:
    store = open_store()
    with anyio.CancelScope() as scope:
        async with store.transaction() as transaction:
            await transaction.put("orders", "a", b"")
            scope.cancel()
            await anyio.lowlevel.checkpoint()
    assert await scanned(store) == []
    await store.close()


async def test_a_cleared_store_is_empty_and_usable(open_store: OpenStore) -> None:
    store = open_store()
    await filled(store, "a", "b")
    await filled(store, "a", table="timers")
    await store.clear()
    assert await scanned(store) == []
    assert await keys_due(store, later(99)) == []
    await filled(store, "c")
    assert await scanned(store) == ["c"]
    await store.close()


async def test_tables_are_those_that_have_rows(open_store: OpenStore) -> None:
    store = open_store()
    async with store.transaction() as tx:
        assert await tx.tables() == []
        for table in ("b", "a", "c"):
            await tx.put(table, "key", b"")
        await tx.delete("c", "key")
        assert await tx.tables() == ["a", "b"]
    await store.close()

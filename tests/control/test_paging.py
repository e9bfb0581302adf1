"""Long lists come in pages, whose cost depends on the page's length and not on the list's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mockserver.stores.memory import MemoryTransaction
from tests.control.problems import fields_of
from tests.outside import AcmeWorld

pytestmark = pytest.mark.anyio
LISTS = {
    "/orders": "orders",
    "/requests": "requests",
    "/ledger/acme/demo": "entries",
    "/webhooks/deliveries": "deliveries",
}


async def filled(world: AcmeWorld, *, orders: int = 7) -> None:
    """Orders with their movements, deliveries and requests."""
    await world.steer("PATCH", "/accounts/acme/demo", {"webhook_url": "http://127.0.0.1:1/hook"})
    for _ in range(orders):
        await world.rent()
    await world.advance("8s")


async def pages(world: AcmeWorld, path: str, limit: int, more: str = "") -> list[list[Any]]:
    """Every page of the list."""
    found, after = [], ""
    while True:
        page = await world.steer("GET", f"{path}?limit={limit}{more}{after}")
        found.append(page[LISTS[path]])
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


@pytest.mark.parametrize("path", LISTS)
async def test_pages_together_are_the_whole_list(world: AcmeWorld, path: str) -> None:
    await filled(world)
    whole = await world.steer("GET", path)
    assert whole["next"] is None
    assert len(whole[LISTS[path]]) >= 7
    for limit in (1, 3, 7, 1000):
        found = await pages(world, path, limit)
        assert all(len(page) == limit for page in found[:-1])
        assert [one for page in found for one in page] == whole[LISTS[path]]


@pytest.mark.parametrize("more", ["&state=completed", "&account=acme-demo", "&provider=acme", "&state=waiting"])
async def test_a_filter_holds_on_every_page(world: AcmeWorld, more: str) -> None:
    await filled(world)
    last = await world.rent()
    found = [one["id"] for page in await pages(world, "/orders", 2, more) for one in page]
    whole = [one["id"] for one in (await world.steer("GET", f"/orders?{more[1:]}"))["orders"]]
    assert found == whole
    assert (last in found) == ("completed" not in more)


async def test_new_rows_do_not_move_the_pages_of_a_journal(world: AcmeWorld) -> None:
    await filled(world, orders=3)
    first = await world.steer("GET", "/requests?limit=2")
    await world.ask("GET", "/balance")
    second = await world.steer("GET", f"/requests?limit=2&after={first['next']}")
    ids = [one["id"] for one in (*first["requests"], *second["requests"])]
    assert ids == [f"req_{number:08d}" for number in (3, 2, 1)]


async def test_what_only_the_journal_knows_is_known_on_every_page(world: AcmeWorld) -> None:
    for path in ("/balance", "/nowhere", "/nowhere"):
        await world.ask("GET", path)
    first = await world.steer("GET", "/requests?path=/nowhere&limit=2")
    assert ([one["id"] for one in first["requests"]], first["next"]) == (["req_00000003", "req_00000002"], None)
    page = await world.steer("GET", "/requests?path=/nowhere&after=req_00000002")
    assert page == {"requests": [], "next": None}


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("limit", ["0", "-1", "1001", "x", "1.5", ""])
async def test_a_limit_is_from_1_to_1000(world: AcmeWorld, path: str, limit: str) -> None:
    assert fields_of(await world.control("GET", f"{path}?limit={limit}")) == ["limit"]


@pytest.mark.parametrize("path", LISTS)
async def test_what_never_was_a_next_is_refused(world: AcmeWorld, path: str) -> None:
    assert fields_of(await world.control("GET", f"{path}?after=-")) == ["after"]


@asynccontextmanager
async def rows_read(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[int]]:
    """How many rows each scan gave."""
    scan, seen = MemoryTransaction.scan, list[int]()

    async def counting(self: MemoryTransaction, *arguments: Any, **options: Any) -> Any:
        rows = await scan(self, *arguments, **options)
        seen.append(len(rows))
        return rows

    with monkeypatch.context() as patched:
        patched.setattr(MemoryTransaction, "scan", counting)
        yield seen


@pytest.mark.parametrize("path", ["/orders", "/ledger/acme/demo", "/webhooks/deliveries"])
async def test_a_short_page_reads_few_rows_of_a_long_list(
    world: AcmeWorld, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(world, orders=60)
    async with rows_read(monkeypatch) as seen:
        page = await world.steer("GET", f"{path}?limit=5")
    assert len(page[LISTS[path]]) == 5
    assert max(seen) <= 6
    assert sum(seen) <= 20


async def test_each_movement_has_its_number(world: AcmeWorld) -> None:
    await filled(world, orders=2)
    entries = (await world.steer("GET", "/ledger/acme/demo"))["entries"]
    assert [one["number"] for one in entries] == list(range(1, len(entries) + 1))
    assert entries[0]["cause"] == "opening balance"

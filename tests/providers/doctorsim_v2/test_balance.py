"""The balance and its history always agree with the ledger."""

from decimal import Decimal
from typing import Any

import pytest

from tests.providers.doctorsim_v2.judged import V2

pytestmark = pytest.mark.anyio


async def history(world: V2, limit: int = 50, *, key: str = "live_demo") -> list[dict[str, Any]]:
    """All of it, page by page."""
    rows: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = (await world.v2("GET", f"/balance/history?limit={limit}{cursor}", key=key)).json()
        rows += answer["data"]
        if not answer["meta"]["has_more"]:
            return rows
        cursor = f"&cursor={answer['meta']['cursor']}"


async def test_balances_at_the_beginning(world: V2) -> None:
    for key, held, environment in (
        ("test_demo", "250.00", "sandbox"),
        ("test_readonly", "250.00", "sandbox"),
        ("live_demo", "250.00", "production"),
        ("live_poor", "0.50", "production"),
    ):
        data = await world.data("GET", "/balance", key=key)
        assert data == {"balance": held, "currency": "EUR", "environment": environment}


async def test_every_movement_is_told_as_the_ledger_has_it(world: V2) -> None:
    failed = await world.ordered(phone="+522221230001", key="live_demo")
    done = await world.ordered(key="live_demo")
    await world.advance("10s")
    await world.steer("PATCH", "/accounts/doctorsim_v2/live_demo", {"balance": "77.70"})
    rows = await history(world)
    kinds = ["adjustment", "refund", "order", "order", "deposit"]
    assert [one["type"] for one in rows] == kinds
    assert [one["order_id"] for one in rows] == [None, failed["order_id"], done["order_id"], failed["order_id"], None]
    assert sum(Decimal(one["amount"]) for one in rows) == Decimal("77.70")
    assert rows[0]["balance_after"] == await world.balance(key="live_demo") == "77.70"
    ledger = (await world.steer("GET", "/ledger/doctorsim_v2/live_demo"))["entries"]
    told = [(one["amount"], one["balance_after"], one["order"]) for one in reversed(ledger)]
    assert [(one["amount"], one["balance_after"], one["order_id"]) for one in rows] == told


async def test_sandbox_orders_move_nothing(world: V2) -> None:
    await world.ordered()
    await world.ordered(phone="+522221230001")
    await world.advance("10s")
    assert [one["type"] for one in await history(world, key="test_demo")] == ["deposit"]


async def test_pages_stay_correct_while_money_moves(world: V2) -> None:
    for _ in range(5):
        await world.ordered(key="live_demo")
    whole = await history(world)
    first = (await world.v2("GET", "/balance/history?limit=2", key="live_demo")).json()
    await world.ordered(key="live_demo")
    cursor = first["meta"]["cursor"]
    rest = (await world.v2("GET", f"/balance/history?limit=100&cursor={cursor}", key="live_demo")).json()
    assert first["data"] + rest["data"] == whole
    assert await history(world, 1) == await history(world)
    assert await world.wrong_fields("GET", "/balance/history?limit=101") == {"limit"}
    assert await world.wrong_fields("GET", "/balance/history?cursor=zzz") == {"cursor"}

"""The log of deliveries is bounded, and each delivery costs the same however many there are."""

import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mockserver.app import App
from mockserver.sandbox import delivery_log
from mockserver.stores import memory
from mockserver.webhooks.model import Delivery, Outcome
from tests.outside import AcmeWorld, acme_running
from tests.providers.doctorsim_v2.judged import BASE, V2, v2_running

pytestmark = pytest.mark.anyio
KEY = {"Authorization": "Bearer test_demo:sk_demo"}
CLOSED = "http://127.0.0.1:1/hook"


@pytest.fixture(autouse=True)
def nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every attempt meets a closed port, without the time that asking the system takes."""

    async def refused(_: App, delivery: Delivery) -> Outcome:
        return Outcome("unreachable", detail=f"the connection to {delivery.url} failed: refused")

    monkeypatch.setattr(App, "deliver", refused)


@pytest.fixture
def touched(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many rows every transaction reads and writes."""
    rows: Counter[str] = Counter()

    def counted(name: str) -> Callable[..., Awaitable[Any]]:
        real = getattr(memory.MemoryTransaction, name)

        async def call(*arguments: Any, **named: Any) -> Any:
            found = await real(*arguments, **named)
            rows["touched"] += len(found) if isinstance(found, list) else 1
            return found

        return call

    for name in ("get", "put", "delete", "scan", "due"):
        monkeypatch.setattr(memory.MemoryTransaction, name, counted(name))
    return rows


@asynccontextmanager
async def hooked(orders: int) -> AsyncIterator[V2]:
    """A world with five webhooks and so many orders placed at one moment, each of which is one delivery a hook."""
    async with v2_running(rate_limits="off") as world:
        await world.steer("PATCH", "/accounts/doctorsim_v2/test_demo", {"balance": "9000000.00"})
        for number in range(5):
            await world.hook(f"{CLOSED}{number}", events=["order.created"])
        body = await world.order_body()
        for _ in range(orders):
            answer = await world.call("POST", f"{BASE}/orders", headers=KEY, json=body)
            assert answer.status_code == 201, answer.text
        yield world


async def rows_for(orders: int, touched: Counter[str]) -> float:
    """Rows touched for each of the deliveries of so many orders, placed and first attempted."""
    touched.clear()
    async with hooked(orders) as world:
        ran = await world.advance("1ms")
        assert ran["failed"] == 5 * orders
    return touched["touched"] / (5 * orders)


async def test_a_delivery_costs_the_same_when_the_log_is_full_of_pending_ones(
    touched: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_log, "LOG_SIZE", 50)
    few, many = await rows_for(10, touched), await rows_for(200, touched)
    assert many <= few


@pytest.mark.slow
async def test_five_webhooks_and_two_thousand_orders_are_attempted_one_and_all(touched: Counter[str]) -> None:
    """Of these 10,000 deliveries the log of 5,000 found none to forget, and searched through all for each attempt."""
    assert await rows_for(2_000, touched) < 60


async def test_finished_deliveries_are_forgotten_in_the_order_of_their_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_log, "LOG_SIZE", 10)
    async with hooked(4) as world:
        await world.advance("30d")
        listed = (await world.steer("GET", "/webhooks/deliveries"))["deliveries"]
        assert [one["id"] for one in listed] == [f"dlv_{number:08d}" for number in range(20, 10, -1)]
        assert {one["state"] for one in listed} == {"failed"}
        state = await world.steer("GET", "/state")
        assert len(state["tables"]["finished"]) == 10


async def test_a_delivery_that_is_sent_once_more_outlives_its_first_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_log, "LOG_SIZE", 2)
    async with acme() as world:
        await bought(world)
        await world.steer("POST", "/webhooks/deliveries/dlv_00000001/redeliver")
        sandbox = world.app.sandboxes.known("default")
        assert sandbox is not None
        async with sandbox.work("a test") as work:
            for _ in range(2):
                await sandbox.state.delivery_log.add(work, "dlv_99999999")
        await world.steer("POST", "/clock/advance", {"by": 0})
        again = await world.steer("GET", "/webhooks/deliveries/dlv_00000001")
        assert (again["state"], len(again["attempts"])) == ("failed", 2)
        async with sandbox.work("a test") as work:
            for _ in range(2):
                await sandbox.state.delivery_log.add(work, "dlv_99999999")
        assert (await world.control("GET", "/webhooks/deliveries/dlv_00000001")).status_code == 404


async def test_an_outbox_that_is_full_drops_what_comes_and_says_why(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(delivery_log, "MOST_PENDING", 12)
    with caplog.at_level(logging.WARNING, "mockserver"):
        async with hooked(4) as world:
            listed = (await world.steer("GET", "/webhooks/deliveries"))["deliveries"]
            assert [one["state"] for one in listed[::-1]] == ["pending"] * 12 + ["dropped"] * 8
            dropped = listed[0]
            assert (dropped["attempts"], dropped["next_try"]) == ([], None)
            assert dropped["hostile"] == {"outbox_full": "12 deliveries are waiting to be sent, more are not kept"}
            story = await world.steer("GET", f"/orders/doctorsim_v2/{dropped['order']}")
            assert "12 deliveries are waiting to be sent" in str(story["explanation"])
    told = [one.getMessage() for one in caplog.records if "drops webhooks" in one.getMessage()]
    assert told == ["sandbox 'default' drops webhooks: 12 deliveries are waiting to be sent, more are not kept"]


async def test_an_outbox_that_has_room_again_takes_deliveries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_log, "MOST_PENDING", 1)
    async with acme() as world:
        assert [await bought(world) for _ in range(3)] == ["failed", "failed", "failed"]


async def test_a_delivery_remembers_its_newest_attempts_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.sandbox.deliveries.MOST_ATTEMPTS", 3)
    async with acme() as world:
        await bought(world)
        for _ in range(5):
            await world.advance("1m")
            await world.steer("POST", "/webhooks/deliveries/dlv_00000001/redeliver")
            await world.steer("POST", "/clock/advance", {"by": 0})
        attempts = (await world.steer("GET", "/webhooks/deliveries/dlv_00000001"))["attempts"]
        assert [one["at"][14:16] for one in attempts] == ["03", "04", "05"]


@asynccontextmanager
async def acme() -> AsyncIterator[AcmeWorld]:
    """A world whose demo account has a webhook."""
    async with acme_running(rate_limits="off") as world:
        await world.send_to(CLOSED)
        yield world


async def bought(world: AcmeWorld) -> str:
    """Rent a number and have its code come at once; the state of the delivery that tells of it."""
    await world.push(await world.rent())
    await world.steer("POST", "/clock/advance", {"by": 0})
    state: str = (await world.steer("GET", "/webhooks/deliveries?limit=1"))["deliveries"][0]["state"]
    return state


async def test_the_story_of_an_order_finds_its_deliveries_behind_thousands_of_later_ones() -> None:
    async with acme() as world:
        first = await world.rent()
        await world.push(first)
        sandbox = world.app.sandboxes.known("default")
        assert sandbox is not None
        async with sandbox.work("a test") as work:
            row = await work.tx.get("deliveries", "dlv_00000001")
            assert row is not None
            for number in range(2, 6_000):
                other = row.replace(first.encode(), b"9" * len(first)).replace(b"dlv_00000001", b"dlv_%08d" % number)
                await work.tx.put("deliveries", f"dlv_{number:08d}", other)
        story = (await world.order(first))["explanation"]["story"]
        assert [one["id"] for history_entry in story for one in history_entry["deliveries"]] == ["dlv_00000001"]

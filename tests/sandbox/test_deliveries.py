"""Deliveries of webhooks: in order, awaited when time is moved, logged, and without blocking requests."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from mockserver.sandbox import delivery_log
from tests.outside import AcmeWorld, acme_running
from tests.webhooks.receivers import Receiver, Visit, receiving

pytestmark = pytest.mark.anyio
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
BROKEN = b"HTTP/1.1 500 Oh no\r\nContent-Length: 6\r\n\r\nbroken"


async def accept(visit: Visit) -> None:
    await visit.answer(NO_CONTENT)


async def fail(visit: Visit) -> None:
    await visit.answer(BROKEN)


async def hang(visit: Visit) -> None:
    await visit.receiver.hold.wait()
    await visit.answer(NO_CONTENT)


@pytest.fixture
async def world() -> AsyncIterator[AcmeWorld]:
    async with acme_running(rate_limits="off") as made:
        yield made


async def log_of(world: AcmeWorld) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await world.steer("GET", "/webhooks/deliveries"))["deliveries"]
    return found


def ids(receiver: Receiver) -> list[str]:
    return [orjson.loads(visit.body)["order"]["id"] for visit in receiver.visits]


async def test_moving_time_awaits_what_falls_due_on_the_way(world: AcmeWorld) -> None:
    async with receiving(accept) as receiver:
        await world.send_to(receiver.url("/hook?secret=s3cret"))
        bought = await world.rent()
        ran = await world.advance("8s")
        assert (ran["fired"], ran["delivered"], ran["failed"], ran["pending"]) == (1, 1, 0, 0)
        (visit,) = receiver.visits
    assert visit.line == "POST /hook?secret=s3cret HTTP/1.1"
    shown = (await world.ask("GET", f"/orders/{bought}")).json()
    assert (shown["id"], shown["state"]) == (bought, "completed")
    assert orjson.loads(visit.body) == {"event": "order.completed", "order": shown}
    (delivery,) = await log_of(world)
    assert (delivery["state"], delivery["next_try"], delivery["cause"]) == ("delivered", None, "timer sms")
    (attempt,) = delivery["attempts"]
    assert (attempt["at"], attempt["verdict"], attempt["status"]) == ("2026-01-31T12:00:08Z", "delivered", 204)


async def test_each_delivery_happens_at_its_own_moment_in_a_long_advance(world: AcmeWorld) -> None:
    seen = []

    async def look(visit: Visit) -> None:
        seen.append((await world.steer("GET", "/clock"))["now"])
        await visit.answer(NO_CONTENT)

    async with receiving(look) as receiver:
        await world.send_to(receiver.url())
        await world.rent()
        await world.advance("3s")
        await world.rent()
        await world.advance("1h")
    assert seen == ["2026-01-31T12:00:08Z", "2026-01-31T12:00:11Z"]


async def test_one_receiver_gets_them_one_after_the_other_in_the_order_of_events(world: AcmeWorld) -> None:
    async with receiving(accept) as receiver:
        await world.send_to(receiver.url())
        bought = [await world.rent() for _ in range(6)]
        ran = await world.advance("8s")
        assert (ran["delivered"], receiver.most_open) == (6, 1)
        assert ids(receiver) == bought


async def test_a_failure_does_not_hold_up_those_behind_it(world: AcmeWorld) -> None:
    async def first_fails(visit: Visit) -> None:
        await visit.answer(BROKEN if len(visit.receiver.visits) == 1 else NO_CONTENT)

    async with receiving(first_fails) as receiver:
        await world.send_to(receiver.url())
        bought = [await world.rent() for _ in range(2)]
        ran = await world.advance("8s")
        assert (ran["delivered"], ran["failed"]) == (1, 1)
        assert ids(receiver) == bought
    newest, oldest = await log_of(world)
    assert (newest["state"], oldest["state"]) == ("delivered", "failed")
    assert (oldest["attempts"][0]["verdict"], oldest["attempts"][0]["status"]) == ("answered", 500)
    assert oldest["attempts"][0]["body"] == "broken"


async def test_a_slow_receiver_blocks_neither_other_receivers_nor_other_work(world: AcmeWorld) -> None:
    await world.steer("POST", "/accounts/acme", {"id": "slow", "credentials": {"key": "k-slow"}, "balance": "9"})
    async with receiving(hang) as slow, receiving(accept) as quick:
        await world.send_to(slow.url(), "slow")
        await world.send_to(quick.url())
        await world.rent(key="k-slow")
        await world.rent()
        advancing = asyncio.ensure_future(world.advance("8s"))
        await asyncio.wait_for(slow.arrived.wait(), 5)
        await asyncio.wait_for(quick.arrived.wait(), 5)
        assert (await asyncio.wait_for(world.ask("GET", "/balance"), 5)).status_code == 200
        assert (await asyncio.wait_for(world.beside("other").advance("1h"), 5))["fired"] == 0
        assert not advancing.done()
        slow.hold.set()
        assert (await asyncio.wait_for(advancing, 5))["delivered"] == 2


async def test_a_receiver_may_call_back_into_the_api_before_it_answers(world: AcmeWorld) -> None:
    seen = {}

    async def call_back(visit: Visit) -> None:
        order = orjson.loads(visit.body)["order"]["id"]
        seen["check"] = (await world.ask("GET", f"/orders/{order}")).json()["state"]
        seen["cancel"] = (await world.ask("POST", f"/orders/{order}/cancel")).json()["error"]["code"]
        seen["next"] = await world.rent()
        seen["pushed"] = (await world.push(seen["next"]))["state"]
        await visit.answer(NO_CONTENT)

    async def once(visit: Visit) -> None:
        await (call_back(visit) if len(visit.receiver.visits) == 1 else visit.answer(NO_CONTENT))

    async with receiving(once) as receiver:
        await world.send_to(receiver.url())
        await world.rent()
        ran = await asyncio.wait_for(world.advance("8s"), 5)
        assert len(receiver.visits) == 2
    assert (seen["check"], seen["cancel"], seen["pushed"]) == ("completed", "done", "completed")
    assert (ran["delivered"], ran["pending"]) == (2, 0)


async def test_an_event_that_is_pushed_is_delivered_without_moving_time(world: AcmeWorld) -> None:
    async with receiving(accept) as receiver:
        await world.send_to(receiver.url())
        order = await world.rent()
        await world.push(order, code="654321")
        await asyncio.wait_for(receiver.arrived.wait(), 5)
        assert orjson.loads(receiver.visits[0].body)["order"]["code"] == "654321"


async def test_without_a_url_nothing_is_sent(world: AcmeWorld) -> None:
    await world.rent()
    assert (await world.advance("8s"))["delivered"] == 0
    assert await log_of(world) == []


@pytest.mark.parametrize(
    ("url", "verdict"),
    [
        ("http://169.254.169.254/latest/meta-data", "refused_target"),
        ("http://93.184.215.14/", "refused_target"),
        ("ftp://127.0.0.1/", "refused_target"),
        ("not a url", "refused_target"),
        ("http://127.0.0.1:1/", "unreachable"),
    ],
)
async def test_what_cannot_or_may_not_be_reached_fails_and_says_why(world: AcmeWorld, url: str, verdict: str) -> None:
    await world.send_to(url)
    await world.rent()
    ran = await world.advance("8s")
    assert (ran["delivered"], ran["failed"], ran["pending"]) == (0, 1, 0)
    (delivery,) = await log_of(world)
    assert delivery["state"] == "failed"
    assert delivery["attempts"][0]["verdict"] == verdict
    assert delivery["attempts"][0]["detail"]


async def test_a_redelivery_sends_the_same_body_again_and_adds_an_attempt(world: AcmeWorld) -> None:
    async with receiving(fail) as receiver:
        await world.send_to(receiver.url())
        order = await world.rent()
        await world.advance("8s")
        (delivery,) = await log_of(world)
        await world.advance("1m")
        receiver.arrived.clear()
        again = await world.steer("POST", f"/webhooks/deliveries/{delivery['id']}/redeliver")
        assert (again["state"], again["id"]) == ("pending", delivery["id"])
        await asyncio.wait_for(receiver.arrived.wait(), 5)
        await world.steer("POST", "/clock/advance", {"by": 0})
        assert receiver.visits[0].body == receiver.visits[1].body
        assert ids(receiver) == [order, order]
    (delivery,) = await log_of(world)
    assert delivery["state"] == "failed"
    assert [attempt["at"] for attempt in delivery["attempts"]] == ["2026-01-31T12:00:08Z", "2026-01-31T12:01:08Z"]


async def test_redelivering_what_is_under_way_sends_it_once(world: AcmeWorld) -> None:
    async with receiving(hang) as receiver:
        await world.send_to(receiver.url())
        await world.rent()
        advancing = asyncio.ensure_future(world.advance("8s"))
        await asyncio.wait_for(receiver.arrived.wait(), 5)
        (delivery,) = await log_of(world)
        await world.steer("POST", f"/webhooks/deliveries/{delivery['id']}/redeliver")
        receiver.hold.set()
        assert (await asyncio.wait_for(advancing, 5))["delivered"] == 1
        assert len(receiver.visits) == 1
    assert (await log_of(world))[0]["state"] == "delivered"


async def test_the_log_is_bounded_and_forgets_the_oldest(world: AcmeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_log, "LOG_SIZE", 20)
    await world.send_to("http://127.0.0.1:1/")
    for _ in range(50):
        order = await world.rent()
        await world.push(order)
        await world.steer("POST", "/clock/advance", {"by": 0})
        assert len(await log_of(world)) <= 20
    numbers = [int(delivery["id"].removeprefix("dlv_")) for delivery in await log_of(world)]
    assert numbers == list(range(50, 50 - len(numbers), -1))
    assert len(numbers) >= 10


async def test_the_server_stops_while_a_receiver_hangs() -> None:
    async with receiving(hang) as receiver:
        async with acme_running() as world:
            await world.send_to(receiver.url())
            order = await world.rent()
            await world.push(order)
            await asyncio.wait_for(receiver.arrived.wait(), 5)
        assert not receiver.hold.is_set()


async def test_a_sandbox_is_deleted_while_a_receiver_hangs(world: AcmeWorld) -> None:
    other = world.beside("other")
    async with receiving(hang) as receiver:
        await other.send_to(receiver.url())
        await other.rent()
        advancing = asyncio.ensure_future(other.control("POST", "/clock/advance", {"by": "8s"}))
        await asyncio.wait_for(receiver.arrived.wait(), 5)
        await world.steer("DELETE", "/sandboxes/other")
        assert (await asyncio.wait_for(advancing, 5)).status_code in (200, 404)


async def test_a_client_that_leaves_its_advance_does_not_end_the_delivery(world: AcmeWorld) -> None:
    async with receiving(hang) as receiver:
        await world.send_to(receiver.url())
        await world.rent()
        advancing = asyncio.ensure_future(world.advance("8s"))
        await asyncio.wait_for(receiver.arrived.wait(), 5)
        advancing.cancel()
        await asyncio.wait([advancing])
        receiver.hold.set()
        assert (await asyncio.wait_for(world.advance("1s"), 5))["delivered"] == 1
    (delivery,) = await log_of(world)
    assert delivery["state"] == "delivered"


async def test_a_receiver_may_move_time_while_its_webhook_is_being_delivered() -> None:
    async with acme_running() as world:
        moved: list[int] = []

        async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            answer = await world.control("POST", "/clock/advance", {"by": "5s"})
            moved.append(answer.status_code)
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(receive, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        await world.send_to(f"http://127.0.0.1:{port}/")
        await world.rent()
        ran = await asyncio.wait_for(world.advance("8s"), 5)
        server.close()
    assert moved == [200]
    assert (ran["delivered"], ran["now"]) == (1, "2026-01-31T12:00:13Z")


async def test_spans_of_parallel_advances_add_up() -> None:
    async with acme_running() as world:
        await asyncio.gather(*(world.advance("10s") for _ in range(5)))
        assert (await world.steer("GET", "/clock"))["now"] == "2026-01-31T12:00:50Z"


async def test_an_attempt_that_outlives_its_delivery_ends_without_a_word(world: AcmeWorld) -> None:
    """Whoever deletes a sandbox does not wait for what begins in that moment."""
    async with receiving(hang) as receiver:
        await world.send_to(receiver.url())
        await world.rent()
        advancing = asyncio.ensure_future(world.advance("8s"))
        await asyncio.wait_for(receiver.arrived.wait(), 5)
        sandbox = world.app.sandboxes.known("default")
        assert sandbox is not None
        async with sandbox.work("a test") as work:
            for table in ("deliveries", "outbox"):
                await work.tx.delete(table, "dlv_00000001")
        receiver.hold.set()
        ran = await asyncio.wait_for(advancing, 5)
        assert (ran["delivered"], ran["pending"]) == (1, 0)
        assert await log_of(world) == []

"""The scenarios that come with the server: each does what its sentence says."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from mockserver.clockwork.clock import machine_now
from mockserver.resources import bundled
from mockserver.scenario.check import check_file, load_file
from tests.providers.doctorsim_v2.judged import V2, v2_running
from tests.providers.doctorsim_v2.oauth.flows import Flow
from tests.providers.doctorsim_v2.test_webhooks import answering, signed
from tests.webhooks.receivers import Receiver, Visit, receiving

pytestmark = pytest.mark.anyio
FILES = sorted((bundled("scenarios") / "doctorsim_v2").glob("*.yaml"))
LIVE = "live_demo"


@asynccontextmanager
async def under(*names: str) -> AsyncIterator[V2]:
    async with v2_running() as world:
        await world.steer("PUT", "/scenarios/active", list(names))
        yield world


@asynccontextmanager
async def client_with_receiver(
    name: str, answer: Callable[[Visit], Awaitable[None]]
) -> AsyncIterator[tuple[V2, Receiver, str]]:
    """A world under this scenario, with a webhook; its receiver and secret."""
    async with under(name) as world, receiving(answer) as receiver:
        yield world, receiver, (await world.hook(receiver.url()))["secret"]


def events(receiver: Receiver) -> list[str]:
    return [json.loads(visit.body)["event"] for visit in receiver.visits]


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_each_tells_what_happens_and_what_it_teaches(file: Any) -> None:
    assert check_file(file, ["doctorsim_v2"]) == []
    scenario = load_file(file, place=("doctorsim_v2", file.stem))
    assert scenario.about.endswith(".")
    assert scenario.teaches.endswith(".")
    assert scenario.about != scenario.teaches


@pytest.mark.parametrize(
    ("name", "statuses", "code"),
    [
        ("sold-out", [503, 503], "INTERNAL_ERROR"),
        ("price-moves", [400, 201], "INVALID_PRICE_TOKEN"),
        ("balance-just-too-small", [402, 201], "INSUFFICIENT_CREDITS"),
        ("error-on-order", [500, 201], "INTERNAL_ERROR"),
        ("upstream-burst", [502, 502, 502, 201], "INTERNAL_ERROR"),
    ],
)
async def test_the_first_orders_are_refused_and_cost_nothing(name: str, statuses: list[int], code: str) -> None:
    async with under(name) as world:
        body = await world.order_body()
        assert await world.data("POST", "/orders/preview", body)
        for status in statuses:
            assert await world.balance(key=LIVE) == "250.00"
            answer = await world.v2("POST", "/orders", body, key=LIVE)
            assert answer.status_code == status
            if status != 201:
                assert answer.json()["error"]["code"] == code
        assert (await world.balance(key=LIVE) == "250.00") is (name == "sold-out")


async def test_after_an_error_the_same_idempotency_key_places_the_order() -> None:
    async with under("error-on-order") as world:
        body, headers = await world.order_body(), {"Idempotency-Key": "one"}
        answers = [await world.v2("POST", "/orders", body, headers=headers) for _ in range(3)]
        assert [one.status_code for one in answers] == [500, 201, 201]
        assert answers[1].json()["data"] == answers[2].json()["data"]


async def test_short_quotes() -> None:
    async with under("short-quotes") as world:
        body = await world.order_body()
        assert await world.data("POST", "/orders", body)
        await world.advance("3s")
        assert await world.refused("POST", "/orders", body) == (400, "INVALID_PRICE_TOKEN")
        assert await world.ordered()


async def test_short_tokens() -> None:
    async with under("short-tokens") as world:
        flow = Flow(world)
        client = await flow.register()
        tokens = await flow.tokens(client)
        assert tokens["expires_in"] == 5
        body = await world.order_body()
        order = (await world.data("POST", "/orders", body, key=tokens["access_token"]))["order_id"]
        await world.advance("6s")
        path = f"/orders/{order}"
        assert await world.refused("GET", path, key=tokens["access_token"]) == (401, "INVALID_TOKEN")
        fresh = (await flow.refresh(client, tokens["refresh_token"])).json()["access_token"]
        assert (await world.data("GET", path, key=fresh))["status"] == "processing"


async def test_key_rejected_once() -> None:
    async with under("key-rejected-once") as world:
        order = (await world.ordered())["order_id"]
        assert await world.refused("GET", f"/orders/{order}") == (401, "INVALID_API_KEY")
        assert await world.status(order) == "pending"


async def test_revoked_midway() -> None:
    async with under("revoked-midway") as world:
        order = (await world.ordered())["order_id"]
        for path in (f"/orders/{order}", "/orders", "/balance", "/balance/history"):
            assert await world.refused("GET", path) == (401, "API_KEY_REVOKED")


async def test_rate_limit_storm() -> None:
    async with under("rate-limit-storm") as world:
        for path in ("/balance", "/countries"):
            answers = [await world.v2("GET", path) for _ in range(4)]
            assert [one.status_code for one in answers] == [429, 429, 429, 200]
            assert all(int(one.headers["retry-after"]) > 0 for one in answers[:3])


async def test_slow_start() -> None:
    async with under("slow-start") as world:
        orders = [(await world.ordered())["order_id"] for _ in range(6)]
        magic = (await world.ordered(phone="+522221230000"))["order_id"]
        assert await world.status(magic) == "fulfilled"
        await world.advance("299s")
        assert [await world.status(one) for one in orders] == ["processing"] * 5 + ["fulfilled"]
        await world.advance("301s")
        assert {await world.status(one) for one in orders} == {"fulfilled"}


async def test_order_stuck() -> None:
    async with under("order-stuck") as world:
        order = (await world.ordered())["order_id"]
        magic = (await world.ordered(phone="+522221230003"))["order_id"]
        await world.advance("30d")
        assert [await world.status(one) for one in (order, magic)] == ["processing", "fulfilled"]


async def test_late_refund() -> None:
    async with under("late-refund") as world:
        order = (await world.ordered(key=LIVE))["order_id"]
        await world.advance("3609s")
        assert await world.status(order, key=LIVE) == "failed"
        assert await world.balance(key=LIVE) != "250.00"
        await world.advance("1s")
        assert await world.status(order, key=LIVE) == "failed"
        assert await world.balance(key=LIVE) == "250.00"


async def test_flaky() -> None:
    async with under("flaky") as world:
        await world.steer("PATCH", "/settings", {"rate_limits": "off"})
        orders = [(await world.ordered())["order_id"] for _ in range(30)]
        endings = ("0000", "0001", "0002", "0003", "0004")
        magic = [(await world.ordered(phone=f"+52222123{one}"))["order_id"] for one in endings]
        await world.advance("10s")
        found = [await world.status(one) for one in orders]
        assert set(found) == {"fulfilled", "failed"}
        assert 1 <= found.count("failed") <= 14
        await world.advance("10m")
        found = [await world.status(one) for one in magic]
        assert found == ["fulfilled", "failed", "MANUAL_REVISION", "fulfilled", "processing"]


@pytest.mark.parametrize(("name", "placed"), [("answer-lost", True), ("connection-reset", False)])
async def test_an_order_without_an_answer_is_repeated_with_the_same_key(name: str, placed: bool) -> None:
    async with under(name) as world:
        headers = {"Idempotency-Key": "one"}
        body = await world.order_body()
        with pytest.raises(httpx.TransportError):
            await world.v2("POST", "/orders", body, key=LIVE, headers=headers)
        after_the_first = await world.balance(key=LIVE)
        assert (after_the_first != "250.00") is placed
        assert await world.data("POST", "/orders", body, key=LIVE, headers=headers)
        held = await world.balance(key=LIVE)
        assert held != "250.00"
        assert (held == after_the_first) is placed


async def test_cut_answer() -> None:
    async with under("cut-answer") as world:
        order = (await world.ordered())["order_id"]
        with pytest.raises(httpx.TransportError):
            await world.v2("GET", f"/orders/{order}")
        assert await world.status(order) == "pending"


async def test_slow_answer() -> None:
    async with under("slow-answer") as world:
        answer = await world.v2("POST", "/orders", await world.order_body())
        data = answer.json()["data"]
        assert answer.headers["date"].endswith("12:00:30 GMT")
        assert data["status"] == "pending"
        assert await world.status(data["order_id"]) == "fulfilled"


async def test_webhook_first() -> None:
    happened = []

    async def note(visit: Visit) -> None:
        happened.append(json.loads(visit.body)["event"])
        await visit.answer(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with client_with_receiver("webhook-first", note) as (world, _, _):
        await world.ordered()
        happened.append("answer")
        await world.advance("10s")
    assert happened == ["order.created", "answer", "order.fulfilled"]


async def test_webhooks_twice() -> None:
    async with client_with_receiver("webhooks-twice", answering(200)) as (world, receiver, _):
        await world.ordered()
        await world.advance("10s")
    assert sorted(events(receiver)) == ["order.created"] * 2 + ["order.fulfilled"] * 2
    assert len({json.loads(visit.body)["id"] for visit in receiver.visits}) == 2


async def test_webhooks_late() -> None:
    async with client_with_receiver("webhooks-late", answering(200)) as (world, receiver, _):
        await world.ordered()
        await world.advance("299s")
        assert receiver.visits == []
        await world.advance("1s")
        assert events(receiver) == ["order.created"]
        await world.advance("10s")
    assert events(receiver) == ["order.created", "order.fulfilled"]


async def test_webhooks_reordered() -> None:
    async with client_with_receiver("webhooks-reordered", answering(200)) as (world, receiver, _):
        await world.ordered()
        await world.advance("20s")
    assert events(receiver) == ["order.fulfilled", "order.created"]


@pytest.mark.parametrize(("ending", "status"), [("1231", "fulfilled"), ("0001", "failed")])
@pytest.mark.parametrize("name", ["order.fulfilled", "order.completed"])
async def test_webhooks_lost(name: str, ending: str, status: str) -> None:
    async with client_with_receiver("webhooks-lost", answering(200)) as (world, receiver, _):
        await world.setting(fulfilled_event=name)
        order = (await world.ordered(phone=f"+52222123{ending}"))["order_id"]
        await world.advance("1d")
        assert await world.status(order) == status
    assert events(receiver) == ["order.created"]


async def test_webhooks_forged() -> None:
    async with client_with_receiver("webhooks-forged", answering(200)) as (world, receiver, secret):
        await world.ordered()
        await world.advance("10s")
    assert events(receiver) == ["order.created", "order.fulfilled"]
    assert not any(signed(visit, secret) for visit in receiver.visits)


async def test_webhooks_stale() -> None:
    async with client_with_receiver("webhooks-stale", answering(200)) as (world, receiver, secret):
        await world.ordered()
        await world.advance("10s")
    assert len(receiver.visits) == 2
    for visit in receiver.visits:
        assert signed(visit, secret)
        age = machine_now().timestamp() - int(visit.headers["x-doctorsim-timestamp"])
        assert age == pytest.approx(timedelta(hours=1).total_seconds(), abs=60)

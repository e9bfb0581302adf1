"""Webhooks that arrive twice, late, overtaken, never, too early, or with an invalid signature."""

import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from mockserver.app import App
from mockserver.clockwork.clock import machine_now
from mockserver.sandbox.provider_rules import UnitOfWorkPort
from mockserver.webhooks.backoff import RetryPolicy
from mockserver.webhooks.model import Delivery
from tests.outside import AcmeWorld, acme_running
from tests.served import ACME
from tests.support import frozen_settings, started
from tests.webhooks.receivers import Receiver, Visit, receiving

pytestmark = pytest.mark.anyio
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
BROKEN = b"HTTP/1.1 500 Oh no\r\nContent-Length: 0\r\n\r\n"
SECRET = b"shared"


async def accept(visit: Visit) -> None:
    await visit.answer(NO_CONTENT)


async def arm(world: AcmeWorld, webhook: dict[str, Any], **more: Any) -> None:
    await world.steer("POST", "/faults", {"webhook": webhook, **more})


async def log_of(world: AcmeWorld) -> list[dict[str, Any]]:
    """Every delivery, oldest first."""
    found: list[dict[str, Any]] = (await world.steer("GET", "/webhooks/deliveries"))["deliveries"]
    return found[::-1]


def ids(receiver: Receiver) -> list[str]:
    return [orjson.loads(visit.body)["order"]["id"] for visit in receiver.visits]


async def test_a_duplicate_is_the_same_delivery_once_more() -> None:
    async with acme_running() as world, receiving(accept) as receiver:
        await world.send_to(receiver.url())
        await arm(world, {"duplicate": True}, name="twice", times=1)
        first, second = await world.rent(), await world.rent()
        ran = await world.advance("8s")
        assert (ran["delivered"], ran["pending"]) == (3, 0)
        assert sorted(ids(receiver)) == sorted([first, first, second])
        once, other = await log_of(world)
        assert (once["faults"], once["hostile"]) == (["twice"], {"duplicate": True})
        assert [len(one["attempts"]) for one in (once, other)] == [2, 1]
        assert {one["state"] for one in (once, other)} == {"delivered"}


async def test_as_many_duplicates_as_asked_for_after_whatever_failed() -> None:
    rules = ACME.rules._replace(retries=RetryPolicy((timedelta(seconds=5),)))
    visits = 0

    async def second_time(visit: Visit) -> None:
        nonlocal visits
        visits += 1
        await visit.answer(BROKEN if visits == 1 else NO_CONTENT)

    app = App(frozen_settings(), [replace(ACME, rules=rules)])
    async with started(app) as made, receiving(second_time) as receiver:
        world = AcmeWorld(made.app, made.client)
        await world.send_to(receiver.url())
        await arm(world, {"duplicate": 3})
        await world.rent()
        ran = await world.advance("20s")
        assert (ran["delivered"], ran["failed"]) == (4, 1)


async def test_a_late_one_is_late_on_the_sandboxs_clock() -> None:
    async with acme_running() as world, receiving(accept) as receiver:
        await world.send_to(receiver.url())
        await arm(world, {"delay": "2m"})
        await world.rent()
        assert (await world.advance("127s"))["delivered"] == 0
        (delivery,) = await log_of(world)
        assert (delivery["hostile"], delivery["next_try"]) == ({"delay": "2m"}, "2026-01-31T12:02:08Z")
        assert (await world.advance("1s"))["delivered"] == 1


async def test_reordered_ones_arrive_the_other_way_round_and_the_last_one_at_last() -> None:
    async with acme_running() as world, receiving(accept) as receiver:
        await world.send_to(receiver.url())
        await arm(world, {"reorder": True})
        bought = []
        for _ in range(3):
            bought.append(await world.rent())
            await world.advance("9s")
        assert ids(receiver) == [bought[1], bought[0]]
        assert (await world.advance("1m"))["delivered"] == 1
        assert ids(receiver)[2] == bought[2]


async def test_one_that_is_overtaken_once_follows_although_the_fault_is_gone() -> None:
    async with acme_running() as world, receiving(accept) as receiver:
        await world.send_to(receiver.url())
        await arm(world, {"reorder": True}, times=1)
        first = await world.rent()
        await world.advance("8s")
        second = await world.rent()
        await world.advance("8s")
        assert ids(receiver) == [second, first]


async def test_a_dropped_one_never_goes_out_unless_it_is_sent_again_by_hand() -> None:
    async with acme_running() as world, receiving(accept) as receiver:
        await world.send_to(receiver.url())
        await arm(world, {"drop": True}, name="lost")
        await world.rent()
        ran = await world.advance("1h")
        assert (ran["delivered"], ran["failed"], receiver.visits) == (0, 0, [])
        (delivery,) = await log_of(world)
        assert (delivery["state"], delivery["faults"], delivery["attempts"]) == ("dropped", ["lost"], [])
        await world.steer("POST", f"/webhooks/deliveries/{delivery['id']}/redeliver")
        await world.advance("1s")
        assert len(receiver.visits) == 1


INSTANT = """
scenario: instant
provider: acme
about: The code is there at once.
rules: [{when: {operation: buy}, then: {delays: {sms: 0s}}}]
faults: [{name: early, webhook: {before_response: true}}]
"""


async def test_one_before_the_response_arrives_before_it_and_its_receiver_may_call_back() -> None:
    async with acme_running() as world:
        happened = []

        async def call_back(visit: Visit) -> None:
            order = orjson.loads(visit.body)["order"]["id"]
            seen = await world.ask("GET", f"/orders/{order}")
            happened.append(f"webhook, {seen.json()['state']}")
            await visit.answer(NO_CONTENT)

        async with receiving(call_back) as receiver:
            await world.send_to(receiver.url())
            yaml = {"content": INSTANT, "headers": {"Content-Type": "application/yaml"}}
            assert (await world.control("POST", "/scenarios", **yaml)).status_code == 201
            await world.steer("PUT", "/scenarios/active", ["instant"])
            await world.rent()
            happened.append("response")
        assert happened == ["webhook, completed", "response"]
        (delivery,) = await log_of(world)
        assert (delivery["faults"], delivery["state"]) == (["early"], "delivered")


async def sign(unit: UnitOfWorkPort, delivery: Delivery, real: datetime) -> Mapping[str, str]:
    """As providers do: a timestamp, and an HMAC of it and the body."""
    timestamp = str(int(real.timestamp()))
    return {"X-Timestamp": timestamp, "X-Signature": signature(timestamp, delivery.body.encode())}


def signature(timestamp: str, body: bytes) -> str:
    return hmac.new(SECRET, timestamp.encode() + b"." + body, "sha256").hexdigest()


@pytest.mark.parametrize(
    ("webhook", "signed", "age"),
    [
        ({"delay": "1s"}, True, 0),
        ({"bad_signature": True}, False, 0),
        ({"stale_timestamp": True}, True, 3600),
        ({"stale_timestamp": "10m", "bad_signature": True}, False, 600),
    ],
)
async def test_signatures_that_are_none_and_timestamps_of_long_ago(
    webhook: dict[str, Any], signed: bool, age: int
) -> None:
    app = App(frozen_settings(), [replace(ACME, rules=ACME.rules._replace(sign=sign))])
    async with started(app) as made, receiving(accept) as receiver:
        world = AcmeWorld(made.app, made.client)
        await world.send_to(receiver.url())
        await arm(world, webhook)
        await world.rent()
        await world.advance("10s")
        (visit,) = receiver.visits
    timestamp = visit.headers["x-timestamp"]
    assert (visit.headers["x-signature"] == signature(timestamp, visit.body)) is signed
    assert len(visit.headers["x-signature"]) == 64
    past = machine_now() - datetime.fromtimestamp(int(timestamp), UTC)
    assert timedelta(seconds=age) <= past < timedelta(seconds=age + 60)


async def test_a_hostile_delivery_is_told_by_account_event_state_and_dice() -> None:
    async with acme_running(rate_limits="off") as world, receiving(accept) as receiver:
        await world.send_to(receiver.url())
        for number, more in enumerate(({"account": "poor"}, {"event": "other"}, {"state": "cancelled"})):
            await arm(world, {"drop": True}, name=f"f{number}", **more)
        await arm(world, {"drop": True}, event="order.completed", state="completed", chance=0.5)
        for _ in range(12):
            await world.rent()
        await world.advance("8s")
        states = [one["state"] for one in await log_of(world)]
        assert set(states) == {"delivered", "dropped"}
        assert states.count("delivered") == len(receiver.visits)


async def test_an_order_keeps_the_webhook_faults_that_its_caller_asked_for() -> None:
    async with acme_running() as world, receiving(accept) as receiver:
        await world.send_to(receiver.url())
        await arm(world, {"duplicate": True}, name="twice", on_demand=True)
        body = {"service": "chat"}
        for prefer in ("mock-fault=twice", "return=minimal"):
            answer = await world.ask("POST", "/orders", body, headers={"Prefer": prefer})
            assert answer.status_code == 201
            entry = await world.steer("GET", f"/requests/{answer.headers['x-mock-request-id']}")
            assert entry["fault"] == ("twice" if "mock" in prefer else None)
        assert (await world.advance("8s"))["delivered"] == 3
        assert [one["faults"] for one in await log_of(world)] == [["twice"], []]


async def test_an_order_keeps_the_webhook_faults_of_the_scenario_that_its_caller_asked_for() -> None:
    async with acme_running() as world, receiving(accept) as receiver:
        await world.send_to(receiver.url())
        text = "scenario: lossy\nprovider: acme\nabout: Nothing arrives.\nfaults: [{webhook: {drop: true}}]\n"
        yaml = {"content": text, "headers": {"Content-Type": "application/yaml"}}
        assert (await world.control("POST", "/scenarios", **yaml)).status_code == 201
        await world.ask("POST", "/orders", {"service": "chat"}, headers={"Prefer": "mock-scenario=lossy"})
        await world.rent()
        assert (await world.advance("8s"))["delivered"] == 1
        assert [one["state"] for one in await log_of(world)] == ["dropped", "delivered"]

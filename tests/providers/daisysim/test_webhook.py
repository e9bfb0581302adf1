"""The one webhook: what is sent, when, and to whom."""

import json

import pytest

from tests.conformance.judge import validator
from tests.providers.daisysim.judged import Daisy
from tests.webhooks.receivers import Visit, receiving

pytestmark = pytest.mark.anyio


async def accept(visit: Visit) -> None:
    await visit.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello there")


async def refuse(visit: Visit) -> None:
    await visit.answer(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")


async def test_the_code_is_told_in_the_documented_body(world: Daisy) -> None:
    async with receiving(accept) as receiver:
        await world.change(webhook_url=receiver.url("/hook?secret=a%20b&x=1"))
        bought = await world.bought(6, "wa", service_name="My label")
        assert receiver.visits == []
        ran = await world.advance("8s")
    assert (ran["delivered"], ran["failed"], ran["pending"]) == (1, 0, 0)
    [visit] = receiver.visits
    assert visit.line == "POST /hook?secret=a%20b&x=1 HTTP/1.1"
    assert visit.headers["content-type"] == "application/json"
    body = json.loads(visit.body)
    validator("daisysim/code-received.webhook").validate(body)
    assert body == {
        "event": "code.received",
        "activation_id": bought["activation_id"],
        "phone_number": bought["phone_number"],
        "service": "My label",
        "code": (await world.data("GET", f"/check/{bought['activation_id']}"))["code"],
        "received_at": "2026-01-31T12:00:08Z",
    }


async def test_it_is_unsigned(world: Daisy) -> None:
    async with receiving(accept) as receiver:
        await world.change(webhook_url=receiver.url())
        await world.bought(999, "ic")
        await world.advance("0s")
    [visit] = receiver.visits
    usual = {"host", "content-type", "content-length", "user-agent", "accept", "accept-encoding", "connection"}
    assert set(visit.headers) <= usual


async def test_without_a_name_the_label_is_the_catalogues(world: Daisy) -> None:
    async with receiving(accept) as receiver:
        await world.change(webhook_url=receiver.url())
        await world.bought(187, "go")
        await world.advance("8s")
    assert json.loads(receiver.visits[0].body)["service"] == "Google"


async def test_it_is_fired_once_and_not_for_cancels_and_expiries(world: Daisy) -> None:
    async with receiving(accept) as receiver:
        await world.change(webhook_url=receiver.url())
        coded, cancelled, _expired = [(await world.bought(999, one))["activation_id"] for one in ("wa", "ns", "ns")]
        await world.advance("60s")
        await world.data("POST", f"/cancel/{cancelled}")
        for _ in range(3):
            await world.status(coded)
        await world.control("POST", f"/orders/daisysim/{coded}/events", {"event": "sms"})
        ran = await world.steer("POST", "/clock/advance", {"until": "idle"})
    assert ran["pending"] == 0
    assert [json.loads(visit.body)["activation_id"] for visit in receiver.visits] == [coded]


async def test_a_receiver_that_fails_is_not_tried_again(world: Daisy) -> None:
    async with receiving(refuse) as receiver:
        await world.change(webhook_url=receiver.url())
        bought = (await world.bought(6, "wa"))["activation_id"]
        ran = await world.advance("8s")
        assert (ran["delivered"], ran["failed"], ran["pending"]) == (0, 1, 0)
        await world.advance("30d")
    assert len(receiver.visits) == 1
    assert await world.status(bought) == "Completed"
    [delivery] = (await world.steer("GET", "/webhooks/deliveries"))["deliveries"]
    assert (delivery["state"], delivery["next_try"], len(delivery["attempts"])) == ("failed", None, 1)
    assert delivery["attempts"][0]["status"] == 500


async def test_a_pushed_code_is_told_too(world: Daisy) -> None:
    async with receiving(accept) as receiver:
        await world.change(webhook_url=receiver.url())
        bought = (await world.bought())["activation_id"]
        await world.steer("POST", f"/orders/daisysim/{bought}/events", {"event": "sms", "code": "424242"})
        await world.advance("0s")
    assert [json.loads(visit.body)["code"] for visit in receiver.visits] == ["424242"]


async def test_each_account_has_its_own_address(world: Daisy) -> None:
    async with receiving(accept) as ours, receiving(accept) as theirs:
        key = await world.open_account("other", balance="10", webhook_url=theirs.url())
        await world.change(webhook_url=ours.url())
        order = await world.order_of(999, "ic")
        await world.data("POST", "/purchase", order, key=key)
        await world.advance("0s")
        assert (len(ours.visits), len(theirs.visits)) == (0, 1)
        await world.data("POST", "/purchase", order)
        await world.advance("0s")
        assert (len(ours.visits), len(theirs.visits)) == (1, 1)


async def test_without_an_address_nothing_is_sent(world: Daisy) -> None:
    await world.bought(999, "ic")
    assert (await world.advance("1h"))["failed"] == 0
    assert (await world.steer("GET", "/webhooks/deliveries"))["deliveries"] == []


async def test_codes_are_told_in_the_order_in_which_they_came(world: Daisy) -> None:
    async with receiving(accept) as receiver:
        await world.change(webhook_url=receiver.url())
        ids = []
        for _ in range(4):
            ids.append((await world.bought(6, "wa"))["activation_id"])
            await world.advance("1s")
        await world.advance("1m")
    assert [json.loads(visit.body)["activation_id"] for visit in receiver.visits] == ids

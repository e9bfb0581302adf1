"""Webhooks: registered, changed, sent, signed, retried, redelivered."""

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Any

import pytest

from mockserver.clockwork.clock import machine_now
from mockserver.domain.moments import parse_moment
from tests.conformance.judge import validator
from tests.providers.doctorsim_v2.judged import V2
from tests.support import START
from tests.webhooks.receivers import Visit, receiving

pytestmark = pytest.mark.anyio


def answering(*statuses: int) -> Callable[[Visit], Awaitable[None]]:
    """Answers with these statuses in turn, the last one for ever."""
    left = list(statuses)

    async def answer(visit: Visit) -> None:
        status = left.pop(0) if len(left) > 1 else left[0]
        await visit.answer(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())

    return answer


def signed(visit: Visit, secret: str) -> bool:
    """The contract's recipe."""
    text = visit.headers["x-doctorsim-timestamp"].encode() + b"." + visit.body
    made = hmac.new(secret.encode(), text, sha256).hexdigest()
    return visit.headers["x-doctorsim-signature"] == f"sha256={made}"


async def deliveries(world: V2) -> list[dict[str, Any]]:
    """The log, oldest first."""
    found: list[dict[str, Any]] = (await world.steer("GET", "/webhooks/deliveries"))["deliveries"]
    return found[::-1]


# -- the endpoints -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/webhooks", "/webhooks/orders"])
async def test_the_secret_is_shown_once_and_never_again(world: V2, path: str) -> None:
    answer = await world.v2("POST", path, {"url": "https://shop.example/hook?auth=MARK"})
    made = answer.json()["data"]
    assert answer.status_code == 201
    assert made["secret"].startswith("whsec_")
    assert (made["status"], made["created_at"]) == ("active", "2026-01-31T12:00:00Z")
    assert made["events"] == ["order.created", "order.fulfilled", "order.failed"]
    await world.data("PATCH", f"/webhooks/{made['id']}", {"url": "https://shop.example/new?auth=MARK"})
    await world.data("GET", f"/webhooks/{made['id']}")
    await world.data("GET", "/webhooks")
    await world.ordered()
    await world.data("DELETE", f"/webhooks/{made['id']}")
    everything = [await world.steer("GET", path) for path in ("/requests", "/webhooks/deliveries", "/accounts")]
    entries = (await world.steer("GET", "/requests"))["requests"]
    everything += [await world.steer("GET", f"/requests/{entry['id']}") for entry in entries]
    assert made["secret"] not in json.dumps(everything)
    assert "MARK" not in json.dumps(everything)  # what a URL asks for may be a secret, too


async def test_an_account_has_five_at_most(world: V2) -> None:
    made = [await world.hook("https://shop.example/hook") for _ in range(5)]
    assert len({one["secret"] for one in made}) == len({one["id"] for one in made}) == 5
    assert await world.refused("POST", "/webhooks", {"url": "https://a.example/"}) == (409, "WEBHOOK_LIMIT_REACHED")
    assert await world.hook("https://shop.example/hook", key="live_demo")
    await world.data("PATCH", f"/webhooks/{made[0]['id']}", {"status": "inactive"})
    assert (await world.refused("POST", "/webhooks", {"url": "https://a.example/"}))[0] == 409
    assert await world.data("DELETE", f"/webhooks/{made[0]['id']}") == {"id": made[0]["id"], "deleted": True}
    assert await world.hook("https://shop.example/hook")


async def test_webhooks_are_listed_read_changed_and_deleted(world: V2) -> None:
    made = await world.hook("https://shop.example/hook", events=["order.failed", "order.failed", "order.created"])
    shown = {name: value for name, value in made.items() if name != "secret"}
    assert shown["events"] == ["order.failed", "order.created"]
    assert await world.data("GET", "/webhooks") == [shown]
    path = f"/webhooks/{made['id']}"
    assert await world.data("GET", path) == shown
    changes: list[dict[str, Any]] = [
        {"url": "https://b.example/x?y=1"},
        {"events": ["order.created"]},
        {"status": "inactive"},
    ]
    for change in changes:
        shown |= change
        assert await world.data("PATCH", path, change) == shown
    assert await world.data("PATCH", path, {}) == shown
    assert await world.data("PATCH", path, {"id": 99, "secret": "mine", "created_at": "never"}) == shown
    await world.data("DELETE", path)
    assert await world.data("GET", "/webhooks") == []
    for method in ("GET", "PATCH", "DELETE"):
        assert await world.refused(method, path, {} if method == "PATCH" else None) == (404, "WEBHOOK_NOT_FOUND")


async def test_a_webhook_is_its_accounts_own(world: V2) -> None:
    made = await world.hook("https://shop.example/hook")
    for number in (made["id"], "0", "x", "-1", "1.0", "9" * 30, "%C2%B2"):
        assert (await world.refused("GET", f"/webhooks/{number}", key="live_demo")) == (404, "WEBHOOK_NOT_FOUND")
    assert await world.data("GET", "/webhooks", key="live_demo") == []


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/hook",
        "http://93.184.216.34/hook",
        "http://169.254.169.254/",
        "ftp://shop.example/",
        "shop.example/hook",
        "https://",
        "https:///x",
        "https://user:password@shop.example/",
        "https://shop.example/#x",
        "https://shop.example:99999/",
        "https://[::1/",
        "javascript:alert(1)",
        "https://shop.example/a b",
        "https://shop.example/a\r\nX-Other: 1",
        "\thttps://shop.example/",
        "",
        "https://shop.example/" + "x" * 2048,
        7,
        None,
    ],
)
async def test_a_bad_address_is_refused(world: V2, url: Any) -> None:
    assert await world.wrong_fields("POST", "/webhooks", {"url": url}) == {"url"}
    made = await world.hook("https://shop.example/hook")
    assert await world.wrong_fields("PATCH", f"/webhooks/{made['id']}", {"url": url}) == {"url"}
    assert (await world.data("GET", f"/webhooks/{made['id']}"))["url"] == "https://shop.example/hook"


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8080/hook",
        "http://127.0.0.1/",
        "http://[::1]:1/",
        "http://10.1.2.3/",
        "http://192.168.0.7:9/x",
        "http://receiver:8080/hook",
        "http://app.localhost/",
        "http://host.docker.internal/",
    ],
)
async def test_plain_http_is_for_private_hosts_while_the_setting_admits_it(world: V2, url: str) -> None:
    assert await world.hook(url)
    await world.setting(local_http_webhooks=False)
    assert await world.wrong_fields("POST", "/webhooks", {"url": url}) == {"url"}
    assert await world.hook("https://shop.example/hook")


@pytest.mark.parametrize("events", [[], ["order.unknown"], "order.created", [1], ["order.created", None]])
async def test_an_unknown_event_is_refused(world: V2, events: Any) -> None:
    answer = await world.v2("POST", "/webhooks", {"url": "https://shop.example/hook", "events": events})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert answer.json()["error"]["details"][0]["field"].startswith("events")


async def test_a_status_is_active_or_inactive(world: V2) -> None:
    made = await world.hook("https://shop.example/hook")
    assert await world.wrong_fields("PATCH", f"/webhooks/{made['id']}", {"status": "paused"}) == {"status"}


# -- what is sent ------------------------------------------------------------------------------------


async def test_an_order_is_told_when_it_is_made_and_when_it_is_fulfilled(world: V2) -> None:
    async with receiving(answering(200)) as receiver:
        made = await world.hook(receiver.url("/hook?x=1"))
        order = (await world.ordered())["order_id"]
        await world.advance("0s")
        await world.advance("10s")
    first, second = receiver.visits
    assert first.line == "POST /hook?x=1 HTTP/1.1"
    for visit, event, moment in ((first, "order.created", "00"), (second, "order.fulfilled", "10")):
        body = json.loads(visit.body)
        validator("doctorsim_v2/order.webhook").validate(body)
        assert (body["event"], visit.headers["x-doctorsim-event"]) == (event, event)
        assert body["created_at"] == f"2026-01-31T12:00:{moment}Z"
        assert visit.headers["content-type"] == "application/json"
        assert signed(visit, made["secret"])
        assert not signed(visit, "whsec_another")
        assert abs(int(visit.headers["x-doctorsim-timestamp"]) - machine_now().timestamp()) < 60
    assert json.loads(first.body)["data"]["status"] == "pending"
    assert json.loads(second.body)["data"] == await world.order(order)
    assert json.loads(first.body)["id"] != json.loads(second.body)["id"]


@pytest.mark.parametrize("ending", ["0001", "0002"])
async def test_failure_and_manual_revision_are_both_told_as_failed(world: V2, ending: str) -> None:
    async with receiving(answering(200)) as receiver:
        await world.hook(receiver.url(), events=["order.failed"])
        await world.ordered(phone=f"+52222123{ending}")
        await world.advance("10s")
    [visit] = receiver.visits
    body = json.loads(visit.body)
    assert (body["event"], body["data"]["status"]) == (
        "order.failed",
        {"0001": "failed", "0002": "MANUAL_REVISION"}[ending],
    )


async def test_each_webhook_gets_what_it_wants_under_its_own_secret(world: V2) -> None:
    async with receiving(answering(200)) as one, receiving(answering(200)) as two, receiving(answering(200)) as three:
        hooks = [
            await world.hook(one.url()),
            await world.hook(two.url(), events=["order.fulfilled"]),
            await world.hook(three.url(), events=["order.failed"]),
        ]
        await world.hook(three.url(), key="live_demo")
        await world.ordered()
        await world.advance("10s")
    assert [visit.headers["x-doctorsim-event"] for visit in one.visits] == ["order.created", "order.fulfilled"]
    assert [visit.headers["x-doctorsim-event"] for visit in two.visits] == ["order.fulfilled"]
    assert three.visits == []
    assert signed(two.visits[0], hooks[1]["secret"])
    assert one.visits[1].body == two.visits[0].body
    assert one.visits[1].headers["x-doctorsim-delivery"] != two.visits[0].headers["x-doctorsim-delivery"]


async def test_an_inactive_webhook_gets_nothing(world: V2) -> None:
    async with receiving(answering(200)) as receiver:
        made = await world.hook(receiver.url())
        await world.data("PATCH", f"/webhooks/{made['id']}", {"status": "inactive"})
        await world.ordered()
        await world.advance("10s")
        assert receiver.visits == []
        await world.data("PATCH", f"/webhooks/{made['id']}", {"status": "active"})
        await world.ordered()
        await world.advance("10s")
    assert len(receiver.visits) == 2


async def test_a_setting_names_the_event_of_a_fulfilled_order(world: V2) -> None:
    await world.setting(fulfilled_event="order.completed")
    async with receiving(answering(200)) as receiver:
        everything = await world.hook(receiver.url())
        assert everything["events"] == ["order.created", "order.completed", "order.failed"]
        await world.data("DELETE", f"/webhooks/{everything['id']}")
        await world.hook(receiver.url(), events=["order.completed"])
        await world.ordered()
        await world.advance("10s")
    [visit] = receiver.visits
    assert json.loads(visit.body)["event"] == visit.headers["x-doctorsim-event"] == "order.completed"
    validator("doctorsim_v2/order.webhook").validate(json.loads(visit.body))


@pytest.mark.parametrize("profile", ["all", "documented"])
@pytest.mark.parametrize(
    ("name", "other"), [("order.fulfilled", "order.completed"), ("order.completed", "order.fulfilled")]
)
async def test_only_the_name_in_force_can_be_subscribed_to(world: V2, name: str, other: str, profile: str) -> None:
    await world.setting(fulfilled_event=name, profile=profile)
    url = "https://shop.example/hook"
    assert await world.wrong_fields("POST", "/webhooks", {"url": url, "events": [other]}) == {"events.0"}
    made = await world.hook(url, events=["order.failed", name])
    assert made["events"] == ["order.failed", name]
    change = {"events": ["order.created", other]}
    assert await world.wrong_fields("PATCH", f"/webhooks/{made['id']}", change) == {"events.1"}
    assert (await world.data("GET", f"/webhooks/{made['id']}"))["events"] == ["order.failed", name]
    assert await world.data("PATCH", f"/webhooks/{made['id']}", {"events": [name, name]}) == {
        **{field: value for field, value in made.items() if field != "secret"},
        "events": [name],
    }


async def test_a_changed_setting_renames_the_event_of_webhooks_that_are_there(world: V2) -> None:
    """A webhook is never called with a name that it is not shown to be subscribed to."""
    async with receiving(answering(200)) as receiver:
        made = await world.hook(receiver.url(), events=["order.fulfilled"])
        for name in ("order.completed", "order.fulfilled"):
            await world.setting(fulfilled_event=name)
            assert (await world.data("GET", f"/webhooks/{made['id']}"))["events"] == [name]
            assert [one["events"] for one in await world.data("GET", "/webhooks")] == [[name]]
            await world.ordered()
            await world.advance("10s")
            assert receiver.visits[-1].headers["x-doctorsim-event"] == name
            assert json.loads(receiver.visits[-1].body)["event"] == name
    assert len(receiver.visits) == 2


async def test_a_webhook_of_an_older_state_file_that_names_the_event_otherwise_is_read(world: V2) -> None:
    made = await world.hook("https://shop.example/hook", events=["order.failed"])
    state = await world.steer("GET", "/state")
    older = json.loads(json.dumps(state).replace('["order.failed"]', '["order.completed", "order.fulfilled"]'))
    assert older != state
    await world.steer("PUT", "/state", older)
    assert (await world.data("GET", f"/webhooks/{made['id']}"))["events"] == ["order.fulfilled"]


async def test_a_gift_card_is_told_with_its_code(world: V2) -> None:
    async with receiving(answering(200)) as receiver:
        await world.hook(receiver.url(), events=["order.fulfilled"])
        order = (await world.ordered(operator=await world.card(), phone=None))["order_id"]
        await world.advance("10s")
    data = json.loads(receiver.visits[0].body)["data"]
    assert data["redemption_code"] == (await world.order(order))["redemption_code"]


# -- retries -----------------------------------------------------------------------------------------


async def test_a_failing_receiver_is_tried_again_after_the_pauses_of_the_sandboxs_clock(world: V2) -> None:
    async with receiving(answering(500)) as receiver:
        await world.hook(receiver.url(), events=["order.created"])
        await world.ordered(phone="+522221230004")
        ran = await world.steer("POST", "/clock/advance", {"until": "idle"})
    [delivery] = await deliveries(world)
    moments = [parse_moment(one["at"]) for one in delivery["attempts"]]
    pauses = [int((after - before).total_seconds()) for before, after in pairwise(moments)]
    assert pauses == [5, 30, 120, 600, 3600]
    assert (delivery["state"], delivery["next_try"], ran["pending"]) == ("failed", None, 0)
    ids = {visit.headers["x-doctorsim-delivery"] for visit in receiver.visits}
    assert (len(receiver.visits), ids) == (6, {delivery["id"]})
    assert len({visit.body for visit in receiver.visits}) == 1


async def test_every_attempt_is_signed_anew_with_real_time(world: V2, monkeypatch: pytest.MonkeyPatch) -> None:
    real = iter((START, START + timedelta(seconds=7)))
    monkeypatch.setattr("mockserver.sandbox.deliveries.machine_now", lambda: next(real))
    async with receiving(answering(500, 200)) as receiver:
        made = await world.hook(receiver.url(), events=["order.created"])
        await world.ordered(phone="+522221230004")
        await world.advance("0s")
        await world.advance("5s")
    first, second = receiver.visits
    assert signed(first, made["secret"])
    assert signed(second, made["secret"])
    assert int(second.headers["x-doctorsim-timestamp"]) - int(first.headers["x-doctorsim-timestamp"]) == 7
    [delivery] = await deliveries(world)
    assert delivery["state"] == "delivered"
    shown = [one["signed_headers"]["X-DoctorSIM-Signature"] for one in delivery["attempts"]]
    assert shown == [first.headers["x-doctorsim-signature"], second.headers["x-doctorsim-signature"]]


async def test_a_delivery_that_is_due_now_is_attempted_at_once_though_the_clock_stands_still(world: V2) -> None:
    async with receiving(answering(200)) as receiver:
        await world.hook(receiver.url(), events=["order.created"])
        await world.ordered()
        async with asyncio.timeout(5):
            await receiver.arrived.wait()
    assert len(receiver.visits) == 1


async def test_410_switches_the_webhook_off(world: V2) -> None:
    async with receiving(answering(410)) as receiver:
        made = await world.hook(receiver.url())
        await world.ordered()
        await world.advance("0s")
        assert (await world.data("GET", f"/webhooks/{made['id']}"))["status"] == "inactive"
        await world.advance("1d")
    assert len(receiver.visits) == 1
    [delivery] = await deliveries(world)
    assert (delivery["state"], delivery["next_try"]) == ("failed", None)


async def test_nothing_is_sent_to_a_webhook_that_was_deleted_meanwhile(world: V2) -> None:
    async with receiving(answering(500)) as receiver:
        made = await world.hook(receiver.url(), events=["order.created"])
        await world.ordered()
        await world.advance("0s")
        await world.data("DELETE", f"/webhooks/{made['id']}")
        await world.steer("POST", "/clock/advance", {"until": "idle"})
    assert len(receiver.visits) == 1
    [delivery] = await deliveries(world)
    assert delivery["state"] == "failed"
    assert "not found" in delivery["attempts"][1]["detail"]


async def test_a_delivery_is_sent_once_more_on_request(world: V2) -> None:
    async with receiving(answering(200)) as receiver:
        made = await world.hook(receiver.url(), events=["order.created"])
        await world.ordered()
        await world.advance("0s")
        [delivery] = await deliveries(world)
        await world.steer("POST", f"/webhooks/deliveries/{delivery['id']}/redeliver")
        await world.advance("0s")
    first, second = receiver.visits
    assert (first.body, first.headers["x-doctorsim-delivery"]) == (second.body, second.headers["x-doctorsim-delivery"])
    assert signed(second, made["secret"])
    [delivery] = await deliveries(world)
    assert (delivery["state"], len(delivery["attempts"])) == ("delivered", 2)


async def test_an_address_out_on_the_net_is_never_sent_to(world: V2) -> None:
    await world.hook("https://93.184.216.34/hook", events=["order.created"])
    await world.ordered()
    await world.advance("0s")
    [delivery] = await deliveries(world)
    assert delivery["attempts"][0]["verdict"] == "refused_target"

"""A frozen clock that each read of an order moves, so that polling loops end; and an exact `now`."""

import asyncio
from typing import Any

import pytest

from mockserver.webhooks.model import Delivery, Outcome
from tests.control.problems import fields_of
from tests.outside import AcmeWorld
from tests.support import START

pytestmark = pytest.mark.anyio
NOON = "2026-01-31T12:00:00Z"
POLLED = {"mode": "frozen", "now": NOON, "rate": 0, "per_poll": "3s"}


async def now(world: AcmeWorld) -> str:
    moment: str = (await world.steer("GET", "/clock"))["now"]
    return moment


async def test_polling_a_frozen_clock_comes_to_its_end(world: AcmeWorld) -> None:
    order = await world.rent()
    assert await world.steer("PUT", "/clock", {"mode": "frozen", "per_poll": "3s"}) == POLLED
    codes = [(await world.ask("GET", f"/orders/{order}")).json()["code"] for _ in range(3)]
    assert codes[:2] == [None, None]
    assert codes[2] is not None
    assert await now(world) == "2026-01-31T12:00:09Z"
    assert (await world.order(order))["history"][-1]["at"] == "2026-01-31T12:00:08Z"


async def test_only_reads_of_orders_move_the_clock(world: AcmeWorld) -> None:
    order = await world.rent()
    await world.steer("PUT", "/clock", {"per_poll": "3s"})
    for method, path in (("GET", "/balance"), ("GET", "/services"), ("POST", f"/orders/{order}/cancel")):
        await world.ask(method, path)
    await world.order(order)
    assert await now(world) == NOON


@pytest.mark.parametrize("key", ["acme-demo", "acme-closed"])
async def test_refused_polls_of_a_known_credential_move_the_clock_too(world: AcmeWorld, key: str) -> None:
    await world.steer("PUT", "/clock", {"per_poll": "3s"})
    answer = await world.ask("GET", "/orders/123456789", key=key)
    assert answer.status_code in (403, 404)
    assert await now(world) == "2026-01-31T12:00:03Z"
    entry = await world.steer("GET", f"/requests/{answer.headers['x-mock-request-id']}")
    assert entry["at"] == "2026-01-31T12:00:03Z"
    assert answer.headers["date"] == "Sat, 31 Jan 2026 12:00:03 GMT"


@pytest.mark.parametrize("key", [None, "nobody"])
async def test_polls_of_strangers_move_nothing(world: AcmeWorld, key: str | None) -> None:
    await world.steer("PUT", "/clock", {"per_poll": "3s"})
    assert (await world.ask("GET", "/orders/123456789", key=key)).status_code == 401
    assert await now(world) == NOON


async def test_a_fault_that_refuses_polls_until_a_moment_is_outlived_by_polling(world: AcmeWorld) -> None:
    order = await world.rent()
    await world.steer("PUT", "/clock", {"per_poll": "3s"})
    await world.steer("POST", "/faults", {"path": "/orders/*", "until": "5s", "answer": {"status": 503}})
    statuses = [(await world.ask("GET", f"/orders/{order}")).status_code for _ in range(2)]
    assert statuses == [503, 200]


async def test_a_rate_limit_is_outlived_by_polling(world: AcmeWorld) -> None:
    await world.steer("PATCH", "/settings", {"rate_limits": "documented"})
    order = await world.rent()
    await world.steer("PUT", "/clock", {"per_poll": "0.5s"})
    statuses = [(await world.ask("GET", f"/orders/{order}")).status_code for _ in range(125)]
    assert statuses.count(429) > 0
    assert statuses[-1] == 200


async def test_the_webhook_of_a_poll_is_sent_and_not_waited_for(world: AcmeWorld) -> None:
    answered = asyncio.Event()

    async def slow(delivery: Delivery) -> Outcome:
        await answered.wait()
        return Outcome("delivered", status=200)

    sandbox = world.app.sandboxes.known("default")
    assert sandbox is not None
    sandbox.deliveries.sender = slow
    await world.steer("PATCH", "/accounts/acme/demo", {"webhook_url": "http://127.0.0.1:1/hook"})
    order = await world.rent()
    await world.steer("PUT", "/clock", {"per_poll": "8s"})
    for _ in range(2):
        assert (await world.ask("GET", f"/orders/{order}")).json()["code"]
    (delivery,) = (await world.steer("GET", "/webhooks/deliveries"))["deliveries"]
    assert (delivery["created_at"], delivery["state"]) == ("2026-01-31T12:00:08Z", "pending")
    answered.set()
    await world.advance("0s")
    (delivery,) = (await world.steer("GET", "/webhooks/deliveries"))["deliveries"]
    assert delivery["state"] == "delivered"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"mode": "real", "per_poll": "3s"}, "per_poll"),
        ({"mode": "scaled", "rate": 2, "per_poll": "3s"}, "per_poll"),
        ({"per_poll": "soon"}, "per_poll"),
        ({"per_poll": "-3s"}, "per_poll"),
        ({"per_poll": True}, "per_poll"),
        ({"per_poll": {"by": 3}}, "per_poll"),
    ],
)
async def test_what_cannot_be_is_422_and_changes_nothing(world: AcmeWorld, body: dict[str, Any], field: str) -> None:
    assert fields_of(await world.control("PUT", "/clock", body)) == [field]
    clock = {"mode": "frozen", "now": NOON, "rate": 0}
    assert await world.steer("GET", "/clock") == clock
    (refused,) = fields_of(await world.control("POST", "/sandboxes", {"name": "x", "clock": body}))
    assert refused.removeprefix("clock.") == field


async def test_a_clock_that_runs_takes_none_and_forgets_the_one_it_had(world: AcmeWorld) -> None:
    await world.steer("PUT", "/clock", {"per_poll": 3})
    assert "per_poll" not in await world.steer("PUT", "/clock", {"mode": "real"})
    assert fields_of(await world.control("PUT", "/clock", {"per_poll": "3s"})) == ["per_poll"]
    assert "per_poll" not in await world.steer("PUT", "/clock", {"mode": "frozen"})


@pytest.mark.parametrize("off", [None, 0, "0s"])
async def test_it_is_switched_off_and_kept_by_other_changes(world: AcmeWorld, off: Any) -> None:
    await world.steer("PUT", "/clock", {"per_poll": "3s"})
    assert (await world.steer("PUT", "/clock", {"now": "2026-01-31T12:01:00Z"}))["per_poll"] == "3s"
    assert "per_poll" not in await world.steer("PUT", "/clock", {"per_poll": off})


async def test_creation_reset_and_snapshot_keep_it(world: AcmeWorld) -> None:
    clock = {"mode": "frozen", "now": NOON, "per_poll": "3s"}
    made = await world.steer("POST", "/sandboxes", {"name": "polled", "clock": clock})
    assert made["clock"] == POLLED
    polled = world.beside("polled")
    await polled.steer("PUT", "/clock", {"per_poll": "5s"})
    state = (await polled.control("GET", "/state")).content
    assert (await polled.steer("POST", "/reset"))["clock"] == POLLED
    assert (await world.control("PUT", "/state", content=state)).json()["clock"] == {**POLLED, "per_poll": "5s"}
    assert (await world.steer("POST", "/reset"))["clock"] == POLLED


async def test_a_snapshot_that_does_not_speak_of_it_has_none(world: AcmeWorld) -> None:
    state = await world.steer("GET", "/state")
    for part in ("clock", "birth"):
        assert state[part].pop("per_poll") is None
    await world.steer("PUT", "/clock", {"per_poll": "3s"})
    assert "per_poll" not in (await world.steer("PUT", "/state", state))["clock"]


@pytest.mark.parametrize(("rate", "per_poll"), [("1", "3s"), ("0", "0s"), ("0", "soon"), ("0", 3), ("2.5", "1m")])
async def test_a_snapshot_cannot_have_one_that_no_clock_can(world: AcmeWorld, rate: str, per_poll: Any) -> None:
    state = await world.steer("GET", "/state")
    state["clock"] |= {"rate": rate, "per_poll": per_poll}
    assert fields_of(await world.control("PUT", "/state", state)) == ["clock.per_poll"]


# -- an exact now ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [{"mode": "real"}, {"mode": "scaled", "rate": 1000}, {"mode": "frozen"}])
async def test_a_now_that_is_put_is_exactly_the_now_that_is_read(world: AcmeWorld, before: dict[str, Any]) -> None:
    await world.steer("PUT", "/clock", before)
    later = "2026-02-28T12:00:00Z"
    assert (await world.steer("PUT", "/clock", {"mode": "frozen", "now": later}))["now"] == later
    assert await now(world) == later


async def test_a_clock_runs_on_from_the_now_that_is_put(world: AcmeWorld) -> None:
    await world.steer("PUT", "/clock", {"mode": "scaled", "rate": 2})
    clock = await world.steer("PUT", "/clock", {"now": "2026-02-28T12:00:00Z"})
    assert (clock["mode"], clock["rate"]) == ("scaled", 2)
    assert clock["now"] > START.isoformat()

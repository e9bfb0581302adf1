"""Moving the time of a whole sandbox: the law of small steps, the limit, and clocks that run by themselves."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.clockwork.timeline import advance
from mockserver.domain.moments import moment_text, parse_moment
from mockserver.sandbox import sandbox as sandbox_module
from mockserver.webhooks.model import Delivery, Outcome
from tests.outside import AcmeWorld, acme_running
from tests.support import START

pytestmark = pytest.mark.anyio

CIRCLES = """\
scenario: circles
provider: acme
about: Goes round for ever.
machine:
  kind: activation
  start: waiting
  states:
    waiting:
      transitions:
        - {on: tick, after: 1ms, to: waiting}
        - {on: cancel, to: cancelled}
    cancelled: {final: true, effects: [refund]}
"""

SCATTER = """\
scenario: scatter
provider: acme
about: Codes come when they want to, if they do.
machine:
  kind: activation
  start: waiting
  states:
    waiting:
      transitions:
        - on: sms
          after: {lognormal: {median: 5s, sigma: 1.0}}
          to: {completed: 3, stuck: 1}
          effects: [{message: sms}]
        - {on: expire, after: 60s, to: cancelled}
        - {on: cancel, not_before: 2s, to: cancelled}
    stuck:
      transitions:
        - {on: nudge, after: {uniform: [1s, 9s]}, to: {waiting: 1, cancelled: 1}}
    completed: {final: true, effects: [spend, {webhook: order.completed}]}
    cancelled: {final: true, effects: [refund]}
"""
YAML = {"content-type": "application/yaml"}
OFF = {"rate_limits": "off"}

Step = tuple[str, list[int]]
DEEDS = ("chat", "mail", "silent", "last", "cancel")
STEPS = st.lists(
    st.tuples(st.sampled_from(DEEDS), st.lists(st.integers(0, 9_000), max_size=5)),
    min_size=1,
    max_size=6,
)


async def story_of(world: AcmeWorld) -> dict[str, Any]:
    """Everything of a sandbox that time can change, but for how long real things took."""
    deliveries = (await world.steer("GET", "/webhooks/deliveries"))["deliveries"]
    for delivery in deliveries:
        for attempt in delivery["attempts"]:
            del attempt["milliseconds"]
    return {
        "clock": await world.steer("GET", "/clock"),
        "orders": await world.steer("GET", "/orders"),
        "ledger": await world.steer("GET", "/ledger/acme/demo"),
        "account": await world.steer("GET", "/accounts/acme/demo"),
        "deliveries": deliveries,
    }


async def live(world: AcmeWorld, steps: list[Step], *, small: bool) -> tuple[dict[str, Any], int]:
    await world.steer("PATCH", "/settings", OFF)
    await world.steer("PATCH", "/accounts/acme/demo", {"webhook_url": "http://127.0.0.1:1/hook"})
    await world.steer("POST", "/scenarios", content=SCATTER, headers=YAML)
    await world.steer("PUT", "/scenarios/active", ["scatter"])
    bought: list[str] = []
    fired = 0
    for what, spans in steps:
        if what != "cancel":
            answer = await world.ask("POST", "/orders", {"service": what})
            bought += [answer.json()["id"]] if answer.is_success else []
        elif bought:
            await world.ask("POST", f"/orders/{bought[-1]}/cancel")
        for span in spans if small else [sum(spans)]:
            fired += (await world.advance(f"{span}ms"))["fired"]
    return await story_of(world), fired


@settings(max_examples=15)
@given(STEPS)
@pytest.mark.slow
def test_many_small_steps_equal_one_big_step_through_the_api(steps: list[Step]) -> None:
    async def both() -> None:
        async with acme_running() as world:
            small = await live(world.beside("small"), steps, small=True)
            big = await live(world.beside("big"), steps, small=False)
            assert small == big

    asyncio.run(both())


async def test_an_advance_answers_where_it_came_to_and_what_it_ran() -> None:
    async with acme_running() as world:
        await world.rent()
        ran = await world.advance("8s")
        assert ran == {
            "now": moment_text(START + timedelta(seconds=8)),
            "fired": 1,
            "delivered": 0,
            "failed": 0,
            "pending": 0,
        }


async def test_a_timer_sees_its_own_moment_as_now() -> None:
    async with acme_running() as world:
        bought = await world.rent()
        await world.advance("1h")
        order = await world.order(bought)
        assert order["history"][-1]["at"] == moment_text(START + timedelta(seconds=8))
        silent = await world.rent("silent")
        await world.advance("1h")
        assert (await world.order(silent))["history"][-1]["at"] == "2026-01-31T13:20:00Z"
        ledger = await world.steer("GET", "/ledger/acme/demo")
        assert (ledger["entries"][-1]["at"], ledger["entries"][-1]["order"]) == ("2026-01-31T13:20:00Z", silent)


async def test_until_idle_runs_expiries_too_and_leaves_nothing_to_come() -> None:
    async with acme_running() as world:
        silent = await world.rent("silent")
        ran = await world.steer("POST", "/clock/advance", {"until": "idle"})
        assert (ran["fired"], ran["pending"]) == (1, 0)
        assert ran["now"] == moment_text(START + timedelta(minutes=20))
        assert (await world.order(silent))["state"] == "cancelled"


async def test_after_the_most_timers_a_call_stops_says_so_and_can_be_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_module, "advance", partial(advance, most=40))
    async with acme_running() as world:
        await world.steer("POST", "/scenarios", content=CIRCLES, headers=YAML)
        await world.steer("PUT", "/scenarios/active", ["circles"])
        bought = await world.rent()
        for round_ in (1, 2):
            answer = await world.control("POST", "/clock/advance", {"until": "idle"})
            problem = answer.json()
            assert answer.status_code == 409
            assert answer.headers["content-type"] == "application/problem+json"
            assert problem["detail"].startswith("stopped after 40 timers at 2026-01-31T12:00:00.")
            now = START + timedelta(milliseconds=40 * round_)
            assert (parse_moment(problem["now"]), problem["fired"]) == (now, 40)
            assert parse_moment((await world.steer("GET", "/clock"))["now"]) == now
        assert (await world.ask("POST", f"/orders/{bought}/cancel")).status_code == 200
        assert (await world.steer("POST", "/clock/advance", {"until": "idle"}))["fired"] == 0


async def test_going_round_hundreds_of_times_does_not_grow_what_an_order_holds() -> None:
    async with acme_running() as world:
        await world.steer("POST", "/scenarios", content=CIRCLES, headers=YAML)
        await world.steer("PUT", "/scenarios/active", ["circles"])
        bought = await world.rent()
        assert (await world.advance("300ms"))["fired"] == 300
        assert len((await world.order(bought))["history"]) <= 100


async def test_a_running_clock_applies_what_is_due_before_any_answer() -> None:
    async with acme_running() as world:
        await world.steer("PUT", "/clock", {"mode": "scaled", "rate": 1_000})
        bought = await world.rent()
        for _ in range(1_000):
            status = (await world.ask("GET", f"/orders/{bought}")).json()["state"]
            if status == "completed":
                break
        order = await world.order(bought)
        sent, got = (parse_moment(one["at"]) for one in order["history"])
        assert (status, got - sent) == ("completed", timedelta(seconds=8))


async def test_a_running_clock_delivers_webhooks_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    async with acme_running() as world:
        await world.steer("PATCH", "/accounts/acme/demo", {"webhook_url": "http://127.0.0.1:1/hook"})
        await world.steer("PUT", "/clock", {"mode": "scaled", "rate": 1_000})
        sandbox = world.app.sandboxes.known("default")
        assert sandbox is not None
        sent = asyncio.Event()

        async def refuse(delivery: Delivery) -> Outcome:
            sent.set()
            return Outcome("refused_target", detail="nobody is to be sent to")

        monkeypatch.setattr(sandbox.deliveries, "sender", refuse)
        await world.rent()
        await asyncio.wait_for(sent.wait(), 10)
        await sandbox.deliveries.wait()
        (delivery,) = (await world.steer("GET", "/webhooks/deliveries"))["deliveries"]
        assert (delivery["state"], len(delivery["attempts"])) == ("failed", 1)


async def test_thawing_fires_what_waited_only_when_its_moment_comes() -> None:
    async with acme_running() as world:
        bought = await world.rent()
        for clock in ({"mode": "real"}, {"mode": "frozen"}):
            await world.steer("PUT", "/clock", clock)
        assert (await world.order(bought))["state"] == "waiting"
        (timer, *_) = (await world.order(bought))["timers"]
        assert timer == {"at": moment_text(START + timedelta(seconds=8)), "to": "completed", "event": "sms"}

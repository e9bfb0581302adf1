"""Time is read, set and moved."""

from typing import Any

import pytest

from tests.control.problems import fields_of, problem_of
from tests.outside import AcmeWorld

pytestmark = pytest.mark.anyio
NOON = "2026-01-31T12:00:00Z"


async def test_a_clock_tells_mode_moment_and_rate(world: AcmeWorld) -> None:
    assert await world.steer("GET", "/clock") == {"mode": "frozen", "now": NOON, "rate": 0}


@pytest.mark.parametrize(
    ("body", "mode", "rate"),
    [
        ({"mode": "real"}, "real", 1),
        ({"mode": "frozen"}, "frozen", 0),
        ({"mode": "scaled", "rate": 60}, "scaled", 60),
        ({"mode": "scaled", "rate": 0.5}, "scaled", 0.5),
        ({"rate": 2}, "scaled", 2),
        ({"rate": 1}, "real", 1),
        ({"rate": 0}, "frozen", 0),
        ({"mode": "real", "rate": 1}, "real", 1),
        ({}, "frozen", 0),
    ],
)
async def test_mode_and_rate_are_set(world: AcmeWorld, body: dict[str, Any], mode: str, rate: float) -> None:
    clock = await world.steer("PUT", "/clock", body)
    assert (clock["mode"], clock["rate"]) == (mode, rate)
    assert clock["now"] >= NOON[:-1]


async def test_scaled_without_a_rate_keeps_the_rate_it_has(world: AcmeWorld) -> None:
    await world.steer("PUT", "/clock", {"rate": 60})
    assert (await world.steer("PUT", "/clock", {"mode": "scaled"}))["rate"] == 60


async def test_now_moves_forward_and_runs_what_is_due_on_the_way(world: AcmeWorld) -> None:
    bought = await world.rent()
    clock = await world.steer("PUT", "/clock", {"now": "2026-01-31T13:00:00+00:00"})
    assert clock == {"mode": "frozen", "now": "2026-01-31T13:00:00Z", "rate": 0}
    history = (await world.order(bought))["history"]
    assert [(one["state"], one["at"]) for one in history] == [("waiting", NOON), ("completed", "2026-01-31T12:00:08Z")]


async def test_back_is_409_and_nothing_has_changed(world: AcmeWorld) -> None:
    before = await world.steer("GET", "/clock")
    for call in (
        world.control("PUT", "/clock", {"now": "2026-01-31T11:59:59.999999Z", "mode": "real"}),
        world.control("POST", "/clock/advance", {"to": "2020-01-01T00:00:00Z"}),
    ):
        problem = problem_of(await call, 409)
        assert "does not go back" in problem["detail"]
        assert "+00:00" not in problem["detail"]
    assert await world.steer("GET", "/clock") == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"mode": "sideways"}, "mode"),
        ({"rate": -1}, "rate"),
        ({"rate": 1_000_001}, "rate"),
        ({"rate": "fast"}, "rate"),
        ({"rate": True}, "rate"),
        ({"mode": "frozen", "rate": 5}, "rate"),
        ({"mode": "real", "rate": 5}, "rate"),
        ({"mode": "scaled"}, "rate"),
        ({"now": "noon"}, "now"),
        ({"now": "2026-01-31T12:00:00"}, "now"),
        ({"now": 1_800_000_000}, "now"),
        ({"now": "9999-12-31T23:59:59-10:00"}, "now"),
        ({"now": "9999-12-31T23:59:59Z"}, "now"),
        ({"speed": 3}, "speed"),
    ],
)
async def test_what_cannot_be_is_422_and_changes_nothing(world: AcmeWorld, body: dict[str, Any], field: str) -> None:
    assert fields_of(await world.control("PUT", "/clock", body)) == [field]
    assert await world.steer("GET", "/clock") == {"mode": "frozen", "now": NOON, "rate": 0}


@pytest.mark.parametrize(
    ("body", "now"),
    [
        ({"by": "10m"}, "2026-01-31T12:10:00Z"),
        ({"by": 90}, "2026-01-31T12:01:30Z"),
        ({"by": 0.25}, "2026-01-31T12:00:00.250000Z"),
        ({"by": "1d"}, "2026-02-01T12:00:00Z"),
        ({"by": 0}, NOON),
        ({"to": "2026-01-31T14:00:00+01:00"}, "2026-01-31T13:00:00Z"),
        ({"to": NOON}, NOON),
        ({"until": "idle"}, NOON),
    ],
)
async def test_time_moves_by_a_span_to_a_moment_or_until_idle(world: AcmeWorld, body: dict[str, Any], now: str) -> None:
    ran = await world.steer("POST", "/clock/advance", body)
    assert ran == {"now": now, "fired": 0, "delivered": 0, "failed": 0, "pending": 0}
    assert (await world.steer("GET", "/clock"))["now"] == now


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"by": "1s", "to": NOON}, "body"),
        ({"by": "-1s"}, "by"),
        ({"by": -5}, "by"),
        ({"by": "soon"}, "by"),
        ({"by": True}, "by"),
        ({"by": None}, "by"),
        ({"by": "36526d"}, "by"),
        ({"to": "noon"}, "to"),
        ({"to": "9000-01-01T00:00:00Z"}, "to"),
        ({"until": "doomsday"}, "until"),
        ({"after": "1s"}, "after"),
    ],
)
async def test_an_advance_says_one_thing_that_can_be(world: AcmeWorld, body: dict[str, Any], field: str) -> None:
    assert fields_of(await world.control("POST", "/clock/advance", body)) == [field]
    assert (await world.steer("GET", "/clock"))["now"] == NOON


async def test_at_the_end_of_the_calendar_there_is_a_problem_and_no_crash(world: AcmeWorld) -> None:
    for _ in range(100):
        answer = await world.control("POST", "/clock/advance", {"by": "36500d"})
        if answer.status_code != 200:
            break
    problem_of(answer, 422)
    assert (await world.steer("GET", "/clock"))["now"] < "9000"
    bought = await world.rent()
    assert (await world.order(bought))["state"] == "waiting"


async def test_pending_counts_the_timers_still_to_come(world: AcmeWorld) -> None:
    await world.rent()
    assert (await world.advance("1s"))["pending"] == 2
    assert (await world.advance("7s"))["pending"] == 0


async def test_a_scaled_clock_needs_a_rate_above_zero(world: AcmeWorld) -> None:
    problem = problem_of(await world.control("PUT", "/clock", {"mode": "scaled", "rate": 0}), 422)
    assert problem["detail"] == "rate: mode scaled needs a rate above 0: mode frozen stops the clock"

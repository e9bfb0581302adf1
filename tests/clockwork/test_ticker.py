"""The ticker sleeps on the event loop's own timers, and wakes when the clock shows the moment."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest

from mockserver.clockwork.clock import Clock
from mockserver.clockwork.ticker import Ticker
from tests.support import START, HandTicks

pytestmark = pytest.mark.anyio
SECOND = timedelta(seconds=1)


@dataclass
class Alarm:
    """One `call_later` of the event loop."""

    seconds: float
    ring: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class Bench:
    """A ticker whose alarms a test rings by hand."""

    clock: Clock
    ticks: HandTicks
    alarms: list[Alarm] = field(default_factory=list)
    woken: int = 0
    rung: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.ticker = Ticker(self.clock, self.wake)

    async def wake(self) -> None:
        self.woken += 1
        self.rung.set()

    @property
    def set_now(self) -> list[float]:
        return [alarm.seconds for alarm in self.alarms if not alarm.cancelled]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Callable[[str], Bench]]:
    def make(rate: str) -> Bench:
        ticks = HandTicks()
        made = Bench(Clock(START, rate=Decimal(rate), ticks=ticks), ticks)

        def call_later(seconds: float, ring: Callable[[], None]) -> Alarm:
            made.alarms.append(Alarm(seconds, ring))
            return made.alarms[-1]

        monkeypatch.setattr(asyncio.get_running_loop(), "call_later", call_later)
        return made

    yield make
    monkeypatch.undo()


Benches = Callable[[str], Bench]


@pytest.mark.parametrize(("rate", "after"), [("1", 30.0), ("60", 0.5), ("0.5", 60.0)])
async def test_it_sets_one_alarm_for_the_moment_at_the_clocks_rate(bench: Benches, rate: str, after: float) -> None:
    made = bench(rate)
    made.ticker.expect(START + 30 * SECOND)
    assert made.set_now == [after]


async def test_a_frozen_clock_sets_none(bench: Benches) -> None:
    made = bench("0")
    made.ticker.expect(START + SECOND)
    assert made.alarms == []


async def test_what_is_due_rings_at_once_even_when_frozen(bench: Benches) -> None:
    made = bench("0")
    made.ticker.expect(START)
    assert made.set_now == [0.0]


async def test_expecting_the_same_moment_again_costs_no_alarm(bench: Benches) -> None:
    made = bench("1")
    for _ in range(100):
        made.ticker.expect(START + SECOND)
    assert len(made.alarms) == 1


async def test_another_moment_replaces_the_alarm_and_none_takes_it_away(bench: Benches) -> None:
    made = bench("1")
    made.ticker.expect(START + 10 * SECOND)
    made.ticker.expect(START + 5 * SECOND)
    assert made.set_now == [5.0]
    made.ticker.expect(None)
    assert made.set_now == []
    made.ticker.expect(START + 5 * SECOND)
    made.ticker.forget()
    assert made.set_now == []


async def test_after_forgetting_the_same_moment_is_expected_at_the_new_rate(bench: Benches) -> None:
    made = bench("1")
    made.ticker.expect(START + 10 * SECOND)
    made.clock.run_at(Decimal(10))
    made.ticker.forget()
    made.ticker.expect(START + 10 * SECOND)
    assert made.set_now == [1.0]


async def test_one_alarm_is_one_waking_and_then_there_is_peace(bench: Benches) -> None:
    made = bench("1")
    made.ticker.expect(START + SECOND)
    made.ticks.pass_by(seconds=1)
    (alarm,) = made.alarms
    alarm.ring()
    async with asyncio.timeout(5):
        await made.rung.wait()
    assert (made.woken, made.alarms) == (1, [alarm])


async def test_an_alarm_far_off_is_set_again_each_hour(bench: Benches) -> None:
    made = bench("1")
    made.ticker.expect(START + timedelta(days=40))
    assert made.set_now == [3_600.0]
    made.ticks.pass_by(seconds=3_600)
    made.alarms[0].ring()
    made.ticker.expect(START + timedelta(days=40))
    assert len(made.alarms) == 2


async def test_it_wakes_once_in_real_time_without_asking_the_clock_again_and_again() -> None:
    asked, woken = 0, asyncio.Event()

    def ticks() -> int:
        nonlocal asked
        asked += 1
        return round(asyncio.get_running_loop().time() * 1_000_000_000)

    clock = Clock(START, rate=Decimal(1000), ticks=ticks)
    times = 0

    async def wake() -> None:
        nonlocal times
        times += 1
        woken.set()

    ticker = Ticker(clock, wake)
    ticker.expect(START + 20 * SECOND)
    await asyncio.wait_for(woken.wait(), 5)
    assert (times, asked) == (1, 2)
    await ticker.close()


async def test_closing_ends_what_was_woken() -> None:
    begun, never = asyncio.Event(), asyncio.Event()
    ended = []

    async def wake() -> None:
        begun.set()
        try:
            await never.wait()
        finally:
            ended.append(True)

    ticker = Ticker(Clock(START, rate=Decimal(0)), wake)
    ticker.expect(START)
    await asyncio.wait_for(begun.wait(), 5)
    await ticker.close()
    assert ended == [True]

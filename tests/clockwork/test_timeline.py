"""Many small steps equal one big step, whatever is due; and no advance runs forever."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from heapq import heappop, heappush

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.clockwork.clock import Clock
from mockserver.clockwork.timeline import LimitReached, Ran, advance
from tests.support import START, HandTicks

pytestmark = pytest.mark.anyio
MILLISECOND = timedelta(milliseconds=1)


@dataclass
class Rows:
    """Due rows; firing one writes down the moment and may set others (`follow`: row -> (row, milliseconds))."""

    clock: Clock
    follow: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    rows: list[tuple[datetime, int, int]] = field(default_factory=list)
    fired: list[tuple[datetime, int]] = field(default_factory=list)
    put: int = 0

    def add(self, row: int, due: datetime) -> None:
        self.put += 1
        heappush(self.rows, (due, self.put, row))

    async def next_moment(self) -> datetime | None:
        return self.rows[0][0] if self.rows else None

    async def run_due(self, moment: datetime, *, most: int) -> Ran:
        fired = 0
        while fired < most and self.rows and self.rows[0][0] <= moment:
            due, _, row = heappop(self.rows)
            self.fired.append((due, row))
            fired += 1
            for other, after in self.follow.get(row, ()):
                if len(self.fired) < 200:
                    self.add(other, due + after * MILLISECOND)
        return Ran(fired=fired, delivered=fired % 2)


def rows(follow: dict[int, list[tuple[int, int]]] | None = None, first: dict[int, int] | None = None) -> Rows:
    made = Rows(Clock(START, rate=Decimal(0)), follow or {})
    for row, after in (first or {}).items():
        made.add(row, START + after * MILLISECOND)
    return made


FOLLOW = st.dictionaries(
    st.integers(0, 4), st.lists(st.tuples(st.integers(0, 4), st.integers(0, 50)), max_size=2), max_size=5
)
FIRST = st.dictionaries(st.integers(0, 4), st.integers(0, 100), max_size=5)


@given(FOLLOW, FIRST, st.lists(st.integers(0, 60), min_size=1, max_size=12))
def test_many_small_steps_equal_one_big_step(
    follow: dict[int, list[tuple[int, int]]], first: dict[int, int], steps: list[int]
) -> None:
    async def walk(spans: list[int]) -> tuple[Rows, Ran]:
        agenda, ran = rows(follow, first), Ran()
        for span in spans:
            ran += await advance(agenda.clock, agenda, until=agenda.clock.now() + span * MILLISECOND)
        return agenda, ran

    small, small_ran = asyncio.run(walk(steps))
    big, big_ran = asyncio.run(walk([sum(steps)]))
    assert small.fired == big.fired
    assert small.rows == big.rows
    assert small_ran.fired == big_ran.fired == len(big.fired)
    assert small.clock.now() == big.clock.now() == START + sum(steps) * MILLISECOND
    moments = [moment for moment, _ in big.fired]
    assert moments == sorted(moments)


async def test_each_row_finds_the_clock_at_its_own_moment() -> None:
    agenda = rows(first={1: 10, 2: 25})
    seen = []
    run_due = agenda.run_due

    async def watch(moment: datetime, *, most: int) -> Ran:
        seen.append((agenda.clock.now(), moment))
        return await run_due(moment, most=most)

    agenda.run_due = watch  # type: ignore[method-assign]
    await advance(agenda.clock, agenda, until=START + 100 * MILLISECOND)
    assert seen == [(START + 10 * MILLISECOND,) * 2, (START + 25 * MILLISECOND,) * 2]


async def test_a_row_at_the_very_moment_runs_and_one_after_it_does_not() -> None:
    agenda = rows(first={1: 10, 2: 11})
    assert (await advance(agenda.clock, agenda, until=START + 10 * MILLISECOND)).fired == 1
    assert agenda.clock.now() == START + 10 * MILLISECOND


async def test_until_idle_leaves_the_clock_at_the_last_row() -> None:
    agenda = rows(follow={1: [(2, 500)]}, first={1: 10})
    ran = await advance(agenda.clock, agenda, until=None)
    assert (ran.fired, agenda.rows, agenda.clock.now()) == (2, [], START + 510 * MILLISECOND)
    assert (await advance(agenda.clock, agenda, until=None)).fired == 0
    assert agenda.clock.now() == START + 510 * MILLISECOND


async def test_rows_that_a_running_clock_has_passed_run_without_moving_it_back() -> None:
    ticks = HandTicks()
    agenda = Rows(Clock(START, ticks=ticks))
    agenda.add(1, START + 10 * MILLISECOND)
    ticks.pass_by(seconds=5)
    assert (await advance(agenda.clock, agenda, until=None)).fired == 1
    assert agenda.clock.now() == START + timedelta(seconds=5)


async def test_after_the_most_timers_it_stops_and_says_so() -> None:
    agenda = rows(follow={1: [(1, 1)]}, first={1: 1})
    with pytest.raises(LimitReached, match=r"stopped after 50 timers at .*; call again to go on") as stopped:
        await advance(agenda.clock, agenda, until=None, most=50)
    assert (stopped.value.ran.fired, stopped.value.now) == (50, START + 50 * MILLISECOND)
    assert agenda.clock.now() == START + 50 * MILLISECOND
    assert (await advance(agenda.clock, agenda, until=START + 60 * MILLISECOND)).fired == 10


async def test_the_limit_also_holds_within_one_moment() -> None:
    agenda = rows(first=dict.fromkeys(range(5), 10))
    with pytest.raises(LimitReached):
        await advance(agenda.clock, agenda, until=None, most=3)
    assert len(agenda.fired) == 3


async def test_exactly_the_limit_is_no_mistake() -> None:
    agenda = rows(first={1: 1, 2: 2, 3: 3})
    assert (await advance(agenda.clock, agenda, until=None, most=3)).fired == 3


def test_what_ran_adds_up() -> None:
    assert Ran(1, 2, 3) + Ran(10, 20, 30) == Ran(11, 22, 33)

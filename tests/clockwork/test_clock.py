"""One clock for real, frozen and scaled time, driven by ticks that a test lets pass."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.clockwork.clock import Clock, GoesBack
from tests.support import START, HandTicks


def clock_at(rate: str | int) -> tuple[Clock, HandTicks]:
    ticks = HandTicks()
    return Clock(START, rate=Decimal(rate), ticks=ticks), ticks


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


@pytest.mark.parametrize(("rate", "mode", "shown"), [(1, "real", 10), (0, "frozen", 0), (60, "scaled", 600)])
def test_time_passes_at_its_rate(rate: int, mode: str, shown: int) -> None:
    clock, ticks = clock_at(rate)
    assert (clock.mode, clock.now()) == (mode, START)
    ticks.pass_by(seconds=10)
    assert clock.now() == START + seconds(shown)


def test_a_fraction_of_the_real_rate_is_exact() -> None:
    clock, ticks = clock_at("0.1")
    ticks.pass_by(seconds=3)
    assert clock.now() == START + timedelta(milliseconds=300)


def test_it_runs_on_from_where_it_was_moved_to() -> None:
    clock, ticks = clock_at(2)
    ticks.pass_by(seconds=1)
    clock.move_to(START + seconds(100))
    assert clock.now() == START + seconds(100)
    ticks.pass_by(seconds=1)
    assert clock.now() == START + seconds(102)


def test_going_back_is_refused_and_changes_nothing() -> None:
    clock, ticks = clock_at(1)
    ticks.pass_by(seconds=5)
    with pytest.raises(GoesBack) as refused:
        clock.move_to(START + seconds(4.999999))
    assert (refused.value.now, refused.value.target) == (START + seconds(5), START + seconds(4.999999))
    assert clock.now() == START + seconds(5)
    clock.move_to(clock.now())
    assert clock.now() == START + seconds(5)


def test_reaching_a_moment_that_has_passed_stays() -> None:
    clock, ticks = clock_at(1)
    ticks.pass_by(seconds=5)
    clock.reach(START)
    assert clock.now() == START + seconds(5)
    clock.reach(START + seconds(8))
    assert clock.now() == START + seconds(8)


def test_a_new_rate_holds_from_then_on() -> None:
    clock, ticks = clock_at(1)
    ticks.pass_by(seconds=10)
    clock.run_at(Decimal(0))
    ticks.pass_by(seconds=50)
    assert (clock.mode, clock.now()) == ("frozen", START + seconds(10))
    clock.run_at(Decimal(100))
    ticks.pass_by(seconds=1)
    assert (clock.mode, clock.now()) == ("scaled", START + seconds(110))
    clock.run_at(Decimal(1))
    ticks.pass_by(seconds=1)
    assert (clock.mode, clock.now()) == ("real", START + seconds(111))


@pytest.mark.parametrize("rate", ["-1", "1000000.1", "NaN", "Infinity"])
def test_a_rate_beyond_bounds_is_refused_and_changes_nothing(rate: str) -> None:
    clock, _ = clock_at(3)
    with pytest.raises(ValueError, match="rate must be between 0 and 1000000"):
        clock.run_at(Decimal(rate))
    assert clock.rate == 3


@pytest.mark.parametrize(("rate", "left"), [(1, 30.0), (60, 0.5), ("0.5", 60.0), (0, None)])
def test_real_seconds_until_a_moment(rate: str | int, left: float | None) -> None:
    clock, _ = clock_at(rate)
    assert clock.real_seconds_until(START + seconds(30)) == left
    assert clock.real_seconds_until(START) == 0.0
    assert clock.real_seconds_until(START - seconds(1)) == 0.0


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.integers(0, 10**12)),
        st.tuples(st.just("rate"), st.decimals(0, 1000, places=3)),
        st.tuples(st.just("move"), st.integers(0, 10**6)),
        st.tuples(st.just("reach"), st.integers(-(10**6), 10**6)),
    ),
    max_size=20,
)


@given(STEPS)
def test_whatever_is_done_to_it_a_clock_never_goes_back(steps: list[tuple[str, int | Decimal]]) -> None:
    clock, ticks = clock_at(1)
    seen = [clock.now()]
    for what, amount in steps:
        if what == "pass":
            ticks.nanoseconds += int(amount)
        elif what == "rate":
            clock.run_at(Decimal(amount))
        elif what == "move":
            clock.move_to(clock.now() + timedelta(milliseconds=int(amount)))
        else:
            clock.reach(clock.now() + timedelta(milliseconds=int(amount)))
        seen.append(clock.now())
    assert all(before <= after for before, after in pairwise(seen))


def test_without_hands_the_machines_own_ticks_count() -> None:
    clock = Clock(START)
    first = clock.now()
    assert first >= START
    assert clock.now() >= first

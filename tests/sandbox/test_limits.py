"""Rate limits in windows of the sandbox's clock."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.sandbox import limits
from mockserver.sandbox.limits import Limiter
from tests.support import START

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def test_a_window_opens_with_its_first_call_and_lasts_its_time() -> None:
    limiter = Limiter()
    assert limiter.take("a", calls=2, window=MINUTE, now=START) is None
    assert limiter.take("a", calls=2, window=MINUTE, now=START + 30 * SECOND) is None
    assert limiter.take("a", calls=2, window=MINUTE, now=START + 59 * SECOND) == SECOND
    assert limiter.take("a", calls=2, window=MINUTE, now=START + MINUTE) is None


def test_names_are_counted_apart_and_forgotten_together() -> None:
    limiter = Limiter()
    assert limiter.take("a", calls=1, window=MINUTE, now=START) is None
    assert limiter.take("b", calls=1, window=MINUTE, now=START) is None
    assert limiter.take("a", calls=1, window=MINUTE, now=START) == MINUTE
    limiter.clear()
    assert limiter.take("a", calls=1, window=MINUTE, now=START) is None


@given(st.lists(st.integers(0, 40), max_size=40), st.integers(1, 4))
def test_whoever_waits_as_told_gets_in_and_no_window_takes_too_many(gaps: list[int], calls: int) -> None:
    limiter = Limiter()
    now = START
    taken = []
    for gap in gaps:
        now += gap * SECOND
        wait = limiter.take("a", calls=calls, window=MINUTE, now=now)
        if wait is None:
            taken.append(now)
            continue
        assert timedelta() < wait <= MINUTE
        now += wait
        assert limiter.take("a", calls=calls, window=MINUTE, now=now) is None
        taken.append(now)
    opened = None
    count = 0
    for moment in taken:
        if opened is None or moment - opened >= MINUTE:
            opened, count = moment, 0
        count += 1
        assert count <= calls


CALLS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 30)), max_size=30)


@given(CALLS, st.integers(1, 3))
def test_each_name_is_limited_as_if_it_were_alone(calls: list[tuple[str, int]], most: int) -> None:
    together, now = Limiter(), START
    alone = {name: Limiter() for name in "abc"}
    for name, gap in calls:
        now += gap * SECOND
        expected = alone[name].take(name, calls=most, window=MINUTE, now=now)
        assert together.take(name, calls=most, window=MINUTE, now=now) == expected
        assert together.state(name, window=MINUTE, now=now) == alone[name].state(name, window=MINUTE, now=now)


@given(CALLS, st.integers(1, 3))
def test_what_is_told_of_a_window_is_what_comes(calls: list[tuple[str, int]], most: int) -> None:
    limiter, now = Limiter(), START
    for name, gap in calls:
        now += gap * SECOND
        counted, ends = limiter.state(name, window=MINUTE, now=now)
        assert 0 <= counted <= most
        assert now < ends <= now + MINUTE
        wait = limiter.take(name, calls=most, window=MINUTE, now=now)
        assert wait == (ends - now if counted >= most else None)


@given(CALLS)
def test_windows_put_elsewhere_go_on_there(calls: list[tuple[str, int]]) -> None:
    one, now = Limiter(), START
    for name, gap in calls:
        now += gap * SECOND
        one.take(name, calls=2, window=MINUTE, now=now)
    other = Limiter()
    other.take("d", calls=1, window=MINUTE, now=START)
    other.put_windows(one.windows())
    assert other.windows() == one.windows()
    for name in "abcd":
        asked = {"calls": 2, "window": MINUTE, "now": now}
        assert other.take(name, **asked) == one.take(name, **asked)  # type: ignore[arg-type]


def test_of_too_many_windows_those_that_opened_first_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_WINDOWS", 3)
    limiter = Limiter()
    for number, name in enumerate("abcad"):
        limiter.take(name, calls=1, window=SECOND, now=START + number * SECOND)
    assert list(limiter.windows()) == ["c", "a", "d"]
    four = {name: (START + place * SECOND, 1) for place, name in enumerate("wxyz")}
    limiter.put_windows(four)
    assert list(limiter.windows()) == ["x", "y", "z"]

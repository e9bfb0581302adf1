"""Windows on the sandbox's clock."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

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

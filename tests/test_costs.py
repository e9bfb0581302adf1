"""The ratios of `tests.costs` tell cheap work from expensive work, and linear growth from worse."""

from functools import partial

import pytest

from tests.costs import MOST_GROWTH, growth, stick, sticks, sticks_of

pytestmark = pytest.mark.timed


def work(steps: int) -> None:
    for _ in range(steps):
        pass


def work_by_the_square(size: int) -> None:
    for _ in range(size):
        work(size)


def test_a_stick_is_some_time() -> None:
    assert 0 < stick() < 1


def test_cheap_is_told_from_dear() -> None:
    assert sticks(partial(work, 1_000)) < 1
    assert sticks(partial(work, 1_000_000), enough=5) > 5


@pytest.mark.anyio
async def test_so_it_is_where_something_is_awaited() -> None:
    async def do(steps: int) -> None:
        work(steps)

    assert await sticks_of(partial(do, 1_000)) < 1
    assert await sticks_of(partial(do, 1_000_000), enough=5) > 5


def test_proportion_is_told_from_worse() -> None:
    assert growth(partial(work, 800_000), partial(work, 100_000)) < MOST_GROWTH
    assert growth(partial(work_by_the_square, 1_600), partial(work_by_the_square, 200)) > MOST_GROWTH
    assert growth(partial(work, 8), partial(work, 1)) < 2

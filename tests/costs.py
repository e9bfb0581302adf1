"""Measures work as a ratio: to a fixed job on the same machine, or to the same work on an eighth of the size.

Seconds would tell the machine and its load. Processor time of this thread is counted, and the least of a few tries.
"""

from collections.abc import Awaitable, Callable
from time import thread_time

#: What no single step may cost, in sticks: about fifty milliseconds of a fast machine.
MOST_STICKS = 50.0
#: What eight times as much may cost; in proportion it is 8, by the square it would be 64.
MOST_GROWTH = 24.0
#: What costs less than this part of a stick is not told from nothing.
_NOISE = 0.5
_TRIES = 5


def stick() -> float:
    """Return the seconds of processor time that a fixed job takes here and now: about a millisecond."""
    began = thread_time()
    total = 0
    for number in range(40_000):
        total += number
    return thread_time() - began


def sticks(call: Callable[[], object], *, enough: float = MOST_STICKS) -> float:
    """Return what the call costs in sticks: the first try below `enough`, else the least of them."""
    found: list[float] = []
    while len(found) < _TRIES and min(found, default=enough) >= enough:
        least = stick()
        began = thread_time()
        call()
        found.append((thread_time() - began) / least)
    return min(found)


async def sticks_of(call: Callable[[], Awaitable[object]], *, enough: float = MOST_STICKS) -> float:
    """As `sticks`, of what is awaited."""
    found: list[float] = []
    while len(found) < _TRIES and min(found, default=enough) >= enough:
        least = stick()
        began = thread_time()
        await call()
        found.append((thread_time() - began) / least)
    return min(found)


def growth(whole: Callable[[], object], eighth: Callable[[], object]) -> float:
    """Return how many times as much the whole costs as an eighth of it; at most a few times `MOST_GROWTH` are told.

    A cost that is nearly nothing counts as a little, so that noise is no growth.
    """
    part = max(sticks(eighth, enough=0), _NOISE)
    return sticks(whole, enough=MOST_GROWTH * part) / part

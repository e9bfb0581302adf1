"""Keys kept in order, cut into short lists so that neither an insertion nor a rank walks all of them."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import Any, Generic, Protocol, TypeVar


class Ordered(Protocol):
    """What can be sorted."""

    def __lt__(self, other: Any, /) -> bool:
        """Whether this comes before `other`."""
        ...


K = TypeVar("K", bound=Ordered)


class SortedKeys(Generic[K]):
    """Distinct keys in ascending order; the caller sees to it that none is added twice.

    `chunk` is how many keys one list is meant to hold: an insertion or a removal moves at most twice as
    many, a rank or a slice by offset adds up one number for each list (and only after a change).
    """

    __slots__ = ("_chunk", "_chunks", "_lasts", "_length", "_starts")

    def __init__(self, keys: Iterable[K] = (), *, chunk: int = 1000) -> None:
        ordered = sorted(keys)
        self._chunk = chunk
        self._chunks = [ordered[start : start + chunk] for start in range(0, len(ordered), chunk)]
        self._lasts = [keys[-1] for keys in self._chunks]
        self._starts: list[int] | None = None
        self._length = len(ordered)

    def __len__(self) -> int:
        return self._length

    def add(self, key: K) -> None:
        """Put `key` in its place; it must not be there already."""
        place = bisect_left(self._lasts, key)
        if place == len(self._lasts):
            self._append(key)
        else:
            keys = self._chunks[place]
            keys.insert(bisect_left(keys, key), key)
            self._starts = None
            if len(keys) > 2 * self._chunk:
                self._split(place)
        self._length += 1

    def remove(self, key: K) -> None:
        """Take `key` out; raises KeyError when it is not there."""
        place = bisect_left(self._lasts, key)
        if place == len(self._lasts):
            raise KeyError(key)
        keys = self._chunks[place]
        index = bisect_left(keys, key)
        if keys[index] != key:
            raise KeyError(key)
        del keys[index]
        self._length -= 1
        self._starts = None
        if not keys:
            del self._chunks[place], self._lasts[place]
            return
        self._lasts[place] = keys[-1]
        if len(keys) < self._chunk // 4:
            self._merge(place)

    def rank(self, key: K, *, inclusive: bool = False) -> int:
        """How many keys come before `key`; with `inclusive`, `key` itself counts too."""
        bisect = bisect_right if inclusive else bisect_left
        place = bisect(self._lasts, key)
        if place == len(self._lasts):
            return self._length
        return self._offsets()[place] + bisect(self._chunks[place], key)

    def slice(self, start: int, stop: int) -> list[K]:
        """The keys from place `start` up to, not including, place `stop`; both at least 0."""
        wanted = min(stop, self._length) - start
        if wanted <= 0:
            return []
        place, index = 0, start
        if start:
            offsets = self._offsets()
            place = bisect_right(offsets, start) - 1
            index = start - offsets[place]
        found = self._chunks[place][index : index + wanted]
        while len(found) < wanted:
            place += 1
            found += self._chunks[place][: wanted - len(found)]
        return found

    def _append(self, key: K) -> None:
        # Most keys are numbers that grow: the lists before stay full, and their offsets stay true.
        if self._chunks and len(self._chunks[-1]) < self._chunk:
            self._chunks[-1].append(key)
            self._lasts[-1] = key
            return
        self._chunks.append([key])
        self._lasts.append(key)
        if self._starts is not None:
            self._starts.append(self._length)

    def _split(self, place: int) -> None:
        keys = self._chunks[place]
        middle = len(keys) // 2
        self._chunks[place : place + 1] = [keys[:middle], keys[middle:]]
        self._lasts.insert(place, keys[middle - 1])

    def _merge(self, place: int) -> None:
        """Join the list at `place` with a neighbour, where the two together are no longer than one."""
        for left in (place - 1, place):
            pair = self._chunks[left : left + 2] if left >= 0 else []
            if len(pair) == 2 and len(pair[0]) + len(pair[1]) <= self._chunk:
                self._chunks[left : left + 2] = [pair[0] + pair[1]]
                del self._lasts[left]
                return

    def _offsets(self) -> list[int]:
        if self._starts is None:
            self._starts = [0, *accumulate(map(len, self._chunks))][:-1]
        return self._starts

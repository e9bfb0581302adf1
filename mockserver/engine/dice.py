"""Random numbers that depend only on the seed and on the purpose of each cast.

There is no shared stream: one more cast for one order changes nothing for another.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")
_SIZE = 1 << 64


class Dice:
    """Dice of one seed. The same purpose always gives the same cast, in whatever order they are asked.

    >>> Dice("demo").below(6, "order", 7) == Dice("demo").below(6, "order", 7)
    True
    """

    __slots__ = ("_key", "seed")

    def __init__(self, seed: int | str) -> None:
        self.seed = seed
        self._key = blake2b(str(seed).encode(), digest_size=32).digest()

    def cast(self, *purpose: object) -> int:
        """Return a whole number, uniform in 0 .. 2**64 - 1."""
        text = "\x1f".join(map(str, purpose)).encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(text, digest_size=8, key=self._key).digest(), "big")

    def below(self, limit: int, *purpose: object) -> int:
        """Return a whole number, uniform in 0 .. limit - 1."""
        return self.cast(*purpose) * limit // _SIZE

    def between(self, low: int, high: int, *purpose: object) -> int:
        """Return a whole number, uniform in low .. high, both included."""
        return low + self.below(high - low + 1, *purpose)

    def choice(self, options: Sequence[T], *purpose: object) -> T:
        """Return one of `options`, each as likely as the others."""
        return options[self.below(len(options), *purpose)]

    def weighted(self, options: Sequence[tuple[T, int]], *purpose: object) -> T:
        """Return one of `options`, pairs of a value and its weight: how likely it is compared with the others."""
        if len(options) == 1:
            return options[0][0]
        point = self.below(sum(weight for _, weight in options), *purpose)
        for option, weight in options:
            if point < weight:
                return option
            point -= weight
        raise AssertionError("weights are positive")

    def fraction(self, *purpose: object) -> float:
        """Return a number, uniform in [0, 1); for durations and probabilities, never for money."""
        return (self.cast(*purpose) >> 11) / (1 << 53)

    def digits(self, count: int, *purpose: object) -> str:
        """Return a text of `count` decimal digits, leading zeros kept."""
        return f"{self.below(10**count, *purpose):0{count}d}"

    def letters(self, alphabet: str, count: int, *purpose: object) -> str:
        """Return a text of `count` characters of `alphabet`."""
        return "".join(alphabet[self.below(len(alphabet), *purpose, place)] for place in range(count))

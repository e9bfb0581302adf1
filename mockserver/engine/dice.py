"""Chance without a shared stream: every cast is a function of the seed and of what it is cast for."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")
_SIZE = 1 << 64


class Dice:
    """Casts that depend on (seed, purpose) alone, so that a neighbour never changes an order's fate."""

    __slots__ = ("_key", "seed")

    def __init__(self, seed: int | str) -> None:
        self.seed = seed
        self._key = blake2b(str(seed).encode(), digest_size=32).digest()

    def cast(self, *purpose: object) -> int:
        """A whole number, uniform in 0 .. 2**64 - 1."""
        text = "\x1f".join(map(str, purpose)).encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(text, digest_size=8, key=self._key).digest(), "big")

    def below(self, limit: int, *purpose: object) -> int:
        """A whole number, uniform in 0 .. limit - 1."""
        return self.cast(*purpose) * limit // _SIZE

    def between(self, low: int, high: int, *purpose: object) -> int:
        """A whole number, uniform in low .. high, both included."""
        return low + self.below(high - low + 1, *purpose)

    def choice(self, options: Sequence[T], *purpose: object) -> T:
        """One of `options`, all alike."""
        return options[self.below(len(options), *purpose)]

    def weighted(self, options: Sequence[tuple[T, int]], *purpose: object) -> T:
        """One of `options`, each as likely as its weight says."""
        if len(options) == 1:
            return options[0][0]
        point = self.below(sum(weight for _, weight in options), *purpose)
        for option, weight in options:
            if point < weight:
                return option
            point -= weight
        raise AssertionError("weights are positive")

    def fraction(self, *purpose: object) -> float:
        """Uniform in [0, 1); for durations and probabilities, never for money."""
        return (self.cast(*purpose) >> 11) / (1 << 53)

    def digits(self, count: int, *purpose: object) -> str:
        """A text of `count` decimal digits, leading zeros kept."""
        return f"{self.below(10**count, *purpose):0{count}d}"

    def letters(self, alphabet: str, count: int, *purpose: object) -> str:
        """A text of `count` characters of `alphabet`."""
        return "".join(alphabet[self.below(len(alphabet), *purpose, place)] for place in range(count))

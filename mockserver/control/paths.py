"""A test of paths, made from a matcher whose values are patterns as faults write them (`/check/*`)."""

from mockserver.engine.matching import Matcher
from mockserver.engine.paths import PathPattern, compile_path

_EQUAL = ("eq", "in")
_UNEQUAL = ("ne", "not_in")


class PathTest:
    """A test of paths, made from a matcher whose `eq`, `in`, `ne` and `not_in` operands are patterns.

    Raises ValueError for an operand that is no pattern.
    """

    def __init__(self, matcher: Matcher) -> None:
        self._wanted: list[list[PathPattern]] = []
        self._unwanted: list[list[PathPattern]] = []
        rest = []
        for name, operand in matcher.tests:
            if name in _EQUAL or name in _UNEQUAL:
                written = operand if name in ("in", "not_in") else (operand,)
                (self._wanted if name in _EQUAL else self._unwanted).append([_pattern(pattern) for pattern in written])
            else:
                rest.append((name, operand))
        self._rest = Matcher(tuple(rest))

    @property
    def patterns(self) -> list[PathPattern]:
        """Every pattern, including those of unwanted paths."""
        return [pattern for group in (*self._wanted, *self._unwanted) for pattern in group]

    def holds(self, path: str) -> bool:
        """Return whether the path passes."""
        return (
            all(any(pattern.match(path) for pattern in group) for group in self._wanted)
            and not any(pattern.match(path) for group in self._unwanted for pattern in group)
            and self._rest.holds(path, present=True)
        )


def _pattern(written: object) -> PathPattern:
    if not isinstance(written, str) or not written:
        raise ValueError(f"must be a path such as /purchase or /check/*: {str(written)[:100]!r}")
    return compile_path(written)

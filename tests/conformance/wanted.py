"""The fields that a rule's conditions ask for, so that samples can make a request that it matches."""

from collections.abc import Mapping
from typing import Any

from mockserver.engine.matching import Conditions, Matcher, matcher_from_data

#: Stands for a field that is left out.
ABSENT: Any = object()


class Wanted:
    """Picks values that meet a rule's conditions.

    >>> Wanted.of({"request.country": {"ne": 999}}).pick("request.country", 999, 6)
    6
    >>> Wanted.of({"request.country": 999}).pick("request.country", 6)
    999
    """

    def __init__(self, conditions: Conditions = ()) -> None:
        self._conditions: dict[str, list[Matcher]] = {}
        for name, matcher in conditions:
            self._conditions.setdefault(name, []).append(matcher)

    @classmethod
    def of(cls, conditions: Mapping[str, Any]) -> "Wanted":
        """Read conditions as a scenario file writes them."""
        return cls(tuple((name, matcher_from_data(data)) for name, data in conditions.items()))

    def allows(self, name: str, value: Any) -> bool:
        """Whether the conditions hold for this value; `ABSENT` is a value that is left out."""
        absent = value is ABSENT
        return all(one.holds(None if absent else value, present=not absent) for one in self._conditions.get(name, ()))

    def pick(self, name: str, *choices: Any) -> Any:
        """Return the first choice that meets the conditions, else a value that they name."""
        for value in (*choices, *self._named(name)):
            if self.allows(name, value):
                return value
        raise AssertionError(f"none of {choices!r} is a {name} that the rule wants: give the samples one")

    def names(self) -> list[str]:
        """Return the names that the conditions are about, such as `request.country`."""
        return list(self._conditions)

    def values(self, name: str) -> list[Any]:
        """Return the values that the conditions name and that meet them all; empty where they name none."""
        return [value for value in self._named(name) if self.allows(name, value)]

    def _named(self, name: str) -> list[Any]:
        found: list[Any] = []
        for matcher in self._conditions.get(name, ()):
            for comparison, operand in matcher.tests:
                if comparison in ("eq", "prefix", "suffix", "contains"):
                    found.append(operand)
                elif comparison == "in":
                    found += operand
        return found

"""Matchers over a flat subject: a match is the absence of differences, so every refusal can be explained."""

from collections.abc import Mapping
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

Subject = Mapping[str, Any]

#: Every comparison a matcher may name.
COMPARISONS = ("eq", "ne", "in", "not_in", "gt", "gte", "lt", "lte", "prefix", "suffix", "contains", "like", "exists")


class Matcher(NamedTuple):
    """A test of one value: all of `tests`, pairs of a comparison and its operand, must hold."""

    tests: tuple[tuple[str, Any], ...]

    def holds(self, value: object, *, present: bool) -> bool:
        """Return whether the value passes; an absent one passes only `exists: false`, `ne` and `not_in`."""
        for name, operand in self.tests:
            if name == "eq":
                if not present or not _same(value, operand):
                    return False
            elif not _passes(name, operand, value, present):
                return False
        return True

    def text(self) -> str:
        """Return the matcher as people read it: `eq 'wa'`."""
        return " and ".join(f"{name} {operand!r}" for name, operand in self.tests)


#: What `Difference.found` holds for a name that the subject lacks.
ABSENT = "(absent)"


class Difference(NamedTuple):
    """A condition that does not hold: the name looked up, the matcher as text, and the value that was found."""

    name: str
    wanted: str
    found: Any


Conditions = tuple[tuple[str, Matcher], ...]


def matcher_from_data(data: object) -> Matcher:
    """Return the matcher of JSON data: a plain value means `eq`, a list `in`, an object names comparisons.

    Raises ValueError for an unknown comparison or a wrong operand.

    >>> matcher_from_data({"gte": 10, "ne": 13}).text()
    'gte 10 and ne 13'
    """
    if isinstance(data, list):
        return Matcher((("in", tuple(data)),))
    if not isinstance(data, Mapping):
        return Matcher((("eq", data),))
    if not data:
        raise ValueError("an empty matcher matches nothing in particular; name a comparison")
    for name, operand in data.items():
        if name not in COMPARISONS:
            raise ValueError(f"unknown comparison {name!r} (one of {', '.join(COMPARISONS)})")
        if name in ("in", "not_in") and not isinstance(operand, list):
            raise ValueError(f"{name} takes a list")
        if name in ("prefix", "suffix", "contains", "like") and not isinstance(operand, str):
            raise ValueError(f"{name} takes a text")
        if name == "exists" and not isinstance(operand, bool):
            raise ValueError("exists takes true or false")
    return Matcher(tuple((name, tuple(value) if name in ("in", "not_in") else value) for name, value in data.items()))


def differences(conditions: Conditions, subject: Subject) -> list[Difference]:
    """Return all conditions that do not hold; an empty list is a match."""
    unmet = []
    for name, matcher in conditions:
        present = name in subject
        value = subject.get(name)
        if not matcher.holds(value, present=present):
            unmet.append(Difference(name, matcher.text(), value if present else ABSENT))
    return unmet


def matches(conditions: Conditions, subject: Subject) -> bool:
    """Return whether there is no difference; stops at the first."""
    for name, matcher in conditions:  # noqa: SIM110 - runs several times in each request, and a loop is quicker
        if not matcher.holds(subject.get(name), present=name in subject):
            return False
    return True


def _same(left: object, right: object) -> bool:
    if type(left) is type(right):
        return left == right
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float | Decimal) and isinstance(right, int | float | Decimal):
        return _number(left) == _number(right)
    return left == right


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        return Decimal(str(value))
    except ArithmeticError:
        return None


def _passes(name: str, operand: Any, value: Any, present: bool) -> bool:
    match name:
        case "exists":
            return present is operand
        case "ne":
            return not (present and _same(value, operand))
        case "in":
            return present and any(_same(value, item) for item in operand)
        case "not_in":
            return not (present and any(_same(value, item) for item in operand))
        case "gt" | "gte" | "lt" | "lte":
            return present and _ordered(name, value, operand)
    if not present:
        return False
    if name == "contains" and isinstance(value, list | tuple):
        return any(_same(operand, item) for item in value)
    text = str(value)
    match name:
        case "prefix":
            return text.startswith(operand)
        case "suffix":
            return text.endswith(operand)
        case "contains":
            return operand in text
        case "like":
            return fnmatchcase(text, operand)
    raise AssertionError(f"comparison {name!r} is not in COMPARISONS")


def _ordered(name: str, value: object, operand: object) -> bool:
    left, right = _number(value), _number(operand)
    if left is None or right is None or left.is_nan() or right.is_nan():
        return False
    match name:
        case "gt":
            return left > right
        case "gte":
            return left >= right
        case "lt":
            return left < right
    return left <= right

"""Matchers over a flat subject: a match is the absence of differences, so every refusal can be explained."""

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, Literal, NamedTuple

from mockserver.domain.suggestions import suggestion

Subject = Mapping[str, Any]
#: What a comparison takes: any single value, a list of them, a number (also as a text), a text, or true or false.
Operand = Literal["value", "values", "number", "text", "flag"]


class Comparison(NamedTuple):
    """A comparison that a matcher may name. `holds` gets the value, the operand, and whether the value is present.

    `about` describes it in the schema of scenario files.
    """

    takes: Operand
    about: str
    holds: Callable[[Any, Any, bool], bool]


class Matcher(NamedTuple):
    """A test of one value: all of `tests`, pairs of a comparison and its operand, must hold."""

    tests: tuple[tuple[str, Any], ...]

    def holds(self, value: object, *, present: bool) -> bool:
        """Return whether the value passes; an absent one passes only `exists: false`, `ne` and `not_in`."""
        for name, operand in self.tests:
            if name == "eq":
                if not present or not _same(value, operand):
                    return False
            elif not COMPARISONS[name].holds(value, operand, present):
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
        raise ValueError("a matcher needs a comparison")
    for name, operand in data.items():
        comparison = COMPARISONS.get(name)
        if comparison is None:
            raise ValueError(f"unknown comparison {name!r} ({suggestion(str(name), COMPARISONS)})")
        if comparison.takes in _OPERANDS:
            kind, words = _OPERANDS[comparison.takes]
            if not isinstance(operand, kind):
                raise ValueError(f"{name} takes {words}")
    return Matcher(tuple((name, tuple(value) if takes_values(name) else value) for name, value in data.items()))


def takes_values(name: str) -> bool:
    """Return whether the comparison of this name takes a list."""
    return COMPARISONS[name].takes == "values"


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


def _in(value: Any, operand: Any, present: bool) -> bool:
    return present and any(_same(value, item) for item in operand)


def _contains(value: Any, operand: Any, present: bool) -> bool:
    if present and isinstance(value, list | tuple):
        return any(_same(operand, item) for item in value)
    return present and operand in str(value)


def _ordered(order: Callable[[Decimal, Decimal], bool]) -> Callable[[Any, Any, bool], bool]:
    def holds(value: Any, operand: Any, present: bool) -> bool:
        left, right = _number(value), _number(operand)
        if not present or left is None or right is None or left.is_nan() or right.is_nan():
            return False
        return order(left, right)

    return holds


def _text(test: Callable[[str, str], bool]) -> Callable[[Any, Any, bool], bool]:
    return lambda value, operand, present: present and test(str(value), operand)


_OPERANDS: Mapping[Operand, tuple[type, str]] = {
    "values": (list, "a list"),
    "text": (str, "a text"),
    "flag": (bool, "true or false"),
}
#: Every comparison by name. The schema of scenario files and the loader are made from this table.
COMPARISONS: Mapping[str, Comparison] = {
    "eq": Comparison("value", "Equal.", lambda value, operand, present: present and _same(value, operand)),
    "ne": Comparison(
        "value", "Not equal, or absent.", lambda value, operand, present: not (present and _same(value, operand))
    ),
    "in": Comparison("values", "One of these.", _in),
    "not_in": Comparison(
        "values", "None of these, or absent.", lambda value, operand, present: not _in(value, operand, present)
    ),
    "gt": Comparison("number", "Greater.", _ordered(operator.gt)),
    "gte": Comparison("number", "Greater or equal.", _ordered(operator.ge)),
    "lt": Comparison("number", "Less.", _ordered(operator.lt)),
    "lte": Comparison("number", "Less or equal.", _ordered(operator.le)),
    "prefix": Comparison("text", "Begins with this text.", _text(str.startswith)),
    "suffix": Comparison("text", "Ends with this text.", _text(str.endswith)),
    "contains": Comparison("text", "Has this text in it, or as an item.", _contains),
    "like": Comparison(
        "text", "A pattern of the whole text: * any characters, ? one, [ab] one of these.", _text(fnmatchcase)
    ),
    "exists": Comparison(
        "flag", "Whether there is such a value at all.", lambda value, operand, present: present is operand
    ),
}

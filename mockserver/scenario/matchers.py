"""Builds matchers and conditions from a scenario file's data: a value, a list of values, or comparisons."""

import re

from mockserver.domain.suggestions import suggestion
from mockserver.engine.matching import COMPARISONS, Conditions, Matcher, matcher_from_data
from mockserver.scenario.cursor import Cursor
from mockserver.scenario.problems import shown

_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def build_conditions(cursor: Cursor) -> Conditions:
    """Return names with their matchers; a wrong matcher is reported and left out."""
    pairs = [(name, build_matcher(entry)) for name, entry in cursor.entries().items()]
    return tuple((name, matcher) for name, matcher in pairs if matcher is not None)


def build_matcher(cursor: Cursor) -> Matcher | None:
    """Return the matcher; None where the value is not a matcher, which is reported."""
    fine = True
    if isinstance(cursor.value, list):
        fine = _are_values(cursor)
    for name, operand in cursor.entries().items() if isinstance(cursor.value, dict) else ():
        fine = _check_comparison(name, operand) and fine
    if not fine:
        return None
    try:
        return matcher_from_data(cursor.value)
    except ValueError as error:
        cursor.error(str(error))
        return None


def _check_comparison(name: str, operand: Cursor) -> bool:
    if name not in COMPARISONS:
        operand.error(f"unknown comparison {shown(name)} ({suggestion(name, COMPARISONS)})", at_key=True)
        return False
    try:
        matcher_from_data({name: operand.value})
    except ValueError as error:
        operand.error(f"{error}, not {shown(operand.value)}")
        return False
    match COMPARISONS[name].takes:
        case "values":
            return _are_values(operand)
        case "number":
            return _is_amount(operand)
    return _is_value(operand)


def _are_values(cursor: Cursor) -> bool:
    """Return whether every item is a single value, and report each item that is not."""
    return not [item for item in cursor.items() if not _is_value(item)]


def _is_value(cursor: Cursor) -> bool:
    if isinstance(cursor.value, list | dict):
        cursor.refuse("a text, a number, true or false or null")
        return False
    return True


def _is_amount(cursor: Cursor) -> bool:
    if isinstance(cursor.value, str):
        if _AMOUNT.fullmatch(cursor.value) is None:
            cursor.error(f"{cursor.name} must be a number: {shown(cursor.value)}")
            return False
    elif isinstance(cursor.value, bool) or not isinstance(cursor.value, int | float):
        cursor.error(f"{cursor.name} must be a number: {shown(cursor.value)}")
        return False
    return True

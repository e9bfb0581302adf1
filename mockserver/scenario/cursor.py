"""A value of a scenario file with its place: it can be read as a type, or reports why not."""

import re
from collections.abc import Sequence
from typing import Any

from mockserver.domain.suggestions import did_you_mean
from mockserver.scenario.problems import Report, Trail, shown, trail_text, unknown_key


class Cursor:
    """A value of a scenario file. Methods that read it report a wrong type and return an empty value of theirs.

    `trail` is its place in the file: keys and positions, outermost first.
    """

    __slots__ = ("report", "trail", "value")

    def __init__(self, report: Report, trail: Trail, value: Any) -> None:
        self.report = report
        self.trail = trail
        self.value = value

    @property
    def name(self) -> str:
        """The value's name in messages."""
        return trail_text(self.trail)

    def error(self, message: str, *, at_key: bool = False) -> None:
        """Report an error of this value, or with `at_key` of its key."""
        self.report.error(self.trail, message, at_key=at_key)

    def refuse(self, wanted: str) -> None:
        """Report that this value must be `wanted`, such as `a list`."""
        self.error(f"{self.name} must be {wanted}, not {shown(self.value)}")

    def entries(self) -> dict[str, "Cursor"]:
        """Return the members of an object, in the order of the file."""
        if not isinstance(self.value, dict):
            self.refuse("an object")
            return {}
        return {key: Cursor(self.report, (*self.trail, key), value) for key, value in self.value.items()}

    def items(self) -> list["Cursor"]:
        """Return the items of a list."""
        if not isinstance(self.value, list):
            self.refuse("a list")
            return []
        return [Cursor(self.report, (*self.trail, place), value) for place, value in enumerate(self.value)]

    def get(self, key: str) -> "Cursor | None":
        """Return a member of an object; None when it is absent, or the value is not an object."""
        if not isinstance(self.value, dict) or key not in self.value:
            return None
        return Cursor(self.report, (*self.trail, key), self.value[key])

    def need(self, key: str) -> "Cursor | None":
        """Return a member that must be there; report its absence."""
        member = self.get(key)
        if member is None and isinstance(self.value, dict):
            self.report.error((*self.trail, key), f"{key} is missing{_within(self.trail)}")
        return member

    def only(self, known: Sequence[str]) -> None:
        """Report every member of an object whose key is none of these."""
        if isinstance(self.value, dict) and not self.value.keys() <= set(known):
            for key in self.value:
                if key not in known:
                    unknown_key(self.report, self.trail, key, known=known, present=self.value)

    def refuse_empty(self) -> None:
        """Report an empty object or list."""
        if self.value in ({}, []):
            self.error(f"{self.name} must not be empty")

    def distinct(self) -> None:
        """Report a list that contains a text twice."""
        texts = [item for item in self.value if isinstance(item, str)] if isinstance(self.value, list) else []
        if len(set(texts)) < len(texts):
            self.error(f"{self.name} must not name anything twice")

    def text(self) -> str:
        """Return the value as a text that is not empty."""
        if not isinstance(self.value, str):
            number = isinstance(self.value, int | float)
            self.refuse("a text" if not number else "a text in quotes")
            return ""
        if not self.value:
            self.error(f"{self.name} must not be empty")
        return self.value

    def text_like(self, pattern: re.Pattern[str], rule: str) -> str:
        """Return the value as a text that matches the whole pattern; `rule` describes the pattern in words."""
        text = self.text()
        if text and pattern.fullmatch(text) is None:
            self.error(f"{self.name} must be {rule}: {shown(text)}")
        return text

    def word(self, options: Sequence[str]) -> str:
        """Return the value as one of these texts; the first when it is none of them."""
        if isinstance(self.value, str) and self.value in options:
            return self.value
        hint = did_you_mean(self.value, options) if isinstance(self.value, str) else ""
        self.error(f"{self.name} must be one of {', '.join(options)}, not {shown(self.value)}{hint}")
        return options[0]

    def whole(self, least: int) -> int:
        """Return the value as a whole number that is not less than `least`."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or self.value < least:
            self.refuse(f"a whole number from {least}")
            return least
        return self.value

    def flag(self) -> bool:
        """Return the value as true or false."""
        if not isinstance(self.value, bool):
            self.refuse("true or false")
        return self.value is True

    def scalar(self) -> Any:
        """Return the value as a text, a number, true, false or null."""
        if isinstance(self.value, dict | list):
            self.refuse("a single value")
            return None
        return self.value


def _within(trail: Trail) -> str:
    return f" in {trail_text(trail)}" if trail else ""

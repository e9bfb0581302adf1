"""Errors and warnings about a scenario file, each with its line and column; one for each cause."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from mockserver.domain.suggestions import nearest

#: Bytes that a file may have.
LARGEST = 1024 * 1024
#: How many errors, and how many warnings, are reported of one file.
MOST = 100
#: Characters that one message may have.
_LONGEST = 1_000

#: Where in the file's data: keys and list positions (from 0), outermost first; `()` is the whole file.
Trail = tuple[str | int, ...]
#: Line and column, both from 1; columns count characters.
Place = tuple[int, int]
Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """An error or a warning about a file. An error prevents the use of the file, a warning does not."""

    file: str
    line: int
    column: int
    message: str
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class ScenarioProblems(Exception):
    """A scenario file that cannot be used; `problems` holds every error, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class Report:
    """Collects the problems of one file while it is read, built and judged.

    The first error at a trail is kept; later errors at the same trail or below it are ignored, because they have the
    same cause. So all phases can run over a file with errors. The error after the first `MOST` ends the check: it
    raises ScenarioProblems.
    """

    __slots__ = ("_around", "_elsewhere", "_errors", "_total", "_warnings", "file", "keys", "omitted", "values")

    def __init__(self, file: str) -> None:
        self.file = file
        self.values: dict[Trail, Place] = {}
        """Where each value begins; filled by the reader."""
        self.keys: dict[Trail, Place] = {}
        """Where the key of each value of an object begins; filled by the reader."""
        self._errors: dict[Trail, Problem | None] = {}
        self._around: set[Trail] = set()
        """The trails of all values with errors, and of everything around them."""
        self._total = 0
        self.omitted = 0
        """How many warnings were left out after the first `MOST`."""
        self._warnings: dict[Trail, Problem] = {}
        self._elsewhere: list[Problem] = []

    def error(self, trail: Trail, message: str, *, at_key: bool = False) -> None:
        """Add an error of the value at `trail`; ignored when it, or anything around it, has one already."""
        if not self.has_error(trail):
            problem = self._problem(trail, message, at_key, "error")
            self._count((problem.line, problem.column))
            self._errors[trail] = problem
            self._around.update(trail[:size] for size in range(len(trail) + 1))

    def warning(self, trail: Trail, message: str, *, at_key: bool = False) -> None:
        """Add a warning about the value at `trail`; ignored where there is an error or a warning already."""
        if not self.has_error(trail) and trail not in self._warnings:
            if self.full:
                self.omitted += 1
                return
            self._warnings[trail] = self._problem(trail, message, at_key, "warning")

    def place(self, trail: Trail) -> Place:
        """Return where the value begins; for a missing value, where the innermost value around it does."""
        while trail and trail not in self.values:
            trail = trail[:-1]
        return self.values.get(trail, (1, 1))

    @property
    def full(self) -> bool:
        """Whether no further warning is kept, so that there is no need to look for more."""
        return len(self._warnings) >= MOST

    def error_at(self, place: Place, message: str) -> None:
        """Add an error of the text itself; it hides no other error."""
        self._count(place)
        self._elsewhere.append(Problem(self.file, *place, _cut(message)))

    def silence(self, trail: Trail) -> None:
        """Ignore past and future errors at this trail or below: another error names their cause better."""
        self._errors[trail] = None
        self._around.update(trail[:size] for size in range(len(trail) + 1))

    def has_error(self, trail: Trail) -> bool:
        """Return whether this value, or anything around it, has an error."""
        return bool(self._errors) and any(trail[:size] in self._errors for size in range(len(trail) + 1))

    def has_error_below(self, trail: Trail) -> bool:
        """Return whether this value, anything around it, or anything inside it has an error."""
        return self.has_error(trail) or trail in self._around

    def errors(self) -> list[Problem]:
        """Return all errors, in the order of the file."""
        return sorted([*filter(None, self._errors.values()), *self._elsewhere], key=_position)

    def problems(self) -> list[Problem]:
        """Return all errors and warnings, in the order of the file."""
        return sorted([*self.errors(), *self._warnings.values()], key=_position)

    def _count(self, place: Place) -> None:
        self._total += 1
        if self._total > MOST:
            # A caller that goes on after this exception gets it again, with one such line.
            last = Problem(self.file, *place, f"more than {MOST} errors: the others are not told")
            self._elsewhere = [*(problem for problem in self._elsewhere if problem.message != last.message), last]
            raise ScenarioProblems(self.errors())

    def _problem(self, trail: Trail, message: str, at_key: bool, severity: Severity) -> Problem:
        # A wrong value in place of a credential may be a secret, too.
        text = _BEFORE_VALUE.split(message)[0] if "credentials" in trail else message
        place = self.keys.get(trail) if at_key else None
        return Problem(self.file, *(place or self.place(trail)), _cut(text), severity)


_BEFORE_VALUE = re.compile(", not | instead of |: remove ")


def unknown_key(report: Report, trail: Trail, key: str, *, known: Sequence[str], present: Collection[str]) -> None:
    """Report an unknown key of the object at `trail`, with the missing key that is probably meant."""
    near = nearest(key, [name for name in known if name not in present])
    if near is not None:
        # A misspelled key is one error, not an unknown key and a missing one.
        report.silence((*trail, near))
    hint = f"did you mean {near}?" if near is not None else f"one of {', '.join(known)}"
    report.error((*trail, key), f"unknown key {shown(key)} ({hint})", at_key=True)


def which_come_first(kind: str, names: Iterable[str], *, one: str, several: str) -> str:
    """Return `rule 'a', which comes first, ONE`; of several names `rules 'a' and 'b', which come first, SEVERAL`."""
    shown_names = [repr(name) for name in dict.fromkeys(names)]
    if len(shown_names) == 1:
        return f"{kind} {shown_names[0]}, which comes first, {one}"
    return f"{kind}s {' and '.join(shown_names)}, which come first, {several}"


def trail_text(trail: Trail) -> str:
    """Return the end of a trail for people: `balance`, `effects[0]`; `the file` for the whole."""
    positions = ""
    for step in reversed(trail):
        if isinstance(step, str):
            return step + positions
        positions = f"[{step}]{positions}"
    return f"the file{positions}"


def shown(value: object) -> str:
    """Return a value of the file for a message, cut to a readable length."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _cut(message: str) -> str:
    return message if len(message) <= _LONGEST else f"{message[: _LONGEST - 3]}..."


def _position(problem: Problem) -> tuple[int, int, str]:
    return problem.line, problem.column, problem.message

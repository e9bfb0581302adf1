"""Loads scenario files from text or disk: checked in full, or quickly where tests have checked them before."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from mockserver.scenario.build import build_scenario
from mockserver.scenario.compiled import read_compiled
from mockserver.scenario.model import Scenario
from mockserver.scenario.problems import LARGEST, Place, Problem, Report, ScenarioProblems, Trail

#: Reports errors of a scenario that its file alone does not show; made by a caller who knows the providers. The
#: scenario may be built from a file with errors: parts that are missing from it were reported before.
Judge = Callable[[Scenario, Report, Mapping[str, Any]], None]


def load_scenario(
    text: str | bytes,
    *,
    source: str,
    check: bool = True,
    providers: Sequence[str] = (),
    judge: Judge | None = None,
) -> Scenario:
    """Return the scenario of a file's text; `source` is the file's name, used in messages.

    With `check`, schema and lint run over it too; without, only errors that prevent building it are found.
    `providers` are the allowed values of `provider`; every name is allowed when it is empty.
    Raises ScenarioProblems with all errors in the order of the file; warnings are not raised.
    """
    return _load(text, Report(source), check=check, providers=providers, judge=judge)


def load_with_warnings(
    text: str | bytes, *, source: str, providers: Sequence[str] = (), judge: Judge | None = None
) -> tuple[Scenario, list[Problem]]:
    """Return the result of `load_scenario` with `check`, and the warnings in the order of the file."""
    report = Report(source)
    return _load(text, report, check=True, providers=providers, judge=judge), report.problems()


def load_file(
    path: Path,
    *,
    check: bool = True,
    providers: Sequence[str] = (),
    place: tuple[str, str] | None = None,
    judge: Judge | None = None,
) -> Scenario:
    """Return the scenario of a file, as `load_scenario` does; `place`: the provider and name that it must have."""
    report = Report(str(path))
    raw = _bytes(path, report)
    if check or judge is not None:
        scenario = _load(raw, report, check=check, providers=providers, judge=judge)
    else:
        scenario = load_trusted(path, raw, tuple(providers))
    names = {"provider": scenario.provider, "scenario": scenario.name}
    for (key, value), wanted in zip(names.items(), place or names.values(), strict=True):
        if value != wanted:
            report.error((key,), f"{key} must be {wanted!r}, as the file's path says, not {value!r}")
    if report.errors():
        raise ScenarioProblems(report.errors())
    return scenario


def place_of(scenario: Scenario, trail: Trail) -> Place:
    """Return line and column of a value in the scenario's file, or of the innermost value around it."""
    from mockserver.scenario.source import read_source

    report = Report(scenario.source)
    with suppress(ScenarioProblems):
        read_source(scenario.text, report)
    return report.place(trail)


def check_text(
    text: str | bytes, *, source: str, providers: Sequence[str] = (), judge: Judge | None = None
) -> list[Problem]:
    """Return every error and warning of a file's text, in the order of the file; an empty list when it is fine."""
    report = Report(source)
    with suppress(ScenarioProblems):
        _load(text, report, check=True, providers=providers, judge=judge)
    return report.problems()


def check_file(
    path: Path | str, providers: Sequence[str], *, judge: Judge | None = None, in_folder: bool = False
) -> list[Problem]:
    """Return every error and warning of a file, in its order; a file that cannot be read has one error, at 1:1.

    `in_folder`: also warn of a file that does not lie in a folder of its provider's name, where it is looked for.
    """
    path = Path(path)
    report = Report(str(path))
    with suppress(ScenarioProblems):
        scenario = _examined(_bytes(path, report), report, check=True, providers=providers, judge=judge)
        if scenario.name != path.stem:
            report.warning(("scenario",), f"scenarios are found by file name: call this file {scenario.name}.yaml")
        if in_folder and scenario.provider and path.absolute().parent.name != scenario.provider:
            place = f"DIR/{scenario.provider}/{scenario.name}.yaml"
            report.warning(("provider",), f"not used by --scenarios: this scenario's place is {place}")
    return report.problems()


def _bytes(path: Path, report: Report) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        report.error_at((1, 1), f"cannot be read: {error.strerror or error}")
        raise ScenarioProblems(report.errors()) from None


@lru_cache(maxsize=256)
def load_trusted(path: Path, raw: bytes, providers: tuple[str, ...]) -> Scenario:
    """Return the scenario of a file that tests have checked.

    Cached by the file's bytes, because a test suite starts thousands of apps in one process.
    """
    report = Report(str(path))
    data = read_compiled(path, raw)
    if data:
        return build_scenario(data, report, text=raw.decode("utf-8-sig"), providers=providers)
    return _load(raw, report, check=False, providers=providers)


def _load(
    raw: str | bytes,
    report: Report,
    *,
    check: bool,
    providers: Sequence[str],
    judge: Judge | None = None,
) -> Scenario:
    scenario = _examined(raw, report, check=check, providers=providers, judge=judge)
    errors = report.errors()
    if errors:
        raise ScenarioProblems(errors)
    return scenario


def _examined(
    raw: str | bytes,
    report: Report,
    *,
    check: bool,
    providers: Sequence[str],
    judge: Judge | None,
) -> Scenario:
    """Return the scenario, complete only where `report` has no errors; raises only where it cannot be read at all."""
    from mockserver.scenario.source import read_source

    text, data = read_source(raw, report)
    scenario = build_scenario(data, report, text=text, providers=providers)
    if check and isinstance(data, dict):
        from mockserver.scenario.lint import lint
        from mockserver.scenario.schema import check_schema

        check_schema(data, report)
        lint(scenario, report, data)
    if judge is not None and isinstance(data, dict):
        judge(scenario, report, data)
    return scenario

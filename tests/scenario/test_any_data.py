"""Any file gives a scenario or problems with their places, never another exception."""

import json
import subprocess
import sys
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mockserver.scenario.check import check_text, load_scenario
from mockserver.scenario.problems import Report, ScenarioProblems
from mockserver.scenario.source import read_source

ONE_OF_EACH: dict[str, Any] = {
    "scenario": "quick",
    "provider": "acme",
    "about": "x",
    "settings": {"acme.x": 1},
    "machine": {
        "kind": "k",
        "start": "a",
        "states": {
            "a": {
                "shows": "A",
                "effects": ["refund", {"message": "sms"}],
                "transitions": [
                    {"on": "x", "after": {"uniform": ["1s", {"lognormal": {"median": 1, "sigma": 0.5}}]}, "to": "b"},
                    {"on": "y", "not_before": {"setting": "s"}, "not_after": {"fact": "f"}, "to": {"a": 1, "b": 2}},
                ],
            },
            "b": {"final": True},
        },
    },
    "rules": [
        {
            "name": "r",
            "when": {"x": {"in": [1, "2"]}, "y": [1], "z": None},
            "times": 1,
            "per": ["account"],
            "then": {"start": "b", "delays": {"x": "1s"}, "never": ["y"], "outcomes": {"y": "a"}, "stock": 0},
        },
        {"then": {"refuse": "NotFound", "reprice": True}},
    ],
    "accounts": [{"id": "i", "credentials": {"key": "k"}, "balance": "1.00", "details": {"a": [1]}}],
    "magic": [{"where": "w", "value": "v", "effect": "e", "provenance": "assumed"}],
}
ODD: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 9) | st.floats(0, 2) | st.sampled_from(["", "a", "x", "refund", "1s"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["a", "kind", "on", "uniform", "machines", "then", ""]), inner, max_size=2)
    ),
    max_leaves=4,
)


def spots(data: Any) -> list[tuple[Any, Any]]:
    """Every container of the data with each of its keys or positions."""
    pairs = list(data.items()) if isinstance(data, dict) else list(enumerate(data)) if isinstance(data, list) else []
    return [(data, key) for key, _ in pairs] + [spot for _, value in pairs for spot in spots(value)]


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """The good data with one or two of its values replaced, dropped or renamed."""
    data = json.loads(json.dumps(ONE_OF_EACH))
    for _ in range(draw(st.integers(1, 2))):
        holder, key = draw(st.sampled_from(spots(data)))
        if isinstance(holder, dict) and draw(st.booleans()):
            value = holder.pop(key)
            if draw(st.booleans()):
                holder[f"{key}s"] = value
        else:
            holder[key] = draw(ODD)
    return json.dumps(data, indent=1)


def test_the_undamaged_data_is_fine() -> None:
    assert check_text(json.dumps(ONE_OF_EACH), source="f.yaml") == []


@given(damaged())
def test_damaged_data_meets_located_problems_or_builds(text: str) -> None:
    problems = check_text(text, source="f.yaml")
    errors = [problem for problem in problems if problem.severity == "error"]
    lines = text.splitlines()
    assert all(problem.column <= len(lines[problem.line - 1]) for problem in problems)
    assert len({(problem.line, problem.column, problem.message) for problem in problems}) == len(problems)
    try:
        fast = load_scenario(text, source="f.yaml", check=False)
    except ScenarioProblems:
        assert errors
    else:
        if not errors:
            assert fast == load_scenario(text, source="f.yaml")


@given(st.text(st.sampled_from("ab:-?{}[]&*!|>'\"%@#, \n\t\\~"), max_size=40))
def test_any_text_is_read_or_refused_with_located_problems(text: str) -> None:
    report = Report("f.yaml")
    with suppress(ScenarioProblems):
        read_source(text, report)
    assert all(problem.line >= 1 and problem.column >= 1 for problem in report.errors())


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_with_located_problems(raw: bytes) -> None:
    assert check_text(raw, source="f.yaml")


def test_the_fast_path_does_not_import_the_validator(good: str) -> None:
    program = (
        "import sys; from mockserver.scenario.library import load_file;"
        "from mockserver.scenario.check import load_scenario;"
        "load_scenario(sys.stdin.read(), source='f.yaml', check=False);"
        "sys.exit('jsonschema' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], input=good, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")

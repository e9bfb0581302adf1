"""The schema is valid, and agrees with the lists in the code."""

import json
from collections.abc import Iterator
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator

from mockserver.domain.accounts import STATUSES
from mockserver.domain.errors import MISTAKE_NAMES
from mockserver.engine.effects import EFFECTS
from mockserver.engine.matching import COMPARISONS, Comparison, matcher_from_data
from mockserver.resources import bundled
from mockserver.scenario.build import PROVENANCES, THEN_KEYS
from mockserver.scenario.check import check_text
from mockserver.scenario.problems import Report
from mockserver.scenario.schema import check_schema, scenario_schema
from mockserver.scenario.source import read_source


def parts(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """The schema and every schema inside it that describes a key."""
    if isinstance(schema, dict):
        for name, member in schema.get("properties", {}).items():
            if isinstance(member, dict):
                yield f"{path}/{name}", member
        for key, value in schema.items():
            yield from parts(value, f"{path}/{key}")


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(scenario_schema())


def test_the_schema_names_what_the_code_names() -> None:
    kinds = scenario_schema()["$defs"]
    assert kinds["then"]["properties"]["refuse"]["enum"] == list(MISTAKE_NAMES)
    assert list(kinds["then"]["properties"]) == list(THEN_KEYS)
    assert kinds["account"]["properties"]["status"]["enum"] == list(STATUSES)
    assert kinds["magic"]["properties"]["provenance"]["enum"] == list(PROVENANCES)
    assert set(kinds["matcher"]["properties"]) == set(COMPARISONS)
    assert set(kinds["effect"]["then"]["enum"]) == {name for name, (takes, _) in EFFECTS.items() if not takes}
    assert set(kinds["effect"]["else"]["properties"]) == {name for name, (takes, _) in EFFECTS.items() if takes}


def test_every_key_explains_itself_to_an_editor() -> None:
    bare = [
        path
        for path, part in parts(scenario_schema())
        if not part.get("description")
        and not part.get("title")
        and "$ref" not in part
        and part.keys() != {"not"}
        and not {"dependentSchemas", "if", "else"} & set(path.split("/"))
    ]
    assert bare == []


def test_the_schema_alone_accepts_a_good_file_and_finds_what_the_builder_would(good: str) -> None:
    report = Report("f.yaml")
    _, data = read_source(good, report)
    check_schema(data, report)
    assert report.errors() == []
    report = Report("f.yaml")
    broken = good.replace("    completed: {", "    complete d: {").replace("after: 8s", "after: soon")
    broken = broken.replace("    times: 1\n", "").replace("[refund]", "[message, {refund: x}, 5]")
    broken = broken.replace('balance: "0.10"', "balance: 0.1").replace("about: Accepted at once.\n", "machines: []\n")
    _, data = read_source(broken, report)
    check_schema(data, report)
    messages = [f"{problem.line}: {problem.message}" for problem in report.errors()]
    assert messages == [
        "1: about is missing",
        "3: machines must have at least 1 items",
        "12: after: a duration is written 90s, 10m, 1h30m, 1d or 250ms: 'soon'",
        "16: letters, digits, _ and -, beginning with a letter: 'complete d'",
        "17: effects[0] must be one of refund, cashback, spend, restock, not 'message'",
        "17: unknown key 'refund' (one of message, webhook)",
        "17: effects[2] must be a text or an object, not 5",
        "22: per needs times beside it",
        "36: balance must be a text, not 0.1",
    ]


def test_the_schema_file_says_what_the_table_of_comparisons_says() -> None:
    written = json.loads((bundled("schemas") / "scenario.schema.json").read_text(encoding="utf-8"))
    made = scenario_schema()["$defs"]["matcher"]["properties"]
    assert written["$defs"]["matcher"]["properties"] == made, (
        "write the table of comparisons into schemas/scenario.schema.json"
    )


def test_a_comparison_is_one_entry_of_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    length = Comparison("number", "Has as many characters.", lambda value, operand, present: len(value) == operand)
    monkeypatch.setitem(cast("dict[str, Comparison]", COMPARISONS), "length", length)
    text = "scenario: odd\nprovider: acme\nabout: Odd.\nrules: [{when: {request.x: {length: %s}}, then: {stock: 0}}]\n"
    assert check_text(text % 2, source="f.yaml") == []
    assert [one.message for one in check_text(text % "x", source="f.yaml")] == ["length must be a number: 'x'"]
    assert matcher_from_data({"length": 2}).holds("ab", present=True)
    assert not matcher_from_data({"length": 2}).holds("abc", present=True)

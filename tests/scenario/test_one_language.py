"""Schema and loader accept and refuse the same files, except for the rules of `beyond_schema`.

Held against each other: documents that vary in one place, each keyword's bounds and breaches in turn, and documents
that hypothesis draws from the schema with any number of parts that do not fit.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema_rs import Draft202012Validator

from mockserver.http.lint import judge_of
from mockserver.http.schemas import SchemaStore
from mockserver.providers.discovery import data_roots
from mockserver.sandbox.settings import COMMON, SettingsTable
from mockserver.scenario.beyond_schema import BEYOND_SCHEMA
from mockserver.scenario.build import build_scenario
from mockserver.scenario.check import check_text
from mockserver.scenario.library import Library
from mockserver.scenario.model import Scenario
from mockserver.scenario.problems import Report
from mockserver.scenario.schema import scenario_schema
from tests.scenario.from_schema import TEXTS, FromSchema, takes
from tests.served import ACME

SCHEMA = scenario_schema()
FILES = FromSchema(SCHEMA)
#: The judge of what fits is not the one that words what does not: it reads patterns as JSON Schema says.
VALIDATOR = Draft202012Validator(SCHEMA)


class AcmesLibrary(Library):
    """The scenarios of Acme, which stand for those of any provider that a document names."""

    def default(self, provider: str) -> Scenario:
        """Return Acme's default."""
        return super().default("acme")


#: Acme with a detail that has few values judges every document, whatever provider that names.
PROVIDER = replace(ACME, rules=ACME.rules._replace(choices={"plan": ("free", "paid")}))
JUDGE = judge_of(
    lambda _: PROVIDER,
    SettingsTable((*COMMON, *PROVIDER.settings)),
    SchemaStore(*data_roots("schemas", [PROVIDER])),
    AcmesLibrary.of_providers(data_roots("scenarios", [PROVIDER])),
)


def loader_errors(document: Any) -> list[str]:
    """What the loader says of a document without the schema, and then its provider.

    Without the lint, whose errors are all beyond the schema: they would stand in for those that are missed.
    """
    report = Report("f.yaml")
    scenario = build_scenario(document, report, text="")
    if not report.errors() and isinstance(document, dict) and VALIDATOR.is_valid(document):
        JUDGE(scenario, report, document)
    return [problem.message for problem in report.errors()]


def is_beyond(message: str) -> bool:
    """Whether the schema does not know the rule that an error comes of."""
    return any(rule.explains(message) for rule in BEYOND_SCHEMA)


def disagreement(document: Any) -> str | None:
    """What only one of the two says of a document."""
    errors = loader_errors(document)
    if VALIDATOR.is_valid(document):
        only_loader = [message for message in errors if not is_beyond(message)]
        return f"only the loader refuses: {'; '.join(only_loader)}" if only_loader else None
    if errors:
        return None
    error = next(iter(VALIDATOR.iter_errors(document)))
    return f"only the schema refuses: {error.message} at {list(error.instance_path)}"


def test_a_file_that_differs_in_one_place_is_judged_the_same_by_both() -> None:
    documents = [*FILES.fitting(), *FILES.misfits()]
    found = {said: document for document in documents if (said := disagreement(document))}
    assert not found, "\n".join(f"{said}\n    {json.dumps(document)}" for said, document in list(found.items())[:10])


def test_the_files_reach_every_rule_of_the_schema() -> None:
    accepted, broken = set[str](), set[str]()
    for document in FILES.fitting():
        if VALIDATOR.is_valid(document):
            accepted |= set(places(document))
    for document in [*FILES.fitting(), *FILES.misfits()]:
        broken |= {"/".join(map(str, error.schema_path)) for error in VALIDATOR.iter_errors(document)}
    keys = {f"{path}/{key}" for path, key in members(SCHEMA)}
    never_accepted = {
        key for key in keys if not any(place.endswith("/" + key.rpartition("/")[2]) for place in accepted)
    }
    assert not never_accepted
    assert {rule for rule in rules(SCHEMA) if not any(reaches(path, rule) for path in broken)} == set()


@settings(max_examples=150)
@given(FILES.mutated())
def test_a_file_with_any_mistakes_is_judged_the_same_by_both(document: Any) -> None:
    assert disagreement(document) is None


@settings(max_examples=30)
@given(FILES.documents())
def test_a_file_that_fits_is_refused_only_for_what_is_beyond_the_schema(document: Any) -> None:
    problems = check_text(json.dumps(document), source="f.yaml", judge=JUDGE)
    errors = [problem.message for problem in problems if problem.severity == "error"]
    if VALIDATOR.is_valid(document):
        assert [message for message in errors if not is_beyond(message)] == []
    else:
        assert errors


HEAD = "scenario: a\nprovider: acme\nabout: A.\n"
MACHINE = "machine: {kind: k, start: a, states: {a: {transitions: [{on: x, to: b, after: 1s}]}, b: {final: true}}}\n"
#: A machine of a kind that Acme has.
OF_ACME = MACHINE.replace("kind: k", "kind: activation")
#: For each rule beyond the schema, in its order, files that break nothing else.
BROKEN: tuple[tuple[str, ...], ...] = (
    ("", "a: [", HEAD + "---\na: 1\n", HEAD + f"settings: {'[' * 40}\n", HEAD + f"rules: [{'1, ' * 1001}]\n"),
    (HEAD + "about: B.\n", *(f"{HEAD}settings: {{a: {value}}}\n" for value in ("&x 1", "!!int 1", "", "1e999"))),
    (HEAD + "rules: [{times: 1.0, then: {stock: 1}}]\n", HEAD + "faults: [{times: 2.0, wire: reset}]\n"),
    (HEAD + MACHINE.replace("start: a", "start: c"), HEAD + MACHINE + "rules: [{then: {start: c}}]\n"),
    (HEAD + MACHINE + "rules: [{then: {never: [y]}}]\n", HEAD + MACHINE + "rules: [{then: {delays: {y: 1s}}}]\n"),
    (
        HEAD + "rules: [{name: r, then: {stock: 1}}, {name: r, then: {reprice: true}}]\n",
        HEAD + "faults: [{name: f, wire: reset}, {name: f, delay: 1s}]\n",
        HEAD + MACHINE.replace("[{on", "[{on: x, to: b}, {on"),
    ),
    (HEAD + MACHINE.replace("{final: true}", "{}"), HEAD + MACHINE.replace("to: b", "to: a")),
    (HEAD + MACHINE.replace("after: 1s", "after: 0s").replace("to: b", "to: {a: 1, b: 1}"),),
    (HEAD + "rules: [{then: {takes: {uniform: [2s, 1s]}}}]\n", HEAD + "faults: [{delay: {uniform: [2s, 1s]}}]\n"),
    (HEAD + "rules: [{then: {takes: 5219w}}]\n", HEAD + "faults: [{webhook: {stale_timestamp: 5219w}}]\n"),
    (HEAD + "rules: [{then: {takes: {fact: f}}}]\n", HEAD + "faults: [{webhook: {delay: {fact: f}}}]\n"),
    (HEAD + "faults: [{delay: 61m}]\n",),
    (HEAD + "faults: [{wire: reset, until: soon}]\n", HEAD + 'faults: [{wire: reset, until: "2026-01-31T12:00:00"}]\n'),
    (HEAD + "faults: [{wire: reset, path: a*/b*/c*/d*/e*}]\n",),
    (HEAD + "faults: [{answer: {status: 200, headers: {Content-Length: \"1\"}}}]\n",),
    (
        HEAD + "settings: {acme.nosuch: 1s}\n",
        *(HEAD + OF_ACME.replace("1s", later) for later in ("{setting: nosuch}", "{uniform: [1s, {setting: nosuch}]}")),
        HEAD + OF_ACME.replace("to: b", "to: {b: {setting: nosuch, is: x}, a: 1}"),
        HEAD + OF_ACME.replace("[{on", "[{on: y, to: a, stay: true, sends: {event: x, after: {setting: z}}}, {on"),
        HEAD + 'magic: [{where: a, value: b, effect: "after {acme.nosuch}", provenance: assumed}]\n',
    ),
    (
        HEAD + "settings: {rate_limits: none}\n",
        HEAD + "settings: {acme.cancel_after: 5 parsecs}\n",
        HEAD + "settings: {accept_any_key: 1}\n",
        HEAD + OF_ACME.replace("to: b", "to: {b: {setting: rate_limits, is: x}, a: 1}"),
    ),
    (HEAD + "accounts: [{id: a, credentials: {kee: k}, balance: \"1\"}]\n",),
    (HEAD + "accounts: [{id: a, credentials: {key: k}, balance: \"1.001\"}]\n",),
    (HEAD + "accounts: [{id: a, credentials: {key: k}, balance: \"1\", details: {plan: dear}}]\n",),
)  # fmt: skip


@pytest.mark.parametrize(("number", "text"), [(number, text) for number, texts in enumerate(BROKEN) for text in texts])
def test_each_rule_beyond_the_schema_is_one_that_the_schema_indeed_does_not_know(number: int, text: str) -> None:
    problems = check_text(text, source="f.yaml", judge=JUDGE)
    errors = [problem.message for problem in problems if problem.severity == "error"]
    assert len(errors) == 1, errors
    assert [place for place, rule in enumerate(BEYOND_SCHEMA) if rule.explains(errors[0])] == [number]


def test_every_rule_beyond_the_schema_has_a_file_that_breaks_it() -> None:
    assert len(BROKEN) == len(BEYOND_SCHEMA)


def test_the_texts_that_stand_for_patterns_match_them() -> None:
    for pattern, texts in TEXTS.items():
        assert all(takes(pattern, text) for text in texts), pattern
        assert not takes(pattern, "\x00")


def members(schema: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every key that an object of the schema may have, with the place of the object."""
    if isinstance(schema, Mapping):
        for key in schema.get("properties", {}) if isinstance(schema.get("properties"), Mapping) else ():
            yield path, key
        for key, value in schema.items():
            yield from members(value, f"{path}/{key}")


def places(data: Any, path: str = "") -> Iterator[str]:
    """Every key of a document with the keys around it."""
    for key, value in data.items() if isinstance(data, dict) else ():
        yield f"{path}/{key}"
        yield from places(value, f"{path}/{key}")
    for value in data if isinstance(data, list) else ():
        yield from places(value, path)


#: What can be broken; conditions and references have no errors of their own.
BREAKABLE = {
    *(
        "enum",
        "const",
        "pattern",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
    ),
    *("minItems", "maxItems", "uniqueItems", "required", "minProperties", "maxProperties", "dependentRequired"),
    *("not", "anyOf", "oneOf", "type"),
}


EVERYTHING = {"string", "number", "boolean", "null", "array", "object"}


def rules(schema: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every rule of the schema, as the path to its keyword; what alternatives and conditions hold is no rule."""
    if not isinstance(schema, Mapping):
        return
    names = path[-1:] == ("properties",)
    for key, value in schema.items():
        # Names are always texts, and a value that may be anything cannot be of a wrong type.
        free = key == "type" and (path[-1:] == ("propertyNames",) or set(value) >= EVERYTHING)
        if not names and (key in BREAKABLE or (key == "additionalProperties" and value is False)) and not free:
            yield (*path, key)
        if names or key not in ("if", "anyOf", "oneOf", "not", "examples", "default"):
            yield from rules(value, (*path, key))


def reaches(broken: str, rule: tuple[str, ...]) -> bool:
    """Whether an error of this schema path comes of this rule; references shorten the one, not the other."""
    return broken.endswith("/".join(rule[-3:])) or broken == "/".join(rule)

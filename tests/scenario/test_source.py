"""YAML read with the scalar rules of JSON, and every mistake at its own line and column."""

import json
import math
from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mockserver.scenario.problems import LARGEST, Report, ScenarioProblems
from mockserver.scenario.source import read_source

LOADERS = [pytest.param(yaml.SafeLoader, id="python")]
if hasattr(yaml, "CSafeLoader"):
    LOADERS.append(pytest.param(yaml.CSafeLoader, id="c"))


def read(text: str | bytes) -> Any:
    report = Report("f.yaml")
    _, data = read_source(text, report)
    assert report.errors() == []
    return data


def mistakes(text: str | bytes, loader: Any = None) -> list[str]:
    report = Report("f.yaml")
    with suppress(ScenarioProblems):
        read_source(text, report, **({"loader": loader} if loader else {}))
    return [str(problem) for problem in report.errors()]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("0", 0),
        ("-0", 0),
        ("-17", -17),
        ("1.50", 1.5),
        ("-0.0", -0.0),
        ("1e3", 1000.0),
        ("2E-2", 0.02),
        ("NO", "NO"),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("True", "True"),
        ("NULL", "NULL"),
        ("~", "~"),
        ("0123", "0123"),
        ("+1", "+1"),
        (".5", ".5"),
        ("1.", "1."),
        ("1_000", "1_000"),
        ("0x1f", "0x1f"),
        ("0o17", "0o17"),
        ("1:30", "1:30"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("2026-01-31", "2026-01-31"),
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ("=", "="),
        ('"true"', "true"),
        ("'12'", "12"),
        ('""', ""),
        ("+34 600 000 000", "+34 600 000 000"),
    ],
)
def test_a_scalar_means_what_json_says_and_a_text_otherwise(written: str, meant: object) -> None:
    data = read(f"value: {written}\n")["value"]
    assert (type(data), data) == (type(meant), meant)
    if isinstance(meant, float):
        assert math.copysign(1, data) == math.copysign(1, meant)


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff\ufffe\uffff"))
SCALARS = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    SCALARS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_json_comes_back_as_json_reads_it(data: Any) -> None:
    text = json.dumps(data, ensure_ascii=False)
    back = read(text)
    assert back == json.loads(text)
    assert json.dumps(back) == json.dumps(data)


@given(SCALARS)
def test_a_plain_scalar_in_block_style_comes_back_as_json_reads_it(value: Any) -> None:
    text = json.dumps(value)
    back = read(f"a:\n  - b: {text}\n")["a"][0]["b"]
    assert json.dumps(back) == json.dumps(json.loads(text))


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", "3:1: key 'a' is here twice (first in line 1)"),
        ("a: {b: 1, b: 2}\n", "1:11: key 'b' is here twice (first in line 1)"),
        ("a: &x 1\n", "1:4: no anchors: remove &x"),
        ("a: {b: &x [1]}\n", "1:8: no anchors: remove &x"),
        ("a: !!str 1\n", "1:4: no tags: remove !!str"),
        ("a: !thing {}\n", "1:4: no tags: remove !thing"),
        ("&x a: 1\n", "1:1: no anchors and tags: remove the one of key 'a'"),
        ("a: 1\n12: 2\n", '2:1: keys are texts: write "12" instead of 12'),
        ("true: 2\n", '1:1: keys are texts: write "true" instead of true'),
        ("a: {null: 2}\n", '1:5: keys are texts: write "null" instead of null'),
        ("? [1]\n: 2\n", "1:3: keys are texts, not lists, objects or aliases"),
        ("a:\nb: 1\n", '1:1: a value is missing: write one, null or ""'),
        ("a: [1, {b: }]\n", '1:9: a value is missing: write one, null or ""'),
        ("a: 1\n---\nb: 1\n", "2:1: a second document: a file holds one scenario"),
        ("a: 1e999\n", "1:4: the number is too large: 1e999"),
        (f"a: {'9' * 41}\n", "1:4: numbers have at most 40 characters, this one 41"),
        ("a:\n\tb: 1\n", "2:1: not YAML: a tab where only spaces may indent"),
        ("", "1:1: the file is empty"),
        ("# nothing\n", "1:1: the file is empty"),
        ("---\n# nothing\n", "1:1: the file is empty"),
        ("a: b\x07\n", "1:5: a character that YAML does not allow: U+0007"),
        (b"a: 1\nb: caf\xe9\n", "2:7: not UTF-8: byte 0xe9"),
        ("a: 1\nb: \ud800\n", "2:4: not Unicode: half of a surrogate pair"),
        ("# " + "x" * LARGEST, f"1:1: the file is larger than 1 MiB: {LARGEST + 2} bytes"),
        ("[" * 40 + "]" * 40, "1:34: nested deeper than 32 levels"),
    ],
)
def test_each_mistake_of_the_text_has_its_place(text: str | bytes, expected: str, loader: Any) -> None:
    assert mistakes(text, loader) == [f"f.yaml:{expected}"]


@pytest.mark.parametrize("loader", LOADERS)
def test_an_alias_is_refused_beside_its_anchor(loader: Any) -> None:
    assert mistakes("a: &x 1\nb: *x\n", loader) == [
        "f.yaml:1:4: no anchors: remove &x",
        "f.yaml:2:4: no aliases: write the value out instead of *x",
    ]


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("text", "place"), [("a: [1\nb: 2\n", "2:2"), ('a: "x\n', "2:1"), ("a: b: c\n", "1:5"), ("a: %x\n", "1:4")]
)
def test_broken_syntax_is_located(text: str, place: str, loader: Any) -> None:
    [message] = mistakes(text, loader)
    assert message.startswith(f"f.yaml:{place}: not YAML: ")


def test_what_was_found_before_broken_syntax_is_told_too() -> None:
    found = mistakes("a: 1\na: 2\nb: ]\n")
    assert [message.split(" ")[0] for message in found] == ["f.yaml:2:1:", "f.yaml:3:4:"]


def test_a_billion_laughs_are_not_expanded() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 50)]
    assert len(mistakes("\n".join(lines))) == 50


def test_a_byte_order_mark_is_dropped_and_moves_nothing() -> None:
    assert read(b"\xef\xbb\xbfa: 1\n") == {"a": 1}
    assert mistakes(b"\xef\xbb\xbfa: 1\na: 2") == ["f.yaml:2:1: key 'a' is here twice (first in line 1)"]


@pytest.mark.parametrize("loader", LOADERS)
def test_columns_count_characters(loader: Any) -> None:
    report = Report("f.yaml")
    read_source("{é: ü, 😀: {b: [1, 2]}}\n", report, loader=loader)
    assert report.values["😀", "b", 1] == (1, 19)
    assert report.keys["😀", "b"] == (1, 12)
    assert report.values["é",] == (1, 5)

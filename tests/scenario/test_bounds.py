"""A file of any size is read within bounds: of items, of messages, of comparisons."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.matching import matcher_from_data
from mockserver.engine.rules import Rule
from mockserver.scenario import shadows
from mockserver.scenario.check import check_text, load_scenario
from mockserver.scenario.problems import Problem, Report, ScenarioProblems

HEAD = "scenario: big\nprovider: acme\nabout: Big.\n"
DONE = "    done: {final: true}\n"


def rules(count: int, when: str = "request.service: wa") -> str:
    lines = (f"  - {{when: {{{when.replace('N', str(number))}}}, then: {{stock: 1}}}}\n" for number in range(count))
    return f"{HEAD}rules:\n{''.join(lines)}"


def accounts(count: int) -> str:
    lines = (f'  - {{id: a{one}, credentials: {{key: k{one}}}, balance: "1.00"}}\n' for one in range(count))
    return f"{HEAD}accounts:\n{''.join(lines)}"


def states(count: int, after: str = "") -> str:
    """One state leads into the next, the last into `done`."""
    lines = (
        f"    s{one}: {{transitions: [{{on: go, to: {f's{one + 1}' if one + 1 < count else 'done'}{after}}}]}}\n"
        for one in range(count)
    )
    return f"{HEAD}machine:\n  kind: order\n  start: s0\n  states:\n{''.join(lines)}{DONE}"


def problems(text: str) -> list[Problem]:
    return check_text(text, source="f.yaml")


def errors(text: str) -> list[str]:
    return [f"{one.line}:{one.column}: {one.message}" for one in problems(text) if one.severity == "error"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (rules(15_000), "1005:5: rules has more than 1000 items"),
        (accounts(1_001), "1005:5: accounts has more than 1000 items"),
        (states(9_000), "508:5: states has more than 500 keys"),
        (HEAD + "".join(f"k{one}: 1\n" for one in range(90_000)), "501:1: the file has more than 500 keys"),
        (f"{HEAD}rules:\n" + f"  - [{'1,' * 900}1]\n" * 60, "60:774: a file has at most 50000 values"),
    ],
)
def test_what_is_larger_than_a_file_may_be_is_one_problem(text: str, message: str) -> None:
    assert errors(text) == [message]


@pytest.mark.parametrize("text", [rules(1_000), accounts(1_000), states(499)])
def test_what_is_as_large_as_it_may_be_is_fine(text: str) -> None:
    assert errors(text) == []
    assert load_scenario(text, source="f.yaml").name == "big"


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "".join(f"k{one}: 1\n" for one in range(400)),
        f"{HEAD}about2: &a 1\nrules:\n" + "  - *a\n" * 900,
        f"{HEAD}magic:\n" + "  - !!str x\n" * 900,
        rules(1_000, "request.service: {nope: 1}"),
        f"{HEAD}magic:\n" + "  - {}\n" * 1_000,
    ],
)
def test_of_very_many_errors_the_first_hundred_are_told(text: str) -> None:
    told = errors(text)
    assert len(told) == 101
    assert [one for one in told if "more than 100 errors: the others are not told" in one]
    with pytest.raises(ScenarioProblems) as caught:
        load_scenario(text, source="f.yaml")
    assert len(caught.value.problems) == 101


@pytest.mark.slow
def test_of_very_many_warnings_the_first_hundred_are_told() -> None:
    text = rules(1_000, "request.service: {eq: a, ne: a}")
    told = problems(text)
    assert ({one.severity for one in told}, len(told)) == ({"warning"}, 100)
    assert load_scenario(text, source="f.yaml").name == "big"


def test_no_message_is_longer_than_a_thousand_characters() -> None:
    long = "x" * 100_000
    for text in (
        f"{HEAD}{long}: 1\n",
        f"{HEAD}{long}: 1\n{long}: 2\n",
        f"{HEAD}rules: !{long} []\n",
        f"{HEAD}rules: &{long} []\n",
        states(400).replace("start: s0", "start: nowhere"),
        HEAD.replace("acme", long),
    ):
        told = errors(text)
        assert told
        assert max(map(len, told)) < 1_100


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each pair of rules that was compared."""
    pairs: list[int] = []
    real = shadows.covers

    def counted(wider: Rule, narrower: Rule) -> bool:
        pairs.append(1)
        return real(wider, narrower)

    monkeypatch.setattr(shadows, "covers", counted)
    return pairs


@pytest.mark.parametrize(
    "when",
    [
        "request.service: wa",
        "request.service: sN",
        "request.service: wa, request.country: N",
        "request.country: N, request.service: {like: 'w*'}",
        "request.service: [wa, sN]",
    ],
)
def test_a_rule_is_compared_with_few_others_however_many_there_are(compared: list[int], when: str) -> None:
    counts = []
    for size in (100, 200, 400):
        compared.clear()
        problems(rules(size, when))
        counts.append(len(compared))
    assert counts[2] <= 400
    assert counts[2] - counts[1] <= 2 * (counts[1] - counts[0]) + 2


@pytest.mark.slow
def test_patterns_that_have_to_be_compared_one_by_one_are_compared_within_a_bound(compared: list[int]) -> None:
    patterns = rules(500, "request.service: {like: 'aN*'}")
    text = patterns + "".join(
        f"  - {{when: {{request.service: {{in: [{', '.join(f'b{one}x{number}' for one in range(40))}]}}}}, "
        "then: {stock: 1}}\n"
        for number in range(500)
    )
    assert errors(text) == []
    assert len(compared) * 40 <= shadows.MOST_COMPARISONS + 100_000


def test_a_condition_on_one_does_not_stand_for_one_on_true() -> None:
    assert problems(rules(1, "request.service: 1") + "  - {when: {request.service: true}, then: {stock: 1}}\n") == []


VALUES = st.sampled_from([1, 1.0, "1", True, None, "wa", "wb", 2])
MATCHERS = st.one_of(
    VALUES,
    st.lists(VALUES, min_size=1, max_size=3),
    st.sampled_from([{"like": "w*"}, {"prefix": "w"}, {"gt": 0}, {"ne": "wa"}, {"exists": True}]),
)
WHENS = st.dictionaries(st.sampled_from(["x", "y", "z"]), MATCHERS, min_size=1, max_size=3)
THENS = st.sampled_from([{"stock": 1}, {"refuse": "OutOfStock"}, {"stock": 1, "refuse": "OutOfStock"}])
RULES = st.lists(st.tuples(WHENS, THENS, st.sampled_from([None, None, None, 2])), max_size=8)


def every_pair(rules: list[Rule]) -> list[str]:
    """The warnings that comparing each rule with all before it gives."""
    told = []
    for place, rule in enumerate(rules):
        wider = [one for one in rules[:place] if one.times is None and shadows.covers(one, rule)]
        aspects = [aspect for aspect in shadows.ASPECTS if rule.speaks_of(aspect)]
        by = [next((one.name for one in wider if one.speaks_of(aspect)), None) for aspect in aspects]
        if None not in by:
            told.append(f"{rule.name} by {' and '.join(dict.fromkeys(map(str, by)))}")
    return told


@given(RULES)
def test_the_rules_that_never_decide_are_those_that_comparing_every_pair_finds(
    drawn: list[tuple[dict[str, Any], dict[str, Any], int | None]],
) -> None:
    made = [
        Rule(f"r{place}", tuple((name, matcher_from_data(one)) for name, one in when.items()), then, times)
        for place, (when, then, times) in enumerate(drawn)
    ]
    report = Report("f.yaml")
    shadows.lint_shadows(made, report)
    told = [one.message for one in report.problems()]
    short = [
        f"{names[0]} by {' and '.join(names[1:])}" for names in (re.findall(r"'(r[0-9]+)'", text) for text in told)
    ]
    assert sorted(short) == sorted(every_pair(made))

"""Warnings about valid files that make no sense."""

import pytest

from mockserver.scenario.check import check_text

HEAD = """\
scenario: odd
provider: acme
about: Odd.
machine:
  kind: order
  start: a
  states:
"""


def said(states: str, rules: str = "") -> list[tuple[str, str]]:
    body = "".join(f"    {line}\n" for line in states.strip().splitlines())
    problems = check_text(HEAD + body + rules, source="f.yaml")
    return [(f"{problem.line}:{problem.column} {problem.severity}", problem.message) for problem in problems]


def test_a_state_that_no_way_leads_into_is_a_warning() -> None:
    states = "a: {transitions: [{on: go, to: b}]}\nb: {final: true}\nc: {final: true}"
    assert said(states) == [("10:5 warning", "no way leads into state 'c'")]


@pytest.mark.parametrize("then", ["start: c", "outcomes: {go: c}"])
def test_a_rule_can_lead_into_a_state(then: str) -> None:
    states = "a: {transitions: [{on: go, to: b}]}\nb: {final: true}\nc: {final: true}"
    assert said(states, f"rules: [{{then: {{{then}}}}}]\n") == []


def test_a_state_without_a_way_out_must_be_final() -> None:
    states = "a: {transitions: [{on: go, to: {b: 1, c: 1}}]}\nb: {final: true}\nc: {}"
    assert said(states) == [("10:5 error", "state 'c' is neither final nor left by any transition")]


def test_states_that_only_lead_in_circles_are_told_once() -> None:
    states = """
a: {transitions: [{on: go, to: b}, {on: end, to: z}]}
b: {transitions: [{on: go, to: c}]}
c: {transitions: [{on: go, to: b}]}
z: {final: true}
"""
    assert said(states) == [("9:5 error", "no way leads from state 'b' to a final state")]


def test_two_separate_circles_are_told_apart() -> None:
    states = """
a: {transitions: [{on: b, to: b}, {on: c, to: c}, {on: end, to: z}]}
b: {transitions: [{on: go, to: b}]}
c: {transitions: [{on: go, to: c}]}
z: {final: true}
"""
    assert [place for place, _ in said(states)] == ["9:5 error", "10:5 error"]


@pytest.mark.parametrize("delay", ["0s", "0", "0ms", "{uniform: [0, 0s]}", "{lognormal: {median: 0, sigma: 1}}"])
def test_a_loop_of_timers_without_delay_is_endless(delay: str) -> None:
    states = f"""
a: {{transitions: [{{on: x, to: z}}, {{on: go, after: {delay}, to: b}}]}}
b: {{transitions: [{{on: go, after: {delay}, to: {{a: 1, z: 9}}}}]}}
z: {{final: true}}
"""
    [(place, message)] = said(states)
    assert place == "8:55 error"
    assert message == "an endless loop: timers lead from state 'a' back to it in no time"


def test_a_loop_of_timers_counted_from_creation_is_endless_once_they_are_overdue() -> None:
    states = """
a: {transitions: [{on: x, to: z}, {on: go, after: 5s, since: created, to: a}]}
z: {final: true}
"""
    assert [place for place, _ in said(states)] == ["8:55 error"]


def test_a_state_that_only_leads_into_an_endless_loop_is_not_told_as_one() -> None:
    states = """
a: {transitions: [{on: x, to: z}, {on: go, after: 0s, to: b}]}
b: {transitions: [{on: x, to: z}, {on: go, after: 0s, to: b}]}
z: {final: true}
"""
    assert [place for place, _ in said(states)] == ["9:55 error"]


@pytest.mark.parametrize("second", ["after: 1ms, ", "", "after: {setting: acme.pause}, "])
def test_a_loop_with_any_pause_or_a_call_from_outside_is_fine(second: str) -> None:
    states = f"""
a: {{transitions: [{{on: x, to: z}}, {{on: go, after: 0s, to: b}}]}}
b: {{transitions: [{{on: go, {second}to: a}}]}}
z: {{final: true}}
"""
    assert said(states) == []


FINE = "a: {final: true, transitions: [{on: go, to: a}]}"


@pytest.mark.parametrize(
    ("first", "second", "idle"),
    [
        ("then: {stock: 0}", "when: {x: 1}, then: {stock: 1}", True),
        ("then: {stock: 0, start: a}", "then: {never: [go]}", True),
        ("then: {stock: 0}", "then: {stock: 1, reprice: true}", False),
        ("then: {stock: 0}", "then: {stock: 1, takes: 1s}", False),
        ("then: {takes: 2s}", "then: {takes: 1s}", True),
        ("times: 1, then: {stock: 0}", "then: {stock: 1}", False),
        ("when: {x: 1}, then: {stock: 0}", "then: {stock: 1}", False),
        ("when: {}, then: {stock: 0}", "then: {stock: 1}", True),
    ],
)
def test_a_rule_behind_one_that_always_decides_is_a_warning(first: str, second: str, idle: bool) -> None:
    found = said(FINE, f"rules:\n  - {{{first}}}\n  - {{{second}}}\n")
    assert found == (
        [("11:5 warning", "rule 'odd#2' never decides: rule 'odd#1', which comes first, always decides")]
        if idle
        else []
    )


def test_conditions_with_mistakes_do_not_make_a_rule_unconditional() -> None:
    found = said(FINE, "rules:\n  - {when: {x: {is: 1}}, then: {stock: 0}}\n  - {then: {stock: 1}}\n")
    assert [place for place, _ in found] == ["10:17 error"]


@pytest.mark.parametrize(
    ("first", "second", "idle"),
    [
        ("{x: 1}", "{x: 1}", True),
        ("{x: [1, 2]}", "{x: 1}", True),
        ("{x: [1, 2]}", "{x: 1, y: 2}", True),
        ("{x: {gt: 5}}", "{x: [6, 7]}", True),
        ("{x: {prefix: ab}}", "{x: {prefix: ab}, y: 1}", True),
        ("{x: 1}", "{x: [1, 2]}", False),
        ("{x: 1, y: 1}", "{x: 1}", False),
        ("{x: {gt: 5}}", "{x: {gt: 6}}", False),
    ],
)
def test_a_rule_behind_a_wider_one_is_a_warning(first: str, second: str, idle: bool) -> None:
    found = said(
        FINE, f"rules:\n  - {{when: {first}, then: {{stock: 0}}}}\n  - {{when: {second}, then: {{stock: 1}}}}\n"
    )
    message = "rule 'odd#2' never decides: rule 'odd#1', which comes first, matches all that it matches"
    assert found == ([("11:5 warning", message)] if idle else [])


def test_a_wider_rule_that_ends_or_speaks_of_another_aspect_hides_nothing() -> None:
    rules = "rules:\n  - {when: {x: 1}, times: 1, then: {stock: 0}}\n  - {when: {x: 1}, then: {reprice: true}}\n"
    assert said(FINE, rules + "  - {when: {x: 1}, then: {stock: 1}}\n") == []


@pytest.mark.parametrize("matcher", ["{eq: 1, ne: 1}", "{in: [1, 2], gt: 2}", "{in: []}"])
def test_a_condition_that_nothing_meets_is_a_warning(matcher: str) -> None:
    found = said(FINE, f"rules:\n  - {{when: {{x: {matcher}}}, then: {{stock: 0}}}}\n")
    assert found == [("10:16 warning", "no value of x meets all of this")]


def test_a_window_that_closes_before_it_opens_is_a_warning() -> None:
    states = "a: {transitions: [{on: go, to: b, not_before: 60s, not_after: 1m}]}\nb: {final: true}"
    text = "'go' is never taken: it is too late before it ceases to be too early"
    assert said(states) == [("8:67 warning", text)]

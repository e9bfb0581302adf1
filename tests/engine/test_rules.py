"""The first matching rule that covers an aspect decides it; the others give their differences."""

from collections.abc import Mapping
from typing import Any

import pytest

from mockserver.engine.matching import matcher_from_data
from mockserver.engine.rules import Aspect, Rule, near_misses


def rule(name: str, when: Mapping[str, Any] | None = None, **then: Any) -> Rule:
    return Rule(name, tuple((key, matcher_from_data(value)) for key, value in (when or {}).items()), then)


SUBJECT = {"operation": "purchase", "request.country": 999, "request.service": "ns", "account": "demo"}


@pytest.mark.parametrize(
    ("then", "aspects"),
    [
        ({"start": "done"}, {"life"}),
        ({"delays": {"sms": "1s"}}, {"life"}),
        ({"never": ["sms"]}, {"life"}),
        ({"outcomes": {"end": "done"}}, {"life"}),
        ({"refuse": "ProviderError"}, {"refuse"}),
        ({"stock": 0}, {"stock"}),
        ({"reprice": True}, {"reprice"}),
        ({"stock": 0, "never": ["sms"]}, {"stock", "life"}),
    ],
)
def test_what_a_rule_says_tells_which_aspects_it_speaks_of(then: dict[str, Any], aspects: set[str]) -> None:
    every: tuple[Aspect, ...] = ("life", "refuse", "stock", "reprice")
    assert {aspect for aspect in every if rule("r", **then).speaks_of(aspect)} == aspects


@pytest.mark.parametrize(
    ("when", "operation", "expected"),
    [
        ({}, "purchase", True),
        ({"operation": "purchase"}, "purchase", True),
        ({"operation": ["prices", "purchase"]}, "purchase", True),
        ({"operation": "prices"}, "purchase", False),
        ({"request.country": 6}, "purchase", True),
        ({"request.country": 6, "operation": {"ne": "purchase"}}, "purchase", False),
    ],
)
def test_a_rule_is_ruled_out_by_its_operation_alone(when: dict[str, object], operation: str, expected: bool) -> None:
    assert rule("r", when, stock=0).could_decide("stock", operation) is expected
    assert rule("r", when, stock=0).could_decide("refuse", operation) is False


def test_only_what_concerns_life_goes_into_an_orders_plan() -> None:
    assert rule("both", stock=0, never=["sms"], start="done").life() == {"never": ["sms"], "start": "done"}


def test_near_misses_are_those_of_which_something_holds_the_nearest_first() -> None:
    rules = [
        rule("two off", {"request.country": 999, "request.service": "wa", "account": "poor"}, stock=0),
        rule("all off", {"request.country": 6, "request.service": "wa"}, stock=0),
        rule("its only condition off", {"account": "poor"}, stock=0),
        rule("matches", {"request.country": 999}, stock=0),
        rule("one off", {"request.country": 999, "request.service": "ic"}, stock=0),
        rule("also one off", {"request.service": "ns", "account": "poor"}, stock=0),
    ]
    missed = near_misses(rules, SUBJECT)
    assert [one.rule for one in missed] == ["one off", "also one off", "two off"]
    (difference,) = missed[0].differences
    assert (difference.name, difference.wanted, difference.found) == ("request.service", "eq 'ic'", "ns")
    assert [one.rule for one in near_misses(rules, SUBJECT, most=1)] == ["one off"]

"""A match is the absence of differences."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.matching import COMPARISONS, Conditions, Difference, differences, matcher_from_data, matches

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(allow_nan=True), st.text(max_size=3))
NAMES = st.sampled_from(["a", "b", "c"])


def a_test(name: str) -> st.SearchStrategy[object]:
    match COMPARISONS[name].takes:
        case "values":
            return st.lists(SCALARS, max_size=3)
        case "text":
            return st.text(alphabet="ab*?[", max_size=3)
        case "flag":
            return st.booleans()
    return SCALARS


MATCHERS = st.sampled_from([*COMPARISONS]).flatmap(lambda name: a_test(name).map(lambda operand: {name: operand}))
CONDITIONS = st.lists(st.tuples(NAMES, MATCHERS), max_size=4).map(
    lambda rows: tuple((name, matcher_from_data(data)) for name, data in rows)
)
SUBJECTS = st.dictionaries(NAMES, st.one_of(SCALARS, st.lists(SCALARS, max_size=2)))


@given(CONDITIONS, SUBJECTS)
def test_a_match_is_the_absence_of_differences(conditions: Conditions, subject: dict[str, object]) -> None:
    found = differences(conditions, subject)
    assert matches(conditions, subject) is (found == [])
    assert all(one.name in dict(conditions) for one in found)


@given(NAMES, SCALARS, SUBJECTS)
def test_ne_and_not_in_are_the_opposites_of_eq_and_in(name: str, value: object, subject: dict[str, object]) -> None:
    def holds(data: object) -> bool:
        return matches(((name, matcher_from_data(data)),), subject)

    assert holds({"ne": value}) is not holds({"eq": value})
    assert holds({"not_in": [value, 1]}) is not holds({"in": [value, 1]})
    assert holds(value) is holds({"eq": value})
    assert holds([value, 1]) is holds({"in": [value, 1]})


@pytest.mark.parametrize(
    ("data", "value", "expected"),
    [
        ({"eq": 1}, 1.0, True),
        ({"eq": 1}, Decimal("1.00"), True),
        ({"eq": 1}, True, False),
        ({"eq": True}, 1, False),
        ({"eq": "1"}, 1, False),
        ({"gt": 1.14}, Decimal("1.1400"), False),
        ({"gte": 1.14}, Decimal("1.1400"), True),
        ({"lt": 10}, "9.5", True),
        ({"lt": 10}, "nine", False),
        ({"lte": 10}, None, False),
        ({"gt": 0}, float("nan"), False),
        ({"gt": 0}, True, False),
        ({"gte": 1, "lt": 3}, 2, True),
        ({"gte": 1, "lt": 3}, 3, False),
        ({"prefix": "ab"}, "abc", True),
        ({"suffix": "bc"}, "abc", True),
        ({"prefix": "99"}, 999, True),
        ({"contains": "b"}, "abc", True),
        ({"contains": "b"}, ["a", "b"], True),
        ({"contains": "b"}, ["ab"], False),
        ({"like": "a*c"}, "abc", True),
        ({"like": "A*"}, "abc", False),
        (None, None, True),
        ({"eq": ["a", "b"]}, ["a", "b"], True),
        ({"eq": ["a", "b"]}, ["a"], False),
        ({"ne": ["a"]}, ["a"], False),
        ({"in": [["a"], "b"]}, ["a"], True),
    ],
)
def test_comparisons(data: object, value: object, expected: bool) -> None:
    assert matcher_from_data(data).holds(value, present=True) is expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [({"exists": False}, True), ({"exists": True}, False), ({"ne": 1}, True), ({"not_in": [1]}, True), (None, False)]
    + [({name: 0}, False) for name in ("eq", "gt", "gte", "lt", "lte")]
    + [({name: ""}, False) for name in ("prefix", "suffix", "contains", "like")],
)
def test_what_is_absent_passes_only_where_absence_is_meant(data: object, expected: bool) -> None:
    assert matcher_from_data(data).holds(None, present=False) is expected


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "a matcher needs a comparison"),
        ({"equals": 1}, "unknown comparison 'equals'"),
        ({"in": 1}, "in takes a list"),
        ({"not_in": "abc"}, "not_in takes a list"),
        ({"like": 1}, "like takes a text"),
        ({"exists": "yes"}, "exists takes true or false"),
    ],
)
def test_what_is_no_matcher_is_refused(data: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        matcher_from_data(data)


def test_a_difference_says_what_was_wanted_and_what_was_found() -> None:
    conditions = (
        ("a", matcher_from_data({"gte": 1, "lt": 3})),
        ("b", matcher_from_data("wa")),
        ("c", matcher_from_data(1)),
    )
    assert differences(conditions, {"a": 7, "c": 1}) == [
        Difference("a", "gte 1 and lt 3", 7),
        Difference("b", "eq 'wa'", "(absent)"),
    ]

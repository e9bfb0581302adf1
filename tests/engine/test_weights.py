"""How likely each target is: numbers, facts of the order, settings."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.dice import Dice
from mockserver.engine.weights import (
    FactWeight,
    SettingWeight,
    Targets,
    Weight,
    resolved_weights,
    weight_data,
    weight_from_data,
)

NAMES = st.sampled_from(["x", "y", "z"])
VALUES = st.one_of(st.text(max_size=2), st.integers(-2, 2))
WEIGHTS: st.SearchStrategy[Weight] = st.one_of(
    st.integers(1, 9), NAMES.map(FactWeight), st.builds(SettingWeight, NAMES, VALUES)
)
TARGETS: st.SearchStrategy[Targets] = st.lists(st.tuples(NAMES, WEIGHTS), min_size=1, max_size=4).map(tuple)
FACTS = st.dictionaries(NAMES, st.one_of(VALUES, st.none(), st.floats(allow_nan=False)))
SETTINGS = st.dictionaries(NAMES, VALUES)


@given(WEIGHTS)
def test_a_weight_is_what_its_data_says(weight: Weight) -> None:
    assert weight_from_data(weight_data(weight)) == weight


@pytest.mark.parametrize(
    "data",
    [
        0,
        -1,
        1.5,
        True,
        "1",
        None,
        [],
        {},
        {"fact": ""},
        {"fact": 1},
        {"fact": "x", "is": 1},
        {"setting": "x"},
        {"setting": "", "is": 1},
        {"setting": "x", "is": None},
        {"setting": "x", "is": 1, "more": 1},
    ],
)
def test_what_is_no_weight_is_refused_with_a_sentence(data: object) -> None:
    with pytest.raises(ValueError, match="a weight is a whole number from 1"):
        weight_from_data(data)


@pytest.mark.parametrize(
    ("weight", "facts", "settings", "expected"),
    [
        (3, {}, {}, 3),
        (FactWeight("x"), {"x": 40}, {}, 40),
        (FactWeight("x"), {"x": 0}, {}, 0),
        (FactWeight("x"), {"x": -3}, {}, 0),
        (FactWeight("x"), {"x": "40"}, {}, 0),
        (FactWeight("x"), {}, {"x": 40}, 0),
        (SettingWeight("x", "on"), {}, {"x": "on"}, 1),
        (SettingWeight("x", "on"), {}, {"x": "off"}, 0),
        (SettingWeight("x", "on"), {"x": "on"}, {}, 0),
    ],
)
def test_a_weight_counts(weight: Weight, facts: dict[str, Any], settings: dict[str, Any], expected: int) -> None:
    first, asked = resolved_weights((("other", 1), ("asked", weight)), facts=facts, settings=settings)
    assert (first, asked) == (("other", 1), ("asked", expected))


@given(TARGETS, FACTS, SETTINGS)
def test_some_target_can_always_be_reached_and_none_is_added_or_lost(
    targets: Targets, facts: dict[str, Any], settings: dict[str, Any]
) -> None:
    resolved = resolved_weights(targets, facts=facts, settings=settings)
    assert [name for name, _ in resolved] == [name for name, _ in targets]
    assert all(weight >= 0 for _, weight in resolved)
    assert sum(weight for _, weight in resolved) > 0


@given(TARGETS, FACTS, SETTINGS, st.integers())
def test_dice_never_choose_what_weighs_nothing(
    targets: Targets, facts: dict[str, Any], settings: dict[str, Any], seed: int
) -> None:
    resolved = resolved_weights(targets, facts=facts, settings=settings)
    if len(resolved) > 1:
        assert Dice(seed).weighted(resolved, "leads to") in {name for name, weight in resolved if weight}

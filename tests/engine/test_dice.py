"""Dice depend on the seed and the purpose, and on nothing else."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.dice import Dice

PURPOSES = st.lists(st.one_of(st.text(), st.integers()), min_size=1, max_size=4).map(tuple)


@given(st.one_of(st.integers(), st.text()), PURPOSES)
def test_the_same_purpose_casts_the_same(seed: int | str, purpose: tuple[object, ...]) -> None:
    assert Dice(seed).cast(*purpose) == Dice(seed).cast(*purpose)


@given(st.lists(PURPOSES, min_size=2, max_size=8, unique=True), st.randoms(use_true_random=False))
def test_the_order_of_casts_and_casts_for_others_change_nothing(
    purposes: list[tuple[object, ...]], order: object
) -> None:
    dice = Dice("seed")
    before = {purpose: dice.cast(*purpose) for purpose in purposes}
    shuffled = list(purposes)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert {purpose: dice.cast(*purpose) for purpose in shuffled[1:]} == {
        purpose: before[purpose] for purpose in shuffled[1:]
    }


def test_seeds_and_purposes_and_their_boundaries_matter() -> None:
    dice = Dice(1)
    casts = {dice.cast("ab", "c"), dice.cast("a", "bc"), dice.cast("abc"), dice.cast("ab", "d"), Dice(2).cast("abc")}
    assert len(casts) == 5


def test_a_number_and_its_text_are_one_seed() -> None:
    assert Dice(7).cast("x") == Dice("7").cast("x")


def test_a_lone_surrogate_is_a_purpose_like_any_other() -> None:
    assert Dice(1).cast("\ud800") != Dice(1).cast("\ud801")


@given(st.integers(min_value=1, max_value=10**30), PURPOSES)
def test_below_stays_below(limit: int, purpose: tuple[object, ...]) -> None:
    assert 0 <= Dice(3).below(limit, *purpose) < limit


@given(st.integers(), st.integers(min_value=0, max_value=10**9), PURPOSES)
def test_between_includes_both_ends_and_nothing_beyond(low: int, more: int, purpose: tuple[object, ...]) -> None:
    assert low <= Dice(3).between(low, low + more, *purpose) <= low + more
    assert Dice(3).between(low, low, *purpose) == low


def test_all_outcomes_are_about_as_likely() -> None:
    dice = Dice("uniform")
    faces = Counter(dice.below(6, "throw", number) for number in range(6_000))
    assert set(faces) == set(range(6))
    assert all(850 < count < 1_150 for count in faces.values())


def test_weights_are_kept() -> None:
    dice = Dice("weights")
    options = (("often", 9), ("rarely", 1))
    seen = Counter(dice.weighted(options, number) for number in range(5_000))
    assert 400 < seen["rarely"] < 600
    assert seen["often"] + seen["rarely"] == 5_000
    assert dice.weighted((("only", 5),), "x") == "only"


def test_a_choice_reaches_every_option() -> None:
    assert {Dice("choice").choice("abcd", number) for number in range(100)} == set("abcd")


@given(PURPOSES)
def test_a_fraction_is_in_the_half_open_unit(purpose: tuple[object, ...]) -> None:
    assert 0 <= Dice(5).fraction(*purpose) < 1


def test_fractions_spread_evenly() -> None:
    values = [Dice(9).fraction(number) for number in range(2_000)]
    assert 0.47 < sum(values) / len(values) < 0.53


@pytest.mark.parametrize("count", [1, 6, 12])
def test_digits_keep_leading_zeros(count: int) -> None:
    texts = [Dice("digits").digits(count, number) for number in range(200)]
    assert all(len(text) == count and text.isdecimal() for text in texts)
    assert any(text.startswith("0") for text in texts)


def test_letters_come_from_the_alphabet_and_differ_by_place() -> None:
    text = Dice("letters").letters("xyz", 40, "key")
    assert len(text) == 40
    assert set(text) == set("xyz")

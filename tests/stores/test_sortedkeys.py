"""SortedKeys against a plain sorted list."""

from bisect import bisect_left, bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.stores.sortedkeys import SortedKeys

NUMBERS = st.integers(min_value=0, max_value=60)
CHANGES = st.lists(st.tuples(NUMBERS, st.booleans()), max_size=200)


@given(start=st.sets(NUMBERS), changes=CHANGES, chunk=st.integers(min_value=1, max_value=9))
def test_keys_stay_in_order_through_any_changes(start: set[int], changes: list[tuple[int, bool]], chunk: int) -> None:
    keys, model = SortedKeys(start, chunk=chunk), sorted(start)
    for number, ask in changes:
        if number in model:
            keys.remove(number)
            model.remove(number)
        else:
            keys.add(number)
            model.insert(bisect_left(model, number), number)
        if ask:  # with and without the offsets having been added up in between
            assert keys.rank(number) == bisect_left(model, number)
            assert keys.rank(number, inclusive=True) == bisect_right(model, number)
    assert len(keys) == len(model)
    assert keys.slice(0, len(model) + 5) == model


@given(
    held=st.sets(NUMBERS, max_size=40),
    chunk=st.integers(min_value=1, max_value=9),
    start=NUMBERS,
    stop=NUMBERS,
)
def test_a_slice_is_that_of_a_list(held: set[int], chunk: int, start: int, stop: int) -> None:
    assert SortedKeys(held, chunk=chunk).slice(start, stop) == sorted(held)[start:stop]


@given(held=st.sets(NUMBERS), chunk=st.integers(min_value=1, max_value=9), number=st.integers(-2, 62))
def test_a_rank_counts_the_keys_before(held: set[int], chunk: int, number: int) -> None:
    keys = SortedKeys(held, chunk=chunk)
    assert keys.rank(number) == sum(key < number for key in held)
    assert keys.rank(number, inclusive=True) == sum(key <= number for key in held)


@pytest.mark.parametrize("missing", [-1, 5, 99])
def test_removing_what_is_not_there_is_an_error(missing: int) -> None:
    keys = SortedKeys([0, 4, 6, 8], chunk=2)
    with pytest.raises(KeyError):
        keys.remove(missing)
    assert keys.slice(0, 9) == [0, 4, 6, 8]


def test_a_key_is_removed_once() -> None:
    keys = SortedKeys([0, 4, 6, 8], chunk=2)
    keys.remove(4)  # the last of its list
    with pytest.raises(KeyError):
        keys.remove(4)
    assert keys.slice(0, 9) == [0, 6, 8]


def test_lists_neither_grow_nor_crumble() -> None:
    keys = SortedKeys(range(0, 4000, 2), chunk=16)
    for number in range(1, 4000, 2):
        keys.add(number)
    assert max(map(len, keys._chunks)) <= 32
    for number in range(4000):
        if number % 50:
            keys.remove(number)
    assert keys.slice(0, 100) == list(range(0, 4000, 50))
    assert len(keys._chunks) <= 40

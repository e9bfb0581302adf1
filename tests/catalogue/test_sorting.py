"""Names are sorted as people expect."""

import doctest

from hypothesis import given
from hypothesis import strategies as st

from mockserver.catalogue import sorting
from mockserver.catalogue.sorting import alphabetical


def test_capital_letters_do_not_come_before_small_ones() -> None:
    names = ["USA", "Uganda", "eBay", "Uruguay", "Apple", "imo"]
    assert sorted(names, key=alphabetical) == ["Apple", "eBay", "imo", "Uganda", "Uruguay", "USA"]


@given(st.lists(st.text(max_size=3)))
def test_the_order_of_names_depends_on_nothing_but_the_names(names: list[str]) -> None:
    backwards = names[::-1]
    assert sorted(names, key=alphabetical) == sorted(backwards, key=alphabetical)


def test_the_example_runs() -> None:
    assert doctest.testmod(sorting).failed == 0
    assert doctest.testmod(sorting).attempted == 1

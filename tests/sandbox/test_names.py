"""Every test name becomes a valid name of a sandbox."""

import doctest

from hypothesis import given
from hypothesis import strategies as st

from mockserver.sandbox import names
from mockserver.sandbox.names import is_name, name_from


@given(st.text())
def test_every_text_has_a_name_and_a_name_is_its_own(text: str) -> None:
    name = name_from(text)
    assert is_name(name)
    assert name_from(name) == name
    assert (name == text) == is_name(text)


@given(st.lists(st.text(alphabet="aB.-_ é", max_size=70), min_size=2, max_size=2, unique=True))
def test_two_texts_have_two_names(texts: list[str]) -> None:
    assert name_from(texts[0]) != name_from(texts[1])


def test_what_is_left_of_the_text_can_be_read() -> None:
    assert name_from("Ärger im Café").startswith("arger-im-cafe-")
    assert name_from("tests/test_shop.py::test_refund[EUR]").startswith("tests-test_shop-py-test_refund-eur-")


def test_the_examples_of_the_docstrings_hold() -> None:
    assert doctest.testmod(names).failed == 0

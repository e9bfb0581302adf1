"""Texts of others as the commands print them."""

import pytest

from mockserver.cli.texts import begin_lower, one_line


@pytest.mark.parametrize(
    ("text", "printed"),
    [("No such file", "no such file"), ("NO_PROXY holds", "NO_PROXY holds"), ("A b", "a b"), ("", ""), ("x", "x")],
)
def test_a_first_letter_is_small_unless_the_word_is_in_capitals(text: str, printed: str) -> None:
    assert begin_lower(text) == printed


def test_control_characters_are_written_out() -> None:
    assert one_line("a\r\n\x1b[1mb\u202ec\x9bd é") == r"a\r\n\x1b[1mb\u202ec\x9bd é"

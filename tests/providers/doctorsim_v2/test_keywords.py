"""How a keyword is found in a text."""

import pytest

from mockserver.providers.doctorsim_v2.keywords import finder


@pytest.mark.parametrize(
    ("keyword", "text", "found"),
    [
        ("5GB", "5 GB, 30 days", True),
        ("5 gb", "Telcel: 5GB of mobile data", True),
        ("5GB", "15 GB, 30 days", False),
        ("15 GB", "15 GB, 30 days", True),
        ("10 EUR", "Tele2 10 EUR", True),
        ("10EUR", "Nimbus Play 10 EUR", True),
        ("10 EUR", "Nimbus Play 110 EUR", False),
        ("  vodaf ", "Vodafone", True),
        ("mobile DATA", "3 GB of mobile data for 15 days", True),
        ("días", "5 GB, 30 DÍAS", True),
        ("STRASSE", "Straße", True),
        ("a.b", "axb", False),
        ("(", "100 min (at night)", True),
        ("[0-9]", "5 GB", False),
        ("", "anything", True),
        (" ", "anything", True),
    ],
)
def test_spaces_and_case_do_not_count_and_numbers_are_whole(keyword: str, text: str, found: bool) -> None:
    assert finder(keyword)(text) is found


def test_the_longest_keyword_is_looked_for_without_delay() -> None:
    finds = finder("5 " * 50)
    assert not finds("5 " * 49 + "x" * 10_000)

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
        ("5GB whatsapp", "300 minutes, 5 GB and WhatsApp for 15 days", True),
        ("whatsapp 5 gb", "300 minutes, 5 GB and WhatsApp for 15 days", True),
        ("5GB whatsapp", "100 minutes, 2 GB and WhatsApp for 7 days", False),
        ("5GB whatsapp", "5 GB of mobile data for 30 days", False),
        ("10", "Nimbus Play 10 EUR", True),
        ("10", "Nimbus Play 100 EUR", True),
        ("100", "Nimbus Play 10 EUR", False),
        ("5 30", "5 GB, 30 days", True),
        ("", "anything", True),
        (" ", "anything", True),
    ],
)
def test_spaces_and_case_do_not_count_and_numbers_are_whole(keyword: str, text: str, found: bool) -> None:
    assert finder(keyword)(text) is found

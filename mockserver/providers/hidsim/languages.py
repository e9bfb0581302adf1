"""The texts of verification messages, in the languages of the countries that get them. All texts are our own."""

from collections.abc import Mapping
from typing import NamedTuple

from mockserver.catalogue.data_files import once, read_csv


class Text(NamedTuple):
    """A message. `{name}` stands for the service, `{code}` for the code as the service writes it."""

    language: str
    text: str


class Language(NamedTuple):
    """A language, and the countries whose messages are in it; English is the language of all others."""

    language: str
    countries: tuple[str, ...]


#: Texts of messages without a code.
TEXTS_WITHOUT_CODE = ("Welcome to {name}! Your number is now linked to your account.",)

#: Languages in other scripts than Latin, from which the dice choose for products of the style `non-latin`.
NON_LATIN = ("ar", "el", "hi", "ja", "ka", "ko", "ru", "th", "zh")


@once
def texts() -> Mapping[str, tuple[str, ...]]:
    """Return the messages by language."""
    by_language: dict[str, tuple[str, ...]] = {}
    for row in read_csv(__file__, "messages.csv", Text):
        by_language[row.language] = (*by_language.get(row.language, ()), row.text)
    return by_language


@once
def _languages() -> Mapping[str, str]:
    rows = read_csv(__file__, "languages.csv", Language)
    return {iso2: row.language for row in rows for iso2 in row.countries}


def language_of(iso2: str) -> str:
    """Return the language of messages to this country; English where the table has none."""
    return _languages().get(iso2, "en")

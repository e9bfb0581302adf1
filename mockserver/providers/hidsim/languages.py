"""What verification messages say, in the languages of the countries they are sent to. All texts are our own."""

from collections.abc import Mapping
from typing import NamedTuple

from mockserver.catalogue.data_files import once, read_csv


class Text(NamedTuple):
    """A message. `{name}` stands for the service, `{code}` for the code as the service writes it."""

    language: str
    text: str


class Language(NamedTuple):
    """The countries whose messages are in a language; English is that of all others."""

    language: str
    countries: tuple[str, ...]


#: The same for messages that carry no code.
TEXTS_WITHOUT_CODE = ("Welcome to {name}! Your number is now linked to your account.",)

#: Scripts other than Latin, one of which the dice choose where the text has to be in none.
NON_LATIN = ("ar", "el", "hi", "ja", "ka", "ko", "ru", "th", "zh")


@once
def texts() -> Mapping[str, tuple[str, ...]]:
    """Return the messages by language."""
    found: dict[str, tuple[str, ...]] = {}
    for row in read_csv(__file__, "messages.csv", Text):
        found[row.language] = (*found.get(row.language, ()), row.text)
    return found


@once
def _languages() -> Mapping[str, str]:
    rows = read_csv(__file__, "languages.csv", Language)
    return {iso2: row.language for row in rows for iso2 in row.countries}


def language_of(iso2: str) -> str:
    """The language of messages to this country; English where the table has none."""
    return _languages().get(iso2, "en")

"""Mobile numbers that look right and belong to nobody: reserved for fiction by a regulator, else zero-filled."""

from collections.abc import Mapping
from typing import NamedTuple

from mockserver.catalogue.countries import TESTLAND, country_of
from mockserver.catalogue.data_files import once, read_csv
from mockserver.catalogue.mobile_prefixes import mobile_prefixes
from mockserver.engine.dice import Dice


class Block(NamedTuple):
    """A block of numbers: `start` (E.164, with `+`), then `low` .. `high`, both included, with `width` digits."""

    start: str
    low: int
    high: int
    width: int

    @property
    def size(self) -> int:
        """The count of the numbers in the block."""
        return self.high - self.low + 1

    def at(self, place: int) -> str:
        """Return the number at `place`, counted from 0."""
        return f"{self.start}{self.low + place:0{self.width}d}"


def blocks_of(iso2: str) -> tuple[Block, ...]:
    """Return the blocks of a country's invented numbers; raises KeyError for a country that the table lacks."""
    reserved = _reserved().get(iso2)
    if reserved is not None:
        return reserved
    country = country_of(iso2)
    if country is None:
        raise KeyError(f"no numbers for country {iso2!r}")
    return (Block(f"+{country.calling_code}{mobile_prefixes()[iso2]}", 0, 9_999, 4),)


def how_many_numbers(iso2: str) -> int:
    """Return how many numbers a country has: 30 (AU) to 100,000 (IE), Testland 10**9; KeyError as `blocks_of`."""
    return _size(blocks_of(iso2))


def number_at(iso2: str, place: int) -> str:
    """Return the country's number at `place`, E.164 with `+`. Different places give different numbers.

    Behind the last number, places start again with the first. Raises KeyError for a country that the table lacks.
    """
    blocks = blocks_of(iso2)
    return _at(blocks, place % _size(blocks))


def fictional_number(iso2: str, dice: Dice, *purpose: object) -> str:
    """Return a random number of the country, E.164 with `+`, always the same for the same purpose.

    Different purposes may get the same number. Raises KeyError for a country that the table lacks.
    """
    blocks = blocks_of(iso2)
    return _at(blocks, dice.below(_size(blocks), "fictional number", iso2, *purpose))


def _size(blocks: tuple[Block, ...]) -> int:
    return sum([block.size for block in blocks])


def _at(blocks: tuple[Block, ...], place: int) -> str:
    for block in blocks:
        if place < block.size:
            return block.at(place)
        place -= block.size
    raise AssertionError("the blocks hold every place below their size")


class FictionalNumbers(NamedTuple):
    """A block of numbers that a regulator reserves for books and films, with the regulator (`kept_by`).

    Sources: ACMA, "phone numbers for use in TV shows, films and creative works", the mobile ones, which follow no
    pattern; Arcep, numbers for audiovisual works; Bundesnetzagentur, numbers for media productions; ComReg, numbering
    conditions, numbers for drama; NANPA, 555-0100 to 555-0199 of each area code (ATIS-0300115), where mobile numbers
    look like all others; Ofcom, telephone numbers for drama use; PTS, numbers for books and films.
    """

    iso2: str
    start: str
    low: int
    high: int
    width: int
    kept_by: str


@once
def _reserved() -> Mapping[str, tuple[Block, ...]]:
    blocks: dict[str, tuple[Block, ...]] = {TESTLAND.iso2: (Block("+999", 0, 999_999_999, 9),)}
    for row in read_csv(__file__, "fictional_numbers.csv", FictionalNumbers):
        blocks[row.iso2] = (*blocks.get(row.iso2, ()), Block(row.start, row.low, row.high, row.width))
    return blocks

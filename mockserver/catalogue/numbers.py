"""Mobile numbers that look right and belong to nobody: from what a regulator keeps for fiction, else zero-filled."""

from typing import NamedTuple

from mockserver.catalogue.countries import TESTLAND, country_of
from mockserver.catalogue.mobile_prefixes import MOBILE_PREFIXES
from mockserver.engine.dice import Dice


class Block(NamedTuple):
    """The numbers `start` (E.164, with `+`) plus `low` .. `high`, both included, written with `width` digits."""

    start: str
    low: int
    high: int
    width: int

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return self.high - self.low + 1

    def at(self, place: int) -> str:
        """The number at `place`, counted from 0."""
        return f"{self.start}{self.low + place:0{self.width}d}"


def blocks_of(iso2: str) -> tuple[Block, ...]:
    """Where a country's invented numbers come from; raises KeyError for a country that the table lacks."""
    reserved = _RESERVED.get(iso2)
    if reserved is not None:
        return reserved
    country = country_of(iso2)
    if country is None:
        raise KeyError(f"no numbers for country {iso2!r}")
    return (Block(f"+{country.calling_code}{MOBILE_PREFIXES[iso2]}", 0, 9_999, 4),)


def how_many_numbers(iso2: str) -> int:
    """How many numbers a country has here: 30 (AU) to 100,000 (IE), Testland 10**9; KeyError as `blocks_of`."""
    return _size(blocks_of(iso2))


def number_at(iso2: str, place: int) -> str:
    """The country's number at `place`, E.164 with `+`; whoever counts `place` up meets none twice before all.

    Counting starts again behind the last. Raises KeyError for a country that the table lacks.
    """
    blocks = blocks_of(iso2)
    return _at(blocks, place % _size(blocks))


def fictional_number(iso2: str, dice: Dice, *purpose: object) -> str:
    """One of the country's numbers, E.164 with `+`, any as likely as another; the same purpose gives the same.

    Different purposes may meet in one number. Raises KeyError for a country that the table lacks.
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


#: ACMA, "phone numbers for use in TV shows, films and creative works": the mobile ones, which follow no pattern.
_AUSTRALIA = (
    "491570006 491570110 491570156 491570157 491570158 491570159 491570313 491570737 491571266 491571491 "
    "491571804 491572549 491572665 491572983 491573087 491573770 491574118 491574632 491575254 491575789 "
    "491576398 491576801 491577426 491577644 491578148 491578888 491578957 491579212 491579455 491579760"
)

#: Area codes of the North American plan, where NANPA keeps 555-0100 to 555-0199 of each for fiction
#: (ATIS-0300115). Mobile numbers there look like all others.
_AREAS: dict[str, str] = {
    "AG": "268",
    "AI": "264",
    "AS": "684",
    "BB": "246",
    "BM": "441",
    "BS": "242",
    "CA": "204 236 250 306 403 416 418 438 506 514 519 587 604 613 647 705 780 778 819 902 905",
    "DM": "767",
    "DO": "809 829 849",
    "GD": "473",
    "GU": "671",
    "JM": "658 876",
    "KN": "869",
    "KY": "345",
    "LC": "758",
    "MP": "670",
    "MS": "664",
    "PR": "787 939",
    "SX": "721",
    "TC": "649",
    "TT": "868",
    "US": "202 206 212 213 214 215 303 305 312 313 404 415 503 504 512 602 615 617 619 702 713 718 801 816 919",
    "VC": "784",
    "VG": "284",
    "VI": "340",
}

_RESERVED: dict[str, tuple[Block, ...]] = {
    TESTLAND.iso2: (Block("+999", 0, 999_999_999, 9),),
    "AU": tuple(Block(f"+61{number[:-1]}", int(number[-1]), int(number[-1]), 1) for number in _AUSTRALIA.split()),
    # Bundesnetzagentur, numbers for media productions ("Drama Numbers"): (0)171 39200xx and (0)176 040690xx.
    "DE": (Block("+4917139200", 0, 99, 2), Block("+49176040690", 0, 99, 2)),
    # Arcep, numbers for audiovisual works: 06 39 98 xx xx.
    "FR": (Block("+3363998", 0, 9_999, 4),),
    # Ofcom, telephone numbers for drama use: 07700 900000 to 900999.
    "GB": (Block("+447700900", 0, 999, 3),),
    # ComReg, numbering conditions, numbers for drama: 020 91x xxxx.
    "IE": (Block("+3532091", 0, 99_999, 5),),
    # PTS, numbers for books and films: 070-174 06 05 to 070-174 06 99.
    "SE": (Block("+467017406", 5, 99, 2),),
    **{iso2: tuple(Block(f"+1{area}55501", 0, 99, 2) for area in areas.split()) for iso2, areas in _AREAS.items()},
}

"""Patterns of paths: `*` stands for one segment or a part of one, `**` for any number of segments.

A pattern is compiled once and matched often, also against very long paths: matching never backtracks.
"""

from typing import NamedTuple

#: How many characters a pattern may have, and how many of its segments may have a star beside other characters.
LONGEST, MOST_MIXED = 1_000, 4


class _Mixed(NamedTuple):
    """A segment with stars beside other characters; each star stands for at least one character."""

    first: str
    between: tuple[str, ...]
    last: str
    bit: int

    def holds(self, segment: str) -> bool:
        place, end = len(self.first), len(segment) - len(self.last)
        if place >= end or not (segment.startswith(self.first) and segment.endswith(self.last)):
            return False
        for text in self.between:
            start = segment.find(text, place + 1, end)
            if start < 0:
                return False
            place = start + len(text)
        return place < end


class PathPattern(NamedTuple):
    """A compiled pattern; `text` is its source.

    Its segments are bits. Bit n of a state says that the first n segments of the pattern match the part of the path
    that was read. `stars` are the places of `**`, `any_one` the segments that are a single star.
    """

    text: str
    literal: dict[str, int]
    any_one: int
    mixed: tuple[_Mixed, ...]
    stars: int
    end: int

    def match(self, path: str) -> bool:
        """Return whether the pattern stands for this whole path, which begins with a slash or is empty."""
        if path and not path.startswith("/"):
            return False
        state, bits_of = 1, dict[str, int]()
        for segment in path.split("/")[1:]:
            takes = bits_of.get(segment)
            if takes is None:
                takes = bits_of[segment] = self._takes(segment)
            state = (state & takes) << 1 | (state & self.stars)
            if not state:
                return False
        return state & self.end != 0

    def _takes(self, segment: str) -> int:
        """Return the bits of the pattern's segments that match this segment."""
        bits = self.literal.get(segment, 0)
        if segment:
            bits |= self.any_one
        for mixed in self.mixed:
            if mixed.holds(segment):
                bits |= mixed.bit
        return bits


def compile_path(text: str) -> PathPattern:
    """Return the pattern that a text describes, with or without the slash at its beginning; raises ValueError.

    >>> compile_path("/orders/**").match("/orders/1/events")
    True
    >>> compile_path("/check/*").match("/check/1/2")
    False
    """
    if len(text) > LONGEST:
        raise ValueError(f"a path has at most {LONGEST} characters: {text[:50]!r}...")
    literal: dict[str, int] = {}
    mixed: list[_Mixed] = []
    any_one, stars, bit = 0, 0, 1
    for segment in text.removeprefix("/").split("/"):
        if segment == "**":
            stars |= bit
            continue
        first, *between = segment.split("*")
        if not between:
            literal[segment] = literal.get(segment, 0) | bit
        elif segment == "*":
            any_one |= bit
        else:
            mixed.append(_Mixed(first, tuple(between[:-1]), between[-1], bit))
        bit <<= 1
    if len(mixed) > MOST_MIXED:
        raise ValueError(f"at most {MOST_MIXED} segments of a path have a * beside other characters: {text[:50]!r}")
    return PathPattern(text, literal, any_one, tuple(mixed), stars, bit)

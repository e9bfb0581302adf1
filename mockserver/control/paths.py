"""Paths in the language of faults, and whether an endpoint can have one that is like them."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from mockserver.control.vocabulary import Vocabulary
from mockserver.domain.suggestions import nearest
from mockserver.engine.matching import Matcher
from mockserver.engine.paths import PathPattern, compile_path

_EQUAL = ("eq", "in")
_UNEQUAL = ("ne", "not_in")
_PLAIN_WORD = re.compile(r"/[A-Za-z]*")


class PathTest:
    """A matcher of paths. What it takes for equality are patterns; raises ValueError for what is none."""

    def __init__(self, matcher: Matcher) -> None:
        self._wanted: list[list[PathPattern]] = []
        self._unwanted: list[list[PathPattern]] = []
        rest = []
        for name, operand in matcher.tests:
            if name in _EQUAL or name in _UNEQUAL:
                written = operand if name in ("in", "not_in") else (operand,)
                (self._wanted if name in _EQUAL else self._unwanted).append([_pattern(one) for one in written])
            else:
                rest.append((name, operand))
        self._rest = Matcher(tuple(rest))

    @property
    def patterns(self) -> list[PathPattern]:
        """Every pattern, also of what is not wanted."""
        return [pattern for group in (*self._wanted, *self._unwanted) for pattern in group]

    def holds(self, path: str) -> bool:
        """Whether the path passes."""
        return (
            all(any(one.match(path) for one in group) for group in self._wanted)
            and not any(one.match(path) for group in self._unwanted for one in group)
            and self._rest.holds(path, present=True)
        )


def path_problem(pattern: PathPattern, words: Vocabulary) -> str | None:
    """Why no request can have a path like this, with a suggestion; None where one can.

    An endpoint whose whole path is a field, such as a report's random name, does not count for a plain word.
    """
    paths = words.paths()
    telling = [path for path in paths if re.search(r"/[^/{}]+(/|$)", path)]
    if can_have(telling, pattern.text):
        return None
    said = f"no endpoint has a path like {pattern.text[:100]!r}"
    for other in _meant(pattern.text, words.bases()):
        if can_have(telling, other):
            return f"{said} (did you mean {other[:100]!r}, which is the path after the provider's base URL?)"
    longer = next((path for path in telling if path.startswith(f"{pattern.text.rstrip('/')}/{{")), None)
    near = re.sub(r"\{[^}]*\}", "*", longer) if longer is not None else nearest(pattern.text, telling)
    if near is None and can_have(paths, pattern.text) and not _PLAIN_WORD.fullmatch(pattern.text):
        return None
    return f"{said} (did you mean {near!r}?)" if near is not None else said


def can_have(templates: Sequence[str], pattern: str) -> bool:
    """Whether a path of one of these endpoints can be like the pattern.

    >>> can_have(["/check/{activation_id}"], "/check/*")
    True
    >>> can_have(["/check/{activation_id}"], "/purchase")
    False
    """
    parts = pattern.removeprefix("/").split("/")
    return any(_meet(parts, template[1:].split("/")) for template in templates)


def _meet(pattern: list[str], template: list[str]) -> bool:
    places = _beyond_stars({0}, pattern)
    for part in template:
        further = set()
        for place in places:
            if place < len(pattern):
                if pattern[place] == "**":
                    further.add(place)
                elif _same(pattern[place], part):
                    further.add(place + 1)
        places = _beyond_stars(further, pattern)
    return len(pattern) in places


def _beyond_stars(places: set[int], pattern: list[str]) -> set[int]:
    """With the places behind each `**`, which stands for nothing too."""
    found = set()
    for place in places:
        found.add(place)
        while place < len(pattern) and pattern[place] == "**":
            place += 1
            found.add(place)
    return found


def _same(segment: str, part: str) -> bool:
    if "{" in part:
        return segment != ""
    return compile_path(segment).match(f"/{part}") if "*" in segment else segment == part


def _meant(text: str, bases: Sequence[str]) -> list[str]:
    """What the text may have been meant for: without a query, an origin, a sandbox, a base URL."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return []
    path = parts.path if parts.scheme else text.partition("?")[0]
    if path.startswith("/~"):
        path = "/" + path[2:].partition("/")[2]
    starts = [start for base in bases for start in (base, base.removeprefix(f"/{base[1:].partition('/')[0]}")) if start]
    found = [path, *(path.removeprefix(start) for start in starts if path.startswith(f"{start}/"))]
    return [one for one in found if one != text]


def _pattern(written: object) -> PathPattern:
    if not isinstance(written, str) or not written:
        raise ValueError(f"must be a path such as /purchase or /check/*: {str(written)[:100]!r}")
    return compile_path(written)

"""Whether any endpoint can have a path like a pattern (`/check/*`), and which path may be meant instead."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from mockserver.domain.suggestions import nearest
from mockserver.engine.paths import PathPattern, compile_path
from mockserver.http.vocabulary import EndpointNames

_PLAIN_WORD = re.compile(r"/[A-Za-z]*")


def path_problem(pattern: PathPattern, names: EndpointNames) -> str | None:
    """Return why no request can have a path like this, with a suggestion; None where one can.

    An endpoint whose whole path is a field (`/{report}`) could have any path, so it does not count for a plain word.
    """
    paths = names.paths()
    fixed = [path for path in paths if re.search(r"/[^/{}]+(/|$)", path)]
    if can_have(fixed, pattern.text):
        return None
    message = f"no endpoint has a path like {pattern.text[:100]!r}"
    for other in _meant(pattern.text, names.bases()):
        if can_have(fixed, other):
            return f"{message} (did you mean {other[:100]!r}, which is the path after the provider's base URL?)"
    longer = next((path for path in fixed if path.startswith(f"{pattern.text.rstrip('/')}/{{")), None)
    near = re.sub(r"\{[^}]*\}", "*", longer) if longer is not None else nearest(pattern.text, fixed)
    if near is None and can_have(paths, pattern.text) and not _PLAIN_WORD.fullmatch(pattern.text):
        return None
    return f"{message} (did you mean {near!r}?)" if near is not None else message


def can_have(templates: Sequence[str], pattern: str) -> bool:
    """Return whether a path of one of these endpoints can match the pattern.

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
    """Return the places and those behind each `**`, since it can stand for no segment at all."""
    reached = set()
    for place in places:
        reached.add(place)
        while place < len(pattern) and pattern[place] == "**":
            place += 1
            reached.add(place)
    return reached


def _same(segment: str, part: str) -> bool:
    if "{" in part:
        return segment != ""
    return compile_path(segment).match(f"/{part}") if "*" in segment else segment == part


def _meant(text: str, bases: Sequence[str]) -> list[str]:
    """Return paths that may be meant: the text without its query, origin, sandbox prefix and base URL."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return []
    path = parts.path if parts.scheme else text.partition("?")[0]
    if path.startswith("/~"):
        path = "/" + path[2:].partition("/")[2]
    starts = [start for base in bases for start in (base, base.removeprefix(f"/{base[1:].partition('/')[0]}")) if start]
    candidates = [path, *(path.removeprefix(start) for start in starts if path.startswith(f"{start}/"))]
    return [candidate for candidate in candidates if candidate != text]

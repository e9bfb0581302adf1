"""Keyword search, as people type keywords."""

import re
from collections.abc import Callable

#: A number with the word after it, as in `5 GB`, or any other word.
_TERMS = re.compile(r"[0-9]+\s+[^\W\d]\S*|\S+")
#: A part of a term: a run of digits, or a run of anything else but spaces.
_PARTS = re.compile(r"[0-9]+|[^0-9\s]+")


def finder(keywords: str) -> Callable[[str], bool]:
    """Return a function that says whether a text has all the keywords, in any case and order.

    A number belongs to the word after it, with or without a space between them, and is looked for whole: `5GB` and
    `5 gb` find `5 GB`, and do not find `15 GB`. No keyword at all is in every text.
    """
    patterns = [_pattern(term) for term in _TERMS.findall(keywords.casefold())]

    def finds(text: str) -> bool:
        folded = text.casefold()
        return all(pattern.search(folded) for pattern in patterns)

    return finds


def _pattern(term: str) -> re.Pattern[str]:
    joined = r"\s*".join(re.escape(part) for part in _PARTS.findall(term))
    return re.compile(rf"(?<![0-9]){joined}" if term[0].isdigit() else joined)

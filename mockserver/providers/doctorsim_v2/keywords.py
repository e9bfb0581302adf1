"""Keywords, as people type them."""

import re
from collections.abc import Callable

#: A run of digits, a run of white space, or a run of anything else.
_PARTS = re.compile(r"[0-9]+|\s+|[^0-9\s]+")


def finder(keyword: str) -> Callable[[str], bool]:
    """Return what tells whether a text has the keyword, in any case.

    Spaces don't count, nor does it matter whether a number and its unit have one between them: `5GB` finds `5 GB`.
    A number is looked for whole: `5 GB` does not find `15 GB`. An empty keyword is in every text.
    """
    parts = [re.escape(part) for part in _PARTS.findall(keyword.casefold()) if not part.isspace()]
    pattern = re.compile((r"(?<![0-9])" if parts and parts[0].isdigit() else "") + r"\s*".join(parts))
    return lambda text: pattern.search(text.casefold()) is not None

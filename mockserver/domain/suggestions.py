"""Suggestions for unknown names, for the ends of error messages: `did you mean ...?`."""

from collections.abc import Iterable

#: How many known names are listed where none is similar, and how many characters of the unknown one are compared.
MOST_LISTED, MOST_COMPARED = 40, 100


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most similar to a word, ignoring case; None where none is similar.

    >>> nearest("DaisySim", ["daisysim", "hidsim"])
    'daisysim'
    """
    from difflib import get_close_matches

    names = {name.lower(): name for name in known}
    near = get_close_matches(word[:MOST_COMPARED].lower(), names, n=1)
    return names[near[0]] if near else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `did you mean 'hidsim'?`, or the known names where none is similar.

    For the end of a message: `there is only 'acme'` where one name is known.

    >>> suggestion("hidsin", ["daisysim", "hidsim"])
    "did you mean 'hidsim'?"
    >>> suggestion("acme", ["daisysim", "hidsim"])
    'one of daisysim, hidsim'
    """
    names = list(known)
    near = nearest(word, names)
    if near is not None:
        return f"did you mean {near!r}?"
    if not names:
        return "there are none"
    if len(names) == 1:
        return f"there is only {names[0]!r}"
    more = ", ..." if len(names) > MOST_LISTED else ""
    return f"one of {', '.join(names[:MOST_LISTED])}{more}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` (did you mean 'hidsim'?)` to end a message with; empty where no name is similar."""
    near = nearest(word, known)
    return "" if near is None else f" (did you mean {near!r}?)"

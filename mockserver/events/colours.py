"""Colours of lines on a terminal."""

from collections.abc import Mapping
from typing import TextIO

RED, GREEN, YELLOW, BLUE, GREY = "31", "32", "33", "34", "90"
_REFUSED, _FAILED = 400, 500


def may_colour(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Return whether lines on this stream may have colours: on a terminal, unless NO_COLOR says no."""
    return not environment.get("NO_COLOR") and environment.get("TERM") != "dumb" and stream.isatty()


def of_status(status: int) -> str:
    """Return the colour of an answer's status; 0 is no answer."""
    return RED if status >= _FAILED or not status else YELLOW if status >= _REFUSED else GREEN


def coloured(text: str, colour: str) -> str:
    """Return the text in a colour."""
    return f"\x1b[{colour}m{text}\x1b[0m"

"""Settings in texts: `{daisysim.cancel_after}` becomes `60 seconds`, so that no file repeats their values."""

import re
from collections.abc import Mapping
from typing import Any

_NAMED = re.compile(r"\{([a-z][a-z0-9_]*\.[a-z0-9_.]+)\}")
_LIKE = re.compile(r"\{[a-z][a-z0-9_.]*\}?")
_PART = re.compile(r"([0-9]+)(ms|s|m|h|d|w)")
_SPAN = re.compile(f"(?:{_PART.pattern})+")
_UNITS = {"ms": "millisecond", "s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}


def named_settings(text: str) -> list[str]:
    """Return the names of the settings that the text refers to, in its order."""
    return _NAMED.findall(text)


def odd_placeholders(text: str) -> list[str]:
    """Return what looks like the name of a setting in braces and is none, such as `{x}`, or one without its brace."""
    return [match[0] for match in _LIKE.finditer(text) if _NAMED.fullmatch(match[0]) is None]


def with_settings(text: str, settings: Mapping[str, Any]) -> str:
    """Return the text with the values of the settings that it names; an unknown name stays as it is.

    >>> with_settings("cancel after {shop.cancel_after}", {"shop.cancel_after": "60s"})
    'cancel after 60 seconds'
    """
    return _NAMED.sub(lambda match: _words(settings[match[1]]) if match[1] in settings else match[0], text)


def _words(value: object) -> str:
    """Return a span in words; any other value as it is."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g} seconds"
    text = str(value).strip()
    if _SPAN.fullmatch(text) is None:
        return str(value)
    return " ".join(
        f"{int(count)} {_UNITS[unit]}{'' if int(count) == 1 else 's'}" for count, unit in _PART.findall(text)
    )

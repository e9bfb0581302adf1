"""Numbers written as texts in a JSON body, in all forms that PHP's frameworks accept.

A property with `"x-numeric-strings": true` takes them; its other rules then apply to the number.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

KEYWORD = "x-numeric-strings"
Readers = Mapping[str, Callable[[str], Any]]

_SPACE = r"[ \t\n\r\v\f]*"
_INTEGER = re.compile(rf"{_SPACE}[+-]?(?:0|[1-9][0-9]{{0,17}}){_SPACE}", re.ASCII)
_NUMBER = re.compile(
    rf"{_SPACE}[+-]?(?:[0-9]{{1,40}}(?:\.[0-9]{{0,40}})?|\.[0-9]{{1,40}})(?:[eE][+-]?[0-9]{{1,4}})?{_SPACE}", re.ASCII
)
_LONGEST = 200


def numeric_string_readers(schema: Any) -> Readers:
    """Return a reader for each property of the schema that takes numbers as texts; empty for nearly every schema."""
    properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
    return {
        name: _integer if field["type"] == "integer" else _number
        for name, field in properties.items()
        if isinstance(field, dict) and field.get(KEYWORD) is True
    }


def with_numbers(data: Any, readers: Readers) -> Any:
    """Return a copy of the data with numbers in place of the texts that stand for one; other texts stay."""
    if not isinstance(data, dict):
        return data
    texts = [(name, read) for name, read in readers.items() if isinstance(data.get(name), str)]
    return data | {name: read(data[name]) for name, read in texts} if texts else data


def _integer(text: str) -> Any:
    return int(text) if len(text) <= _LONGEST and _INTEGER.fullmatch(text) else text


def _number(text: str) -> Any:
    return Decimal(text.strip()) if len(text) <= _LONGEST and _NUMBER.fullmatch(text) else text

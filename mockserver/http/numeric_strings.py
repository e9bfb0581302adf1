"""Numbers that come as texts in a JSON body: what PHP's frameworks take for a number.

A property with `"x-numeric-strings": true` takes them; its other rules hold for the number that the text stands for.
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
    """Return how to read the texts of the schema's own properties that take them; empty for nearly every schema."""
    properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
    return {
        name: _integer if field["type"] == "integer" else _number
        for name, field in properties.items()
        if isinstance(field, dict) and field.get(KEYWORD) is True
    }


def with_numbers(data: Any, readers: Readers) -> Any:
    """Return the data with numbers for the texts that stand for one; other texts, and the data given, stay."""
    if not isinstance(data, dict):
        return data
    texts = [(name, read) for name, read in readers.items() if isinstance(data.get(name), str)]
    return data | {name: read(data[name]) for name, read in texts} if texts else data


def _integer(text: str) -> Any:
    return int(text) if len(text) <= _LONGEST and _INTEGER.fullmatch(text) else text


def _number(text: str) -> Any:
    return Decimal(text.strip()) if len(text) <= _LONGEST and _NUMBER.fullmatch(text) else text

"""Lists in pages: `limit` rows after a row that `after` names, and `next`, which leads to the rest."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from mockserver.control.operation import ControlCall, Schema, whole_query
from mockserver.domain.errors import Invalid

USUAL, MOST = 100, 1_000
#: After how many bytes of an answer, or rows of a search, the rest of the server gets its turn.
SLICE_BYTES, SLICE_ROWS = 64 * 1024, 250

#: The parameters of every list.
PAGING: Mapping[str, str | Schema] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": MOST, "description": f"how many at most ({USUAL})"},
    "after": "the `next` of the page before",
}


def limit_of(call: ControlCall) -> int:
    """How many rows are asked for; raises Invalid."""
    return whole_query(call, "limit", default=USUAL, most=MOST)


def after_of(call: ControlCall, pattern: str, example: str) -> str | None:
    """The row after which the page begins; raises Invalid for what never was a `next`."""
    import re

    after = call.query.get("after")
    if after is not None and re.fullmatch(pattern, after, re.DOTALL) is None:
        raise Invalid({"after": [f"must be the next of a page before, such as {example}: {after[:100]!r}"]})
    return after


def page_of(name: str, item: Schema | None = None) -> dict[str, Any]:
    """The schema of `{name: [...], next}`."""
    return {
        "type": "object",
        "properties": {
            name: {"type": "array", "items": dict(item or {"type": "object"})},
            "next": {"type": ["string", "null"], "description": "The `after` of the next page; null at the end."},
        },
        "required": [name, "next"],
    }


class Slices:
    """Counts what was done in a row, and lets the rest of the server have its turn after `most` of it."""

    __slots__ = ("_done", "_most")

    def __init__(self, most: int) -> None:
        self._most = most
        self._done = 0

    async def add(self, amount: int = 1) -> None:
        """So much was done."""
        self._done += amount
        if self._done >= self._most:
            self._done = 0
            await asyncio.sleep(0)


async def written(rows: Iterable[Any]) -> list[orjson.Fragment]:
    """The rows as JSON that is ready, made in slices: with large bodies in them they take a while."""
    slices = Slices(SLICE_BYTES)
    found = []
    for row in rows:
        text = orjson.dumps(row, default=str)
        found.append(orjson.Fragment(text))
        await slices.add(len(text) + 2_000)
    return found

"""Lists in pages: at most `limit` rows after the row named by `after`; `next` is the `after` of the next page."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from mockserver.control.operation import ControlCall, Schema, whole_query
from mockserver.domain.errors import Invalid

USUAL, MOST = 100, 1_000
#: After how many bytes of an answer, or rows of a search, other requests get their turn.
SLICE_BYTES, SLICE_ROWS = 64 * 1024, 250

#: The parameters of every list.
PAGING: Mapping[str, str | Schema] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": MOST, "description": f"how many at most ({USUAL})"},
    "after": "the `next` of the page before",
}


def limit_of(call: ControlCall) -> int:
    """Return how many rows the call asks for; raises Invalid."""
    return whole_query(call, "limit", default=USUAL, most=MOST)


def after_of(call: ControlCall, pattern: str, example: str) -> str | None:
    """Return the row after which the page begins; raises Invalid for a text that cannot be a `next`.

    `pattern` is the regular expression of a `next`, `example` one for the message.
    """
    import re

    after = call.query.get("after")
    if after is not None and re.fullmatch(pattern, after, re.DOTALL) is None:
        raise Invalid({"after": [f"must be the next of a page before, such as {example}: {after[:100]!r}"]})
    return after


def page_of(name: str, item: Schema | None = None) -> dict[str, Any]:
    """Return the schema of `{name: [...], next}`."""
    return {
        "type": "object",
        "properties": {
            name: {"type": "array", "items": dict(item or {"type": "object"})},
            "next": {"type": ["string", "null"], "description": "The `after` of the next page; null at the end."},
        },
        "required": [name, "next"],
    }


class Slices:
    """Splits long work into slices: after each `most` units of work other requests get their turn.

    `await slices.add(n)` after each piece of work counts its `n` units.
    """

    __slots__ = ("_done", "_most")

    def __init__(self, most: int) -> None:
        self._most = most
        self._done = 0

    async def add(self, amount: int = 1) -> None:
        """Count `amount` units of work, and let others run where the slice is full."""
        self._done += amount
        if self._done >= self._most:
            self._done = 0
            await asyncio.sleep(0)


async def serialise_rows(rows: Iterable[Any]) -> list[orjson.Fragment]:
    """Return the rows as serialised JSON, made in slices: rows with large bodies take a while."""
    slices = Slices(SLICE_BYTES)
    fragments = []
    for row in rows:
        text = orjson.dumps(row, default=str)
        fragments.append(orjson.Fragment(text))
        await slices.add(len(text) + 2_000)
    return fragments

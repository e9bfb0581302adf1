"""The parts that all lists share: filters by any of several values, sorting, paging, populating, and envelopes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson

from mockserver.domain.errors import Invalid
from mockserver.http.call import Call
from mockserver.http.replies import Reply
from mockserver.providers.hidsim.settings import MOST_FILTER_VALUES, TOTAL_HEADER

T = TypeVar("T")
Row = Mapping[str, Any]
#: For each relation's field, a function that returns the object with an `_id`, or None.
Relations = Mapping[str, Callable[[str], Any]]

#: How many rows are worked on while all other requests wait: a few milliseconds.
_SLICE = 250


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list: `rows` are JSON data, or encoded already."""

    rows: Sequence[Any]
    total: int
    skip: int
    limit: int


def listed(call: Call, rows: Sequence[Any], total: int) -> Reply:
    """Return the reply with these rows of `total`, paged by the call's `skip` and `limit` (without limit: all)."""
    page = Page(rows, total, call.fields["skip"], call.fields.get("limit", total))
    return Reply(page, headers=((TOTAL_HEADER, str(total)),))


def paged(call: Call, rows: Sequence[T]) -> Sequence[T]:
    """Return the rows that the call's `skip` and `limit` leave."""
    skip, limit = call.fields["skip"], call.fields.get("limit")
    return rows[skip:] if limit is None else rows[skip : skip + limit]


def enveloped(page: Page, style: str) -> Any:
    """Return the page as JSON data, in the list envelope of this name."""
    match style:
        case "array":
            return page.rows
        case "docs":
            size = max(page.limit, 1)  # without a limit, that of an empty list is 0
            return {
                "docs": page.rows,
                "totalDocs": page.total,
                "limit": page.limit,
                "page": page.skip // size + 1,
                "totalPages": max(1, -(-page.total // size)),
            }
    name = "results" if style == "results" else "data"
    return {name: page.rows, "total": page.total, "limit": page.limit, "skip": page.skip}


def any_of(call: Call, *names: str) -> set[str] | None:
    """Return the values of these fields, each of which may be repeated or a comma list; None when all are absent.

    Raises Invalid for too many of them.
    """
    texts: list[str] = []
    for name in names:
        value = call.fields.get(name)
        if value is not None:
            texts += [value] if isinstance(value, str) else value
    if not texts:
        return None
    values = {part.strip() for text in texts for part in text.split(",")}
    if len(values) > MOST_FILTER_VALUES:
        name = next(name for name in names if name in call.fields)
        raise Invalid({name: [f"The {name} field must not have more than {MOST_FILTER_VALUES} values."]})
    return values - {""}


def any_id(call: Call, *names: str) -> set[str] | None:
    """Return the values as `any_of` does, in lower case, for fields that hold `_id` values."""
    values = any_of(call, *names)
    return None if values is None else {value.lower() for value in values}


def check_window(call: Call) -> None:
    """Raise Invalid when the least price is above the greatest."""
    least, most = call.fields.get("minPrice"), call.fields.get("maxPrice")
    if least is not None and most is not None and least > most:
        raise Invalid({"minPrice": [f"The minPrice field must not be greater than maxPrice: {least} > {most}."]})


def sort_keys(call: Call, sortable: Iterable[str]) -> list[tuple[str, bool]]:
    """Return pairs of a field and whether it descends, each field once; fields that are not `sortable` are ignored."""
    fields = set(sortable)
    keys: dict[str, bool] = {}
    for part in _parts(call, "sort"):
        name = part.removeprefix("-")
        if name in fields:
            keys.setdefault(name, part.startswith("-"))
    return list(keys.items())


async def ordered(
    rows: Sequence[T], keys: Sequence[tuple[str, bool]], fields: Callable[[T], Mapping[str, Any]]
) -> Sequence[T]:
    """Return the rows sorted by their `fields`, the first key counting most; equal rows keep their order.

    Texts are sorted without regard to case. Other requests are served between one part of the work and the next.
    """
    if not keys:
        return rows
    ranked: list[tuple[list[Any], T]] = []
    async for part in in_slices(rows):
        ranked += [(_ranks(fields(row), keys), row) for row in part]
    for place in reversed(range(len(keys))):
        await asyncio.sleep(0)
        ranked.sort(key=lambda pair: pair[0][place], reverse=keys[place][1])
    return [row for _, row in ranked]


async def in_slices(rows: Sequence[T]) -> AsyncIterator[Sequence[T]]:
    """Yield the rows in parts; other requests are served between one part and the next."""
    for start in range(0, len(rows), _SLICE):
        if start:
            await asyncio.sleep(0)
        yield rows[start : start + _SLICE]


def populating(call: Call, relations: Relations) -> Callable[[Row], Row]:
    """Return a function that replaces, in a row, the `_id` values that the call wants populated by objects."""
    names = [name for name in dict.fromkeys(_parts(call, "populate")) if name in relations]

    def populate(row: Row) -> Row:
        populated = dict(row)
        for name in names:
            value, make = row[name], relations[name]
            if isinstance(value, list):
                populated[name] = [make(identifier) for identifier in value]
            elif value is not None:
                populated[name] = make(value)
        return populated

    return populate if names else _as_it_is


def wants_populated(call: Call, *names: str) -> bool:
    """Return whether the call asks for any of these relations; without names, for any relation at all."""
    if "populate" not in call.fields:
        return False
    return not names or not set(names).isdisjoint(_parts(call, "populate"))


def encoded(body: bytes) -> orjson.Fragment:
    """Return a row that is encoded already, as data for JSON."""
    return orjson.Fragment(body)


def _as_it_is(row: Row) -> Row:
    return row


def _parts(call: Call, name: str) -> list[str]:
    return [part.strip() for text in call.fields.get(name, ()) for part in text.split(",")]


def _ranks(fields: Mapping[str, Any], keys: Sequence[tuple[str, bool]]) -> list[Any]:
    return [_rank(fields[name]) for name, _ in keys]


def _rank(value: Any) -> tuple[bool, Any]:
    """Return a sort key: nulls first, as MongoDB sorts; case decides only between texts that are else the same."""
    return (value is not None, (value.casefold(), value) if isinstance(value, str) else value)

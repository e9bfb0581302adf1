"""What all lists share: filters that mean any of, sorting, paging, populating, and the envelope around them."""

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
#: A relation's field -> what makes the object of an `_id`; None where there is none.
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
    """The answer with these rows of `total`, as paged by the call's `skip` and `limit`; without limit that is all."""
    page = Page(rows, total, call.fields["skip"], call.fields.get("limit", total))
    return Reply(page, headers=((TOTAL_HEADER, str(total)),))


def paged(call: Call, rows: Sequence[T]) -> Sequence[T]:
    """The rows that the call's `skip` and `limit` leave."""
    skip, limit = call.fields["skip"], call.fields.get("limit")
    return rows[skip:] if limit is None else rows[skip : skip + limit]


def enveloped(page: Page, style: str) -> Any:
    """The page as JSON data, in the list envelope of this name."""
    match style:
        case "array":
            return page.rows
        case "docs":
            size = max(page.limit, 1)  # the whole of an empty list has a limit of 0
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
    """The values of these fields together, each repeated or a comma list; None when none is given.

    Raises Invalid for too many of them.
    """
    texts: list[str] = []
    for name in names:
        given = call.fields.get(name)
        if given is not None:
            texts += [given] if isinstance(given, str) else given
    if not texts:
        return None
    values = {part.strip() for text in texts for part in text.split(",")}
    if len(values) > MOST_FILTER_VALUES:
        name = next(name for name in names if name in call.fields)
        raise Invalid({name: [f"The {name} field must not have more than {MOST_FILTER_VALUES} values."]})
    return values - {""}


def any_id(call: Call, *names: str) -> set[str] | None:
    """As `any_of`, for `_id` values, in lower case."""
    found = any_of(call, *names)
    return None if found is None else {one.lower() for one in found}


def check_window(call: Call) -> None:
    """Raises Invalid when the least price is above the greatest."""
    least, most = call.fields.get("minPrice"), call.fields.get("maxPrice")
    if least is not None and most is not None and least > most:
        raise Invalid({"minPrice": [f"The minPrice field must not be greater than maxPrice: {least} > {most}."]})


def sort_keys(call: Call, known: Iterable[str]) -> list[tuple[str, bool]]:
    """Pairs of a field and whether it descends, each field once; those that are not `known` are ignored."""
    fields = set(known)
    keys: dict[str, bool] = {}
    for part in _parts(call, "sort"):
        name = part.removeprefix("-")
        if name in fields:
            keys.setdefault(name, part.startswith("-"))
    return list(keys.items())


async def ordered(
    rows: Sequence[T], keys: Sequence[tuple[str, bool]], fields: Callable[[T], Mapping[str, Any]]
) -> Sequence[T]:
    """The rows sorted by their `fields`, the first key counting most; equal ones stay as they were.

    Texts are sorted without regard to case. Others are served between one part of the work and the next.
    """
    if not keys:
        return rows
    ranked: list[tuple[list[Any], T]] = []
    async for some in in_slices(rows):
        ranked += [(_ranks(fields(row), keys), row) for row in some]
    for place in reversed(range(len(keys))):
        await asyncio.sleep(0)
        ranked.sort(key=lambda pair: pair[0][place], reverse=keys[place][1])
    return [row for _, row in ranked]


async def in_slices(rows: Sequence[T]) -> AsyncIterator[Sequence[T]]:
    """The rows in parts; others are served between one part and the next."""
    for start in range(0, len(rows), _SLICE):
        if start:
            await asyncio.sleep(0)
        yield rows[start : start + _SLICE]


def populating(call: Call, relations: Relations) -> Callable[[Row], Row]:
    """What puts objects in place of the `_id` values of a row that the call wants populated."""
    wanted = [name for name in dict.fromkeys(_parts(call, "populate")) if name in relations]

    def populate(row: Row) -> Row:
        found = dict(row)
        for name in wanted:
            given, make = row[name], relations[name]
            if isinstance(given, list):
                found[name] = [make(one) for one in given]
            elif given is not None:
                found[name] = make(given)
        return found

    return populate if wanted else _as_it_is


def wants_populated(call: Call, *names: str) -> bool:
    """Whether the call asks for any of these relations; without names, for any relation at all."""
    if "populate" not in call.fields:
        return False
    return not names or not set(names).isdisjoint(_parts(call, "populate"))


def encoded(body: bytes) -> orjson.Fragment:
    """A row that is encoded already."""
    return orjson.Fragment(body)


def _as_it_is(row: Row) -> Row:
    return row


def _parts(call: Call, name: str) -> list[str]:
    return [part.strip() for text in call.fields.get(name, ()) for part in text.split(",")]


def _ranks(fields: Mapping[str, Any], keys: Sequence[tuple[str, bool]]) -> list[Any]:
    return [_rank(fields[name]) for name, _ in keys]


def _rank(value: Any) -> tuple[bool, Any]:
    """Nulls first, as MongoDB sorts them; a text's case decides between those that are else the same."""
    return (value is not None, (value.casefold(), value) if isinstance(value, str) else value)

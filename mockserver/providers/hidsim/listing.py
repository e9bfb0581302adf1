"""What all lists share: filters that mean any of, sorting, paging, populating, and the envelope around them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from mockserver.domain.mistakes import Invalid
from mockserver.http.call import Call
from mockserver.http.provider import Reply

Row = Mapping[str, Any]
#: A relation's field -> what makes the object of an `_id`; None where there is none.
Relations = Mapping[str, Callable[[str], Any]]


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list: `rows` are JSON data, or encoded already."""

    rows: Sequence[Any]
    total: int
    skip: int
    limit: int


def listed(call: Call, rows: Sequence[Any], total: int) -> Reply:
    """The answer with these rows of `total`, as paged by the call's `skip` and `limit`."""
    page = Page(rows, total, call.fields["skip"], call.fields["limit"])
    return Reply(page, headers=(("X-Total-Count", str(total)),))


def paged(call: Call, rows: Sequence[Any]) -> Sequence[Any]:
    """The rows that the call's `skip` and `limit` leave."""
    skip = call.fields["skip"]
    return rows[skip : skip + call.fields["limit"]]


def enveloped(page: Page, style: str) -> Any:
    """The page as JSON data, in the list envelope of this name."""
    match style:
        case "array":
            return page.rows
        case "docs":
            return {
                "docs": page.rows,
                "totalDocs": page.total,
                "limit": page.limit,
                "page": page.skip // page.limit + 1,
                "totalPages": max(1, -(-page.total // page.limit)),
            }
    name = "results" if style == "results" else "data"
    return {name: page.rows, "total": page.total, "limit": page.limit, "skip": page.skip}


def any_of(call: Call, *names: str) -> set[str] | None:
    """The values of these fields together, each repeated or a comma list; None when none is given."""
    texts: list[str] = []
    for name in names:
        given = call.fields.get(name)
        if given is not None:
            texts += [given] if isinstance(given, str) else given
    return {part for text in texts for part in text.split(",")} if texts else None


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
    """Pairs of a field and whether it descends; fields that are not `known` are ignored."""
    fields = set(known)
    wanted = [(part.removeprefix("-"), part.startswith("-")) for part in _parts(call, "sort")]
    return [(name, down) for name, down in wanted if name in fields]


def ordered(rows: Iterable[Any], keys: Sequence[tuple[str, bool]], value: Callable[[Any, str], Any]) -> list[Any]:
    """The rows sorted by `value(row, field)`, the first key counting most; equal ones stay as they were."""
    found = list(rows)
    for name, down in reversed(keys):
        found.sort(key=lambda row: _rank(value(row, name)), reverse=down)
    return found


def populated(call: Call, row: Row, relations: Relations) -> Row:
    """The row with objects in place of the `_id` values that the call wants populated."""
    wanted = [name for name in _parts(call, "populate") if name in relations]
    if not wanted:
        return row
    found = dict(row)
    for name in wanted:
        given, make = row[name], relations[name]
        if isinstance(given, list):
            found[name] = [make(one) for one in given]
        elif given is not None:
            found[name] = make(given)
    return found


def wants_populated(call: Call) -> bool:
    """Whether the call asks for any relation at all."""
    return "populate" in call.fields


def encoded(body: bytes) -> orjson.Fragment:
    """A row that is encoded already."""
    return orjson.Fragment(body)


def _parts(call: Call, name: str) -> list[str]:
    return [part.strip() for text in call.fields.get(name, ()) for part in text.split(",")]


def _rank(value: Any) -> tuple[bool, Any]:
    """Nulls first, as MongoDB sorts them."""
    return (value is not None, value)

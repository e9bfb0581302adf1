"""Finds the fields of a request that no endpoint reads: unknown names are not refused, but they may be misspelt."""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

import orjson

from mockserver.http.provider import Endpoint
from mockserver.http.schemas import SchemaStore

#: How many names are returned at most, and how many characters of each.
_MOST_NAMES, _LONGEST_NAME = 20, 100


def ignored_fields(schemas: SchemaStore, endpoint: Endpoint, *, body: bytes, query: Iterable[str]) -> tuple[str, ...]:
    """Return the names of body and query that the endpoint does not know, in the order in which they came.

    A field of the body that the query has too is ignored as well: `body.NAME`. The body is JSON that was read before.
    """
    members, names = _members(body), list(query)
    if not names and _fields(schemas, endpoint.takes).keys() >= set(members):
        return ()  # as nearly always
    ignored = dict.fromkeys(_names(schemas, members, names, endpoint))
    return tuple(name[:_LONGEST_NAME] for name in list(ignored)[:_MOST_NAMES])


def header_text(names: Iterable[str]) -> str:
    """Return the names as the value of a header, with commas and all but plain ASCII percent-encoded."""
    return ", ".join(quote(name, safe="[]")[:_LONGEST_NAME] for name in names)


def _names(schemas: SchemaStore, body: list[str], query: list[str], endpoint: Endpoint) -> Iterator[str]:
    body_fields, query_fields = _fields(schemas, endpoint.takes), _fields(schemas, endpoint.query)
    # Lists may be written with brackets.
    names = {name: name for name in query_fields} | {
        f"{name}[]": name for name, field in query_fields.items() if field.get("type") == "array"
    }
    read = {names[name] for name in query if name in names}
    for name in body:
        if name not in body_fields:
            yield name
        elif name in read:
            yield f"body.{name}"
    yield from (name for name in query if name not in names)


def _fields(schemas: SchemaStore, schema: str | None) -> dict[str, Any]:
    fields: dict[str, Any] = schemas.load(schema).get("properties", {}) if schema is not None else {}
    return fields


def _members(body: bytes) -> list[str]:
    data: Any = orjson.loads(body) if body.strip() else {}
    return list(data) if isinstance(data, dict) else []

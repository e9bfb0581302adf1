"""Reads a request's headers, and its fields in the types that their schemas say."""

from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Scope

from mockserver.domain.errors import Invalid, Malformed
from mockserver.http.call import Call
from mockserver.http.checking import Errors
from mockserver.http.jsontext import NotJson, read_json
from mockserver.http.provider import Endpoint
from mockserver.http.schemas import SchemaStore

#: How many fields a query or a form may have.
MOST_FIELDS = 1000


def read_headers(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return lower-case names with their values; the values of a repeated header are joined (RFC 9110, 5.3)."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}
    if len(headers) == len(pairs):
        return headers
    joined: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def read_fields(schemas: SchemaStore, call: Call, endpoint: Endpoint, scope: Scope) -> None:
    """Put body, query and path fields into the call; among equal names the path's wins. Raises Invalid, Malformed."""
    errors: Errors = {}
    if endpoint.takes is not None and endpoint.checked:
        checker = schemas.checker(endpoint.takes)
        data = _json(call.body)
        errors = checker.check(data)
        if not errors:
            call.fields |= checker.normalise(data)
    if endpoint.form is not None and endpoint.checked:
        errors |= _read_texts(schemas, call, endpoint.form, read_form(call))
    if endpoint.query is not None and endpoint.checked:
        errors |= _read_texts(schemas, call, endpoint.query, read_pairs(call.query))
    if endpoint.path_fields is not None:
        errors |= _read_texts(schemas, call, endpoint.path_fields, scope["path_params"].items())
    if endpoint.tells_ignored:
        from mockserver.http.ignored import ignored_fields

        names = [name for name, _ in read_pairs(call.query)]
        call.entry.ignored = ignored_fields(schemas, endpoint, body=call.body, query=names)
    if errors:
        raise Invalid(errors)


def read_pairs(query: bytes) -> list[tuple[str, str]]:
    """Return names and values of a query or a form in order; raises Invalid for too many fields."""
    if not query:
        return []
    try:
        return parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Invalid({"query": [f"There are more than {MOST_FIELDS} fields."]}) from None


def read_form(call: Call) -> list[tuple[str, str]]:
    """Return names and values of a form, URL-encoded unless its Content-Type says multipart.

    Raises Invalid, and Malformed for a multipart form that cannot be read.
    """
    media = call.headers.get("content-type", "")
    if media.lower().startswith("multipart/"):
        from mockserver.http.multipart import read_multipart

        return read_multipart(media, call.body)
    return read_pairs(call.body)


def _read_texts(schemas: SchemaStore, call: Call, schema: str, pairs: Any) -> Errors:
    values, errors = schemas.query_reader(schema).read(pairs)
    call.fields |= values
    return errors


def _json(body: bytes) -> Any:
    """Return the data of a JSON body; an empty body and `[]` (PHP's empty object) count as `{}`. Raises Malformed."""
    if not body.strip():
        return {}
    try:
        data = read_json(body)
    except NotJson as error:
        raise Malformed({"body": [f"The request body {error}."]}) from None
    return {} if data == [] else data

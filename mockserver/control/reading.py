"""Readers of a control call's query and JSON body, with suggestions for unknown names."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from mockserver.control.operation import Operation, Schema
from mockserver.control.problems import Problem
from mockserver.domain.errors import Invalid
from mockserver.domain.suggestions import suggestion
from mockserver.http import jsontext
from mockserver.http.checking import Errors
from mockserver.http.reading import MOST_FIELDS

_LONGEST_SHOWN = 100
#: More members than any valid body has; reporting an error for each would block the server.
_MOST_MEMBERS = 1_000
#: How many unknown names are reported.
_MOST_REPORTED = 20
#: More digits than any amount has; int() is slow for many more.
_MANY_DIGITS = 30


def read_query(operation: Operation, text: str) -> Mapping[str, str]:
    """Return the parameters by name; raises Invalid for unknown and for repeated ones.

    Only a parameter whose schema is a list may be repeated; its last value is returned here.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Problem(400, f"the query has more than {MOST_FIELDS} fields") from None
    query = dict(pairs)
    if operation.any_query:
        return query
    errors: Errors = {}
    for name in query:
        if len(errors) == _MOST_REPORTED:
            break
        if name not in operation.query:
            errors[name[:_LONGEST_SHOWN]] = [_unknown_parameter(name, operation)]
        elif sum(key == name for key, _ in pairs) > 1 and not _may_repeat(operation.query[name]):
            errors[name] = ["must be given once"]
    if errors:
        raise Invalid(errors)
    return query


def _may_repeat(schema: str | Schema) -> bool:
    return not isinstance(schema, str) and schema.get("type") == "array"


def _unknown_parameter(name: str, operation: Operation) -> str:
    if not operation.query:
        return f"unknown query parameter: {operation.method} /_mock{operation.path} takes none"
    return f"unknown query parameter ({suggestion(name, operation.query)})"


def refuse_body(operation: Operation, body: bytes) -> None:
    """Raise Invalid for a body that an operation without one would ignore; `{}` says nothing and passes."""
    if body.strip() and b"".join(body.split()) != b"{}":
        try:
            data = jsontext.read_json(body)
        except jsontext.NotJson:
            data = None
        members = list(data)[:_MOST_REPORTED] if isinstance(data, dict) else []
        # Only names are repeated: values may be secret.
        names = [name[:_LONGEST_SHOWN] for name in members] or ["body"]
        raise Invalid({name: [f"{operation.method} /_mock{operation.path} takes no body"] for name in names})


def read_json(body: bytes, *, decimals: Collection[str]) -> Any:
    """Return the data of a JSON body, `{}` for an empty one; raises a 400 problem. For `decimals` see Operation."""
    if not body.strip():
        return {}
    try:
        data = jsontext.read_json(body)
    except jsontext.NotJson as error:
        raise Problem(400, f"the body {error}") from None
    _check_members(data)
    if not isinstance(data, dict) or not any(name in data for name in decimals):
        return data
    import json

    try:
        exact = json.loads(body, parse_float=Decimal, parse_int=_whole)
    except RecursionError:
        raise Problem(400, "the body is not JSON: it nests too deeply") from None
    return data | {name: exact[name] for name in decimals if name in data}


def _check_members(data: Any, depth: int = 3) -> None:
    """Raise Invalid for objects with too many members, three levels deep."""
    if isinstance(data, dict) and depth:
        if len(data) > _MOST_MEMBERS:
            raise Invalid({"body": [f"an object has at most {_MOST_MEMBERS} members here: {len(data)}"]})
        for value in data.values():
            _check_members(value, depth - 1)


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) < _MANY_DIGITS else Decimal(text)

"""Checks the endpoints of a declaration, and what they name: schemas and classes of errors."""

import re
from collections.abc import Iterator
from typing import Any, get_args

from mockserver.domain import errors
from mockserver.domain.errors import ApiError
from mockserver.domain.suggestions import did_you_mean, suggestion
from mockserver.http.provider import Endpoint, Provider
from mockserver.http.replies import Limit, Provenance
from mockserver.http.schemas import SchemaStore

#: Where in the declaration, and what is wrong there.
Wrong = tuple[str, str]

#: HEAD and OPTIONS are answered by the kit.
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_SCHEMAS = ("takes", "form", "query", "path_fields", "request_headers")
_PATH = re.compile(r"/(?:[^{}]|\{[A-Za-z_][A-Za-z0-9_]*(?::path)?\})*")
_NAME = re.compile(r"\S+")
_FIELD = re.compile(r"\{[^{}]*\}")
_STATUSES = range(100, 600)


def endpoint_problems(provider: Provider, schemas: SchemaStore) -> Iterator[Wrong]:
    """Yield what is wrong with the endpoints of a provider and of its annexes."""
    names: dict[str, Endpoint] = {}
    for endpoints in (provider.endpoints, *(annex.endpoints for annex in provider.annexes)):
        paths: dict[tuple[Any, str], Endpoint] = {}
        for endpoint in endpoints:
            if not isinstance(endpoint, Endpoint):
                yield "endpoints", f"must be Endpoints, not {endpoint!r}"
                continue
            at = f"endpoint {endpoint.name!r}"
            yield from ((f"{at}, {field}", text) for field, text in _own_problems(endpoint, schemas))
            if all(isinstance(text, str) for text in (endpoint.name, endpoint.path)):
                # One operation may stand in several annexes.
                if names.setdefault(endpoint.operation_id, endpoint).handler is not endpoint.handler:
                    yield f"{at}, name", "is that of another endpoint"
                yield from ((f"{at}, path", text) for text in _path_problems(endpoint, paths))


def _own_problems(endpoint: Endpoint, schemas: SchemaStore) -> Iterator[Wrong]:
    if not fits(_NAME, endpoint.name):
        yield "name", f"must be one word: {endpoint.name!r}"
    if endpoint.method not in _METHODS:
        yield "method", f"must be one of {', '.join(_METHODS)}: {endpoint.method!r}"
    if not fits(_PATH, endpoint.path):
        yield "path", f"must begin with a slash, with fields like {{order}}: {endpoint.path!r}"
    if not callable(endpoint.handler):
        yield "handler", f"must be a function, not {endpoint.handler!r}"
    if endpoint.status not in _STATUSES:
        yield "status", f"must be a number from 100 to 599: {endpoint.status!r}"
    if endpoint.limit is not None and not isinstance(endpoint.limit, Limit):
        yield "limit", f"must be a Limit, not {endpoint.limit!r}"
    if endpoint.provenance not in get_args(Provenance):
        known = suggestion(str(endpoint.provenance), get_args(Provenance))
        yield "provenance", f"is unknown: {endpoint.provenance!r} ({known})"
    for field in ("gives", *_SCHEMAS):
        yield from schema_problems(field, getattr(endpoint, field), schemas, optional=field != "gives")
    yield from error_problems("mistakes", endpoint.mistakes)


def _path_problems(endpoint: Endpoint, paths: dict[tuple[Any, str], Endpoint]) -> Iterator[str]:
    """Yield what keeps requests from the endpoint; `paths` are those before it, by method and by shape alone."""
    shape = _FIELD.sub("{}", endpoint.path)
    twin = paths.setdefault((endpoint.method, shape), endpoint)
    if twin is not endpoint:
        yield f"is that of endpoint {twin.name!r}, which has the same method: {endpoint.path!r}"
    first = paths.setdefault((None, shape), endpoint)
    if first.path != endpoint.path and twin is endpoint:
        yield f"must name its fields as {first.path!r} of endpoint {first.name!r} does: {endpoint.path!r}"


def fits(pattern: re.Pattern[str], value: Any) -> bool:
    """Return whether a value is a text of this pattern."""
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def schema_problems(at: str, name: Any, schemas: SchemaStore, *, optional: bool = False) -> Iterator[Wrong]:
    """Yield what is wrong with the name of a schema. A file that is broken is told by itself."""
    if name is None and optional:
        return
    if not isinstance(name, str):
        yield at, f"must be the name of a schema, not {name!r}"
        return
    try:
        schemas.load(name)
    except KeyError:
        yield at, f"there is no schema {name!r}{did_you_mean(name, schemas.all_names())}"
    except ValueError:
        return


def error_problems(at: str, kinds: Any) -> Iterator[Wrong]:
    """Yield what is wrong with classes of errors, such as texts in their place."""
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, ApiError):
            continue
        known = [name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, ApiError)]
        name, shown = (kind.__name__,) * 2 if isinstance(kind, type) else (str(kind), repr(kind))
        yield at, f"must be classes of mockserver.domain.errors, not {shown}{did_you_mean(name, known)}"

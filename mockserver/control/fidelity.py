"""`/_mock/fidelity`: which parts of each emulated API are documented, observed or assumed."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from mockserver.control.fidelity_page import MEANINGS, page
from mockserver.control.operation import Answer, ControlCall, Operation, list_of
from mockserver.domain.errors import ApiError
from mockserver.http.kit_mistakes import KIT_MISTAKES
from mockserver.http.provider import Endpoint, Provider, word
from mockserver.http.replies import ErrorResponse
from mockserver.http.samples import samples_of
from mockserver.http.schemas import ID_PREFIX, SchemaStore

_PARTS = (
    ("path_fields", "path"),
    ("query", "query"),
    ("request_headers", "header"),
    ("takes", "body"),
    ("form", "form"),
    ("gives", "answer"),
)
_BRANCHES = ("allOf", "anyOf", "oneOf")
_DEEPEST = 12


async def fidelity(call: ControlCall) -> Answer:
    """Show the provenance of every part, as JSON, or as a page where the client prefers HTML."""
    providers = [provider_data(provider, call.server.schemas) for provider in call.server.providers.values()]
    if _prefers_html(call.headers.get("accept", "")):
        return Answer(page(providers), media="text/html; charset=utf-8")
    return Answer({"provenances": MEANINGS, "providers": providers})


def provider_data(provider: Provider, schemas: SchemaStore) -> dict[str, Any]:
    """Return a provider's endpoints with their fields, its refusals and its webhooks, each with its provenance."""
    endpoints = [_endpoint(endpoint, path, schemas) for path, endpoint in _endpoints(provider)]
    webhooks = [
        {
            "event": event,
            "schema": schema,
            "provenance": _root(schemas, schema),
            "fields": [_field("webhook", schema, *row) for row in _fields(schemas, schema)],
        }
        for event, schema in provider.webhooks.items()
    ]
    failure = provider.failure_schema
    data = {
        "provider": provider.name,
        "title": provider.title,
        "endpoints": endpoints,
        "refusals": {
            "schema": failure,
            "fields": [_field("refusal", failure, *row) for row in _fields(schemas, failure)],
            "wordings": _refusals(provider),
        },
        "webhooks": webhooks,
    }
    return {**data, "counts": _counts(data)}


def _endpoints(provider: Provider) -> Iterator[tuple[str, Endpoint]]:
    """Yield each endpoint with its path: below the base URL, or, for annexes, on their host."""
    yield from ((endpoint.path, endpoint) for endpoint in provider.endpoints)
    for annex in provider.annexes:
        yield from ((annex.mount.prefix + endpoint.path, endpoint) for endpoint in annex.endpoints)


def _endpoint(endpoint: Endpoint, path: str, schemas: SchemaStore) -> dict[str, Any]:
    fields = [
        _field(where, schema, *row)
        for attribute, where in _PARTS
        if (schema := getattr(endpoint, attribute)) is not None
        for row in _fields(schemas, schema)
    ]
    return {
        "name": endpoint.name,
        "method": endpoint.method,
        "path": path,
        "summary": endpoint.summary,
        "provenance": endpoint.provenance,
        "changes_state": endpoint.method not in ("GET", "HEAD") or not endpoint.head,
        "fields": fields,
    }


def _field(where: str, schema: str, path: str, provenance: str, about: str) -> dict[str, Any]:
    return {"where": where, "schema": schema, "field": path, "provenance": provenance, "about": about}


def _root(schemas: SchemaStore, name: str) -> str:
    provenance: str = schemas.load(name).get("x-provenance", "assumed")
    return provenance


def _fields(schemas: SchemaStore, name: str) -> Iterator[tuple[str, str, str]]:
    """Yield path, provenance and description of every property of a schema and of the schemas it refers to."""
    yield from _walk(schemas, schemas.load(name), name, "$", ())


def _walk(
    schemas: SchemaStore, schema: Any, name: str, path: str, above: tuple[str, ...]
) -> Iterator[tuple[str, str, str]]:
    if not isinstance(schema, dict) or len(above) > _DEEPEST:
        return
    if "$ref" in schema:
        target, name, mark = _target(schemas, schema["$ref"], name)
        if mark not in above:
            yield from _walk(schemas, target, name, path, (*above, mark))
    for field, inner in schema.get("properties", {}).items():
        if isinstance(inner, dict) and "x-provenance" in inner:
            yield f"{path}.{field}", inner["x-provenance"], inner.get("description", "")
        yield from _walk(schemas, inner, name, f"{path}.{field}", above)
    yield from _walk(schemas, schema.get("items"), name, f"{path}[*]", above)
    # A relation that may be its object instead of its id is described where that object is.
    for branch in _BRANCHES:
        for inner in schema.get(branch, ()):
            if not (isinstance(inner, dict) and "$ref" in inner):
                yield from _walk(schemas, inner, name, path, above)


def _target(schemas: SchemaStore, reference: str, name: str) -> tuple[Any, str, str]:
    uri, _, pointer = reference.partition("#")
    name = uri.removeprefix(ID_PREFIX) if uri else name
    target: Any = schemas.load(name)
    for part in pointer.split("/")[1:]:
        target = target[part.replace("~1", "/").replace("~0", "~")]
    return target, name, f"{name}#{pointer}"


def _refusals(provider: Provider) -> list[dict[str, Any]]:
    responses: dict[tuple[int, str, str], ErrorResponse] = {}
    declared = (kind for _, endpoint in _endpoints(provider) for kind in endpoint.mistakes)
    for kind in dict.fromkeys((*provider.mistakes, *declared, *KIT_MISTAKES)):
        for response in _error_responses(provider, kind):
            responses.setdefault((response.status, response.code, response.text), response)
    return [
        {"status": response.status, "code": response.code, "text": response.text, "provenance": response.provenance}
        for _, response in sorted(responses.items(), key=lambda pair: pair[0])
    ]


def _error_responses(provider: Provider, kind: type[ApiError]) -> Iterator[ErrorResponse]:
    """Yield the provider's responses to sample errors of this class; nothing where no sample can be built or worded."""
    try:
        samples = samples_of(kind)
    except ValueError:
        return
    for sample in samples:
        # A sample is invented: a provider's wording that looks closely at it may fail.
        with suppress(Exception):
            yield word(provider, sample)


def _counts(data: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    fields = {
        (row["schema"], row["field"]): row["provenance"]
        for part in (*data["endpoints"], data["refusals"], *data["webhooks"])
        for row in part["fields"]
    }
    counters = {
        "endpoints": Counter(row["provenance"] for row in data["endpoints"]),
        "fields": Counter(fields.values()),
        "refusals": Counter(row["provenance"] for row in data["refusals"]["wordings"]),
    }
    return {what: {name: counter[name] for name in MEANINGS} for what, counter in counters.items()}


def _prefers_html(accept: str) -> bool:
    """Return whether text/html is named first, as browsers do; programs name JSON, anything, or nothing."""
    kinds = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    html = kinds.index("text/html") if "text/html" in kinds else None
    json = kinds.index("application/json") if "application/json" in kinds else None
    return html is not None and (json is None or html < json)


OPERATIONS = (
    Operation(
        "GET",
        "/fidelity",
        fidelity,
        name="fidelity",
        summary="Every endpoint, field and refusal with its provenance; HTML for browsers",
        gives=list_of("providers"),
        produces=("application/json", "text/html"),
    ),
)

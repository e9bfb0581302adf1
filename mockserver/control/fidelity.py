"""`/_mock/fidelity`: what of each emulated API is documented, what was observed, and what is assumed."""

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
    """JSON, or a page for whoever prefers HTML."""
    providers = [provider_data(one, call.server.schemas) for one in call.server.providers.values()]
    if _prefers_html(call.headers.get("accept", "")):
        return Answer(page(providers), media="text/html; charset=utf-8")
    return Answer({"provenances": MEANINGS, "providers": providers})


def provider_data(provider: Provider, schemas: SchemaStore) -> dict[str, Any]:
    """A provider's endpoints with their fields, its refusals and its webhooks, each with its provenance."""
    endpoints = [_endpoint(one, path, schemas) for path, one in _endpoints(provider)]
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
            "wordings": _wordings(provider),
        },
        "webhooks": webhooks,
    }
    return {**data, "counts": _counts(data)}


def _endpoints(provider: Provider) -> Iterator[tuple[str, Endpoint]]:
    """With their paths, below the base URL or, of annexes, on their host."""
    yield from ((one.path, one) for one in provider.endpoints)
    for annex in provider.annexes:
        yield from ((annex.mount.prefix + one.path, one) for one in annex.endpoints)


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
    """Path, provenance and description of every property, those of the schemas it refers to included."""
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


def _wordings(provider: Provider) -> list[dict[str, Any]]:
    found: dict[tuple[int, str, str], ErrorResponse] = {}
    declared = (kind for _, endpoint in _endpoints(provider) for kind in endpoint.mistakes)
    for kind in dict.fromkeys((*provider.mistakes, *declared, *KIT_MISTAKES)):
        for wording in _worded(provider, kind):
            found.setdefault((wording.status, wording.code, wording.text), wording)
    return [
        {"status": one.status, "code": one.code, "text": one.text, "provenance": one.provenance}
        for _, one in sorted(found.items(), key=lambda pair: pair[0])
    ]


def _worded(provider: Provider, kind: type[ApiError]) -> Iterator[ErrorResponse]:
    """How the provider words samples of the kind; nothing where none can be built, or makes sense to it."""
    try:
        samples = samples_of(kind)
    except ValueError:
        return
    for sample in samples:
        # A sample is invented: a wording that looks closely at it may not fit.
        with suppress(Exception):
            yield word(provider, sample)


def _counts(data: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    fields = {
        (row["schema"], row["field"]): row["provenance"]
        for part in (*data["endpoints"], data["refusals"], *data["webhooks"])
        for row in part["fields"]
    }
    counted = {
        "endpoints": Counter(one["provenance"] for one in data["endpoints"]),
        "fields": Counter(fields.values()),
        "refusals": Counter(one["provenance"] for one in data["refusals"]["wordings"]),
    }
    return {what: {name: found[name] for name in MEANINGS} for what, found in counted.items()}


def _prefers_html(accept: str) -> bool:
    """Browsers name text/html first; programs name JSON, anything, or nothing."""
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

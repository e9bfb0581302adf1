"""The OpenAPI 3.1 document of a provider, derived from its declaration and its schemas."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from mockserver.domain.mistakes import AccountRefused, Invalid, Malformed, Mistake, RateLimited, Unauthenticated
from mockserver.http.provider import Endpoint, Provider, Wording, word
from mockserver.http.samples import samples_of
from mockserver.http.schemas import ID_PREFIX, SchemaStore

Samples = Mapping[type[Mistake], Sequence[Mistake]]

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

_COMPONENTS = "#/components/schemas/"
_PATH_FIELD = re.compile(r"\{([^}:]+)(?::[^}]*)?\}")
#: Keywords whose values are data or maps of schemas, not schemas.
_DATA_KEYWORDS = frozenset({"const", "default", "enum", "example", "examples"})
_MAP_KEYWORDS = frozenset({"$defs", "dependentSchemas", "patternProperties", "properties"})
_FREE_KEYWORDS = frozenset({"title", "description", "examples", "type", "x-provenance"})


def document(
    provider: Provider,
    schemas: SchemaStore,
    *,
    servers: Sequence[str],
    samples: Samples | None = None,
    failure: Callable[[Wording], Any] | None = None,
    version: str = "1.0",
) -> dict[str, Any]:
    """The document as plain JSON data, the same for the same declaration.

    `samples` gives the instances to word for mistakes that have several wordings, or that cannot be built without help.
    `failure` turns a wording into the body of an example. Raises KeyError for unknown schemas, ValueError
    for a mistake that can be neither built nor worded and for references that name no bundled schema.
    """
    wordings = _Wordings(provider, samples or {})
    components = _Components(schemas)
    operations = _Operations(provider, schemas, components, wordings, failure)
    paths: dict[str, Any] = {}
    for endpoint in provider.endpoints:
        paths.setdefault(_template(endpoint.path), {})[endpoint.method.lower()] = operations.operation(endpoint)
    found: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": provider.title, "version": version, "description": _about(provider)},
        "servers": [{"url": server} for server in servers],
        "security": [{name: [] for name in schemes} for schemes in provider.security],
        "paths": paths,
    }
    if provider.webhooks:
        found["webhooks"] = {name: operations.webhook(name, schema) for name, schema in provider.webhooks.items()}
    schemes = {name: scheme for together in provider.security for name, scheme in together.items()}
    found["components"] = {"schemas": components.all(), "securitySchemes": schemes}
    return found


def _about(provider: Provider) -> str:
    return (
        f"An emulation of the {provider.title} for tests, not the service itself: it sells nothing and reaches"
        " nobody. `x-provenance` tells where each fact comes from: `documented` by the provider, `observed` in"
        " clients of the real service, or `assumed` by this emulation."
    )


def _template(path: str) -> str:
    return _PATH_FIELD.sub(r"{\1}", path)


class _Wordings:
    """The wordings that a provider has for kinds of mistakes."""

    def __init__(self, provider: Provider, samples: Samples) -> None:
        self._provider = provider
        self._samples = samples

    def of(self, kinds: Iterable[type[Mistake]]) -> dict[int, list[Wording]]:
        """By status in ascending order; of several with one status and code the first stands for all."""
        found: dict[tuple[int, str], Wording] = {}
        for kind in kinds:
            for wording in self._worded(kind):
                found.setdefault((wording.status, wording.code), wording)
        by_status: dict[int, list[Wording]] = {}
        for wording in sorted(found.values(), key=lambda wording: wording.status):
            by_status.setdefault(wording.status, []).append(wording)
        return by_status

    def _worded(self, kind: type[Mistake]) -> list[Wording]:
        """At least one; not every sample needs to make sense to a provider."""
        found = []
        problem: Exception | None = None
        for mistake in self._samples.get(kind) or samples_of(kind):
            try:
                found.append(word(self._provider, mistake))
            except Exception as error:
                problem = error
        if not found:
            raise ValueError(f"{self._provider.name} cannot word a sample of {kind.__name__}: {problem!r}") from problem
        return found


class _Components:
    """The schemas that the document refers to, rewritten to refer to each other inside it."""

    def __init__(self, schemas: SchemaStore) -> None:
        self._schemas = schemas
        self._found: dict[str, Any] = {}

    def reference(self, name: str) -> dict[str, str]:
        """A reference to the schema, which becomes part of the document with all that it refers to."""
        if name not in self._found:
            self._found[name] = {}  # A placeholder: schemas may refer to each other in circles.
            schema = self._schemas.load(name)
            inner = {key: value for key, value in schema.items() if key not in ("$schema", "$id")}
            self._found[name] = self.rewritten(inner, name)
        return {"$ref": _COMPONENTS + _component(name)}

    def rewritten(self, schema: Any, name: str) -> Any:
        """A copy of a part of the schema `name`."""
        if isinstance(schema, list):
            return [self.rewritten(one, name) for one in schema]
        if not isinstance(schema, dict):
            return schema
        copy: dict[str, Any] = {}
        for key, value in schema.items():
            if key in _DATA_KEYWORDS:
                copy[key] = value
            elif key in _MAP_KEYWORDS:
                copy[key] = {one: self.rewritten(inner, name) for one, inner in value.items()}
            else:
                copy[key] = self._pointed(value, name) if key == "$ref" else self.rewritten(value, name)
        return copy

    def all(self) -> dict[str, Any]:
        """By component name, sorted."""
        return {_component(name): self._found[name] for name in sorted(self._found)}

    def _pointed(self, reference: str, name: str) -> str:
        uri, _, pointer = reference.partition("#")
        if uri and not uri.startswith(ID_PREFIX):
            raise ValueError(f"schema {name} refers to {reference!r}, which is not one of the bundled schemas")
        target = uri.removeprefix(ID_PREFIX) if uri else name
        return self.reference(target)["$ref"] + pointer


def _component(name: str) -> str:
    return name.replace("/", ".")


class _Operations:
    """Endpoints and webhooks as operations."""

    def __init__(
        self,
        provider: Provider,
        schemas: SchemaStore,
        components: _Components,
        wordings: _Wordings,
        failure: Callable[[Wording], Any] | None,
    ) -> None:
        self._provider = provider
        self._schemas = schemas
        self._components = components
        self._wordings = wordings
        self._failure = failure

    def operation(self, endpoint: Endpoint) -> dict[str, Any]:
        """One method of one path."""
        found: dict[str, Any] = {"operationId": endpoint.name, "summary": endpoint.summary}
        parameters = [*self._path_parameters(endpoint), *self._query_parameters(endpoint)]
        if parameters:
            found["parameters"] = parameters
        if endpoint.takes:
            needed = bool(self._schemas.load(endpoint.takes).get("required"))
            found["requestBody"] = {"required": needed, "content": self._content(endpoint.takes)}
        elif endpoint.form:
            found["requestBody"] = {"required": True, "content": self._content(endpoint.form, FORM)}
        found["responses"] = self._responses(endpoint)
        if endpoint.public:
            found["security"] = []
        if endpoint.limit:
            window = int(endpoint.limit.window.total_seconds())
            found["x-rate-limit"] = {"calls": endpoint.limit.calls, "seconds": window}
        found["x-provenance"] = endpoint.provenance
        return found

    def webhook(self, event: str, schema: str) -> dict[str, Any]:
        """What is sent to the account's address when the event happens."""
        whole = self._schemas.load(schema)
        return {
            "post": {
                "summary": whole.get("title", event),
                "requestBody": {"required": True, "content": self._content(schema)},
                "responses": {"2XX": {"description": "The receiver has taken it."}},
                "security": [],
                "x-provenance": whole.get("x-provenance", "documented"),
            }
        }

    def _content(self, schema: str, media: str = JSON) -> dict[str, Any]:
        return {media: {"schema": self._components.reference(schema)}}

    def _path_parameters(self, endpoint: Endpoint) -> Iterator[dict[str, Any]]:
        fields = self._fields(endpoint.path_fields)
        for name in _PATH_FIELD.findall(endpoint.path):
            schema = fields.get(name, {"type": "string"})
            yield {"name": name, "in": "path", "required": True, **self._described(schema, endpoint.path_fields)}

    def _query_parameters(self, endpoint: Endpoint) -> Iterator[dict[str, Any]]:
        required = self._schemas.load(endpoint.query).get("required", ()) if endpoint.query else ()
        for name, schema in self._fields(endpoint.query).items():
            yield {"name": name, "in": "query", "required": name in required, **self._described(schema, endpoint.query)}

    def _fields(self, name: str | None) -> dict[str, Any]:
        fields: dict[str, Any] = self._schemas.load(name).get("properties", {}) if name else {}
        return fields

    def _described(self, schema: Any, name: str | None) -> dict[str, Any]:
        copy = self._components.rewritten(schema, name or "")
        about = {"description": copy.pop("description")} if "description" in copy else {}
        return {**about, "schema": copy}

    def _responses(self, endpoint: Endpoint) -> dict[str, Any]:
        done = {"description": "Done.", "content": self._content(endpoint.gives)}
        responses = {str(endpoint.status): done}
        for status, wordings in self._wordings.of(self._kinds(endpoint)).items():
            refusal = self._refusal(wordings)
            responses[str(status)] = _either(done, refusal) if status == endpoint.status else refusal
        return responses

    def _kinds(self, endpoint: Endpoint) -> list[type[Mistake]]:
        common = [kind for kind in self._provider.common_mistakes if not (endpoint.public and _needs_account(kind))]
        implied: list[type[Mistake]] = [RateLimited] if endpoint.limit else []
        if endpoint.takes:
            implied.append(Malformed)
        elif (
            endpoint.form or endpoint.query or any(_refuses(one) for one in self._fields(endpoint.path_fields).values())
        ):
            implied.append(Invalid)
        return [*endpoint.mistakes, *implied, *common]

    def _refusal(self, wordings: Sequence[Wording]) -> dict[str, Any]:
        content = self._content(self._provider.failure_schema)
        if self._failure:
            examples = {wording.code: {"value": self._failure(wording)} for wording in wordings}
            content[JSON]["examples"] = examples
        found: dict[str, Any] = {"description": "\n".join(f"- `{one.code}`: {one.text}" for one in wordings)}
        if headers := {name: {"schema": {"type": "string"}} for one in wordings for name, _value in one.headers}:
            found["headers"] = headers
        codes = [{"code": one.code, "text": one.text, "x-provenance": one.provenance} for one in wordings]
        return {**found, "content": content, "x-codes": codes}


def _either(done: dict[str, Any], refusal: dict[str, Any]) -> dict[str, Any]:
    """One response for an answer and for refusals that have the same status."""
    schemas = [one["content"][JSON]["schema"] for one in (done, refusal)]
    content = {JSON: {**refusal["content"][JSON], "schema": {"anyOf": schemas}}}
    return {**refusal, "description": f"{done['description']} Or:\n{refusal['description']}", "content": content}


def _needs_account(kind: type[Mistake]) -> bool:
    return issubclass(kind, Unauthenticated | AccountRefused)


def _refuses(field: Any) -> bool:
    """Whether some text in the path would break the field's rules."""
    return bool(field.get("type") != "string" or field.keys() - _FREE_KEYWORDS)

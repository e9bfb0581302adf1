"""Makes the OpenAPI 3.1 document of a provider from its declaration and its schemas."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from mockserver.domain.errors import (
    AccountRefused,
    ApiError,
    Invalid,
    Malformed,
    MethodNotAllowed,
    RateLimited,
    Unauthenticated,
)
from mockserver.http.components import Components
from mockserver.http.kit_mistakes import ANY_CALL
from mockserver.http.provider import Annex, Endpoint, Outcome, Provider, word
from mockserver.http.replies import ErrorResponse
from mockserver.http.samples import samples_of
from mockserver.http.schemas import SchemaStore

Samples = Mapping[type[ApiError], Sequence[ApiError]]

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

_PATH_FIELD = re.compile(r"\{([^}:]+)(?::[^}]*)?\}")
_NOT_ALLOWED = 405
_TEXT = {"type": "string"}
_FREE_KEYWORDS = frozenset({"title", "description", "examples", "type", "x-provenance"})


def document(
    provider: Provider,
    schemas: SchemaStore,
    *,
    origin: str,
    samples: Samples | None = None,
    failure: Callable[[ErrorResponse], Any] | None = None,
    version: str = "1.0",
) -> dict[str, Any]:
    """Return the document as plain JSON data, the same for the same declaration.

    `origin` (`http://localhost:7460`) stands before the hosts in addresses. Endpoints of annexes have their host as
    the server of their path, and the prefix of their mount in the path. `samples` gives instances of errors that have
    several responses, or that cannot be built without help. `failure` turns an error response into the body of an
    example. Raises KeyError for unknown schemas, ValueError for an error that cannot be built or worded, for
    references to schemas that are not bundled, and for endpoints with the same method and path.
    """
    error_responses = _ErrorResponses(provider, samples or {})
    components = Components(schemas)
    operations = _Operations(provider, schemas, components, error_responses, failure)
    mount = provider.mounts[0]
    own = _Envelope(provider.failure_schema, provider.failure_media, headers=provider.answer_headers)
    paths = _Paths()
    for endpoint in provider.endpoints:
        paths.add(endpoint, operations.operation(endpoint, own))
    for annex in provider.annexes:
        for endpoint in annex.endpoints:
            operation = operations.operation(endpoint, _envelope_of(annex, provider))
            paths.add(endpoint, operation, prefix=annex.mount.prefix, server=f"{origin}/{annex.mount.host}")
    data: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": provider.title, "version": version, "description": _about(provider)},
        "servers": [{"url": f"{origin}/{mount.host}{mount.prefix}"}],
        "security": [{name: [] for name in schemes} for schemes in provider.security],
        "paths": paths.items,
    }
    if provider.webhooks:
        data["webhooks"] = {name: operations.webhook(name, schema) for name, schema in provider.webhooks.items()}
    schemes = {name: scheme for together in _security(provider) for name, scheme in together.items()}
    shared = operations.answer_headers()
    data["components"] = {"schemas": components.all(), "securitySchemes": schemes} | (
        {"headers": shared} if shared else {}
    )
    return data


def _about(provider: Provider) -> str:
    return (
        f"An emulation of the {provider.title} for tests, not the service itself: it sells nothing and reaches"
        " nobody. `x-provenance` tells where each fact comes from: `documented` by the provider, `observed` in"
        " clients of the real service, or `assumed` by this emulation."
    )


class _Envelope(NamedTuple):
    """Schema and media type of refusals; `code` returns their code, `headers` is the schema of all answers' headers."""

    failure: str
    media: str
    code: Callable[[ErrorResponse], str] = attrgetter("code")
    headers: str | None = None


def _envelope_of(annex: Annex, provider: Provider) -> _Envelope:
    return _Envelope(
        annex.failure_schema or provider.failure_schema,
        annex.failure_media or provider.failure_media,
        annex.code or attrgetter("code"),
    )


def _security(provider: Provider) -> Iterator[Mapping[str, Any]]:
    """Yield the provider's security schemes, and those of single endpoints."""
    yield from provider.security
    for endpoint in (*provider.endpoints, *(other for annex in provider.annexes for other in annex.endpoints)):
        yield from endpoint.security or ()


class _Paths:
    """Operations by path and method."""

    def __init__(self) -> None:
        self.items: dict[str, Any] = {}

    def add(self, endpoint: Endpoint, operation: dict[str, Any], *, prefix: str = "", server: str = "") -> None:
        """Add an operation; raises ValueError where its path has this method already, or belongs to another server.

        Where two servers have the same operation, and nothing else at its path, it is one operation of both.
        """
        path, method = prefix + _PATH_FIELD.sub(r"{\1}", endpoint.path), endpoint.method.lower()
        servers = [{"url": server}] if server else []
        item = self.items.setdefault(path, {"servers": servers} if servers else {})
        known = item.get("servers", [])
        if servers and servers[0] not in known and item == {"servers": known, method: operation}:
            known += servers
            return
        if method in item or known != servers:
            raise ValueError(f"{endpoint.method} {path} of {endpoint.name} has the path of another endpoint")
        item[method] = operation


class _ErrorResponses:
    """The responses of a provider to classes of errors."""

    def __init__(self, provider: Provider, samples: Samples) -> None:
        self._provider = provider
        self._samples = samples

    def of(self, kinds: Iterable[type[ApiError]]) -> dict[int, list[ErrorResponse]]:
        """Return the responses by ascending status, the first of those with the same status, code and provenance."""
        responses: dict[tuple[int, str, str], ErrorResponse] = {}
        for kind in kinds:
            for response in self._responses_to(kind):
                responses.setdefault((response.status, response.code, response.provenance), response)
        by_status: dict[int, list[ErrorResponse]] = {}
        for response in sorted(responses.values(), key=lambda response: response.status):
            by_status.setdefault(response.status, []).append(response)
        return by_status

    def _responses_to(self, kind: type[ApiError]) -> list[ErrorResponse]:
        """Return the responses to samples of the class, at least one; some samples may make no sense to a provider."""
        responses = []
        problem: Exception | None = None
        for sample in self._samples.get(kind) or samples_of(kind):
            try:
                responses.append(word(self._provider, sample))
            except Exception as error:
                problem = error
        if not responses:
            raise ValueError(f"{self._provider.name} cannot word a sample of {kind.__name__}: {problem!r}") from problem
        return responses


class _Operations:
    """Makes operations of endpoints and webhooks."""

    def __init__(
        self,
        provider: Provider,
        schemas: SchemaStore,
        components: Components,
        error_responses: _ErrorResponses,
        failure: Callable[[ErrorResponse], Any] | None,
    ) -> None:
        self._provider = provider
        self._schemas = schemas
        self._components = components
        self._error_responses = error_responses
        self._failure = failure

    def operation(self, endpoint: Endpoint, envelope: _Envelope) -> dict[str, Any]:
        """Return the operation of an endpoint."""
        operation: dict[str, Any] = {"operationId": endpoint.operation_id, "summary": endpoint.summary}
        if endpoint.alias:
            operation["x-alias-of"] = endpoint.name
        if endpoint.scope:
            operation |= {"description": f"Needs the scope `{endpoint.scope}`.", "x-scope": endpoint.scope}
        parameters = [
            *self._path_parameters(endpoint),
            *self._parameters(endpoint.query, "query"),
            *self._parameters(endpoint.request_headers, "header"),
        ]
        if parameters:
            operation["parameters"] = parameters
        if endpoint.takes:
            needed = not endpoint.checked or bool(self._schemas.load(endpoint.takes).get("required"))
            operation["requestBody"] = {"required": needed, "content": self._content(endpoint.takes)}
        elif endpoint.form:
            operation["requestBody"] = {"required": True, "content": self._content(endpoint.form, FORM)}
        operation["responses"] = self._responses(endpoint, envelope)
        if endpoint.public:
            operation["security"] = [{name: [] for name in schemes} for schemes in endpoint.security or ()]
        if endpoint.limit:
            window = int(endpoint.limit.window.total_seconds())
            operation["x-rate-limit"] = {"calls": endpoint.limit.calls, "seconds": window}
        operation["x-provenance"] = endpoint.provenance
        return operation

    def webhook(self, event: str, schema: str) -> dict[str, Any]:
        """Return the operation of a webhook, which is sent to the account's URL when the event happens."""
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

    def _parameters(self, fields: str | None, where: str) -> Iterator[dict[str, Any]]:
        required = self._schemas.load(fields).get("required", ()) if fields else ()
        for name, schema in self._fields(fields).items():
            yield {"name": name, "in": where, "required": name in required, **self._described(schema, fields)}

    def answer_headers(self) -> dict[str, Any]:
        """Return the headers that every answer of the provider's own endpoints has."""
        fields = self._provider.answer_headers
        return {name: self._described(schema, fields) for name, schema in self._fields(fields).items()}

    def _fields(self, name: str | None) -> dict[str, Any]:
        fields: dict[str, Any] = self._schemas.load(name).get("properties", {}) if name else {}
        return fields

    def _described(self, schema: Any, name: str | None) -> dict[str, Any]:
        copy = self._components.rewritten(schema, name or "")
        about = {"description": copy.pop("description")} if "description" in copy else {}
        return {**about, "schema": copy}

    def _responses(self, endpoint: Endpoint, envelope: _Envelope) -> dict[str, Any]:
        responses = {endpoint.status: self._success(endpoint)}
        responses |= {outcome.status: _outcome(outcome) for outcome in endpoint.outcomes}
        for status, error_responses in self._error_responses.of(self._kinds(endpoint)).items():
            refusal = self._refusal(error_responses, envelope)
            responses[status] = _either(responses[status], refusal) if status in responses else refusal
        shared = {name: {"$ref": f"#/components/headers/{name}"} for name in self._fields(envelope.headers)}
        for response in responses.values() if shared else ():
            response["headers"] = {**shared, **response.get("headers", {})}
        return {str(status): response for status, response in responses.items()}

    def _success(self, endpoint: Endpoint) -> dict[str, Any]:
        content = {"content": self._content(endpoint.gives, endpoint.media)} if endpoint.media else {}
        return {"description": "Done.", **content}

    def _kinds(self, endpoint: Endpoint) -> list[type[ApiError]]:
        common = [kind for kind in self._provider.common_mistakes if not (endpoint.public and _needs_account(kind))]
        implied: list[type[ApiError]] = [RateLimited] if endpoint.limit else []
        if endpoint.checked and endpoint.takes:
            implied.append(Malformed)
        elif (endpoint.checked and (endpoint.form or endpoint.query)) or any(
            _refuses(field) for field in self._fields(endpoint.path_fields).values()
        ):
            implied.append(Invalid)
        return [*endpoint.mistakes, *implied, *common, *filter(self._is_listed, ANY_CALL)]

    def _is_listed(self, kind: type[ApiError]) -> bool:
        """Return whether operations list an error of the kit; not MethodNotAllowed where it is answered like a 404."""
        return kind is not MethodNotAllowed or word(self._provider, MethodNotAllowed("", ())).status == _NOT_ALLOWED

    def _refusal(self, responses: Sequence[ErrorResponse], envelope: _Envelope) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for media in dict.fromkeys(response.media or envelope.media for response in responses):
            content |= self._content(envelope.failure, media) if _is_json(media) else {media: {"schema": _TEXT}}
        if self._failure and JSON in content and envelope.failure == self._provider.failure_schema:
            # Reversed, so that of several responses with one code the first is the example.
            examples = [response for response in reversed(responses) if (response.media or envelope.media) == JSON]
            content[JSON]["examples"] = {response.code: {"value": self._failure(response)} for response in examples}
        rows = [
            {
                "code": envelope.code(response),
                "text": response.text,
                "x-provenance": response.provenance,
            }
            for response in responses
        ]
        refusal: dict[str, Any] = {"description": "\n".join(f"- `{row['code']}`: {row['text']}" for row in rows)}
        if headers := _headers(name for response in responses for name, _value in response.headers):
            refusal["headers"] = headers
        return {**refusal, "content": content, "x-codes": rows}


def _outcome(outcome: Outcome) -> dict[str, Any]:
    response: dict[str, Any] = {"description": outcome.about}
    if outcome.headers:
        response["headers"] = _headers(outcome.headers)
    if outcome.media:
        response["content"] = {outcome.media: {"schema": _TEXT}}
    return response


def _is_json(media: str) -> bool:
    kind = media.partition(";")[0].strip()
    return kind == JSON or kind.endswith("+json")


def _headers(names: Iterable[str]) -> dict[str, Any]:
    return {name: {"schema": {"type": "string"}} for name in names}


def _either(success: dict[str, Any], refusal: dict[str, Any]) -> dict[str, Any]:
    """Return one response for an answer and for refusals with the same status."""
    content = {**success.get("content", {})}
    for media, other in refusal["content"].items():
        known = content.get(media)
        content[media] = {**other, "schema": {"anyOf": [known["schema"], other["schema"]]}} if known else other
    return {
        **success,
        **refusal,
        "description": f"{success['description']} Or:\n{refusal['description']}",
        "content": content,
    }


def _needs_account(kind: type[ApiError]) -> bool:
    return issubclass(kind, Unauthenticated | AccountRefused)


def _refuses(field: Any) -> bool:
    """Return whether some text in the path would break the field's rules."""
    return bool(field.get("type") != "string" or field.keys() - _FREE_KEYWORDS)

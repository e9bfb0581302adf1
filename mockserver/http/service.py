"""Serves a provider from its declaration: routing, identity, limits, checks, envelope, journal."""

import logging
import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.domain.accounts import Account
from mockserver.domain.mistakes import (
    AccountDenied,
    AccountDisabled,
    AccountLocked,
    AccountRefused,
    AccountRevoked,
    AccountSuspended,
    InternalError,
    Invalid,
    Malformed,
    MethodNotAllowed,
    Mistake,
    RateLimited,
    UnknownRoute,
    mistake_named,
)
from mockserver.http.body import read_body
from mockserver.http.call import Call
from mockserver.http.checking import Errors, QueryReader
from mockserver.http.dates import http_date
from mockserver.http.provider import Annex, Endpoint, Provider, Wording, word
from mockserver.http.schemas import SchemaStore
from mockserver.journal.journal import MOST_BODY, Entry
from mockserver.journal.redact import (
    SECRET_FIELDS,
    SECRET_HEADERS,
    BodyRedactor,
    body_redactor,
    redact_body,
    redact_headers,
    redact_query,
    redact_url,
)
from mockserver.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from mockserver.http.faulting import Verdict

if TYPE_CHECKING:
    from starlette.routing import Router

log = logging.getLogger("mockserver")

_REFUSED: dict[str, type[AccountRefused]] = {
    "suspended": AccountSuspended,
    "locked": AccountLocked,
    "disabled": AccountDisabled,
    "revoked": AccountRevoked,
    "denied": AccountDenied,
}


class Arrival(NamedTuple):
    """Where a request came in: its sandbox, and the path in front of the provider's own (`/~w/host/v1`)."""

    sandbox: Sandbox
    prefix: str


class Payload(NamedTuple):
    """An answer as bytes."""

    status: int
    body: bytes
    media: str
    headers: tuple[tuple[str, str], ...]


class Instead(Exception):
    """A fault answers, and nothing is worked on."""

    def __init__(self, answer: Payload) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Service:
    """An ASGI app for one provider, or for one of its annexes.

    Expects `scope["mock.arrival"]`, and the provider's own path in `path`.
    """

    def __init__(self, provider: Provider, schemas: SchemaStore, annex: Annex | None = None) -> None:
        self.provider = provider
        self.is_annex = annex is not None
        self.wrap = annex.wrap if annex else provider.wrap
        self.refuse = annex.refuse if annex else provider.refuse
        self.headers = annex.headers if annex else provider.headers
        self.schemas = schemas
        self._endpoints = annex.endpoints if annex else provider.endpoints
        self.secret_headers = frozenset(name.encode() for name in SECRET_HEADERS | provider.secrets.headers)
        self.secret_fields = SECRET_FIELDS | provider.secrets.fields
        #: Answers any path as unknown, in the provider's envelope.
        self.elsewhere = _Resource(self, {})

    @cached_property
    def secret_body(self) -> BodyRedactor:
        """What finds secrets in bodies."""
        return body_redactor(self.secret_fields)

    @cached_property
    def _paths(self) -> dict[str, "_Resource"]:
        """Made with the first request: a provider that nobody asks costs a start nothing."""
        paths: dict[str, dict[str, Endpoint]] = {}
        for endpoint in self._endpoints:
            paths.setdefault(endpoint.path, {})[endpoint.method] = endpoint
        return {path: _Resource(self, methods) for path, methods in paths.items()}

    @cached_property
    def _routes(self) -> "_Routes":
        """Made with the first request whose path is not an endpoint's to the letter."""
        return _routes(self._paths, self.elsewhere)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        found: ASGIApp | None = self._paths.get(path)
        if found is None or "{" in path:
            found = self._routes.router
            for pattern, resource in self._routes.by_part.get(_first_part(path), ()):
                match = pattern.match(path)
                if match is not None:
                    scope["path_params"] = match.groupdict()
                    found = resource
                    break
        await found(scope, receive, send)


class _Routes(NamedTuple):
    """The router asks one route after the other; most paths can be told by their first part."""

    router: "Router"
    by_part: dict[str, list[tuple[re.Pattern[str], "_Resource"]]]


def _routes(resources: Mapping[str, "_Resource"], elsewhere: "_Resource") -> _Routes:
    from starlette.convertors import PathConvertor, StringConvertor
    from starlette.routing import Route, Router

    routes = [Route(path, resource) for path, resource in resources.items()]
    by_part: dict[str, list[tuple[re.Pattern[str], _Resource]]] = {}
    for route in routes:
        texts = all(isinstance(one, StringConvertor | PathConvertor) for one in route.param_convertors.values())
        if "{" in route.path and texts:
            by_part.setdefault(_first_part(route.path), []).append((route.path_regex, resources[route.path]))
    return _Routes(Router(routes, default=elsewhere, redirect_slashes=False), by_part)


def _first_part(path: str) -> str:
    return path[1:].partition("/")[0]


class _Resource:
    """All methods of one path; with none, the answer to an unknown path."""

    def __init__(self, service: Service, methods: Mapping[str, Endpoint]) -> None:
        self._service = service
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter_ns()
        service = self._service
        provider = service.provider
        arrival: Arrival = scope["mock.arrival"]
        sandbox = arrival.sandbox
        body, whole = await read_body(receive)
        headers = _headers(scope["headers"])
        method = scope["method"]
        methods = self._offered(sandbox)
        endpoint = methods.get(method) or (_for_head(methods) if method == "HEAD" else None)
        entry = _entry(service, scope, sandbox, arrival, body, endpoint)
        call = Call(
            sandbox=sandbox,
            provider=provider,
            endpoint=endpoint,
            entry=entry,
            headers=headers,
            prefix=arrival.prefix,
            scheme=scope.get("scheme", "http"),
            client=(scope.get("client") or ("",))[0],
            query=scope["query_string"],
            body=body,
        )
        extra: tuple[tuple[str, str], ...]
        verdict = None
        try:
            if sandbox.faults.some or "prefer" in headers:
                verdict = await _consulted(service, call, scope, body)
                await verdict.begin()
            if endpoint is None:
                raise MethodNotAllowed(method, sorted(methods)) if methods else UnknownRoute("route", scope["path"])
            if whole is not None:
                raise whole
            reply = await _answer(service, call, endpoint, scope, body)
            status, extra, assumed = reply.status, reply.headers, False
            payload, media = service.wrap(call, reply), reply.media
        except Instead as instead:
            assert verdict is not None, "only a fault answers instead"
            await verdict.finish(instead.answer, scope, receive, send, began=began)
            return
        except Exception as error:
            wording = worded(provider, call, error)
            status, extra, assumed = wording.status, wording.headers, wording.provenance == "assumed"
            payload, media = service.refuse(call, wording), "application/json"
        if service.headers is not None:
            extra += service.headers(call, status)
        if assumed or (endpoint is not None and endpoint.provenance == "assumed"):
            extra += (("X-Mock-Assumed", "true"),)
        answer = Payload(status, payload, media, extra)
        if verdict is not None:
            await verdict.finish(answer, scope, receive, send, began=began)
        else:
            await send_answer(service, send, scope, call, answer, began=began)

    def _offered(self, sandbox: Sandbox) -> Mapping[str, Endpoint]:
        """Those that exist under the sandbox's settings: what is not offered is not told of either."""
        offers = self._service.provider.offers
        if offers is None:
            return self._methods
        values = sandbox.settings.values
        return {method: one for method, one in self._methods.items() if offers(one, values)}


def _for_head(methods: Mapping[str, Endpoint]) -> Endpoint | None:
    endpoint = methods.get("GET")
    return endpoint if endpoint is not None and endpoint.head else None


async def _consulted(service: Service, call: Call, scope: Scope, body: bytes) -> "Verdict":
    from mockserver.http.faulting import consult

    return await consult(service, call, scope, body)


async def _answer(service: Service, call: Call, endpoint: Endpoint, scope: Scope, body: bytes) -> Any:
    provider, sandbox = service.provider, call.sandbox
    if not endpoint.public:
        account = await provider.identify(call)
        _refuse_status(account)
        call.identify(account)
        _count_call(call, endpoint)
    _read_fields(service, call, endpoint, scope, body)
    if sandbox.force.speaking("takes", provider.name, endpoint.name):
        await call.take_time()
    if sandbox.force.speaking("refuse", provider.name, endpoint.name):
        rule = call.decide("refuse")
        if rule is not None:
            raise mistake_named(rule.then["refuse"])
    return await endpoint.handler(call)


def _refuse_status(account: Account) -> None:
    refusal = _REFUSED.get(account.status)
    if refusal is not None:
        raise refusal


def _count_call(call: Call, endpoint: Endpoint) -> None:
    limit = call.limit = call.provider.limit(call) if call.provider.limit else endpoint.limit
    sandbox = call.sandbox
    if limit is None or sandbox.settings.values["rate_limits"] == "off":
        return
    wait = sandbox.limiter.take(call.limit_name(), calls=limit.calls, window=limit.window, now=call.entry.at)
    if wait is not None:
        raise RateLimited(endpoint.name, max(wait, timedelta(seconds=1)))


def _read_fields(service: Service, call: Call, endpoint: Endpoint, scope: Scope, body: bytes) -> None:
    """Body, query and path fields; of the same name, the path's wins."""
    errors: Errors = {}
    if endpoint.takes is not None and endpoint.checked:
        checker = service.schemas.checker(endpoint.takes)
        data = _json(body)
        errors = checker.check(data)
        if not errors:
            call.fields |= checker.normalise(data)
    readers = service.schemas
    if endpoint.form is not None and endpoint.checked:
        errors = _read_texts(call, readers.query_reader(endpoint.form), read_pairs(body), errors)
    if endpoint.query is not None and endpoint.checked:
        errors = _read_texts(call, readers.query_reader(endpoint.query), read_pairs(scope["query_string"]), errors)
    if endpoint.path_fields is not None:
        pairs = list(scope["path_params"].items())
        errors = _read_texts(call, readers.query_reader(endpoint.path_fields), pairs, errors)
    if errors:
        raise Invalid(errors)


def _read_texts(call: Call, reader: QueryReader, pairs: list[tuple[str, str]], errors: Errors) -> Errors:
    values, wrong = reader.read(pairs)
    call.fields |= values
    return errors | wrong if wrong else errors


def read_pairs(query: bytes) -> list[tuple[str, str]]:
    """Names and values of a query or a form; raises Invalid."""
    try:
        return parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=1000)
    except ValueError as error:
        raise Invalid({"query": [f"The query is not readable: {error}."]}) from None


def _json(body: bytes) -> Any:
    """An empty body and the empty list (PHP's empty object) count as an object without members."""
    if not body.strip():
        return {}
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed({"body": [f"The request body is not valid JSON: {error}."]}) from None
    return {} if data == [] else data


def worded(provider: Provider, call: Call, error: Exception) -> Wording:
    """The provider's wording of what went wrong, noted in the journal; what is no mistake goes to the log."""
    if not isinstance(error, Mistake):
        log.error("%s %s failed", call.entry.method, call.entry.path, exc_info=error)
        error = InternalError()
    call.entry.mistake = type(error).__name__
    wording = word(provider, error)
    return provider.reword(call, wording) if provider.reword is not None else wording


def _headers(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Lower-case names to values; what is sent twice is joined, as RFC 9110 says."""
    found: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _entry(
    service: Service, scope: Scope, sandbox: Sandbox, arrival: Arrival, body: bytes, endpoint: Endpoint | None
) -> Entry:
    return Entry(
        id=sandbox.journal.next_id(),
        at=sandbox.clock.now(),
        provider=service.provider.name,
        method=scope["method"],
        path=scope["path"],
        query=redact_query(scope["query_string"].decode("latin-1"), service.secret_fields),
        request_headers=redact_headers(scope["headers"], service.secret_headers),
        request_body=redact_body(body[:MOST_BODY], service.secret_body),
        operation=endpoint.name if endpoint else None,
        changes_state=endpoint is not None and (endpoint.method != "GET" or not endpoint.head),
    )


async def send_answer(
    service: Service,
    send: Send,
    scope: Scope,
    call: Call,
    answer: Payload,
    *,
    began: int,
) -> None:
    """Write the exchange down and send the answer; `began` is when it came in (perf_counter_ns)."""
    entry, sandbox, payload = call.entry, call.sandbox, answer.body
    headers = [
        (b"content-type", answer.media.encode()),
        (b"content-length", str(len(payload)).encode()),
        (b"date", http_date(sandbox.clock.now())),
        (b"x-mock-request-id", entry.id.encode()),
    ]
    headers += [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers]
    entry.status = answer.status
    # A refusal holds no secrets, and its words are worth reading.
    confidential = call.endpoint is not None and call.endpoint.confidential and answer.status < 400
    entry.response_headers = tuple(_without_secrets(headers) if confidential else headers)
    # A copy, since the bytes that orjson gives keep a buffer of 4 KiB.
    kept = memoryview(payload)[:MOST_BODY].tobytes()
    entry.response_body = redact_body(kept, service.secret_body) if confidential else kept
    entry.milliseconds = (perf_counter_ns() - began) / 1_000_000
    sandbox.journal.keep(entry)
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else payload})


def _without_secrets(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """A redirect may carry a secret in its query."""
    return [
        (name, redact_url(value.decode("latin-1")).encode("latin-1") if name == b"location" else value)
        for name, value in headers
    ]

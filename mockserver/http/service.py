"""Serves a provider by its declaration: routing, identity, limits, checks, envelope."""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from time import perf_counter_ns
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.domain.accounts import Account
from mockserver.domain.errors import (
    AccountDenied,
    AccountDisabled,
    AccountLocked,
    AccountRefused,
    AccountRevoked,
    AccountSuspended,
    ApiError,
    MalformedHost,
    RateLimited,
    mistake_named,
)
from mockserver.domain.hosts import host_name
from mockserver.http.answering import Edge, FaultResponse, Payload, Recorder, error_response_of
from mockserver.http.body import read_body
from mockserver.http.call import Call
from mockserver.http.cors import is_preflight
from mockserver.http.heads import REFUSED
from mockserver.http.provider import Annex, Endpoint, Offers, Provider, identified
from mockserver.http.reading import read_fields, read_headers
from mockserver.http.replies import Limit, Reply
from mockserver.http.schemas import SchemaStore
from mockserver.http.unrouted import refusal_of_unrouted, routing_mistake
from mockserver.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from starlette.routing import Router

    from mockserver.http.fault_plan import FaultPlan

_REFUSED: dict[str, type[AccountRefused]] = {
    "suspended": AccountSuspended,
    "locked": AccountLocked,
    "disabled": AccountDisabled,
    "revoked": AccountRevoked,
    "denied": AccountDenied,
}


#: As a number, since `in` finds a number in bytes much faster than bytes.
_PERCENT = ord("%")
_SLASH, _ENCODED_SLASH = "\0", re.compile(b"%2f", re.IGNORECASE)

#: Set in the scope of an accepted request: its credential is known, or it made something new.
ACCEPTED = "mock.accepted"


#: The sandbox of a request, and the prefix before the provider's own path (`/~w/host/v1`).
Arrival = tuple[Sandbox, str]


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
        self.endpoints = annex.endpoints if annex else provider.endpoints
        self.recorder = Recorder(provider)
        self.media = (annex.failure_media if annex else None) or provider.failure_media
        self.edge = Edge(provider, self.refuse, self.headers, self.recorder, self.media)
        #: Answers any path as unknown, in the provider's envelope.
        self.elsewhere = _Resource(self, {})

    @cached_property
    def _paths(self) -> dict[str, "_Resource"]:
        """The resources by path. Made at the first request to keep start-up fast."""
        paths: dict[str, dict[str, Endpoint]] = {}
        for endpoint in self.endpoints:
            paths.setdefault(endpoint.path, {})[endpoint.method] = endpoint
        return {path: _Resource(self, methods) for path, methods in paths.items()}

    @cached_property
    def _routes(self) -> "_Routes":
        """The routes of paths with fields. Made at the first request whose path is not literally an endpoint's."""
        return _routes(self._paths, self.elsewhere)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request to the resource of its path."""
        path = scope["path"]
        app: ASGIApp | None = self._paths.get(path)
        if app is None or "{" in path:
            app = self._routes.router
            raw = scope.get("raw_path")
            split_path = _mark_encoded_slashes(raw, path) if raw and _PERCENT in raw else path
            for pattern, resource in self._routes.by_part.get(_first_part(path), ()):
                match = pattern.match(split_path)
                if match is not None:
                    fields = match.groupdict()
                    if split_path is not path:
                        fields = {name: part.replace(_SLASH, "/") for name, part in fields.items()}
                    scope["path_params"] = fields
                    app = resource
                    break
        try:
            await app(scope, receive, send)
        except Exception as error:
            from mockserver.http.last_resort import answer_failure

            await answer_failure(self.edge, scope, send, error)


def _mark_encoded_slashes(raw: bytes, path: str) -> str:
    """Return the path with a NUL for each encoded slash (`%2F`), which belongs to a value, such as a hash."""
    # Both have the same number of characters; the raw path also has the sandbox, the host and the prefix in front.
    marked = unquote(_ENCODED_SLASH.sub(b"%00", raw).decode("latin-1"))[-len(path) :]
    return marked if _SLASH not in path and marked.replace(_SLASH, "/") == path else path


class _Routes(NamedTuple):
    """A router, which tries route after route, and the routes by their first part, which are tried first."""

    router: "Router"
    by_part: dict[str, list[tuple[re.Pattern[str], "_Resource"]]]


def _routes(resources: Mapping[str, "_Resource"], elsewhere: "_Resource") -> _Routes:
    from starlette.convertors import PathConvertor, StringConvertor  # codespell:ignore
    from starlette.routing import Route, Router

    routes = [Route(path, resource) for path, resource in resources.items()]
    by_part: dict[str, list[tuple[re.Pattern[str], _Resource]]] = {}
    for route in routes:
        # Not `$`, which would also match before a line feed at the end of a path.
        route.path_regex = re.compile(route.path_regex.pattern.removesuffix("$") + r"\Z")
        plain = all(
            isinstance(converter, StringConvertor | PathConvertor) for converter in route.param_convertors.values()
        )
        if "{" in route.path and plain:
            by_part.setdefault(_first_part(route.path), []).append((route.path_regex, resources[route.path]))
    return _Routes(Router(routes, default=elsewhere, redirect_slashes=False), by_part)


def _first_part(path: str) -> str:
    return path[1:].partition("/")[0]


class _Resource:
    """The methods of one path; without any it answers as an unknown path."""

    def __init__(self, service: Service, methods: Mapping[str, Endpoint]) -> None:
        self._service = service
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter_ns()
        service = self._service
        provider = service.provider
        arrival: Arrival = scope["mock.arrival"]
        sandbox, prefix = arrival
        method = scope["method"]
        headers = read_headers(scope["headers"])
        body, too_large = b"", None
        # A request without either header has no body (RFC 9112, 6.3).
        if "content-length" in headers or "transfer-encoding" in headers:
            body, too_large = await read_body(receive)
            if body and "content-encoding" in headers:
                body, too_large = _decoded(body, headers["content-encoding"])
        methods = self._methods if provider.offers is None else self._offered(provider.offers, sandbox)
        endpoint = methods.get(method) or (_for_head(methods) if method == "HEAD" else None)
        entry = service.recorder.begin(scope, sandbox, body, endpoint)
        call = Call(sandbox, provider, endpoint, entry, headers, scope, prefix, body)
        plan, state = None, call.state
        # Two Host headers are joined with a comma here, and so refused. An absent or empty one passes.
        host = headers.get("host")
        if host and host_name(host) is None and REFUSED not in scope:
            scope[REFUSED] = MalformedHost()
        if method == "OPTIONS" and REFUSED not in scope and (preflight := _preflight(service, call)) is not None:
            await service.recorder.send(send, scope, call, preflight, began=began)
            return
        try:
            if REFUSED in scope:
                raise scope[REFUSED]
            if state.per_poll is not None and endpoint is not None and endpoint.reads_order:
                await _poll(provider, call)
            if state.faults.any_in_force or "prefer" in headers:
                plan = await _consult(service.edge, endpoint, call, scope, body)
                await plan.begin()
            if endpoint is None or too_large is not None:
                refusal = (
                    too_large if endpoint is not None else routing_mistake(provider, call, methods, service.endpoints)
                )
                assert refusal is not None, "a call of an endpoint is too large"
                if not service.is_annex:
                    refusal = await refusal_of_unrouted(provider, endpoint, call, refusal, _admit)
                raise refusal
            reply = await _answer(service, call, endpoint, scope)
            assumed = reply.assumed or call.is_assumed or endpoint.provenance == "assumed"
            status, extra = reply.status, reply.headers
            payload, media = service.wrap(call, reply), reply.media
        except FaultResponse as fault_response:
            assert plan is not None, "only a fault answers instead"
            await plan.finish(fault_response.answer, scope, receive, send, began=began)
            return
        except Exception as error:
            response = error_response_of(provider, call, error)
            status, extra, assumed = (
                response.status,
                response.headers,
                response.provenance == "assumed",
            )
            assumed = assumed or (endpoint is not None and endpoint.provenance == "assumed")
            payload, media = service.refuse(call, response), response.media or service.media
        if service.headers is not None:
            extra += service.headers(call, status)
        if assumed:
            extra += (("X-Mock-Assumed", "true"),)
        answer = Payload(status, payload, media, extra)
        if plan is not None:
            await plan.finish(answer, scope, receive, send, began=began)
        else:
            confidential = endpoint is not None and endpoint.confidential
            await service.recorder.send(send, scope, call, answer, began=began, confidential=confidential)

    def _offered(self, offers: Offers, sandbox: Sandbox) -> Mapping[str, Endpoint]:
        """Return the methods that exist under the sandbox's settings; others are treated as unknown."""
        values = sandbox.state.settings.values
        return {method: endpoint for method, endpoint in self._methods.items() if offers(endpoint, values)}


def _preflight(service: Service, call: Call) -> Payload | None:
    """Return the answer to a preflight, before any fault or limit; None for other requests and for forbidden pages."""
    cors = service.provider.cors
    if cors is None or not is_preflight("OPTIONS", call.headers):
        return None
    from mockserver.http.sharing import preflight_headers

    allowed = preflight_headers(cors, call.state.settings.values, call.headers)
    if allowed is None:
        return None
    provider_headers = service.headers(call, 204) if service.headers is not None else ()
    return Payload(204, b"", "text/plain", (*allowed, *provider_headers, ("X-Mock-Assumed", "true")))


def _for_head(methods: Mapping[str, Endpoint]) -> Endpoint | None:
    endpoint = methods.get("GET")
    return endpoint if endpoint is not None and endpoint.head else None


def _decoded(body: bytes, encoding: str) -> tuple[bytes, ApiError | None]:
    from mockserver.http.decoding import decode_body

    return decode_body(body, encoding)


async def _poll(provider: Provider, call: Call) -> None:
    from mockserver.http.polled import poll

    await poll(provider, call)


async def _consult(edge: Edge, endpoint: Endpoint | None, call: Call, scope: Scope, body: bytes) -> "FaultPlan":
    from mockserver.http.fault_plan import consult

    return await consult(edge, endpoint, call, scope, body)


async def _answer(service: Service, call: Call, endpoint: Endpoint, scope: Scope) -> Reply:
    provider = service.provider
    if not endpoint.public:
        _admit(provider, call, await provider.identify(call), endpoint.name, endpoint.limit)
        scope[ACCEPTED] = True
    read_fields(service.schemas, call, endpoint, scope)
    stored = None
    if call.state.active_scenarios.come_before(provider.name, endpoint.name):
        stored = await _apply_rules(provider, call, endpoint)
    if stored is not None:
        return stored
    reply = await endpoint.handler(call)
    if endpoint.public and (reply.status == 201 or (call.entry.account is not None and reply.status < 400)):
        scope[ACCEPTED] = True
    return reply


async def _apply_rules(provider: Provider, call: Call, endpoint: Endpoint) -> Reply | None:
    """Let the call take time, or refuse it, as rules say; returns the stored answer of a repeated call."""
    if call.state.active_scenarios.speaking("takes", provider.name, endpoint.name):
        await call.take_time()
    if call.state.active_scenarios.speaking("refuse", provider.name, endpoint.name):
        stored = await endpoint.replay(call) if endpoint.replay is not None else None
        if stored is not None:
            return stored
        rule = call.decide("refuse")
        if rule is not None:
            raise mistake_named(rule.then["refuse"])
    return None


def _admit(provider: Provider, call: Call, account: Account | None, operation: str, limit: Limit | None) -> None:
    """Let the caller in and count the call as one of this operation; raises the ApiError that refuses it."""
    account = identified(provider, account)
    if account.status in _REFUSED:
        raise _REFUSED[account.status]
    call.identify(account)
    _count_call(call, operation, provider.limit(call) if provider.limit is not None else limit)


def _count_call(call: Call, operation: str, limit: Limit | None) -> None:
    call.limit = limit
    state = call.state
    if limit is None or state.settings.values["rate_limits"] == "off":
        return
    wait = state.limiter.take(call.limit_name(), calls=limit.calls, window=limit.window, now=call.entry.at)
    if wait is not None:
        raise RateLimited(operation, max(wait, timedelta(seconds=1)))

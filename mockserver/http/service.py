"""Serves a provider from its declaration: routing, identity, limits, checks, envelope."""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from time import perf_counter_ns
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

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
from mockserver.http.answering import Edge, FaultResponse, Payload, Recorder, worded
from mockserver.http.body import read_body
from mockserver.http.call import Call
from mockserver.http.cors import is_preflight
from mockserver.http.heads import REFUSED
from mockserver.http.provider import Annex, Endpoint, Offers, Provider
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


#: A number, which is looked for in bytes much quicker than bytes are.
_PERCENT = ord("%")
_SLASH, _ENCODED_SLASH = "\0", re.compile(b"%2f", re.IGNORECASE)

#: Set in the scope of a request that its provider accepts: whose credential it knows, or who made something new.
ACCEPTED = "mock.accepted"


#: Where a request came in: its sandbox, and the path in front of the provider's own (`/~w/host/v1`).
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
        """Made with the first request: a provider that nobody asks costs a start nothing."""
        paths: dict[str, dict[str, Endpoint]] = {}
        for endpoint in self.endpoints:
            paths.setdefault(endpoint.path, {})[endpoint.method] = endpoint
        return {path: _Resource(self, methods) for path, methods in paths.items()}

    @cached_property
    def _routes(self) -> "_Routes":
        """Made with the first request whose path is not an endpoint's to the letter."""
        return _routes(self._paths, self.elsewhere)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request to the resource of its path."""
        path = scope["path"]
        found: ASGIApp | None = self._paths.get(path)
        if found is None or "{" in path:
            found = self._routes.router
            raw = scope.get("raw_path")
            parted = _parted(raw, path) if raw and _PERCENT in raw else path
            for pattern, resource in self._routes.by_part.get(_first_part(path), ()):
                match = pattern.match(parted)
                if match is not None:
                    fields = match.groupdict()
                    if parted is not path:
                        fields = {name: part.replace(_SLASH, "/") for name, part in fields.items()}
                    scope["path_params"] = fields
                    found = resource
                    break
        await found(scope, receive, send)


def _parted(raw: bytes, path: str) -> str:
    """The path with another character for each slash that the client encoded: it belongs to a part, such as a hash."""
    # One character stands for one in both; before the path the raw one has the sandbox, the host and the prefix.
    parted = unquote(_ENCODED_SLASH.sub(b"%00", raw).decode("latin-1"))[-len(path) :]
    return parted if _SLASH not in path and parted.replace(_SLASH, "/") == path else path


class _Routes(NamedTuple):
    """The router asks one route after the other; most paths can be told by their first part."""

    router: "Router"
    by_part: dict[str, list[tuple[re.Pattern[str], "_Resource"]]]


def _routes(resources: Mapping[str, "_Resource"], elsewhere: "_Resource") -> _Routes:
    from starlette.convertors import PathConvertor, StringConvertor  # codespell:ignore
    from starlette.routing import Route, Router

    routes = [Route(path, resource) for path, resource in resources.items()]
    by_part: dict[str, list[tuple[re.Pattern[str], _Resource]]] = {}
    for route in routes:
        # Where `$` ends a pattern, it takes a line feed for the end of a path.
        route.path_regex = re.compile(route.path_regex.pattern.removesuffix("$") + r"\Z")
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
        verdict, state = None, call.state
        # Of two the headers have both, with a comma. An absent or empty one is no mistake.
        host = headers.get("host")
        if host and host_name(host) is None and REFUSED not in scope:
            scope[REFUSED] = MalformedHost()
        if method == "OPTIONS" and REFUSED not in scope and (allowed := _preflight(service, call)) is not None:
            await service.recorder.send(send, scope, call, allowed, began=began)
            return
        try:
            if REFUSED in scope:
                raise scope[REFUSED]
            if state.per_poll is not None and endpoint is not None and endpoint.reads_order:
                await _polled(provider, call)
            if state.faults.any_in_force or "prefer" in headers:
                verdict = await _consulted(service.edge, endpoint, call, scope, body)
                await verdict.begin()
            if endpoint is None or too_large is not None:
                mistake = (
                    too_large if endpoint is not None else routing_mistake(provider, call, methods, service.endpoints)
                )
                assert mistake is not None, "a call of an endpoint is too large"
                if not service.is_annex:
                    mistake = await refusal_of_unrouted(provider, endpoint, call, mistake, _admit)
                raise mistake
            reply = await _answer(service, call, endpoint, scope)
            assumed = reply.assumed or call.is_assumed or endpoint.provenance == "assumed"
            status, extra = reply.status, reply.headers
            payload, media = service.wrap(call, reply), reply.media
        except FaultResponse as instead:
            assert verdict is not None, "only a fault answers instead"
            await verdict.finish(instead.answer, scope, receive, send, began=began)
            return
        except Exception as error:
            wording = worded(provider, call, error)
            status, extra, assumed = wording.status, wording.headers, wording.provenance == "assumed"
            assumed = assumed or (endpoint is not None and endpoint.provenance == "assumed")
            payload, media = service.refuse(call, wording), wording.media or service.media
        if service.headers is not None:
            extra += service.headers(call, status)
        if assumed:
            extra += (("X-Mock-Assumed", "true"),)
        answer = Payload(status, payload, media, extra)
        if verdict is not None:
            await verdict.finish(answer, scope, receive, send, began=began)
        else:
            confidential = endpoint is not None and endpoint.confidential
            await service.recorder.send(send, scope, call, answer, began=began, confidential=confidential)

    def _offered(self, offers: Offers, sandbox: Sandbox) -> Mapping[str, Endpoint]:
        """Those that exist under the sandbox's settings: what is not offered is not told of either."""
        values = sandbox.state.settings.values
        return {method: one for method, one in self._methods.items() if offers(one, values)}


def _preflight(service: Service, call: Call) -> Payload | None:
    """The answer to a page's preflight, before any fault or limit; None for all else, and where pages may not call."""
    cors = service.provider.cors
    if cors is None or not is_preflight("OPTIONS", call.headers):
        return None
    from mockserver.http.sharing import preflight_headers

    allowed = preflight_headers(cors, call.state.settings.values, call.headers)
    if allowed is None:
        return None
    own = service.headers(call, 204) if service.headers is not None else ()
    return Payload(204, b"", "text/plain", (*allowed, *own, ("X-Mock-Assumed", "true")))


def _for_head(methods: Mapping[str, Endpoint]) -> Endpoint | None:
    endpoint = methods.get("GET")
    return endpoint if endpoint is not None and endpoint.head else None


def _decoded(body: bytes, encoding: str) -> tuple[bytes, ApiError | None]:
    from mockserver.http.decoding import decode_body

    return decode_body(body, encoding)


async def _polled(provider: Provider, call: Call) -> None:
    from mockserver.http.polled import poll

    await poll(provider, call)


async def _consulted(edge: Edge, endpoint: Endpoint | None, call: Call, scope: Scope, body: bytes) -> "FaultPlan":
    from mockserver.http.fault_plan import consult

    return await consult(edge, endpoint, call, scope, body)


async def _answer(service: Service, call: Call, endpoint: Endpoint, scope: Scope) -> Reply:
    provider = service.provider
    if not endpoint.public:
        await _admit(provider, call, endpoint.name, endpoint.limit)
        scope[ACCEPTED] = True
    read_fields(service.schemas, call, endpoint, scope)
    kept = None
    if call.state.active_scenarios.come_before(provider.name, endpoint.name):
        kept = await _scripted(provider, call, endpoint)
    if kept is not None:
        return kept
    reply = await endpoint.handler(call)
    if endpoint.public and (reply.status == 201 or (call.entry.account is not None and reply.status < 400)):
        scope[ACCEPTED] = True
    return reply


async def _scripted(provider: Provider, call: Call, endpoint: Endpoint) -> Reply | None:
    """Let the call take its time and refuse it where a rule says so; an answer that is kept for it is returned."""
    if call.state.active_scenarios.speaking("takes", provider.name, endpoint.name):
        await call.take_time()
    if call.state.active_scenarios.speaking("refuse", provider.name, endpoint.name):
        kept = await endpoint.replay(call) if endpoint.replay is not None else None
        if kept is not None:
            return kept
        rule = call.decide("refuse")
        if rule is not None:
            raise mistake_named(rule.then["refuse"])
    return None


async def _admit(provider: Provider, call: Call, operation: str, limit: Limit | None) -> None:
    account = await provider.identify(call)
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

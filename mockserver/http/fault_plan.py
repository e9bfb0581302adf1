"""Carries out the faults that strike a request, before and after its handler runs.

Imported when the first fault is in force, or when the first caller asks for one.
"""

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta
from functools import partial

import orjson
from starlette.types import Receive, Scope, Send

from mockserver.domain.errors import ApiError, Invalid, NotFound, mistake_named
from mockserver.domain.moments import parse_span, span_text
from mockserver.faults.apply import noise, spoil, waiting_time
from mockserver.faults.connection import Connection
from mockserver.faults.model import Fault, FaultSubject, Wire
from mockserver.faults.select import RequestFaults, StateOf, fault_named, find_faults, known_fault_names
from mockserver.http.answering import Edge, FaultResponse, Payload, error_response_of
from mockserver.http.asked import body_data, texts_of
from mockserver.http.call import Call
from mockserver.http.provider import Endpoint, identified
from mockserver.journal.fault_secrets import shown_fault
from mockserver.journal.redact import miss_rows
from mockserver.sandbox.view import RequestView

_PREFERENCE = re.compile(r'(?:^|[,;])\s*mock-(scenario|fault)\s*=\s*(?:"([^"]*)"|([^\s,;"]+))', re.IGNORECASE)
_BODILESS = (204, 304)
_FIRST_REFUSAL = 400
#: How many values of a request are tried as the id of an order.
_MOST_IDS = 20


class FaultPlan:
    """The faults that strike one call: `begin` applies them before the handler runs, `finish` to its answer."""

    def __init__(
        self, edge: Edge, endpoint: Endpoint | None, call: Call, strikes: RequestFaults, applied: list[str]
    ) -> None:
        self._edge = edge
        self._endpoint = endpoint
        self._call = call
        self._strikes = strikes
        self._applied = applied

    async def begin(self) -> None:
        """Wait for the fault's delay, then raise the ApiError or FaultResponse that answers in place of the handler."""
        delay, answer = self._strikes.delay, self._strikes.answer
        if delay is not None and not delay.after:
            await self._wait(delay)
        if answer is not None and not answer.after:
            raise self._mistake(answer) or FaultResponse(_raw(answer))
        if self._strikes.refuse:
            raise FaultResponse(Payload(502, b"", "text/plain", ()))

    async def finish(self, answer: Payload, scope: Scope, receive: Receive, send: Send, *, began: int) -> None:
        """Send the answer as the faults change it."""
        call, strikes = self._call, self._strikes
        order = call.entry.order
        if order is not None:
            await call.sandbox.before_answer(order)
        await _leave(call)
        if strikes.delay is not None and strikes.delay.after:
            await self._wait(strikes.delay)
        if strikes.answer is not None:
            if strikes.answer.after:
                answer = self._replaced(strikes.answer)
            answer = _with_headers_of(strikes.answer, answer)
        answer = answer._replace(headers=(*answer.headers, *self._headers()))
        if strikes.wire is not None and strikes.wire.wire is not None:
            send = self._breaking_send(strikes.wire, strikes.wire.wire, scope, receive, send)
        confidential = self._endpoint is not None and self._endpoint.confidential
        await self._edge.recorder.send(send, scope, call, answer, began=began, confidential=confidential)

    def _breaking_send(self, fault: Fault, wire: Wire, scope: Scope, receive: Receive, send: Send) -> Send:
        """Return a `send` that breaks the answer as the fault says; in process there is no `mock.transport`."""
        state = self._call.state
        draw = partial(noise, state.dice, fault, state.faults.count(fault, "hits"))
        return spoil(wire, Connection(scope.get("mock.transport"), receive, send, self._call.entry, draw))

    async def _wait(self, fault: Fault) -> None:
        state = self._call.state
        span = waiting_time(fault, state.dice, state.settings.values, state.faults.count(fault, "hits"))
        for row in self._strikes.rows:
            if row["id"] == fault.key:
                row["delayed"] = span_text(span)
        if fault.sandbox_time:
            await self._call.sandbox.advance(by=span)
        else:
            await asyncio.sleep(span / timedelta(seconds=1))

    def _mistake(self, fault: Fault) -> ApiError | None:
        answer = fault.answer or {}
        if "mistake" not in answer:
            if "body" in answer or answer["status"] < _FIRST_REFUSAL:
                return None
            from mockserver.http.statuses import mistake_of_status

            return mistake_of_status(self._edge.provider, self._endpoint, self._call, answer["status"])
        operation = self._endpoint.name if self._endpoint is not None else "request"
        return mistake_named(
            answer["mistake"], operation=operation, retry_after=parse_span(answer.get("retry_after", "30s"))
        )

    def _replaced(self, fault: Fault) -> Payload:
        error = self._mistake(fault)
        if error is None:
            return _raw(fault)
        call, edge = self._call, self._edge
        error_response = error_response_of(edge.provider, call, error)
        headers = error_response.headers
        if edge.headers is not None:
            headers += edge.headers(call, error_response.status)
        endpoint = self._endpoint
        if error_response.provenance == "assumed" or (endpoint is not None and endpoint.provenance == "assumed"):
            headers += (("X-Mock-Assumed", "true"),)
        return Payload(
            error_response.status, edge.refuse(call, error_response), error_response.media or edge.media, headers
        )

    def _headers(self) -> list[tuple[str, str]]:
        fault = self._call.entry.fault
        headers = [("X-Mock-Fault", fault)] if fault is not None else []
        return [*headers, *(("Preference-Applied", preference) for preference in self._applied)]


async def consult(edge: Edge, endpoint: Endpoint | None, call: Call, scope: Scope, body: bytes) -> FaultPlan:
    """Return the faults that strike this call; raises Invalid for an unknown scenario or fault in `Prefer`."""
    try:
        return await _planned(edge, endpoint, call, scope, body)
    except BaseException:
        await _leave(call)
        raise


async def _leave(call: Call) -> None:
    """Delete the accounts that only this call's view had, now that it has been worked on."""
    if call.view is not None:
        await call.sandbox.guests.leave(call.view)


async def _planned(edge: Edge, endpoint: Endpoint | None, call: Call, scope: Scope, body: bytes) -> FaultPlan:
    provider = call.provider.name
    scenarios, name = _preferences(call.headers.get("prefer", ""))
    preferred = None
    if name is not None:
        state = call.state
        preferred = fault_named(state.faults, state.library.faults(provider), provider, name)
        if preferred is None:
            known = ", ".join(known_fault_names(state.faults, state.library.faults(provider), provider))
            raise Invalid({"Prefer": [f"Unknown fault: {name!r} (one of {known}, or a status from 400 to 599)."]})
    if scenarios or (preferred is not None and preferred.webhook is not None):
        await _override(call, scenarios, preferred)
    await _identify(edge, endpoint, call)
    request = _request_of(endpoint, call, scope, body)
    state_of = _state_of(call, scope, request)
    strikes = await find_faults(
        call.state, request, state_of, own=preferred if preferred and preferred.webhook is None else None
    )
    if strikes.refuse:
        await state_of()  # notes the order in the journal, which no handler will do
    if preferred is not None and preferred.webhook is not None:
        row = {"fault": preferred.label, "id": preferred.key, "hit": True, "by": "the caller", "decides": ["webhook"]}
        strikes = strikes._replace(rows=({**row, "webhook": dict(preferred.webhook)}, *strikes.rows))
    strikes = strikes._replace(rows=tuple(shown_fault(row) for row in strikes.rows))
    call.entry.faults = strikes.rows
    call.entry.fault_misses = miss_rows(strikes.misses, edge.recorder.secret_names)
    call.entry.scenarios = tuple(scenarios)
    applied = [
        *(f"mock-scenario={scenario}" for scenario in scenarios),
        *([f"mock-fault={name}"] if name is not None else []),
    ]
    return FaultPlan(edge, endpoint, call, strikes, applied)


async def _override(call: Call, scenarios: list[str], fault: Fault | None) -> None:
    unknown = [
        name for name in scenarios if call.provider.name not in [s.provider for s in call.state.library.find(name)]
    ]
    if unknown:
        known = ", ".join(call.state.library.names(call.provider.name))
        raise Invalid({"Prefer": [f"Unknown scenario: {name!r} (one of {known})." for name in unknown]})
    # Timers that are due fire under the scenarios that were in force until now.
    await call.sandbox.wake()
    view = RequestView(call.sandbox.state, scenarios, fault)
    call.see(view)
    if scenarios:
        await call.sandbox.guests.admit(view)


async def _identify(edge: Edge, endpoint: Endpoint | None, call: Call) -> None:
    """Set the account that calls, where it is known; a bad credential is refused later, if no fault strikes first."""
    if endpoint is None or endpoint.public:
        return
    try:
        call.identify(identified(edge.provider, await edge.provider.identify(call)))
    except ApiError:
        return


def _request_of(endpoint: Endpoint | None, call: Call, scope: Scope, body: bytes) -> FaultSubject:
    return FaultSubject(
        provider=call.provider.name,
        account=call.entry.account,
        method=scope["method"],
        path=scope["path"],
        operation=call.entry.operation,
        body=body_data(
            body,
            media=call.headers.get("content-type", ""),
            form=endpoint is not None and endpoint.form is not None,
        ),
        query=texts_of(scope["query_string"]),
    )


def _state_of(call: Call, scope: Scope, request: FaultSubject) -> StateOf:
    """Return a function that gives the state of the order whose id stands in the path, the body or the query."""
    cache: list[str | None] = []

    async def state() -> str | None:
        if not cache:
            body = request.body if isinstance(request.body, Mapping) else {}
            values = [*scope.get("path_params", {}).values(), *body.values(), *(request.query or {}).values()]
            ids = [str(value) for value in values if isinstance(value, str | int) and len(str(value)) <= 128]
            cache.append(await _first_state(call, list(dict.fromkeys(ids))[:_MOST_IDS]))
        return cache[0]

    return state


async def _first_state(call: Call, ids: list[str]) -> str | None:
    for order_id in ids:
        try:
            order = await call.sandbox.order(call.provider.name, order_id)
        except NotFound:
            continue
        call.entry.order = order.id
        return order.state
    return None


def _preferences(header: str) -> tuple[list[str], str | None]:
    """Return the scenarios and the fault that a Prefer header (RFC 7240) names; other preferences are ignored."""
    scenarios: list[str] = []
    faults: list[str] = []
    for kind, quoted, plain in _PREFERENCE.findall(header):
        if kind.lower() == "scenario":
            scenarios += re.split(r"[\s,]+", (quoted or plain).strip())
        else:
            faults.append(quoted or plain)
    if len(set(faults)) > 1:
        raise Invalid({"Prefer": ["A request can ask for one fault only."]})
    return list(dict.fromkeys(scenarios)), faults[0] if faults else None


def _with_headers_of(fault: Fault, answer: Payload) -> Payload:
    """Return the provider's answer with the headers that the fault sets; a raw answer has them already."""
    fault_answer = fault.answer or {}
    if "body" in fault_answer or not fault_answer.get("headers"):
        return answer
    own = {name.lower(): value for name, value in fault_answer["headers"].items()}
    media = own.pop("content-type", answer.media)
    others = [(name, value) for name, value in answer.headers if name.lower() not in own]
    return answer._replace(media=media, headers=(*others, *own.items()))


def _raw(fault: Fault) -> Payload:
    answer = fault.answer or {}
    headers = {name.lower(): value for name, value in answer.get("headers", {}).items()}
    body = answer.get("body", "")
    media = "text/plain; charset=utf-8" if isinstance(body, str) else "application/json"
    media = headers.pop("content-type", media)
    data = body.encode() if isinstance(body, str) else orjson.dumps(body)
    return Payload(answer["status"], b"" if answer["status"] in _BODILESS else data, media, tuple(headers.items()))

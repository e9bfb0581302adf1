"""Faults at the edge: what strikes a request, carried out before and after it is worked on.

Imported when the first fault is in force, or the first caller asks for one.
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
from mockserver.faults.model import Asked, Fault, Wire
from mockserver.faults.select import RequestFaults, StateOf, fault_named, find_faults, known_fault_names
from mockserver.http.answering import Edge, FaultResponse, Payload, worded
from mockserver.http.asked import body_data, texts_of
from mockserver.http.call import Call
from mockserver.http.provider import Endpoint
from mockserver.journal.fault_secrets import shown_fault
from mockserver.journal.redact import miss_rows
from mockserver.sandbox.view import RequestView

_PREFERENCE = re.compile(r'(?:^|[,;])\s*mock-(scenario|fault)\s*=\s*(?:"([^"]*)"|([^\s,;"]+))', re.IGNORECASE)
_BODILESS = (204, 304)
_FIRST_REFUSAL = 400
#: How many values of a request are tried as the id of an order.
_MOST_IDS = 20


class FaultPlan:
    """What faults make of one call; `begin` before the work, `finish` with its answer."""

    def __init__(
        self, edge: Edge, endpoint: Endpoint | None, call: Call, strikes: RequestFaults, applied: list[str]
    ) -> None:
        self._edge = edge
        self._endpoint = endpoint
        self._call = call
        self._strikes = strikes
        self._applied = applied

    async def begin(self) -> None:
        """Let time pass, then refuse what is refused unworked: raises a mistake, or Instead."""
        delay, answer = self._strikes.delay, self._strikes.answer
        if delay is not None and not delay.after:
            await self._wait(delay)
        if answer is not None and not answer.after:
            raise self._mistake(answer) or FaultResponse(_raw(answer))
        if self._strikes.refuse:
            raise FaultResponse(Payload(502, b"", "text/plain", ()))

    async def finish(self, answer: Payload, scope: Scope, receive: Receive, send: Send, *, began: int) -> None:
        """Send the answer, or what the faults have left of it."""
        call, strikes = self._call, self._strikes
        order = call.entry.order
        if order is not None:
            await call.sandbox.before_answer(order)
        if strikes.delay is not None and strikes.delay.after:
            await self._wait(strikes.delay)
        if strikes.answer is not None:
            if strikes.answer.after:
                answer = self._replaced(strikes.answer)
            answer = _with_headers_of(strikes.answer, answer)
        answer = answer._replace(headers=(*answer.headers, *self._headers()))
        joined = strikes.wire is None
        if strikes.wire is not None and strikes.wire.wire is not None:
            send = self._spoiled(strikes.wire, strikes.wire.wire, scope, receive, send)
        confidential = self._endpoint is not None and self._endpoint.confidential
        await self._edge.recorder.send(send, scope, call, answer, began=began, confidential=confidential, joined=joined)

    def _spoiled(self, fault: Fault, wire: Wire, scope: Scope, receive: Receive, send: Send) -> Send:
        """The `send` that spoils the answer as the fault wants; in this process there is no `mock.transport`."""
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
        given = fault.answer or {}
        if "mistake" not in given:
            if "body" in given or given["status"] < _FIRST_REFUSAL:
                return None
            from mockserver.http.statuses import mistake_of_status

            return mistake_of_status(self._edge.provider, self._endpoint, self._call, given["status"])
        operation = self._endpoint.name if self._endpoint is not None else "request"
        return mistake_named(
            given["mistake"], operation=operation, retry_after=parse_span(given.get("retry_after", "30s"))
        )

    def _replaced(self, fault: Fault) -> Payload:
        mistake = self._mistake(fault)
        if mistake is None:
            return _raw(fault)
        call, edge = self._call, self._edge
        wording = worded(edge.provider, call, mistake)
        headers = wording.headers
        if edge.headers is not None:
            headers += edge.headers(call, wording.status)
        endpoint = self._endpoint
        if wording.provenance == "assumed" or (endpoint is not None and endpoint.provenance == "assumed"):
            headers += (("X-Mock-Assumed", "true"),)
        return Payload(wording.status, edge.refuse(call, wording), wording.media or edge.media, headers)

    def _headers(self) -> list[tuple[str, str]]:
        fault = self._call.entry.fault
        headers = [("X-Mock-Fault", fault)] if fault is not None else []
        return [*headers, *(("Preference-Applied", one) for one in self._applied)]


async def consult(edge: Edge, endpoint: Endpoint | None, call: Call, scope: Scope, body: bytes) -> FaultPlan:
    """What strikes this call; raises Invalid for a scenario or fault that the caller names and nobody knows."""
    provider = call.provider.name
    scenarios, name = _preferences(call.headers.get("prefer", ""))
    wanted = None
    if name is not None:
        state = call.state
        wanted = fault_named(state.faults, state.library.faults(provider), provider, name)
        if wanted is None:
            known = ", ".join(known_fault_names(state.faults, state.library.faults(provider), provider))
            raise Invalid({"Prefer": [f"Unknown fault: {name!r} (one of {known}, or a status from 400 to 599)."]})
    if scenarios or (wanted is not None and wanted.webhook is not None):
        await _override(call, scenarios, wanted)
    await _identify(edge, endpoint, call)
    asked = _asked(endpoint, call, scope, body)
    state_of = _state_of(call, scope, asked)
    strikes = await find_faults(call.state, asked, state_of, own=wanted if wanted and wanted.webhook is None else None)
    if strikes.refuse:
        await state_of()  # which order it is about; nobody else will say so
    if wanted is not None and wanted.webhook is not None:
        row = {"fault": wanted.label, "id": wanted.key, "hit": True, "by": "the caller", "decides": ["webhook"]}
        strikes = strikes._replace(rows=({**row, "webhook": dict(wanted.webhook)}, *strikes.rows))
    strikes = strikes._replace(rows=tuple(shown_fault(row) for row in strikes.rows))
    call.entry.faults = strikes.rows
    call.entry.fault_misses = miss_rows(strikes.misses, edge.recorder.secret_names)
    call.entry.scenarios = tuple(scenarios)
    applied = [*(f"mock-scenario={one}" for one in scenarios), *([f"mock-fault={name}"] if name is not None else [])]
    return FaultPlan(edge, endpoint, call, strikes, applied)


async def _override(call: Call, scenarios: list[str], wanted: Fault | None) -> None:
    unknown = [one for one in scenarios if call.provider.name not in [s.provider for s in call.state.library.find(one)]]
    if unknown:
        known = ", ".join(call.state.library.names(call.provider.name))
        raise Invalid({"Prefer": [f"Unknown scenario: {one!r} (one of {known})." for one in unknown]})
    # What is due happens under the scenarios that were in force until now.
    await call.sandbox.wake()
    call.see(RequestView(call.sandbox.state, scenarios, wanted))
    if scenarios:
        await call.sandbox.open_new_accounts(view=call.view)


async def _identify(edge: Edge, endpoint: Endpoint | None, call: Call) -> None:
    """Say who calls, where that can be told; whoever cannot be told is refused later, if nothing strikes before."""
    if endpoint is None or endpoint.public:
        return
    try:
        call.identify(await edge.provider.identify(call))
    except ApiError:
        return


def _asked(endpoint: Endpoint | None, call: Call, scope: Scope, body: bytes) -> Asked:
    return Asked(
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


def _state_of(call: Call, scope: Scope, asked: Asked) -> StateOf:
    """Asks for the state of the order whose id stands in the path, the body or the query."""
    found: list[str | None] = []

    async def state() -> str | None:
        if not found:
            body = asked.body if isinstance(asked.body, Mapping) else {}
            values = [*scope.get("path_params", {}).values(), *body.values(), *(asked.query or {}).values()]
            ids = [str(one) for one in values if isinstance(one, str | int) and len(str(one)) <= 128]
            found.append(await _first_state(call, list(dict.fromkeys(ids))[:_MOST_IDS]))
        return found[0]

    return state


async def _first_state(call: Call, ids: list[str]) -> str | None:
    for one in ids:
        try:
            order = await call.sandbox.order(call.provider.name, one)
        except NotFound:
            continue
        call.entry.order = order.id
        return order.state
    return None


def _preferences(header: str) -> tuple[list[str], str | None]:
    """The scenarios and the fault that a Prefer header (RFC 7240) names; others are not for us."""
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
    """The provider's answer with the headers that the fault sets; a raw one has them already."""
    given = fault.answer or {}
    if "body" in given or not given.get("headers"):
        return answer
    own = {name.lower(): value for name, value in given["headers"].items()}
    media = own.pop("content-type", answer.media)
    kept = [(name, value) for name, value in answer.headers if name.lower() not in own]
    return answer._replace(media=media, headers=(*kept, *own.items()))


def _raw(fault: Fault) -> Payload:
    given = fault.answer or {}
    headers = {name.lower(): value for name, value in given.get("headers", {}).items()}
    body = given.get("body", "")
    media = "text/plain; charset=utf-8" if isinstance(body, str) else "application/json"
    media = headers.pop("content-type", media)
    data = body.encode() if isinstance(body, str) else orjson.dumps(body)
    return Payload(given["status"], b"" if given["status"] in _BODILESS else data, media, tuple(headers.items()))

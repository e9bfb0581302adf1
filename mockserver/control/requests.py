"""`/_mock/requests`: the journal of one sandbox."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from mockserver.control.operation import (
    Answer,
    ControlCall,
    Operation,
    list_of,
    object_schema,
    shown_json,
    whole_query,
)
from mockserver.domain.mistakes import Invalid, NotFound
from mockserver.domain.moments import moment_text
from mockserver.engine.matching import Matcher, matcher_from_data
from mockserver.http.provider import Provider
from mockserver.journal.journal import Entry, Pairs
from mockserver.journal.names import SecretNames

_CRITERIA = (
    "provider",
    "operation",
    "changes_state",
    "method",
    "path",
    "status",
    "account",
    "order",
    "mistake",
    "rule",
    "fault",
)
_ANY: Mapping[str, Any] = {}
_BODY = {"type": "object", "description": "Dotted paths into the JSON body to values or matchers."}
CRITERIA = object_schema((), **dict.fromkeys(_CRITERIA, _ANY), body=_BODY)


def entry_data(call: ControlCall, entry: Entry) -> dict[str, Any]:
    """An entry as the control API shows it."""
    data: dict[str, Any] = {
        "id": entry.id,
        "at": moment_text(entry.at),
        "provider": entry.provider,
        "operation": entry.operation,
        "changes_state": entry.changes_state,
        "method": entry.method,
        "path": entry.path,
        "query": entry.query,
        "status": entry.status,
        "account": entry.account,
        "order": entry.order,
        "rule": entry.rule,
        "mistake": entry.mistake,
        "fault": entry.fault,
        "faults": list(entry.faults),
        "scenarios": list(entry.scenarios),
        "milliseconds": round(entry.milliseconds, 3),
        "request": _message(entry.request_headers, entry.request_body),
        "response": _message(entry.response_headers, entry.response_body),
    }
    if entry.rule is None:
        data["near_misses"] = _near_misses(call, entry)
    return data


async def listing(call: ControlCall) -> Answer:
    """The newest entries, newest first."""
    sandbox = await call.sandbox()
    limit = whole_query(call, "limit", default=100, most=100_000)
    found = [entry for entry, _ in zip(sandbox.journal.newest_first(), range(limit), strict=False)]
    return Answer({"requests": [entry_data(call, entry) for entry in found]})


async def forget(call: ControlCall) -> Answer:
    """Empty the journal."""
    (await call.sandbox()).journal.forget()
    return Answer(None, status=204)


async def show(call: ControlCall) -> Answer:
    """One entry, by the X-Mock-Request-Id of its answer, with its whole story under `explanation`."""
    from mockserver.control.explain import request_story

    sandbox = await call.sandbox()
    entry = sandbox.journal.find(call.path_fields["id"])
    if entry is None:
        raise NotFound("request", call.path_fields["id"])
    async with sandbox.work("control") as work:
        story = await request_story(sandbox, work, entry, secret=_secret_fields(call, entry))
    return Answer({**entry_data(call, entry), "explanation": story})


async def count(call: ControlCall) -> Answer:
    """How many entries match all criteria."""
    sandbox = await call.sandbox()
    wanted = _criteria(call.body)
    return Answer({"count": sum(1 for entry in sandbox.journal.newest_first() if wanted(entry))})


async def find(call: ControlCall) -> Answer:
    """The entries that match all criteria, oldest first."""
    sandbox = await call.sandbox()
    wanted = _criteria(call.body)
    found = [entry for entry in sandbox.journal.newest_first() if wanted(entry)]
    return Answer({"requests": [entry_data(call, entry) for entry in reversed(found)]})


def _criteria(body: Mapping[str, Any]) -> Callable[[Entry], bool]:
    plain = {name: _matcher(name, body[name]) for name in _CRITERIA if name in body}
    inner = {name: _matcher(f"body.{name}", value) for name, value in body.get("body", {}).items()}

    def wanted(entry: Entry) -> bool:
        if not all(_holds_for(matcher, getattr(entry, name)) for name, matcher in plain.items()):
            return False
        data = _json(entry.request_body) if inner else None
        return all(_holds(matcher, data, name) for name, matcher in inner.items())

    return wanted


def _holds_for(matcher: Matcher, value: object) -> bool:
    return matcher.holds(value, present=value is not None)


def _holds(matcher: Matcher, data: Any, path: str) -> bool:
    for part in path.split("."):
        if isinstance(data, dict) and part in data:
            data = data[part]
        elif isinstance(data, list) and re.fullmatch(r"\d{1,6}", part) and int(part) < len(data):
            data = data[int(part)]
        else:
            return matcher.holds(None, present=False)
    return matcher.holds(data, present=True)


def _matcher(name: str, data: Any) -> Matcher:
    try:
        return matcher_from_data(data)
    except ValueError as error:
        raise Invalid({name: [str(error)]}) from None


def _message(headers: Pairs, body: bytes) -> dict[str, Any]:
    pairs = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]
    return {"headers": pairs, "body": body.decode("utf-8", "replace"), "json": shown_json(body)}


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _near_misses(call: ControlCall, entry: Entry) -> list[dict[str, Any]]:
    """For an unknown path the endpoints that look like it, else the rules that nearly matched."""
    if entry.operation is None:
        return _near_endpoints(call.server.providers[entry.provider], entry)
    from mockserver.control.explain import misses_data

    return misses_data(entry.rules, entry.subject, _secret_fields(call, entry))


def _secret_fields(call: ControlCall, entry: Entry) -> SecretNames:
    return call.server.providers[entry.provider].secrets.names()


def _near_endpoints(provider: Provider, entry: Entry) -> list[dict[str, Any]]:
    from difflib import get_close_matches

    by_path: dict[str, list[str]] = {}
    for endpoint in provider.endpoints:
        by_path.setdefault(endpoint.path, []).append(endpoint.method)
    near = [entry.path] if entry.path in by_path else get_close_matches(entry.path[:200], by_path, n=3, cutoff=0.4)
    return [{"endpoint": f"{method} {path}", "differences": []} for path in near for method in by_path.get(path, ())]


OPERATIONS = (
    Operation(
        "GET",
        "/requests",
        listing,
        name="requests",
        summary="The journal, newest first",
        gives=list_of("requests"),
        query={"limit": "how many at most (100)"},
    ),
    Operation("DELETE", "/requests", forget, name="forgetRequests", summary="Empty the journal", status=204),
    Operation(
        "POST",
        "/requests/count",
        count,
        name="countRequests",
        summary="How many requests match",
        takes=CRITERIA,
        gives=object_schema(("count",), count={"type": "integer"}),
    ),
    Operation(
        "POST",
        "/requests/find",
        find,
        name="findRequests",
        summary="The requests that match, oldest first",
        takes=CRITERIA,
        gives=list_of("requests"),
    ),
    Operation("GET", "/requests/{id}", show, name="request", summary="One request and its story"),
)

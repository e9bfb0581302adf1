"""`/_mock/requests`: the journal of one sandbox."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import dropwhile, islice
from typing import Any

from mockserver.control.criteria import CRITERIA, PARAMETERS, from_query
from mockserver.control.criteria_reader import read_criteria
from mockserver.control.operation import Answer, ControlCall, Operation, list_of, object_schema, shown_json
from mockserver.control.paging import PAGING, SLICE_BYTES, Slices, after_of, limit_of, page_of, serialise_rows
from mockserver.domain.errors import NotFound
from mockserver.domain.moments import moment_text
from mockserver.http.provider import Provider
from mockserver.journal.journal import Entry, Pairs
from mockserver.journal.names import SecretNames
from mockserver.sandbox.sandbox import Sandbox


def entry_data(call: ControlCall, entry: Entry) -> dict[str, Any]:
    """Return an entry as the control API shows it."""
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
    """List the entries, newest first, in pages; the criteria of `find` narrow them down."""
    sandbox = await call.sandbox()
    limit, after = limit_of(call), after_of(call, r"req_[0-9]{8,}", "req_00000100")
    newest: Iterable[Entry] = sandbox.journal.newest_first()
    if after is not None:
        newest = dropwhile(lambda entry: not _older(entry.id, after), newest)
    criteria = from_query(call.query)
    if criteria:
        entries = await _matching(call, sandbox, criteria, among=list(newest), most=limit + 1)
    else:
        entries = list(islice(newest, limit + 1))
    rows = await serialise_rows(entry_data(call, entry) for entry in entries[:limit])
    return Answer({"requests": rows, "next": entries[limit - 1].id if len(entries) > limit else None})


async def forget(call: ControlCall) -> Answer:
    """Empty the journal."""
    (await call.sandbox()).journal.forget()
    return Answer(None, status=204)


async def show(call: ControlCall) -> Answer:
    """Show one entry, by the X-Mock-Request-Id of its answer, with its whole story under `explanation`."""
    from mockserver.control.explain import request_story

    sandbox = await call.sandbox()
    entry = sandbox.journal.find(call.path_fields["id"])
    if entry is None:
        raise NotFound("request", call.path_fields["id"])
    async with sandbox.work("control") as work:
        story = await request_story(sandbox, work, entry, secret=_secret_fields(call, entry))
    return Answer({**entry_data(call, entry), "explanation": story})


async def count(call: ControlCall) -> Answer:
    """Count the entries that match all criteria."""
    sandbox = await call.sandbox()
    entries = await _matching(call, sandbox, call.body)
    return Answer({"count": len(entries)})


async def find(call: ControlCall) -> Answer:
    """Find the entries that match all criteria, oldest first."""
    sandbox = await call.sandbox()
    entries = await _matching(call, sandbox, call.body)
    return Answer({"requests": await serialise_rows(entry_data(call, entry) for entry in reversed(entries))})


async def _matching(
    call: ControlCall,
    sandbox: Sandbox,
    criteria: Mapping[str, Any],
    *,
    among: Sequence[Entry] | None = None,
    most: int | None = None,
) -> list[Entry]:
    """Return at most `most` of the entries `among` (all) that meet the criteria, newest first; raises Invalid."""
    entries = list(sandbox.journal.newest_first())
    async with sandbox.work("control") as work:
        meets = await read_criteria(call, work, entries, criteria)
    slices = Slices(SLICE_BYTES)
    matches = []
    for entry in entries if among is None else among:
        if meets(entry):
            matches.append(entry)
            if len(matches) == most:
                break
        await slices.add(len(entry.request_body) + 250)
    return matches


def _older(entry_id: str, than: str) -> bool:
    return (len(entry_id), entry_id) < (len(than), than)


def _message(headers: Pairs, body: bytes) -> dict[str, Any]:
    pairs = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]
    return {"headers": pairs, "body": body.decode("utf-8", "replace"), "json": shown_json(body)}


def _near_misses(call: ControlCall, entry: Entry) -> list[dict[str, Any]]:
    """Return the endpoints that look like an unknown path, or the rules that nearly matched."""
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
        gives=page_of("requests"),
        query={**PARAMETERS, **PAGING},
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

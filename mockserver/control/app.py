"""The control API as an ASGI app: access, routing, reading, answering."""

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope, Send

from mockserver.control import (
    accounts,
    clock,
    documents,
    events,
    faults,
    fidelity,
    inbox,
    index,
    machines,
    orders,
    requests,
    sandboxes,
    scenarios,
    settings,
    state,
    webhooks,
)
from mockserver.control.access import check_access, check_host, check_receiving
from mockserver.control.operation import Answer, ControlCall, Operation, Server
from mockserver.control.problems import Problem, problem_of, send_problem
from mockserver.domain.mistakes import Invalid, MethodNotAllowed, NotFound
from mockserver.http.body import MOST, Disconnected, read_body
from mockserver.http.checking import Checker
from mockserver.http.heads import refusal_in
from mockserver.http.jsontext import NotJson, read_json
from mockserver.http.origin import origin_of
from mockserver.http.reading import MOST_FIELDS

log = logging.getLogger("mockserver")

#: How many members an object of a request may have.
MOST_MEMBERS = 1_000

OPERATIONS: tuple[Operation, ...] = (
    *index.OPERATIONS,
    *sandboxes.OPERATIONS,
    *clock.OPERATIONS,
    *settings.OPERATIONS,
    *state.OPERATIONS,
    *accounts.OPERATIONS,
    *orders.OPERATIONS,
    *scenarios.OPERATIONS,
    *machines.OPERATIONS,
    *events.OPERATIONS,
    *faults.OPERATIONS,
    *requests.OPERATIONS,
    *webhooks.OPERATIONS,
    *inbox.OPERATIONS,
    *documents.OPERATIONS,
    *fidelity.OPERATIONS,
)


class ControlApp:
    """Serves `/_mock...`; `scope["path"]` is the path from there on, `scope["mock.sandbox_name"]` the sandbox."""

    def __init__(self, server: Server, *, token: str | None) -> None:
        self._server = server
        self._token = token
        self._routes = _routes(OPERATIONS)
        self._checkers: dict[str, Checker] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope, receive)
            body = _written(answer)
        except Disconnected:
            raise
        except Exception as error:
            problem = problem_of(error)
            if problem is None:
                log.error("%s %s failed", scope["method"], scope["path"], exc_info=error)
                problem = Problem(500, "the control API failed; the log says how")
            await send_problem(send, problem)
            return
        headers = [(b"content-type", answer.media.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        oversized = refusal_in(scope)
        if oversized is not None:
            raise oversized
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        path = scope["path"].removeprefix("/_mock").rstrip("/")
        found = [(match, methods) for pattern, methods in self._routes if (match := pattern.fullmatch(path))]
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        operation = next((methods[method] for _, methods in found if method in methods), None)
        refusal = _refusal(scope, headers, operation, self._token)
        # Read before anything is refused, so that the client gets to read the answer.
        most = MOST if operation is None or refusal is not None else operation.largest
        body, too_large = await read_body(receive, most=most)
        if refusal is not None:
            raise refusal
        if too_large is not None:
            raise too_large
        if not found:
            raise NotFound("control path", f"/_mock{path}")
        if operation is None:
            raise MethodNotAllowed(scope["method"], sorted({name for _, methods in found for name in methods}))
        if body and not operation.verbatim and "content-encoding" in headers:
            body = await _decoded(body, headers["content-encoding"], most=most)
        match = next(match for match, methods in found if method in methods)
        query = scope["query_string"].decode("latin-1")
        call = ControlCall(
            server=self._server,
            name=scope["mock.sandbox_name"],
            origin=origin_of(scope, headers.get("host")),
            method=scope["method"],
            path=scope["path"],
            path_fields=match.groupdict(),
            query=_query(query),
            query_text=query,
            headers=headers,
            raw=body,
            operations=OPERATIONS,
            token=self._token,
        )
        if operation.takes is not None:
            call.body = self._read(operation, body)
        return await operation.handler(call)

    def _read(self, operation: Operation, body: bytes) -> Any:
        try:
            data = read_json(body) if body.strip() else {}
        except NotJson as error:
            raise Problem(400, f"the body {error}") from None
        _check_members(data)
        checker = self._checkers.get(operation.name)
        if checker is None:
            assert operation.takes is not None
            checker = self._checkers[operation.name] = Checker(dict(operation.takes))
        errors = checker.check(data)
        if errors:
            raise Invalid(errors)
        return data


async def _decoded(body: bytes, encoding: str, *, most: int) -> bytes:
    """The body without its encoding; raises what it is refused for. In a thread, where it may be large."""
    from mockserver.http.decoding import decode_body

    if most > MOST:
        decoded, refusal = await asyncio.to_thread(decode_body, body, encoding, most=most)
    else:
        decoded, refusal = decode_body(body, encoding)
    if refusal is not None:
        raise refusal
    return decoded


def _check_members(data: Any, depth: int = 3) -> None:
    """Raises Invalid for objects with more members than anybody looks through."""
    if isinstance(data, dict) and depth:
        if len(data) > MOST_MEMBERS:
            raise Invalid({"body": [f"an object has at most {MOST_MEMBERS} members here: {len(data)}"]})
        for value in data.values():
            _check_members(value, depth - 1)


def _refusal(
    scope: Scope, headers: Mapping[str, str], operation: Operation | None, token: str | None
) -> Problem | None:
    """Why the caller may not do this, or None."""
    try:
        if operation is None or not operation.open:
            check_host(scope["headers"])
            check_access(headers, token=token)
        elif operation.method != "GET":
            check_receiving(headers, token=token)
    except Problem as problem:
        return problem
    return None


def _routes(operations: Sequence[Operation]) -> list[tuple[re.Pattern[str], dict[str, Operation]]]:
    """Patterns in the order of the operations, so that fixed paths stand before those with fields."""
    paths: dict[str, dict[str, Operation]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method] = operation
    return [(_pattern(path), methods) for path, methods in paths.items()]


def _pattern(path: str) -> re.Pattern[str]:
    text = re.sub(r"\{(\w+):rest\}", r"(?P<\1>.*)", path)
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", text), re.DOTALL)


def _query(text: str) -> Mapping[str, str]:
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise Problem(400, f"the query has more than {MOST_FIELDS} fields") from None


def _written(answer: Answer) -> bytes:
    if isinstance(answer.data, bytes):
        return answer.data
    if isinstance(answer.data, str) and answer.media != "application/json":
        return answer.data.encode()
    return b"" if answer.status == 204 else orjson.dumps(answer.data, default=str)

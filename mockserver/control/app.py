"""The control API as an ASGI app: access, routing, reading, answering."""

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
    faults,
    fidelity,
    inbox,
    index,
    machines,
    orders,
    populate,
    requests,
    sandboxes,
    scenarios,
    settings,
    state,
    webhooks,
)
from mockserver.control.access import check_access
from mockserver.control.operation import Answer, ControlCall, Operation, Server
from mockserver.control.problems import Problem, problem_of, send_problem
from mockserver.domain.mistakes import Invalid, MethodNotAllowed, NotFound
from mockserver.http.body import MOST, Disconnected, read_body
from mockserver.http.checking import Checker

log = logging.getLogger("mockserver")

OPERATIONS: tuple[Operation, ...] = (
    *index.OPERATIONS,
    *sandboxes.OPERATIONS,
    *populate.OPERATIONS,
    *clock.OPERATIONS,
    *settings.OPERATIONS,
    *state.OPERATIONS,
    *accounts.OPERATIONS,
    *orders.OPERATIONS,
    *scenarios.OPERATIONS,
    *machines.OPERATIONS,
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
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        path = scope["path"].removeprefix("/_mock").rstrip("/")
        found = [(match, methods) for pattern, methods in self._routes if (match := pattern.fullmatch(path))]
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        operation = next((methods[method] for _, methods in found if method in methods), None)
        refusal = None
        if operation is None or not operation.open:
            refusal = _refusal(headers, self._token)
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
        match = next(match for match, methods in found if method in methods)
        query = scope["query_string"].decode("latin-1")
        call = ControlCall(
            server=self._server,
            name=scope["mock.sandbox_name"],
            origin=f"{scope.get('scheme', 'http')}://{headers.get('host', 'localhost')}",
            method=scope["method"],
            path=scope["path"],
            path_fields=match.groupdict(),
            query=_query(query),
            query_text=query,
            headers=headers,
            raw=body,
            operations=OPERATIONS,
            trusted=not operation.open or _refusal(headers, self._token) is None,
        )
        accepted = False
        try:
            if operation.takes is not None:
                call.body = self._read(operation, body)
            answer = await operation.handler(call)
            accepted = answer.status < 400
        finally:
            await call.leave(accepted=accepted)
        return answer

    def _read(self, operation: Operation, body: bytes) -> Any:
        try:
            data = orjson.loads(body) if body.strip() else {}
        except orjson.JSONDecodeError as error:
            raise Problem(400, f"the body is not JSON: {error}") from None
        checker = self._checkers.get(operation.name)
        if checker is None:
            assert operation.takes is not None
            checker = self._checkers[operation.name] = Checker(dict(operation.takes))
        errors = checker.check(data)
        if errors:
            raise Invalid(errors)
        return data


def _refusal(headers: Mapping[str, str], token: str | None) -> Problem | None:
    try:
        check_access(headers, token=token)
    except Problem as problem:
        return problem
    return None


def _routes(operations: Sequence[Operation]) -> list[tuple[re.Pattern[str], dict[str, Operation]]]:
    """Patterns in the order of the operations, so that fixed paths stand before those with fields."""
    paths: dict[tuple[str, bool], dict[str, Operation]] = {}
    for operation in operations:
        paths.setdefault((operation.path, operation.slashes), {})[operation.method] = operation
    return [(_pattern(path, slashes=slashes), methods) for (path, slashes), methods in paths.items()]


def _pattern(path: str, *, slashes: bool) -> re.Pattern[str]:
    value = ".+" if slashes else "[^/]+"
    return re.compile(re.sub(r"\{(\w+)\}", rf"(?P<\1>{value})", path), re.DOTALL)


def _query(text: str) -> Mapping[str, str]:
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=1000))
    except ValueError as error:
        raise Problem(400, f"the query is not readable: {error}") from None


def _written(answer: Answer) -> bytes:
    if isinstance(answer.data, bytes):
        return answer.data
    if isinstance(answer.data, str) and answer.media != "application/json":
        return answer.data.encode()
    return b"" if answer.status == 204 else orjson.dumps(answer.data, default=str)

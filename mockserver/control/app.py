"""The control API as an ASGI app: access, routing, reading, answering."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from mockserver.control import (
    accounts,
    certificates,
    clock,
    documents,
    events,
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
    stream,
    webhooks,
)
from mockserver.control.access import check_access, check_host, check_receiving
from mockserver.control.operation import Answer, ControlCall, Operation, Server, Stream
from mockserver.control.problems import Problem, problem_of, send_problem
from mockserver.control.reading import read_json, read_query, refuse_body
from mockserver.control.routes import Routes
from mockserver.control.wording import with_suggestions, word
from mockserver.domain.errors import Invalid, MethodNotAllowed, NotFound
from mockserver.http.body import MOST, Disconnected, read_body
from mockserver.http.checking import Checker
from mockserver.http.heads import REFUSED
from mockserver.http.origin import origin_of

log = logging.getLogger("mockserver")

#: How many members an object of a request may have.
MOST_MEMBERS = 1_000

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
    *events.OPERATIONS,
    *stream.OPERATIONS,
    *faults.OPERATIONS,
    *requests.OPERATIONS,
    *webhooks.OPERATIONS,
    *inbox.OPERATIONS,
    *documents.OPERATIONS,
    *fidelity.OPERATIONS,
    *certificates.OPERATIONS,
)


class ControlApp:
    """The ASGI app at `/_mock`; `scope["path"]` is the path, `scope["mock.sandbox_name"]` the sandbox's name."""

    def __init__(self, server: Server, *, token: str | None) -> None:
        self._server = server
        self._token = token
        self._routes = Routes(OPERATIONS)
        self._checkers: dict[str, Checker] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; an unexpected failure goes to the log, and the client gets a bare 500 problem."""
        try:
            answer = await self._answer(scope, receive)
            body = b"" if answer.stream is not None else _answer_bytes(answer)
        except Disconnected:
            raise
        except Exception as error:
            problem = problem_of(error)
            if problem is None:
                log.error("%s %s failed", scope["method"], scope["path"], exc_info=error)
                problem = Problem(500, "the control API failed; the log says how")
            await send_problem(send, problem)
            return
        headers = [(b"content-type", answer.media.encode())]
        if answer.stream is None:
            headers.append((b"content-length", str(len(body)).encode()))
        headers += [(name.encode(), value.encode()) for name, value in answer.headers]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        if answer.stream is not None:
            await _send_stream(answer.stream, scope, receive, send)
            return
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        oversized = scope.get(REFUSED)
        if oversized is not None:
            raise oversized
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        path = scope["path"].removeprefix("/_mock").rstrip("/")
        methods, path_fields = self._routes.find(path)
        operation = methods.get("GET" if scope["method"] == "HEAD" else scope["method"])
        refusal = _refusal(scope, headers, operation, self._token)
        # Read before anything is refused: a client that still sends its body may never read the answer.
        most = MOST if operation is None or refusal is not None else operation.largest
        body, too_large = await read_body(receive, most=most)
        if refusal is not None:
            raise refusal
        if too_large is not None:
            raise too_large
        if not methods:
            raise NotFound("control path", f"/_mock{path}")
        if operation is None:
            raise MethodNotAllowed(scope["method"], sorted({*methods, *(["HEAD"] if "GET" in methods else [])}))
        if body and not operation.verbatim and "content-encoding" in headers:
            body = await _decoded(body, headers["content-encoding"], most=most)
        if operation.ignores_body:
            refuse_body(operation, body)
        query = scope["query_string"].decode("latin-1")
        call = ControlCall(
            server=self._server,
            name=scope["mock.sandbox_name"],
            origin=origin_of(scope, headers.get("host")),
            method=scope["method"],
            path=scope["path"],
            path_fields=path_fields,
            query=read_query(operation, query),
            query_text=query,
            headers=headers,
            raw=body,
            operations=OPERATIONS,
            token=self._token,
            trusted=not (operation.open or operation.tokenless) or _refusal(scope, headers, None, self._token) is None,
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
        data = read_json(body, decimals=operation.decimals)
        checker = self._checkers.get(operation.name)
        if checker is None:
            assert operation.takes is not None
            checker = self._checkers[operation.name] = Checker(dict(operation.takes), decimals=False, word=word)
        errors = checker.check(data)
        if errors:
            raise Invalid(with_suggestions(errors, checker.schema))
        return checker.normalise(data)


async def _decoded(body: bytes, encoding: str, *, most: int) -> bytes:
    """Return the body without its Content-Encoding, decoded in a thread where it may be large.

    Raises the ApiError with which an unknown encoding or a broken or oversized body is refused.
    """
    from mockserver.http.decoding import decode_body

    if most > MOST:
        decoded, refusal = await asyncio.to_thread(decode_body, body, encoding, most=most)
    else:
        decoded, refusal = decode_body(body, encoding)
    if refusal is not None:
        raise refusal
    return decoded


def _refusal(
    scope: Scope, headers: Mapping[str, str], operation: Operation | None, token: str | None
) -> Problem | None:
    """Return the problem with which this caller is refused, or None."""
    try:
        if operation is None or not operation.open:
            check_host(scope["headers"])
            if operation is not None and operation.tokenless and token is not None:
                check_receiving(headers, token=token)
            else:
                check_access(headers, token=token)
        elif operation.method != "GET":
            check_receiving(headers, token=token)
    except Problem as problem:
        return problem
    return None


async def _send_stream(stream: Stream, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the parts of a stream as they come, until it ends or the client leaves."""

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        stream.leave()

    watching = asyncio.ensure_future(watch())
    try:
        if scope["method"] != "HEAD":
            async for part in stream.parts():
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        watching.cancel()
        stream.leave()


def _answer_bytes(answer: Answer) -> bytes:
    if isinstance(answer.data, bytes):
        return answer.data
    if isinstance(answer.data, str) and answer.media != "application/json":
        return answer.data.encode()
    return b"" if answer.status == 204 else orjson.dumps(answer.data, default=str)

"""Answers requests in whose handling even the handling of errors failed. Imported when the first one does."""

import logging
from time import perf_counter_ns

from starlette.types import Scope, Send

from mockserver.domain.errors import InternalError
from mockserver.http.answering import SENT, Edge, Payload
from mockserver.http.body import Disconnected
from mockserver.http.call import Call
from mockserver.http.provider import word
from mockserver.http.reading import read_headers

log = logging.getLogger("mockserver")
_PLAIN = b'{"error":"internal error"}'


async def answer_failure(edge: Edge, scope: Scope, send: Send, error: Exception) -> None:
    """Answer InternalError in the provider's words; where that fails, too, a JSON text of our own.

    Raises the error where the answer has begun or nobody waits for it.
    """
    if SENT in scope or isinstance(error, Disconnected):
        raise error
    log.error("%s %s failed, and so did the answer", scope["method"], scope["path"], exc_info=error)
    try:
        await _answer_in_envelope(edge, scope, send)
    except Exception as another:
        if SENT in scope:
            raise
        log.error("the envelope of %s cannot say that", edge.provider.name, exc_info=another)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(_PLAIN))]
        await send({"type": "http.response.start", "status": 500, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else _PLAIN})


async def _answer_in_envelope(edge: Edge, scope: Scope, send: Send) -> None:
    began = perf_counter_ns()
    provider, (sandbox, prefix) = edge.provider, scope["mock.arrival"]
    entry = edge.recorder.begin(scope, sandbox, b"", None)
    entry.mistake = InternalError.__name__
    call = Call(sandbox, provider, None, entry, read_headers(scope["headers"]), scope, prefix, b"")
    response = word(provider, InternalError())
    answer = Payload(response.status, edge.refuse(call, response), response.media or edge.media, response.headers)
    await edge.recorder.send(send, scope, call, answer, began=began)

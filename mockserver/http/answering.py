"""Turns errors into responses, sends answers, and keeps every exchange in the journal without its secrets."""

import logging
from collections.abc import Callable
from time import perf_counter_ns
from typing import NamedTuple

from starlette.types import Scope, Send

from mockserver.domain.errors import ApiError, InternalError, ProviderMistake
from mockserver.http.call import Call
from mockserver.http.cors import Cors
from mockserver.http.dates import DateHeader
from mockserver.http.provider import Endpoint, Provider, word
from mockserver.http.replies import ErrorResponse
from mockserver.journal.bodies import body_redactor, redact_body
from mockserver.journal.journal import MOST_BODY, Entry
from mockserver.journal.names import SecretNames
from mockserver.journal.redact import HIDDEN, redact_head, redact_headers, redact_query, redact_url
from mockserver.sandbox.sandbox import Sandbox

log = logging.getLogger("mockserver")

#: Set in the scope of a request whose answer has begun.
SENT = "mock.sent"
_JSON = (b"content-type", b"application/json")


class Payload(NamedTuple):
    """An answer as bytes."""

    status: int
    body: bytes
    media: str
    headers: tuple[tuple[str, str], ...]


class FaultResponse(Exception):
    """Raised where a fault answers in place of the endpoint."""

    def __init__(self, answer: Payload) -> None:
        super().__init__(answer.status)
        self.answer = answer


def error_response_of(provider: Provider, call: Call, error: Exception) -> ErrorResponse:
    """Return the provider's response to an error, and note the error in the journal.

    An exception that is no ApiError is logged, and answered as InternalError.
    """
    if isinstance(error, ProviderMistake):
        log.error("%s %s failed: %s", call.entry.method, call.entry.path, error)
        error = InternalError()
    elif not isinstance(error, ApiError):
        log.error("%s %s failed", call.entry.method, call.entry.path, exc_info=error)
        error = InternalError()
    call.entry.mistake = type(error).__name__
    call.entry.because = error.because
    error_response = word(provider, error)
    return provider.reword(call, error_response) if provider.reword is not None else error_response


class Edge(NamedTuple):
    """The parts with which a provider, or one of its annexes, refuses, adds headers and records exchanges."""

    provider: Provider
    refuse: Callable[[Call, ErrorResponse], bytes]
    headers: Callable[[Call, int], tuple[tuple[str, str], ...]] | None
    recorder: "Recorder"
    media: str
    """The content type of error responses that name none."""


class Recorder:
    """Begins the journal entry of each exchange of a provider, and completes it when the answer is sent."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider.name
        self._cors = provider.cors
        self.secret_names = provider.secrets.names()
        self._secret_paths = provider.secrets.paths
        self._secret_body = body_redactor(self.secret_names)
        self._date = DateHeader()

    def begin(self, scope: Scope, sandbox: Sandbox, body: bytes, endpoint: Endpoint | None) -> Entry:
        """Return the journal entry of a request, with all that is known before it is handled."""
        query = scope["query_string"]
        head, size = redact_head(scope["headers"], self.secret_names)
        return Entry(
            sandbox.journal.next_id(),
            sandbox.state.clock.now(),
            self._provider,
            scope["method"],
            self._shown_path(scope) if self._secret_paths else scope["path"],
            redact_query(query.decode("latin-1"), self.secret_names) if query else "",
            head,
            redact_body(body[:MOST_BODY], self._secret_body, scope["headers"]) if body else b"",
            operation=endpoint.name if endpoint is not None else None,
            counted=size,
            changes_state=endpoint is not None and (endpoint.method != "GET" or not endpoint.head),
        )

    def _shown_path(self, scope: Scope) -> str:
        """Return the path without the secrets that are fields of it."""
        path: str = scope["path"]
        for name, value in scope.get("path_params", {}).items():
            if name in self._secret_paths and value:
                before, _, after = path.rpartition(value)
                path = f"{before}{HIDDEN}{after}"
        return path

    async def send(
        self,
        send: Send,
        scope: Scope,
        call: Call,
        answer: Payload,
        *,
        began: int,
        confidential: bool = False,
    ) -> None:
        """Complete the journal entry and send the answer; `began` is when the request came in (perf_counter_ns).

        `confidential`: whether a successful answer holds secrets.
        """
        entry, sandbox, payload = call.entry, call.sandbox, answer.body
        headers = [
            _JSON if answer.media == "application/json" else (b"content-type", answer.media.encode()),
            (b"content-length", b"%d" % len(payload)),
            (b"date", self._date.at(call.state.clock.now())),
            (b"x-mock-request-id", entry.id.encode()),
        ]
        if answer.status == 204:
            del headers[1]  # RFC 9110, 8.6: not even a length of 0
        if answer.headers:
            headers += [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers]
        if "origin" in call.headers:
            _share(self._cors, call, headers)
        entry.status = answer.status
        # A refusal holds no secrets, and its text helps; the answer of a fault may hold any.
        if answer.status >= 400:
            confidential = False
        if entry.faults and _is_a_faults(entry):
            confidential = True
        # A copy, since the bytes that orjson gives keep a buffer of 4 KiB.
        journal_body = b"%b" % payload if len(payload) <= MOST_BODY else payload[:MOST_BODY]
        if confidential:
            entry.response_headers = tuple(_without_secrets(headers, self.secret_names))
            entry.response_body = redact_body(journal_body, self._secret_body, headers)
        else:
            entry.response_headers = tuple(headers)
            entry.response_body = journal_body
        entry.milliseconds = (perf_counter_ns() - began) / 1_000_000
        sandbox.journal.keep(entry)
        scope[SENT] = True
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        # Only now: a fault on the wire has noted here that no answer goes out.
        sandbox.announcer.answered(entry)
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else payload})


def _share(cors: Cors | None, call: Call, headers: list[tuple[bytes, bytes]]) -> None:
    """Add the headers with which a page of this origin may read the answer; those that a fault set stay."""
    if cors is None:
        return
    from mockserver.http.sharing import answer_headers

    present = {name for name, _ in headers}
    cors_headers = answer_headers(cors, call.state.settings.values, call.headers["origin"])
    headers += [
        (low, value.encode("latin-1")) for name, value in cors_headers if (low := name.lower().encode()) not in present
    ]


def _is_a_faults(entry: Entry) -> bool:
    """Return whether a fault decided the answer."""
    return any("answer" in row.get("decides", ()) for row in entry.faults)


def _without_secrets(headers: list[tuple[bytes, bytes]], names: SecretNames) -> list[tuple[bytes, bytes]]:
    """Return the headers without secrets, which may also stand in the query of a redirect."""
    return [
        (name, redact_url(value.decode("latin-1")).encode("latin-1") if name == b"location" else value)
        for name, value in redact_headers(headers, names)
    ]

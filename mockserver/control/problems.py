"""Problem documents (RFC 9457), and which error becomes which problem."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.types import Send

from mockserver.clockwork.clock import GoesBack
from mockserver.clockwork.timeline import LimitReached
from mockserver.domain.errors import (
    READ_ENCODINGS,
    ApiError,
    HeadTooLarge,
    Invalid,
    MethodNotAllowed,
    NotFound,
    NotTaken,
    PayloadTooLarge,
    TargetTooLong,
    UnsupportedEncoding,
)
from mockserver.domain.moments import moment_text
from mockserver.sandbox.refusals import TooManySandboxes, WorldReplaced
from mockserver.scenario.problems import Problem as ScenarioProblem
from mockserver.scenario.problems import ScenarioProblems

_TITLES = {
    400: "Bad request",
    401: "Token required",
    403: "Refused",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    414: "Target too long",
    415: "Encoding not supported",
    422: "Invalid",
    431: "Head too large",
    429: "Too many",
    500: "Internal error",
    503: "Not ready",
}


class Problem(Exception):
    """An answer that is a problem document; `more` are extension members."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: object) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}
        self.more = more

    def document(self) -> dict[str, Any]:
        """Return the problem as JSON data."""
        title = _TITLES.get(self.status, "Problem")
        return {"type": "about:blank", "title": title, "status": self.status, "detail": self.detail, **self.more}


def problem_of(error: Exception) -> Problem | None:
    """Return the problem for this error, or None where a client cannot cause it."""
    match error:
        case Problem():
            return error
        case NotFound():
            return Problem(404, str(error))
        case MethodNotAllowed():
            return Problem(405, str(error), headers={"allow": ", ".join(error.allowed)})
        case UnsupportedEncoding():
            text = error.text[:1].lower() + error.text[1:].rstrip(".")
            return Problem(415, text, headers={"accept-encoding": ", ".join(READ_ENCODINGS)})
        case Invalid():
            wrong = [{"field": field, "message": text} for field, texts in error.errors.items() for text in texts]
            return Problem(422, str(error), errors=wrong)
        case TargetTooLong():
            return Problem(414, str(error))
        case HeadTooLarge():
            return Problem(431, str(error))
        case TooManySandboxes():
            return Problem(429, str(error), type="too-many-sandboxes")
        case PayloadTooLarge():
            return Problem(413, str(error))
        case NotTaken() | GoesBack() | WorldReplaced():
            return Problem(409, str(error))
        case LimitReached():
            ran = error.ran
            return Problem(
                409,
                str(error),
                now=moment_text(error.now),
                fired=ran.fired,
                delivered=ran.delivered,
                failed=ran.failed,
            )
        case ScenarioProblems():
            return _scenario_problem(error)
        case ApiError():
            return Problem(409, str(error) or type(error).__name__)
    return None


def _scenario_problem(error: ScenarioProblems) -> Problem:
    more = len(error.problems) - 1
    detail = str(error.problems[0]) + (f" (and {more} more {'errors' if more > 1 else 'error'})" if more else "")
    return Problem(422, detail, errors=[problem_row(problem) for problem in error.problems])


def problem_row(problem: ScenarioProblem) -> dict[str, Any]:
    """Return an error or a warning about a scenario file as the control API shows it."""
    return {"file": problem.file, "line": problem.line, "column": problem.column, "message": problem.message}


async def send_problem(send: Send, problem: Problem) -> None:
    """Send the problem as the answer."""
    body = orjson.dumps(problem.document())
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        *((name.encode(), value.encode("latin-1", "replace")) for name, value in problem.headers.items()),
    ]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

"""The envelope of doctorSIM v1, and the error response for every error.

HTTP statuses and the four words of `status` are documented; all texts are ours, since clients only show them.
"""

from collections.abc import Mapping
from typing import Any

from mockserver.domain.errors import (
    AccountRefused,
    ApiError,
    HeadTooLarge,
    InsufficientBalance,
    Invalid,
    MalformedHost,
    MethodNotAllowed,
    MissingParameter,
    NotFound,
    NotTaken,
    PayloadTooLarge,
    RateLimited,
    TargetTooLong,
    TooLate,
    Unauthenticated,
    UnknownRoute,
    UnsupportedEncoding,
)
from mockserver.http.call import Call
from mockserver.http.provider import Worder
from mockserver.http.replies import ErrorResponse, Reply
from mockserver.providers.doctorsim_v1.settings import CREDITS
from mockserver.providers.doctorsim_v1.wire import encode

#: First segments of the paths whose answers have no `code` (documented).
WITHOUT_CODE = frozenset({"cancel_order", "retrieve_order_instructions", "imeicheck"})
_CHECK = "check"


class PlainHttp(ApiError):
    """The call came over plain HTTP and the sandbox's settings want HTTPS."""


class HashMissing(ApiError):
    """An IMEI check with a production pair lacks `hash`, its encrypted arguments."""


class NothingOffered(ApiError):
    """No service unlocks this device on this network."""


class NotAvailableYet(NotTaken):
    """The order has no instructions yet."""


class DuplicateImei(NotTaken):
    """An order of the same service for the same IMEI is still running."""


class ReportsNotInstalled(ApiError):
    """The PDF of a report needs an extra that is not installed."""


def wrap(call: Call, reply: Reply) -> bytes:
    """Wrap the data of an answer: `{"code", "status", "info", "res"}`; encoded bodies stay as they are."""
    if isinstance(reply.data, bytes):
        return reply.data
    return envelope(call.entry.path, 200, "OK", "", reply.data)


def refuse(call: Call, response: ErrorResponse) -> bytes:
    """Write an error response in the same envelope, with the text in `info` and an empty `res`."""
    return envelope(call.entry.path, response.status, response.code, response.text, {})


def envelope(path: str, status: int, word: str, info: str, res: Any) -> bytes:
    """Write the envelope; `code` is the HTTP status as a text, absent for the paths in `WITHOUT_CODE` (documented)."""
    code = {} if path[1:].partition("/")[0] in WITHOUT_CODE else {"code": str(status)}
    return encode({**code, "status": word, "info": info, "res": res})


def reword(call: Call, response: ErrorResponse) -> ErrorResponse:
    """Choose the status of too many requests by a setting: the page's introduction says 409, its table 429."""
    if response.code != "TOO_MANY_REQUESTS" or call.state.settings.values["doctorsim_v1.limit_status"] == 429:
        return response
    return ErrorResponse(409, response.code, response.text)


def _error(status: int, text: str, *, provenance: Any = "documented") -> ErrorResponse:
    return ErrorResponse(status, "API_ERROR", text, provenance=provenance)


def _not_found(error: NotFound) -> ErrorResponse:
    return _error(404, f"There is no {error.what} {error.name}." if error.name else f"No such {error.what}.")


def _invalid(error: Invalid) -> ErrorResponse:
    texts = [text.rstrip(".") for texts in error.errors.values() for text in texts]
    return _error(400, "; ".join(text[:1].upper() + text[1:] for text in texts) + ".")


def _insufficient_balance(error: InsufficientBalance) -> ErrorResponse:
    if not error.needed:  # a scenario's refusal knows no amounts
        return _error(400, "Not enough credits.", provenance="assumed")
    balance, needed = CREDITS.text(error.balance), CREDITS.text(error.needed)
    return _error(
        400, f"Not enough credits: the service costs {needed}, the account has {balance}.", provenance="assumed"
    )


def _not_taken(error: NotTaken) -> ErrorResponse:
    order = error.order
    if error.event == "cancel" and order.facts.get("tool_type") == _CHECK:
        return _error(400, "IMEI checks are processed at once and cannot be canceled.")
    if error.event == "cancel":
        return _error(400, f"Order {order.id} is {order.state} and can no longer be canceled.")
    text = f"Order {order.id} is {order.state}: there is nothing left to do about it."
    return _error(400, text, provenance="assumed")


def _duplicate(error: DuplicateImei) -> ErrorResponse:
    text = f"Order {error.order.id} of this service for the same IMEI is still running."
    return _error(400, text, provenance="assumed")


def _too_late(error: TooLate) -> ErrorResponse:
    return _error(400, f"The time in which order {error.order.id} could be canceled is over.")


def _not_yet(error: NotAvailableYet) -> ErrorResponse:
    return _error(400, f"Order {error.order.id} is not available, so there are no instructions for it.")


def _method(error: MethodNotAllowed) -> ErrorResponse:
    return ErrorResponse(
        405,
        "API_ERROR",
        f"{error.method} is not supported here, only {', '.join(error.allowed)}.",
        headers=(("Allow", ", ".join(error.allowed)),),
    )


def _missing_parameter(error: MissingParameter) -> ErrorResponse:
    *others, last = error.parameters
    if others:
        return _error(400, f"The parameters {', '.join(others)} and {last} are missing.")
    return _error(400, f"The parameter {last} is missing.")


def _too_large(error: PayloadTooLarge) -> ErrorResponse:
    return _error(413, f"The body is larger than {error.limit} bytes.", provenance="assumed")


def _target_too_long(error: TargetTooLong) -> ErrorResponse:
    return _error(414, f"The request line is longer than {error.limit} bytes.", provenance="assumed")


def _head_too_large(error: HeadTooLarge) -> ErrorResponse:
    text = f"The headers are larger than {error.limit} bytes, or more than {error.headers}."
    return _error(431, text, provenance="assumed")


_NO_REPORTS = "PDF reports need the package reportlab: pip install 'sim-mockserver[pdf]'."

MISTAKES: Mapping[type[ApiError], ErrorResponse | Worder] = {
    Unauthenticated: ErrorResponse(401, "WRONG_ACCESS", "DSIM_KEY and DSIM_SECRET do not belong to any account."),
    AccountRefused: ErrorResponse(401, "WRONG_ACCESS", "This account has no access.", provenance="assumed"),
    RateLimited: ErrorResponse(429, "TOO_MANY_REQUESTS", "Too many requests: at most 500 in a minute."),
    PlainHttp: _error(400, "Plain HTTP is not served: use HTTPS.", provenance="assumed"),
    HashMissing: _error(400, "The parameter hash can be left out in sandbox mode only."),
    NothingOffered: _error(200, "No service is available for this device on this network.", provenance="observed"),
    NotAvailableYet: _not_yet,
    DuplicateImei: _duplicate,
    TooLate: _too_late,
    NotTaken: _not_taken,
    InsufficientBalance: _insufficient_balance,
    MissingParameter: _missing_parameter,
    UnknownRoute: _error(404, "There is no such method."),
    NotFound: _not_found,
    Invalid: _invalid,
    MethodNotAllowed: _method,
    PayloadTooLarge: _too_large,
    TargetTooLong: _target_too_long,
    HeadTooLarge: _head_too_large,
    MalformedHost: _error(400, MalformedHost.text, provenance="assumed"),
    UnsupportedEncoding: lambda error: _error(415, error.text, provenance="assumed"),
    ReportsNotInstalled: _error(501, _NO_REPORTS, provenance="assumed"),
    ApiError: _error(500, "Something went wrong on our side."),
}

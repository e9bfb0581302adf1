"""DaisySIM's two envelopes, and the error response for every error.

Codes and statuses are documented; clients in production compare with the texts marked observed.
"""

from collections.abc import Mapping

import orjson

from mockserver.domain.errors import (
    AccountLocked,
    AccountRefused,
    AccountSuspended,
    ApiError,
    HeadTooLarge,
    InsufficientBalance,
    Invalid,
    InvalidPrice,
    MalformedHost,
    MethodNotAllowed,
    MissingCredential,
    NotFound,
    NotTaken,
    OutOfStock,
    PayloadTooLarge,
    ProviderError,
    RateLimited,
    TargetTooLong,
    TooEarly,
    UnknownCredential,
    UnknownRoute,
    UnsupportedEncoding,
    whole_seconds,
)
from mockserver.http.call import Call
from mockserver.http.provider import Worder
from mockserver.http.replies import ErrorResponse, Reply


class RefundedAtExpiry(NotTaken):
    """A cancel of a number that was refunded because it expired, not by an earlier cancel."""


_OPERATIONS = {"prices": "price", "purchase": "purchase", "check": "check", "cancel": "cancel"}


def wrap(call: Call, reply: Reply) -> bytes:
    """Wrap the data of a 2xx answer: `{"success": true, "data": ...}`; encoded bodies stay as they are."""
    if isinstance(reply.data, bytes):
        return reply.data
    return orjson.dumps({"success": True, "data": reply.data})


def refuse(call: Call, response: ErrorResponse) -> bytes:
    """Write an error response: `{"success": false, "error": text, "code": MACHINE}`, then its extra members."""
    return orjson.dumps({"success": False, "error": response.text, "code": response.code, **response.extra})


def _invalid(error: Invalid) -> ErrorResponse:
    first = next(iter(error.errors.values()))[0]
    extra = {"message": first, "errors": error.errors}
    return ErrorResponse(422, "VALIDATION_ERROR", "The given data was invalid.", extra, provenance="assumed")


def _rate_limited(error: RateLimited) -> ErrorResponse:
    seconds = whole_seconds(error.retry_after)
    operation = _OPERATIONS.get(error.operation, "request")
    text = f"Too many {operation} attempts. Please wait {seconds}s."
    return ErrorResponse(429, "RATE_LIMITED", text, headers=(("Retry-After", str(seconds)),))


def _not_taken(error: NotTaken) -> ErrorResponse:
    order = error.order
    if "code" not in order.facts:
        return ErrorResponse(422, "ALREADY_REFUNDED", "This activation has already been refunded.")
    data = {"activation_id": order.id, "code": order.facts["code"]}
    return ErrorResponse(422, "CODE_RECEIVED", "Cannot cancel: an SMS code was already received.", {"data": data})


def _too_early(error: TooEarly) -> ErrorResponse:
    seconds = whole_seconds(error.left)
    return ErrorResponse(422, "TOO_EARLY", f"You can cancel this number in {seconds} seconds.")


def _method_not_allowed(error: MethodNotAllowed) -> ErrorResponse:
    return ErrorResponse(
        405,
        "METHOD_NOT_ALLOWED",
        f"The {error.method} method is not supported for this route.",
        headers=(("Allow", ", ".join(error.allowed)),),
        provenance="assumed",
    )


def _too_large(error: PayloadTooLarge) -> ErrorResponse:
    text = f"The request body is larger than {error.limit} bytes."
    return ErrorResponse(413, "PAYLOAD_TOO_LARGE", text, provenance="assumed")


def _target_too_long(error: TargetTooLong) -> ErrorResponse:
    text = f"The request line is longer than {error.limit} bytes."
    return ErrorResponse(414, "URI_TOO_LONG", text, provenance="assumed")


def _head_too_large(error: HeadTooLarge) -> ErrorResponse:
    text = f"The headers are larger than {error.limit} bytes, or more than {error.headers}."
    return ErrorResponse(431, "HEADERS_TOO_LARGE", text, provenance="assumed")


def _encoding(error: UnsupportedEncoding) -> ErrorResponse:
    return ErrorResponse(415, "UNSUPPORTED_MEDIA_TYPE", error.text, provenance="assumed")


MISTAKES: Mapping[type[ApiError], ErrorResponse | Worder] = {
    MissingCredential: ErrorResponse(401, "MISSING_TOKEN", "No API key provided in the Authorization header."),
    UnknownCredential: ErrorResponse(401, "INVALID_TOKEN", "The API key does not match any user."),
    AccountSuspended: ErrorResponse(403, "ACCOUNT_SUSPENDED", "Your account has been suspended."),
    AccountLocked: ErrorResponse(403, "ACCOUNT_LOCKED", "Your account is temporarily locked."),
    AccountRefused: ErrorResponse(403, "ACCOUNT_SUSPENDED", "Your account has been suspended.", provenance="assumed"),
    InsufficientBalance: ErrorResponse(400, "INSUFFICIENT_BALANCE", "Insufficient wallet balance."),
    InvalidPrice: ErrorResponse(
        422, "INVALID_PRICE", "The price does not match the current pricing. Refresh and retry."
    ),
    OutOfStock: ErrorResponse(503, "NO_NUMBERS_AVAILABLE", "No numbers available. Please try a different country."),
    NotFound: ErrorResponse(404, "NOT_FOUND", "Activation not found."),
    UnknownRoute: ErrorResponse(404, "NOT_FOUND", "The requested endpoint does not exist.", provenance="observed"),
    RefundedAtExpiry: ErrorResponse(
        422,
        "ALREADY_REFUNDED",
        "This activation expired and has already been refunded.",
        provenance="assumed",
    ),
    NotTaken: _not_taken,
    TooEarly: _too_early,
    RateLimited: _rate_limited,
    Invalid: _invalid,
    MethodNotAllowed: _method_not_allowed,
    PayloadTooLarge: _too_large,
    TargetTooLong: _target_too_long,
    HeadTooLarge: _head_too_large,
    MalformedHost: ErrorResponse(400, "VALIDATION_ERROR", MalformedHost.text, provenance="assumed"),
    UnsupportedEncoding: _encoding,
    ProviderError: ErrorResponse(502, "PROVIDER_ERROR", "The upstream provider returned an unexpected response."),
    ApiError: ErrorResponse(500, "SERVER_ERROR", "Internal server error. Please contact support."),
}

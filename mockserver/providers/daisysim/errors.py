"""DaisySIM's two envelopes and its wording of every mistake.

Codes and statuses are documented; the texts marked observed are what clients in production compare with.
"""

from collections.abc import Mapping

import orjson

from mockserver.domain.mistakes import (
    AccountLocked,
    AccountRefused,
    AccountSuspended,
    HeadTooLarge,
    InsufficientBalance,
    Invalid,
    InvalidPrice,
    MalformedHost,
    MethodNotAllowed,
    MissingCredential,
    Mistake,
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
from mockserver.http.replies import Reply, Wording


class RefundedAtExpiry(NotTaken):
    """A cancel comes after the number expired, was refunded by that, and not by an earlier cancel."""


_OPERATIONS = {"prices": "price", "purchase": "purchase", "check": "check", "cancel": "cancel"}


def wrap(call: Call, reply: Reply) -> bytes:
    """`{"success": true, "data": ...}` on every 2xx."""
    if isinstance(reply.data, bytes):
        return reply.data
    return orjson.dumps({"success": True, "data": reply.data})


def refuse(call: Call, wording: Wording) -> bytes:
    """`{"success": false, "error": text, "code": MACHINE}`, extra members after them."""
    return orjson.dumps({"success": False, "error": wording.text, "code": wording.code, **wording.extra})


def _invalid(mistake: Invalid) -> Wording:
    first = next(iter(mistake.errors.values()))[0]
    extra = {"message": first, "errors": mistake.errors}
    return Wording(422, "VALIDATION_ERROR", "The given data was invalid.", extra, provenance="assumed")


def _rate_limited(mistake: RateLimited) -> Wording:
    seconds = whole_seconds(mistake.retry_after)
    what = _OPERATIONS.get(mistake.operation, "request")
    text = f"Too many {what} attempts. Please wait {seconds}s."
    return Wording(429, "RATE_LIMITED", text, headers=(("Retry-After", str(seconds)),))


def _not_taken(mistake: NotTaken) -> Wording:
    order = mistake.order
    if "code" not in order.facts:
        return Wording(422, "ALREADY_REFUNDED", "This activation has already been refunded.")
    data = {"activation_id": order.id, "code": order.facts["code"]}
    return Wording(422, "CODE_RECEIVED", "Cannot cancel: an SMS code was already received.", {"data": data})


def _too_early(mistake: TooEarly) -> Wording:
    seconds = whole_seconds(mistake.left)
    return Wording(422, "TOO_EARLY", f"You can cancel this number in {seconds} seconds.")


def _method_not_allowed(mistake: MethodNotAllowed) -> Wording:
    return Wording(
        405,
        "METHOD_NOT_ALLOWED",
        f"The {mistake.method} method is not supported for this route.",
        headers=(("Allow", ", ".join(mistake.allowed)),),
        provenance="assumed",
    )


def _too_large(mistake: PayloadTooLarge) -> Wording:
    text = f"The request body is larger than {mistake.limit} bytes."
    return Wording(413, "PAYLOAD_TOO_LARGE", text, provenance="assumed")


def _target_too_long(mistake: TargetTooLong) -> Wording:
    text = f"The request line is longer than {mistake.limit} bytes."
    return Wording(414, "URI_TOO_LONG", text, provenance="assumed")


def _head_too_large(mistake: HeadTooLarge) -> Wording:
    text = f"The headers are larger than {mistake.limit} bytes, or more than {mistake.headers}."
    return Wording(431, "HEADERS_TOO_LARGE", text, provenance="assumed")


def _encoding(mistake: UnsupportedEncoding) -> Wording:
    return Wording(415, "UNSUPPORTED_MEDIA_TYPE", mistake.text, provenance="assumed")


MISTAKES: Mapping[type[Mistake], Wording | Worder] = {
    MissingCredential: Wording(401, "MISSING_TOKEN", "No API key provided in the Authorization header."),
    UnknownCredential: Wording(401, "INVALID_TOKEN", "The API key does not match any user."),
    AccountSuspended: Wording(403, "ACCOUNT_SUSPENDED", "Your account has been suspended."),
    AccountLocked: Wording(403, "ACCOUNT_LOCKED", "Your account is temporarily locked."),
    AccountRefused: Wording(403, "ACCOUNT_SUSPENDED", "Your account has been suspended.", provenance="assumed"),
    InsufficientBalance: Wording(400, "INSUFFICIENT_BALANCE", "Insufficient wallet balance."),
    InvalidPrice: Wording(422, "INVALID_PRICE", "The price does not match the current pricing. Refresh and retry."),
    OutOfStock: Wording(503, "NO_NUMBERS_AVAILABLE", "No numbers available. Please try a different country."),
    NotFound: Wording(404, "NOT_FOUND", "Activation not found."),
    UnknownRoute: Wording(404, "NOT_FOUND", "The requested endpoint does not exist.", provenance="observed"),
    RefundedAtExpiry: Wording(
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
    MalformedHost: Wording(400, "VALIDATION_ERROR", MalformedHost.text, provenance="assumed"),
    UnsupportedEncoding: _encoding,
    ProviderError: Wording(502, "PROVIDER_ERROR", "The upstream provider returned an unexpected response."),
    Mistake: Wording(500, "SERVER_ERROR", "Internal server error. Please contact support."),
}

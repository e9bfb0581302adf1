"""Acme's envelope and its error responses. The kit's own refusals (405, 413 ...) have none here."""

from collections.abc import Mapping

import orjson

from mockserver.domain.errors import (
    AccountRefused,
    ApiError,
    InsufficientBalance,
    Invalid,
    NotFound,
    NotTaken,
    OutOfStock,
    RateLimited,
    TooEarly,
    Unauthenticated,
    whole_seconds,
)
from mockserver.http.call import Call
from mockserver.http.provider import Worder
from mockserver.http.replies import ErrorResponse, Reply

TEXT = "text/plain; charset=utf-8"


def wrap(call: Call, reply: Reply) -> bytes:
    """The data as it is."""
    return orjson.dumps(reply.data)


def refuse(call: Call, wording: ErrorResponse) -> bytes:
    """`{"error": {"code": ..., "message": ...}}`, or the bare text where it is plain."""
    if wording.media == TEXT:
        return wording.text.encode()
    return orjson.dumps({"error": {"code": wording.code.lower(), "message": wording.text, **wording.extra}})


def _rate_limited(mistake: RateLimited) -> ErrorResponse:
    seconds = str(whole_seconds(mistake.retry_after))
    text = f"Slow down: try again in {seconds} s."
    return ErrorResponse(429, "too_many_requests", text, headers=(("Retry-After", seconds),), media=TEXT)


def _too_early(mistake: TooEarly) -> ErrorResponse:
    return ErrorResponse(409, "too_early", f"It can be cancelled in {whole_seconds(mistake.left)} s.")


MISTAKES: Mapping[type[ApiError], ErrorResponse | Worder] = {
    Unauthenticated: ErrorResponse(401, "unauthorized", "This key opens no account."),
    AccountRefused: ErrorResponse(403, "forbidden", "This account is closed."),
    InsufficientBalance: ErrorResponse(402, "no_money", "The balance is too low."),
    Invalid: lambda mistake: ErrorResponse(422, "invalid", "Some fields are not valid.", {"fields": mistake.errors}),
    NotFound: ErrorResponse(404, "not_found", "There is no such order or service."),
    NotTaken: ErrorResponse(409, "done", "The order has ended."),
    OutOfStock: ErrorResponse(409, "sold_out", "There are no numbers left."),
    RateLimited: _rate_limited,
    TooEarly: _too_early,
}

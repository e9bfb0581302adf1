"""HidSim's error envelopes, and the error response for every error.

The page documents the statuses 400, 401, 403, 404, 406, 425 and 429 and no bodies: texts and envelopes are assumed.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from mockserver.domain.errors import (
    AccountRefused,
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
    PlainStatus,
    RateLimited,
    TargetTooLong,
    TooEarly,
    Unauthenticated,
    UnknownCredential,
    UnknownRoute,
    UnsupportedEncoding,
    whole_seconds,
)
from mockserver.http.call import Call
from mockserver.http.provider import Worder
from mockserver.http.replies import ErrorResponse, Reply
from mockserver.providers.hidsim.listing import Page, enveloped
from mockserver.providers.hidsim.settings import USD
from mockserver.providers.hidsim.tokens import BadToken, ExpiredToken

#: Python's own table calls 413 by another name from version to version.
_PHRASES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    406: "Not Acceptable",
    413: "Payload Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    425: "Too Early",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
}
_CHALLENGE = (("WWW-Authenticate", "Bearer"),)
#: The member that `hidsim.extra_fields` adds: a list, since clients often take unknown members for texts or numbers.
_EXTRA = {"undocumented": ["hidsim.extra_fields"]}
#: Every nested object begins with this, and no text contains it, since texts escape quotation marks. Replacing bytes
#: is quick enough for the list of all products, much of which is already encoded.
_BEGINNING = b'{"_id":'
_EXTENDED = orjson.dumps(_EXTRA)[:-1] + b',"_id":'


class Unavailable(ApiError):
    """The product is switched off."""


class TooDear(ApiError):
    """The product costs more than the request allows; minor units."""

    def __init__(self, price: int = 0, most: object = 0) -> None:
        super().__init__(f"price {price} is more than {most}")
        self.price = price
        self.most = most


def wrap(call: Call, reply: Reply) -> bytes:
    """Encode objects as they are, and lists in the envelope that the setting chooses."""
    data, settings = reply.data, call.state.settings.values
    if isinstance(data, Page):
        data = enveloped(data, settings["hidsim.list_envelope"])
    if not settings["hidsim.extra_fields"]:
        return data if isinstance(data, bytes) else orjson.dumps(data)
    if isinstance(data, dict) and "_id" not in data:
        data = {**_EXTRA, **data}
    body = data if isinstance(data, bytes) else orjson.dumps(data)
    return body.replace(_BEGINNING, _EXTENDED)


def refuse(call: Call, response: ErrorResponse) -> bytes:
    """Write an error response as `{statusCode, error, message}` with its extra members, or in the setting's shape."""
    settings = call.state.settings.values
    body = refusal(response, style=settings["hidsim.error_envelope"])
    if settings["hidsim.extra_fields"]:
        body = {**_EXTRA, **body}
        if "details" in body:
            body["details"] = [{**_EXTRA, **detail} for detail in body["details"]]
    return orjson.dumps(body)


def refusal(response: ErrorResponse, *, style: str = "boom") -> dict[str, Any]:
    """Return the body of an error response in one of the three envelopes."""
    match style:
        case "message":
            return {"code": response.status, "message": response.text}
        case "ok":
            return {"ok": False, "msg": response.text}
    return {"statusCode": response.status, "error": response.code, "message": response.text, **response.extra}


def _response(status: int, text: str, **more: Any) -> ErrorResponse:
    """Return an error response whose code is the reason phrase of its status."""
    return ErrorResponse(status, _PHRASES[status], text, **more)


def _retry_later(status: int, text: str, seconds: int) -> ErrorResponse:
    return _response(status, text, extra={"retryAfter": seconds}, headers=(("Retry-After", str(seconds)),))


def _invalid(error: Invalid) -> ErrorResponse:
    details = [{"path": field, "message": text} for field, texts in error.errors.items() for text in texts]
    return _response(400, details[0]["message"], extra={"details": details})


def _too_early(error: TooEarly) -> ErrorResponse:
    seconds = max(1, whole_seconds(error.left))
    return _retry_later(425, f"It is too early to {error.event} this operation. Try again in {seconds} s.", seconds)


def _not_taken(error: NotTaken) -> ErrorResponse:
    return _response(400, f"This operation cannot be asked to {error.event} in its current state.")


def _rate_limited(error: RateLimited) -> ErrorResponse:
    seconds = max(1, whole_seconds(error.retry_after))
    return _retry_later(429, f"Too many requests. Try again in {seconds} s.", seconds)


def _insufficient_balance(error: InsufficientBalance) -> ErrorResponse:
    if error.needed <= error.balance:  # a scenario or a fault says so, whatever the wallet holds
        return _response(400, "The balance is too low.")
    needed, balance = USD.text(error.needed), USD.text(error.balance)
    return _response(400, f"The balance is too low: {needed} USD are needed, {balance} USD are there.")


def _not_found(error: NotFound) -> ErrorResponse:
    what = "operation" if error.what == "order" else error.what
    return _response(404, f"{what.capitalize()} not found.")


def _target_too_long(error: TargetTooLong) -> ErrorResponse:
    return _response(414, f"The request line is longer than {error.limit} bytes.", provenance="assumed")


def _head_too_large(error: HeadTooLarge) -> ErrorResponse:
    text = f"The headers are larger than {error.limit} bytes, or more than {error.headers}."
    return _response(431, text, provenance="assumed")


def plain(error: PlainStatus) -> ErrorResponse:
    """Return the error response for a status that is not in `MISTAKES`, with its reason phrase as code and text."""
    return ErrorResponse(error.status, error.phrase, f"{error.phrase}.", provenance="assumed")


MISTAKES: Mapping[type[ApiError], ErrorResponse | Worder] = {
    Unauthenticated: _response(401, "The token is not valid.", headers=_CHALLENGE),
    MissingCredential: _response(401, "A bearer token is needed.", headers=_CHALLENGE),
    UnknownCredential: _response(401, "Identifier or password is wrong.", headers=_CHALLENGE),
    BadToken: _response(401, "The token is not valid.", headers=_CHALLENGE),
    ExpiredToken: _response(401, "The token has expired.", headers=_CHALLENGE),
    AccountRefused: _response(403, "This account is disabled."),
    NotFound: _not_found,
    UnknownRoute: _response(404, "There is no such endpoint."),
    MethodNotAllowed: _response(404, "There is no such endpoint."),
    Invalid: _invalid,
    InsufficientBalance: _insufficient_balance,
    InvalidPrice: _response(400, "The price does not hold any more."),
    TooDear: lambda error: _response(400, f"The product costs {USD.text(error.price)} USD, more than maxPrice."),
    Unavailable: _response(400, "This product is not available."),
    OutOfStock: _response(406, "No products match the purchase constraints."),
    NotTaken: _not_taken,
    TooEarly: _too_early,
    RateLimited: _rate_limited,
    PayloadTooLarge: lambda error: _response(
        413, f"The request body is larger than {error.limit} bytes.", provenance="assumed"
    ),
    TargetTooLong: _target_too_long,
    HeadTooLarge: _head_too_large,
    MalformedHost: _response(400, MalformedHost.text, provenance="assumed"),
    UnsupportedEncoding: lambda error: _response(415, error.text, provenance="assumed"),
    ApiError: _response(500, "An internal server error occurred.", provenance="assumed"),
}

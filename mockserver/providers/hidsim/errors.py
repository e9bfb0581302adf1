"""HidSim's error envelopes and its wording of every mistake.

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
#: What `hidsim.extra_fields` adds: a list, since clients often take what they do not know for texts or numbers.
_EXTRA = {"undocumented": ["hidsim.extra_fields"]}
#: Every object within another begins so, and no text does: within one a quotation mark is escaped. Replacing bytes is
#: quick enough for the list of all products, much of which is encoded before.
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
    """Objects as they are; lists in the envelope of the setting."""
    data, settings = reply.data, call.state.settings.values
    if isinstance(data, Page):
        data = enveloped(data, settings["hidsim.list_envelope"])
    if not settings["hidsim.extra_fields"]:
        return data if isinstance(data, bytes) else orjson.dumps(data)
    if isinstance(data, dict) and "_id" not in data:
        data = {**_EXTRA, **data}
    body = data if isinstance(data, bytes) else orjson.dumps(data)
    return body.replace(_BEGINNING, _EXTENDED)


def refuse(call: Call, wording: ErrorResponse) -> bytes:
    """`{statusCode, error, message}` and what belongs to it; other shapes by setting."""
    settings = call.state.settings.values
    body = refusal(wording, style=settings["hidsim.error_envelope"])
    if settings["hidsim.extra_fields"]:
        body = {**_EXTRA, **body}
        if "details" in body:
            body["details"] = [{**_EXTRA, **one} for one in body["details"]]
    return orjson.dumps(body)


def refusal(wording: ErrorResponse, *, style: str = "boom") -> dict[str, Any]:
    """The body of a refusal in one of the three envelopes."""
    match style:
        case "message":
            return {"code": wording.status, "message": wording.text}
        case "ok":
            return {"ok": False, "msg": wording.text}
    return {"statusCode": wording.status, "error": wording.code, "message": wording.text, **wording.extra}


def _worded(status: int, text: str, **more: Any) -> ErrorResponse:
    """A wording whose machine word is the reason phrase of its status."""
    return ErrorResponse(status, _PHRASES[status], text, **more)


def _wait(status: int, text: str, seconds: int) -> ErrorResponse:
    return _worded(status, text, extra={"retryAfter": seconds}, headers=(("Retry-After", str(seconds)),))


def _invalid(mistake: Invalid) -> ErrorResponse:
    details = [{"path": field, "message": text} for field, texts in mistake.errors.items() for text in texts]
    return _worded(400, details[0]["message"], extra={"details": details})


def _too_early(mistake: TooEarly) -> ErrorResponse:
    seconds = max(1, whole_seconds(mistake.left))
    return _wait(425, f"It is too early to {mistake.event} this operation. Try again in {seconds} s.", seconds)


def _not_taken(mistake: NotTaken) -> ErrorResponse:
    return _worded(400, f"This operation cannot be asked to {mistake.event} in its current state.")


def _rate_limited(mistake: RateLimited) -> ErrorResponse:
    seconds = max(1, whole_seconds(mistake.retry_after))
    return _wait(429, f"Too many requests. Try again in {seconds} s.", seconds)


def _too_poor(mistake: InsufficientBalance) -> ErrorResponse:
    if mistake.needed <= mistake.balance:  # a scenario or a fault says so, whatever the wallet holds
        return _worded(400, "The balance is too low.")
    needed, held = USD.text(mistake.needed), USD.text(mistake.balance)
    return _worded(400, f"The balance is too low: {needed} USD are needed, {held} USD are there.")


def _not_found(mistake: NotFound) -> ErrorResponse:
    what = "operation" if mistake.what == "order" else mistake.what
    return _worded(404, f"{what.capitalize()} not found.")


def _target_too_long(mistake: TargetTooLong) -> ErrorResponse:
    return _worded(414, f"The request line is longer than {mistake.limit} bytes.", provenance="assumed")


def _head_too_large(mistake: HeadTooLarge) -> ErrorResponse:
    text = f"The headers are larger than {mistake.limit} bytes, or more than {mistake.headers}."
    return _worded(431, text, provenance="assumed")


def plain(mistake: PlainStatus) -> ErrorResponse:
    """A status that is none of those above, by its reason phrase as ever."""
    return ErrorResponse(mistake.status, mistake.phrase, f"{mistake.phrase}.", provenance="assumed")


MISTAKES: Mapping[type[ApiError], ErrorResponse | Worder] = {
    Unauthenticated: _worded(401, "The token is not valid.", headers=_CHALLENGE),
    MissingCredential: _worded(401, "A bearer token is needed.", headers=_CHALLENGE),
    UnknownCredential: _worded(401, "Identifier or password is wrong.", headers=_CHALLENGE),
    BadToken: _worded(401, "The token is not valid.", headers=_CHALLENGE),
    ExpiredToken: _worded(401, "The token has expired.", headers=_CHALLENGE),
    AccountRefused: _worded(403, "This account is disabled."),
    NotFound: _not_found,
    UnknownRoute: _worded(404, "There is no such endpoint."),
    MethodNotAllowed: _worded(404, "There is no such endpoint."),
    Invalid: _invalid,
    InsufficientBalance: _too_poor,
    InvalidPrice: _worded(400, "The price does not hold any more."),
    TooDear: lambda mistake: _worded(400, f"The product costs {USD.text(mistake.price)} USD, more than maxPrice."),
    Unavailable: _worded(400, "This product is not available."),
    OutOfStock: _worded(406, "No products match the purchase constraints."),
    NotTaken: _not_taken,
    TooEarly: _too_early,
    RateLimited: _rate_limited,
    PayloadTooLarge: lambda mistake: _worded(
        413, f"The request body is larger than {mistake.limit} bytes.", provenance="assumed"
    ),
    TargetTooLong: _target_too_long,
    HeadTooLarge: _head_too_large,
    MalformedHost: _worded(400, MalformedHost.text, provenance="assumed"),
    UnsupportedEncoding: lambda mistake: _worded(415, mistake.text, provenance="assumed"),
    ApiError: _worded(500, "An internal server error occurred.", provenance="assumed"),
}

"""The two envelopes of doctorSIM v2, and the error response for every error.

Codes of credentials, scopes, addresses and limits are the vendor's own; texts are ours unless the page prints them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from mockserver.domain.errors import (
    AccountDenied,
    AccountRefused,
    AccountRevoked,
    ApiError,
    HeadTooLarge,
    InsufficientBalance,
    Invalid,
    InvalidPrice,
    Malformed,
    MalformedHost,
    MethodNotAllowed,
    MissingCredential,
    NotFound,
    OutOfStock,
    PayloadTooLarge,
    ProviderError,
    RateLimited,
    TargetTooLong,
    UnknownCredential,
    UnknownRoute,
    UnsupportedEncoding,
    whole_seconds,
)
from mockserver.domain.moments import seconds_text
from mockserver.http.call import Call
from mockserver.http.provider import Worder
from mockserver.http.replies import ErrorResponse, Reply
from mockserver.providers.doctorsim_v2.oauth_errors import OAuthError
from mockserver.providers.doctorsim_v2.tokens import InvalidPriceToken


class WrongSecret(UnknownCredential):
    """The api_id exists, but its secret is another one."""


class InvalidToken(UnknownCredential):
    """An access token that was not issued here, is too old, or was revoked."""


class InsufficientScope(AccountRefused):
    """The credential lacks a scope; `scope` is the one needed, None where no call is known."""

    def __init__(self, scope: str | None = None) -> None:
        super().__init__(f"scope {scope} is needed")
        self.scope = scope


class AddressRefused(AccountRefused):
    """The account may not be used from the address `client`."""

    def __init__(self, client: str = "203.0.113.7") -> None:
        super().__init__(f"refused from {client}")
        self.client = client


class AllowlistRequired(AddressRefused):
    """The account has no list of addresses, and must have one."""


class AddressNotAllowed(AddressRefused):
    """The address is not on the account's list."""


class CarrierNotFound(NotFound):
    """The number is valid, but its operator is not known."""


class OperatorNotFound(NotFound):
    """No operator or gift card has this id."""


class WebhookNotFound(NotFound):
    """The account has no such webhook."""


class WebhookInactive(ApiError):
    """The webhook is switched off, by its owner or because it answered 410."""


class WebhookLimitReached(ApiError):
    """The account has five webhooks, the most there can be."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list; `cursor` leads to the next part, None at the end."""

    rows: list[Any]
    cursor: str | None


def wrap(call: Call, reply: Reply) -> bytes:
    """Wrap data as `{"success": true, "data": ..., "meta": {...}}`; pages add `has_more` and `cursor` to the meta."""
    data = reply.data
    if isinstance(data, bytes):
        return data
    meta = _meta(call)
    if isinstance(data, Page):
        meta |= {"has_more": data.cursor is not None, "cursor": data.cursor}
        data = data.rows
    return orjson.dumps({"success": True, "data": data, "meta": meta})


def refuse(call: Call, response: ErrorResponse) -> bytes:
    """Write an error: `{"success": false, "data": null, "error": {code, message, ...}, "meta": {...}}`."""
    error = {"code": response.code, "message": response.text, **response.extra}
    return orjson.dumps({"success": False, "data": None, "error": error, "meta": _meta(call)})


def failure_example(response: ErrorResponse) -> dict[str, Any]:
    """Return the body of an error response, for the OpenAPI document."""
    meta = {"request_id": "req_00000001", "timestamp": "2026-03-24T12:00:00Z"}
    error = {"code": response.code, "message": response.text, **response.extra}
    return {"success": False, "data": None, "error": error, "meta": meta}


def _meta(call: Call) -> dict[str, Any]:
    return {"request_id": call.entry.id, "timestamp": seconds_text(call.state.clock.now())}


def _invalid(error: Invalid) -> ErrorResponse:
    details = [{"field": field, "message": text} for field, texts in error.errors.items() for text in texts]
    text = "The request body is not valid." if isinstance(error, Malformed) else "Some fields are not valid."
    return ErrorResponse(400, "VALIDATION_ERROR", text, {"details": details}, provenance="assumed")


def _rate_limited(error: RateLimited) -> ErrorResponse:
    seconds = whole_seconds(error.retry_after)
    text = f"Rate limit exceeded. Try again in {seconds} seconds."
    headers = (("Retry-After", str(seconds)),)
    return ErrorResponse(429, "RATE_LIMIT_EXCEEDED", text, headers=headers, provenance="observed")


def _scope(error: InsufficientScope) -> ErrorResponse:
    needed = f"the scope {error.scope}" if error.scope else "a scope that the credential does not have"
    return ErrorResponse(403, "INSUFFICIENT_SCOPE", f"This call needs {needed}.", provenance="observed")


def _allowlist_required(error: AllowlistRequired) -> ErrorResponse:
    text = f"This API key needs an IP allow-list before it can be used from {error.client or 'an unknown address'}."
    return ErrorResponse(403, "IP_ALLOWLIST_REQUIRED", text, {"client_ip": error.client}, provenance="observed")


def _not_allowed(error: AddressNotAllowed) -> ErrorResponse:
    text = f"The IP address {error.client or 'of this call'} is not on the allow-list of the API key."
    return ErrorResponse(403, "IP_NOT_ALLOWED", text, {"client_ip": error.client}, provenance="observed")


def _bad_token(error: InvalidPriceToken) -> ErrorResponse:
    text = f"The price token is not valid: {error.reason}. Load the rates again."
    return ErrorResponse(400, "INVALID_PRICE_TOKEN", text, provenance="assumed")


def _method_not_allowed(error: MethodNotAllowed) -> ErrorResponse:
    text = f"The method {error.method} is not allowed here."
    headers = (("Allow", ", ".join(error.allowed)),)
    return ErrorResponse(405, "METHOD_NOT_ALLOWED", text, headers=headers, provenance="assumed")


def _too_large(error: PayloadTooLarge) -> ErrorResponse:
    text = f"The request body is larger than {error.limit} bytes."
    return ErrorResponse(413, "PAYLOAD_TOO_LARGE", text, provenance="assumed")


def _oauth(error: OAuthError) -> ErrorResponse:
    challenge = (("WWW-Authenticate", 'Basic realm="doctorSIM"'),) if error.basic else ()
    headers = (("Cache-Control", "no-store"), ("Pragma", "no-cache"), *challenge)
    return ErrorResponse(error.status, error.code, error.description, headers=headers, provenance="observed")


def _target_too_long(error: TargetTooLong) -> ErrorResponse:
    text = f"The request line is longer than {error.limit} bytes."
    return ErrorResponse(414, "URI_TOO_LONG", text, provenance="assumed")


def _head_too_large(error: HeadTooLarge) -> ErrorResponse:
    text = f"The headers are larger than {error.limit} bytes, or more than {error.headers}."
    return ErrorResponse(431, "HEADERS_TOO_LARGE", text, provenance="assumed")


def _encoding(error: UnsupportedEncoding) -> ErrorResponse:
    return ErrorResponse(415, "UNSUPPORTED_MEDIA_TYPE", error.text, provenance="assumed")


_DENIED = ErrorResponse(403, "API_ACCESS_DENIED", "This account has no access to the API.", provenance="observed")
MISTAKES: Mapping[type[ApiError], ErrorResponse | Worder] = {
    MissingCredential: ErrorResponse(
        401, "UNAUTHORIZED", "Send an Authorization header with a Bearer credential.", provenance="assumed"
    ),
    UnknownCredential: ErrorResponse(401, "INVALID_API_KEY", "The API key does not exist.", provenance="observed"),
    WrongSecret: ErrorResponse(401, "INVALID_API_SECRET", "The API secret is wrong.", provenance="observed"),
    InvalidToken: ErrorResponse(
        401, "INVALID_TOKEN", "The access token is not valid or has expired.", provenance="observed"
    ),
    AccountRevoked: ErrorResponse(401, "API_KEY_REVOKED", "This API key was revoked.", provenance="observed"),
    AccountDenied: _DENIED,
    AccountRefused: _DENIED,
    InsufficientScope: _scope,
    AllowlistRequired: _allowlist_required,
    AddressNotAllowed: _not_allowed,
    OAuthError: _oauth,
    RateLimited: _rate_limited,
    # Code and text are documented, the status is not.
    InsufficientBalance: ErrorResponse(
        402, "INSUFFICIENT_CREDITS", "Insufficient credit balance.", provenance="assumed"
    ),
    InvalidPriceToken: _bad_token,
    InvalidPrice: lambda error: _bad_token(InvalidPriceToken("the price has changed")),
    Invalid: _invalid,
    PayloadTooLarge: _too_large,
    TargetTooLong: _target_too_long,
    HeadTooLarge: _head_too_large,
    MalformedHost: ErrorResponse(400, "VALIDATION_ERROR", MalformedHost.text, provenance="assumed"),
    UnsupportedEncoding: _encoding,
    CarrierNotFound: ErrorResponse(
        404, "CARRIER_NOT_FOUND", "No carrier is known for this number.", provenance="assumed"
    ),
    OperatorNotFound: ErrorResponse(404, "OPERATOR_NOT_FOUND", "There is no such operator.", provenance="assumed"),
    WebhookNotFound: ErrorResponse(404, "WEBHOOK_NOT_FOUND", "There is no such webhook.", provenance="assumed"),
    NotFound: ErrorResponse(404, "ORDER_NOT_FOUND", "There is no such order.", provenance="observed"),
    UnknownRoute: ErrorResponse(404, "NOT_FOUND", "There is no such endpoint.", provenance="assumed"),
    MethodNotAllowed: _method_not_allowed,
    WebhookLimitReached: ErrorResponse(
        409, "WEBHOOK_LIMIT_REACHED", "An account can have five webhooks at most.", provenance="assumed"
    ),
    OutOfStock: ErrorResponse(503, "INTERNAL_ERROR", "This product cannot be had at the moment.", provenance="assumed"),
    ProviderError: ErrorResponse(
        502, "INTERNAL_ERROR", "The operator did not answer as expected.", provenance="assumed"
    ),
    ApiError: ErrorResponse(500, "INTERNAL_ERROR", "Something went wrong on our side.", provenance="assumed"),
}

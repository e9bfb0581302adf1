"""The two envelopes of doctorSIM's API and its wording of every mistake.

Codes of credentials, scopes, addresses and limits are the vendor's own; texts are ours unless the page prints them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from mockserver.domain.mistakes import (
    AccountDenied,
    AccountRefused,
    AccountRevoked,
    HeadTooLarge,
    InsufficientBalance,
    Invalid,
    InvalidPrice,
    Malformed,
    MalformedHost,
    MethodNotAllowed,
    MissingCredential,
    Mistake,
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
from mockserver.http.replies import Reply, Wording
from mockserver.providers.doctorsim_v2.oauth_errors import OAuthError
from mockserver.providers.doctorsim_v2.tokens import InvalidPriceToken


class WrongSecret(UnknownCredential):
    """The api_id exists, the secret is another."""


class InvalidToken(UnknownCredential):
    """An access token that was not issued here, is too old, or was revoked."""


class InsufficientScope(AccountRefused):
    """The credential does not allow this; `scope` is what would, None where no call is known."""

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
    """A valid number whose operator nobody knows."""


class OperatorNotFound(NotFound):
    """No operator or gift card has this id."""


class WebhookNotFound(NotFound):
    """The account has no such webhook."""


class WebhookInactive(Mistake):
    """Switched off, by its owner or because it answered 410."""


class WebhookLimitReached(Mistake):
    """An account has five at most."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list; `cursor` leads to the next, None at the end."""

    rows: list[Any]
    cursor: str | None


def wrap(call: Call, reply: Reply) -> bytes:
    """`{"success": true, "data": ..., "meta": {...}}`; pages add `has_more` and `cursor` to the meta."""
    data = reply.data
    if isinstance(data, bytes):
        return data
    meta = _meta(call)
    if isinstance(data, Page):
        meta |= {"has_more": data.cursor is not None, "cursor": data.cursor}
        data = data.rows
    return orjson.dumps({"success": True, "data": data, "meta": meta})


def refuse(call: Call, wording: Wording) -> bytes:
    """`{"success": false, "data": null, "error": {code, message, ...}, "meta": {...}}`."""
    error = {"code": wording.code, "message": wording.text, **wording.extra}
    return orjson.dumps({"success": False, "data": None, "error": error, "meta": _meta(call)})


def failure_example(wording: Wording) -> dict[str, Any]:
    """The body of a refusal, for the OpenAPI document."""
    meta = {"request_id": "req_00000001", "timestamp": "2026-03-24T12:00:00Z"}
    error = {"code": wording.code, "message": wording.text, **wording.extra}
    return {"success": False, "data": None, "error": error, "meta": meta}


def _meta(call: Call) -> dict[str, Any]:
    return {"request_id": call.entry.id, "timestamp": seconds_text(call.state.clock.now())}


def _invalid(mistake: Invalid) -> Wording:
    details = [{"field": field, "message": text} for field, texts in mistake.errors.items() for text in texts]
    text = "The request body is not valid." if isinstance(mistake, Malformed) else "Some fields are not valid."
    return Wording(400, "VALIDATION_ERROR", text, {"details": details}, provenance="assumed")


def _rate_limited(mistake: RateLimited) -> Wording:
    seconds = whole_seconds(mistake.retry_after)
    text = f"Rate limit exceeded. Try again in {seconds} seconds."
    headers = (("Retry-After", str(seconds)),)
    return Wording(429, "RATE_LIMIT_EXCEEDED", text, headers=headers, provenance="observed")


def _scope(mistake: InsufficientScope) -> Wording:
    needed = f"the scope {mistake.scope}" if mistake.scope else "a scope that the credential does not have"
    return Wording(403, "INSUFFICIENT_SCOPE", f"This call needs {needed}.", provenance="observed")


def _allowlist_required(mistake: AllowlistRequired) -> Wording:
    text = f"This API key needs an IP allow-list before it can be used from {mistake.client or 'an unknown address'}."
    return Wording(403, "IP_ALLOWLIST_REQUIRED", text, {"client_ip": mistake.client}, provenance="observed")


def _not_allowed(mistake: AddressNotAllowed) -> Wording:
    text = f"The IP address {mistake.client or 'of this call'} is not on the allow-list of the API key."
    return Wording(403, "IP_NOT_ALLOWED", text, {"client_ip": mistake.client}, provenance="observed")


def _bad_token(mistake: InvalidPriceToken) -> Wording:
    text = f"The price token is not valid: {mistake.reason}. Load the rates again."
    return Wording(400, "INVALID_PRICE_TOKEN", text, provenance="assumed")


def _method_not_allowed(mistake: MethodNotAllowed) -> Wording:
    text = f"The method {mistake.method} is not allowed here."
    headers = (("Allow", ", ".join(mistake.allowed)),)
    return Wording(405, "METHOD_NOT_ALLOWED", text, headers=headers, provenance="assumed")


def _too_large(mistake: PayloadTooLarge) -> Wording:
    text = f"The request body is larger than {mistake.limit} bytes."
    return Wording(413, "PAYLOAD_TOO_LARGE", text, provenance="assumed")


def _oauth(mistake: OAuthError) -> Wording:
    asks = (("WWW-Authenticate", 'Basic realm="doctorSIM"'),) if mistake.basic else ()
    headers = (("Cache-Control", "no-store"), ("Pragma", "no-cache"), *asks)
    return Wording(mistake.status, mistake.code, mistake.description, headers=headers, provenance="observed")


def _target_too_long(mistake: TargetTooLong) -> Wording:
    text = f"The request line is longer than {mistake.limit} bytes."
    return Wording(414, "URI_TOO_LONG", text, provenance="assumed")


def _head_too_large(mistake: HeadTooLarge) -> Wording:
    text = f"The headers are larger than {mistake.limit} bytes, or more than {mistake.headers}."
    return Wording(431, "HEADERS_TOO_LARGE", text, provenance="assumed")


def _encoding(mistake: UnsupportedEncoding) -> Wording:
    return Wording(415, "UNSUPPORTED_MEDIA_TYPE", mistake.text, provenance="assumed")


_DENIED = Wording(403, "API_ACCESS_DENIED", "This account has no access to the API.", provenance="observed")
MISTAKES: Mapping[type[Mistake], Wording | Worder] = {
    MissingCredential: Wording(
        401, "UNAUTHORIZED", "Send an Authorization header with a Bearer credential.", provenance="assumed"
    ),
    UnknownCredential: Wording(401, "INVALID_API_KEY", "The API key does not exist.", provenance="observed"),
    WrongSecret: Wording(401, "INVALID_API_SECRET", "The API secret is wrong.", provenance="observed"),
    InvalidToken: Wording(401, "INVALID_TOKEN", "The access token is not valid or has expired.", provenance="observed"),
    AccountRevoked: Wording(401, "API_KEY_REVOKED", "This API key was revoked.", provenance="observed"),
    AccountDenied: _DENIED,
    AccountRefused: _DENIED,
    InsufficientScope: _scope,
    AllowlistRequired: _allowlist_required,
    AddressNotAllowed: _not_allowed,
    OAuthError: _oauth,
    RateLimited: _rate_limited,
    # Code and text are documented, the status is not.
    InsufficientBalance: Wording(402, "INSUFFICIENT_CREDITS", "Insufficient credit balance.", provenance="assumed"),
    InvalidPriceToken: _bad_token,
    InvalidPrice: lambda mistake: _bad_token(InvalidPriceToken("the price has changed")),
    Invalid: _invalid,
    PayloadTooLarge: _too_large,
    TargetTooLong: _target_too_long,
    HeadTooLarge: _head_too_large,
    MalformedHost: Wording(400, "VALIDATION_ERROR", MalformedHost.text, provenance="assumed"),
    UnsupportedEncoding: _encoding,
    CarrierNotFound: Wording(404, "CARRIER_NOT_FOUND", "No carrier is known for this number.", provenance="assumed"),
    OperatorNotFound: Wording(404, "OPERATOR_NOT_FOUND", "There is no such operator.", provenance="assumed"),
    WebhookNotFound: Wording(404, "WEBHOOK_NOT_FOUND", "There is no such webhook.", provenance="assumed"),
    NotFound: Wording(404, "ORDER_NOT_FOUND", "There is no such order.", provenance="observed"),
    UnknownRoute: Wording(404, "NOT_FOUND", "There is no such endpoint.", provenance="assumed"),
    MethodNotAllowed: _method_not_allowed,
    WebhookLimitReached: Wording(
        409, "WEBHOOK_LIMIT_REACHED", "An account can have five webhooks at most.", provenance="assumed"
    ),
    OutOfStock: Wording(503, "INTERNAL_ERROR", "This product cannot be had at the moment.", provenance="assumed"),
    ProviderError: Wording(502, "INTERNAL_ERROR", "The operator did not answer as expected.", provenance="assumed"),
    Mistake: Wording(500, "INTERNAL_ERROR", "Something went wrong on our side.", provenance="assumed"),
}

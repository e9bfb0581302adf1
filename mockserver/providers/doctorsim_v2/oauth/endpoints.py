"""The endpoints on the provider's other mounts, with the bodies of the RFCs instead of the API's envelope."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.domain.errors import UnknownRoute
from mockserver.http.call import Call
from mockserver.http.endpoint_tables import group, lazy_handlers
from mockserver.http.provider import Annex, Endpoint, Mount, Outcome
from mockserver.http.replies import ErrorResponse, Reply
from mockserver.providers.doctorsim_v2.oauth_errors import (
    InvalidClient,
    InvalidClientMetadata,
    InvalidGrant,
    InvalidRedirectUri,
    InvalidRequest,
    InvalidScope,
    InvalidTarget,
    UnauthorizedClient,
    UnsupportedGrantType,
)
from mockserver.providers.doctorsim_v2.settings import API_HOST, PREFIX, WWW_HOST

if TYPE_CHECKING:
    from mockserver.providers.doctorsim_v2.oauth import authorize, exchange, guide, metadata, registration
else:
    authorize, exchange, guide, metadata, registration = lazy_handlers(
        __name__, "authorize", "exchange", "guide", "metadata", "registration"
    )

#: The RFC's error codes for errors that every API has.
_WORDS = {
    "VALIDATION_ERROR": "invalid_request",
    "PAYLOAD_TOO_LARGE": "invalid_request",
    "URI_TOO_LONG": "invalid_request",
    "UNSUPPORTED_MEDIA_TYPE": "invalid_request",
    "HEADERS_TOO_LARGE": "invalid_request",
    "METHOD_NOT_ALLOWED": "invalid_request",
    "INTERNAL_ERROR": "server_error",
    "RATE_LIMIT_EXCEEDED": "temporarily_unavailable",
}


def wrap(call: Call, reply: Reply) -> bytes:
    """Encode the data as they are."""
    return reply.data if isinstance(reply.data, bytes) else orjson.dumps(reply.data)


def error_code(response: ErrorResponse) -> str:
    """Return the RFC's error code for an error response."""
    return _WORDS.get(response.code, response.code.lower())


def refuse(call: Call, response: ErrorResponse) -> bytes:
    """Write an error: `{"error": ..., "error_description": ...}` (RFC 6749, 5.2)."""
    return orjson.dumps({"error": error_code(response), "error_description": response.text})


_HTML = "text/html; charset=utf-8"
_BACK = "The browser is sent to the client, with a code or with an error (RFC 6749, 4.1.2)."
_SHOWN = Outcome(
    400, "A page for the person: client or redirect URI cannot be trusted, so nobody is sent there.", _HTML
)
#: Clients without a secret, or with one in the form, send no header.
_CLIENT: tuple[Mapping[str, Any], ...] = ({}, {"client": {"type": "http", "scheme": "basic"}})


ENDPOINTS = group(
    Endpoint(
        "GET",
        "/.well-known/oauth-authorization-server",
        metadata.authorization_server,
        name="oauth_metadata",
        summary="Authorization server metadata (RFC 8414)",
        gives="doctorsim_v2/oauth-metadata",
    ),
    Endpoint(
        "GET",
        "/.well-known/openid-configuration",
        metadata.openid_configuration,
        name="openid_metadata",
        summary="Authorization server metadata for OpenID Connect",
        gives="doctorsim_v2/oauth-metadata",
        provenance="assumed",
    ),
    Endpoint(
        "GET",
        "/oauth/jwks.json",
        metadata.jwks,
        name="oauth_jwks",
        summary="The public key of the access tokens",
        gives="doctorsim_v2/oauth-jwks",
        provenance="assumed",
    ),
    Endpoint(
        "POST",
        "/oauth/register",
        registration.register,
        name="oauth_register",
        summary="Register a client (RFC 7591)",
        gives="doctorsim_v2/oauth-client",
        status=201,
        confidential=True,
        takes="doctorsim_v2/oauth-register.request",
        checked=False,
        mistakes=(InvalidClientMetadata, InvalidRedirectUri),
    ),
    Endpoint(
        "GET",
        "/oauth/authorize",
        authorize.show,
        name="oauth_authorize",
        summary="Ask an account for a code",
        gives="doctorsim_v2/oauth-page",
        confidential=True,
        head=False,
        query="doctorsim_v2/oauth-authorize.query",
        checked=False,
        media=_HTML,
        outcomes=(Outcome(302, _BACK, headers=("Location",)), _SHOWN),
    ),
    Endpoint(
        "POST",
        "/oauth/authorize",
        authorize.decide,
        name="oauth_decide",
        summary="Approve or deny on the consent page",
        gives="doctorsim_v2/oauth-page",
        status=303,
        confidential=True,
        form="doctorsim_v2/oauth-decision.request",
        checked=False,
        media=None,
        outcomes=(Outcome(303, _BACK, headers=("Location",)), _SHOWN),
        provenance="assumed",
    ),
    Endpoint(
        "POST",
        "/oauth/token",
        exchange.token,
        name="oauth_token",
        summary="Exchange a code, a refresh token or the client's own credentials",
        gives="doctorsim_v2/oauth-token",
        confidential=True,
        form="doctorsim_v2/oauth-token.request",
        checked=False,
        security=_CLIENT,
        mistakes=(
            InvalidRequest,
            InvalidClient,
            InvalidGrant,
            InvalidScope,
            InvalidTarget,
            UnauthorizedClient,
            UnsupportedGrantType,
        ),
    ),
    Endpoint(
        "POST",
        "/oauth/revoke",
        exchange.revoke,
        name="oauth_revoke",
        summary="Revoke a token (RFC 7009)",
        gives="doctorsim_v2/oauth-revoked",
        form="doctorsim_v2/oauth-revoke.request",
        checked=False,
        media=None,
        security=_CLIENT,
        mistakes=(InvalidRequest, InvalidClient, InvalidGrant),
        provenance="assumed",
    ),
    public=True,
)
RESOURCE_PATH = "/.well-known/oauth-protected-resource/v2"
#: The vendor sends clients to the document on www; the one on api is where RFC 9728 looks for it.
_RESOURCE = Endpoint(
    "GET",
    RESOURCE_PATH,
    metadata.protected_resource,
    name="oauth_resource",
    summary="What this API is and who issues tokens for it (RFC 9728)",
    gives="doctorsim_v2/oauth-resource",
    public=True,
    provenance="observed",
)
_RESOURCE_ON_API = _RESOURCE._replace(path="/oauth-protected-resource/v2")
#: Below the API's own base URL, where some clients look that take this URL for a host (assumed).
_RESOURCE_BELOW = _RESOURCE_ON_API._replace(name="oauth_resource_below", provenance="assumed")
GUIDES = group(
    Endpoint(
        "GET",
        "/auth.md",
        guide.auth_guide,
        name="auth_guide",
        summary="How agents get a token",
        gives="doctorsim_v2/auth-guide",
        media="text/markdown; charset=utf-8",
    ),
    Endpoint(
        "GET",
        "/{lang}/auth.md",
        guide.auth_guide,
        name="auth_guide_in",
        summary="How agents get a token, under the address of a language",
        gives="doctorsim_v2/auth-guide",
        path_fields="doctorsim_v2/language.path",
        media="text/markdown; charset=utf-8",
        mistakes=(UnknownRoute,),
    ),
    Endpoint(
        "GET",
        "/api-docs/",
        guide.api_page,
        name="api_page",
        summary="Where the documentation is",
        gives="doctorsim_v2/api-page",
        media=_HTML,
        provenance="observed",
    ),
    Endpoint(
        "GET",
        "/api-docs/openapi.yaml",
        guide.openapi_text,
        name="openapi_text",
        summary="This document",
        gives="doctorsim_v2/openapi-text",
        media="application/yaml",
        provenance="observed",
    ),
    public=True,
)
_FAILURE = "doctorsim_v2/oauth-error"


def _annex(host: str, prefix: str, *endpoints: Endpoint) -> Annex:
    return Annex(Mount(host, prefix), endpoints, wrap, refuse, failure_schema=_FAILURE, code=error_code)


ANNEXES = (
    _annex(WWW_HOST, "", *ENDPOINTS, _RESOURCE, *GUIDES),
    _annex(API_HOST, "/.well-known", _RESOURCE_ON_API),
    _annex(API_HOST, f"{PREFIX}/.well-known", _RESOURCE_BELOW),
)

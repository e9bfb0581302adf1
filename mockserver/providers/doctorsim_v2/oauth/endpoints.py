"""The endpoints of the two annexes, whose bodies are the RFCs' and not the API's envelope."""

import orjson

from mockserver.http.call import Call
from mockserver.http.later import Later
from mockserver.http.provider import Annex, Endpoint, Mount, Reply, Wording
from mockserver.providers.doctorsim_v2.oauth.errors import OAuthError

authorize = Later("mockserver.providers.doctorsim_v2.oauth.authorize")
exchange = Later("mockserver.providers.doctorsim_v2.oauth.exchange")
metadata = Later("mockserver.providers.doctorsim_v2.oauth.metadata")
registration = Later("mockserver.providers.doctorsim_v2.oauth.registration")

#: The RFC's word for refusals that the server shares with every API.
_WORDS = {
    "VALIDATION_ERROR": "invalid_request",
    "PAYLOAD_TOO_LARGE": "invalid_request",
    "METHOD_NOT_ALLOWED": "invalid_request",
    "INTERNAL_ERROR": "server_error",
    "RATE_LIMIT_EXCEEDED": "temporarily_unavailable",
}


def wrap(call: Call, reply: Reply) -> bytes:
    """The data as they are."""
    return reply.data if isinstance(reply.data, bytes) else orjson.dumps(reply.data)


def refuse(call: Call, wording: Wording) -> bytes:
    """`{"error": ..., "error_description": ...}` (RFC 6749, 5.2)."""
    code = _WORDS.get(wording.code, wording.code.lower())
    return orjson.dumps({"error": code, "error_description": wording.text})


ENDPOINTS = (
    Endpoint(
        "GET",
        "/.well-known/oauth-authorization-server",
        metadata.authorization_server,
        name="oauth_metadata",
        summary="Authorization server metadata (RFC 8414)",
        gives="doctorsim_v2/oauth-metadata",
        public=True,
    ),
    Endpoint(
        "GET",
        "/oauth/jwks.json",
        metadata.jwks,
        name="oauth_jwks",
        summary="The public key of the access tokens",
        gives="doctorsim_v2/oauth-jwks",
        public=True,
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
        public=True,
        confidential=True,
        mistakes=(OAuthError,),
    ),
    Endpoint(
        "GET",
        "/oauth/authorize",
        authorize.show,
        name="oauth_authorize",
        summary="Ask an account for a code",
        gives="doctorsim_v2/oauth-page",
        public=True,
        confidential=True,
        head=False,
    ),
    Endpoint(
        "POST",
        "/oauth/authorize",
        authorize.decide,
        name="oauth_decide",
        summary="Approve or deny on the consent page",
        gives="doctorsim_v2/oauth-page",
        status=303,
        public=True,
        confidential=True,
        provenance="assumed",
    ),
    Endpoint(
        "POST",
        "/oauth/token",
        exchange.token,
        name="oauth_token",
        summary="Exchange a code, a refresh token or the client's own credentials",
        gives="doctorsim_v2/oauth-token",
        public=True,
        confidential=True,
        mistakes=(OAuthError,),
    ),
    Endpoint(
        "POST",
        "/oauth/revoke",
        exchange.revoke,
        name="oauth_revoke",
        summary="Revoke a token (RFC 7009)",
        gives="doctorsim_v2/oauth-revoked",
        public=True,
        mistakes=(OAuthError,),
        provenance="assumed",
    ),
)
RESOURCE = Endpoint(
    "GET",
    "/oauth-protected-resource/v2",
    metadata.protected_resource,
    name="oauth_resource",
    summary="What this API is and who issues tokens for it (RFC 9728)",
    gives="doctorsim_v2/oauth-resource",
    public=True,
    provenance="observed",
)
ANNEXES = (
    Annex(Mount("www.doctorsim.com"), ENDPOINTS, wrap, refuse),
    Annex(Mount("api.doctorsim.com", "/.well-known"), (RESOURCE,), wrap, refuse),
)

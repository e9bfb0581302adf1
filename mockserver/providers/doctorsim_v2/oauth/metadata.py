"""The documents by which clients find everything: RFC 8414, RFC 9728 and the key set."""

from typing import Any

from mockserver.http.call import Call
from mockserver.http.provider import Reply
from mockserver.providers.doctorsim_v2.oauth.keys import public_keys
from mockserver.providers.doctorsim_v2.oauth.scopes import SCOPES
from mockserver.providers.doctorsim_v2.profile import offers_path

#: How clients may authenticate at the token endpoint.
METHODS = ("none", "client_secret_basic", "client_secret_post")
GRANTS = ("authorization_code", "refresh_token", "client_credentials")
_REVOCATION, _KEYS = "/oauth/revoke", "/oauth/jwks.json"
_AUTHORIZATION_HOST, _RESOURCE_HOST = "www.doctorsim.com", "api.doctorsim.com"


def issuer_of(call: Call) -> str:
    """The authorization server as the client reached it, so that discovery works wherever the mock runs."""
    return call.base_url


def resource_of(call: Call) -> str:
    """The API that the tokens are for, at the same place."""
    head, host, tail = call.base_url.rpartition(_AUTHORIZATION_HOST)
    return f"{head}{_RESOURCE_HOST if host else ''}{tail}/v2"


async def authorization_server(call: Call) -> Reply:
    """RFC 8414; it leads to nothing that the profile hides."""
    issuer = issuer_of(call)
    settings = call.state.settings.values
    found: dict[str, Any] = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "registration_endpoint": f"{issuer}/oauth/register",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(GRANTS),
        "token_endpoint_auth_methods_supported": list(METHODS),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }
    if offers_path(_REVOCATION, settings):
        found["revocation_endpoint"] = f"{issuer}{_REVOCATION}"
        found["revocation_endpoint_auth_methods_supported"] = list(METHODS)
    if offers_path(_KEYS, settings):
        found["jwks_uri"] = f"{issuer}{_KEYS}"
    return Reply(found)


async def protected_resource(call: Call) -> Reply:
    """RFC 9728."""
    base = call.base_url.removesuffix("/.well-known")
    head, host, tail = base.rpartition(_RESOURCE_HOST)
    server = f"{head}{_AUTHORIZATION_HOST if host else ''}{tail}"
    return Reply(
        {
            "resource": f"{base}/v2",
            "authorization_servers": [server],
            "jwks_uri": f"{server}{_KEYS}",
            "scopes_supported": list(SCOPES),
            "bearer_methods_supported": ["header"],
            "resource_name": "doctorSIM API v2",
        }
    )


async def jwks(call: Call) -> Reply:
    """The public key."""
    return Reply(public_keys(call.state.dice.seed))

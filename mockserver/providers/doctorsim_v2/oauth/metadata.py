"""The documents for discovery: server metadata (RFC 8414), resource metadata (RFC 9728) and the key set."""

from typing import Any

from mockserver.http.call import Call
from mockserver.http.replies import Reply
from mockserver.providers.doctorsim_v2.oauth.addresses import issuer_of, resource_of
from mockserver.providers.doctorsim_v2.oauth.identity import CLAIMS
from mockserver.providers.doctorsim_v2.oauth.keyring import ring_of, token_time
from mockserver.providers.doctorsim_v2.oauth.keys import public_keys
from mockserver.providers.doctorsim_v2.oauth.scopes import SCOPES
from mockserver.providers.doctorsim_v2.profile import offers_everything

#: How clients may authenticate at the token endpoint.
METHODS = ("none", "client_secret_basic", "client_secret_post")
GRANTS = ("authorization_code", "refresh_token", "client_credentials")
_REVOCATION, _KEYS = "/oauth/revoke", "/oauth/jwks.json"


async def authorization_server(call: Call) -> Reply:
    """Return the metadata of RFC 8414, without anything that the profile hides."""
    issuer = issuer_of(call)
    settings = call.state.settings.values
    document: dict[str, Any] = {
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
    if offers_everything(settings):
        document["revocation_endpoint"] = f"{issuer}{_REVOCATION}"
        document["revocation_endpoint_auth_methods_supported"] = list(METHODS)
        document["jwks_uri"] = f"{issuer}{_KEYS}"
    return Reply(document)


async def openid_configuration(call: Call) -> Reply:
    """Return the same metadata for clients of OpenID Connect (Discovery, 3), with the members that it requires."""
    reply = await authorization_server(call)
    required = {
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": list(CLAIMS),
    }
    return Reply({**reply.data, **required})


async def protected_resource(call: Call) -> Reply:
    """Return the metadata of RFC 9728, with the five members that the vendor prints."""
    issuer = issuer_of(call)
    return Reply(
        {
            "resource": resource_of(call),
            "authorization_servers": [issuer],
            "scopes_supported": list(SCOPES),
            "bearer_methods_supported": ["header"],
            "resource_documentation": f"{issuer}/api-docs/",
        }
    )


async def jwks(call: Call) -> Reply:
    """Return the public keys: the one that signs, then those whose tokens have not ended."""
    state = call.state
    ring = await ring_of(call.sandbox)
    now = token_time(state.settings.values, state.clock.now())
    return Reply(public_keys(state.dice.seed, ring.numbers(now)))

"""Client authentication at the token endpoint (RFC 6749, 2.3)."""

from base64 import b64decode
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any
from urllib.parse import unquote_plus

from mockserver.http.call import Call
from mockserver.providers.doctorsim_v2.oauth.drawing import digest
from mockserver.providers.doctorsim_v2.oauth.registry import find_client
from mockserver.providers.doctorsim_v2.oauth_errors import InvalidClient, InvalidRequest
from mockserver.sandbox.unit_of_work import UnitOfWork


async def authenticate(work: UnitOfWork, call: Call, parameters: dict[str, str]) -> Mapping[str, Any]:
    """Return the client, authenticated by the one method it registered; raises OAuthError."""
    header = call.headers.get("authorization")
    basic = header is not None
    if header is not None and "client_secret" in parameters:
        raise InvalidRequest("the client authenticates in two ways at once")
    if header is not None:
        client_id, secret = _basic(header)
        if parameters.get("client_id", client_id) != client_id:
            raise InvalidRequest("client_id differs from the Authorization header")
        method: str = "client_secret_basic"
    else:
        client_id, secret = parameters.get("client_id", ""), parameters.get("client_secret", "")
        method = "client_secret_post" if secret else "none"
    if not client_id:
        raise InvalidClient("the client did not say who it is", basic=basic)
    client = await find_client(work, client_id)
    if client is None:
        raise InvalidClient("no client has this client_id", basic=basic)
    registered = client["token_endpoint_auth_method"]
    if registered != method:
        raise InvalidClient(f"the client is registered for {registered}, and this call is {method}", basic=basic)
    if secret and not compare_digest(client["secret_digest"], digest(secret)):
        raise InvalidClient("the client's secret is wrong", basic=basic)
    return client


def _basic(header: str) -> tuple[str, str]:
    """Return client id and secret, which are form-encoded before they are joined (RFC 6749, 2.3.1)."""
    scheme, _, value = header.partition(" ")
    try:
        client_id, colon, secret = b64decode(value.strip(), validate=True).decode().partition(":")
    except ValueError:
        colon = client_id = secret = ""
    if scheme.lower() != "basic" or not colon or not secret:
        raise InvalidClient("the Authorization header is not Basic")
    return unquote_plus(client_id), unquote_plus(secret)

"""The steps of an app that uses authlib, the same for its clients on requests and on httpx."""

import sys
from collections.abc import Callable
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.providers.doctorsim_v2.oauth.clients.loopback import API, ISSUER, SCOPE, Loopback


def walk(make_client: Callable[..., Any], http: Any) -> None:
    """Print a line for each step. The argument of the program is how the client authenticates."""
    method = sys.argv[1]
    metadata = AuthorizationServerMetadata(http.get(get_well_known_url(ISSUER, external=True)).json())
    metadata.validate()
    print("issuer", metadata["issuer"])
    loopback = Loopback()
    client = make_client(scope=SCOPE, code_challenge_method="S256", **registered(http, metadata, loopback.uri, method))
    nonce, verifier = generate_token(20), generate_token(48)
    address, state = client.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
    )
    place = loopback.visit(address)

    def fetch(state: str, verifier: str) -> Any:
        return client.fetch_token(
            metadata["token_endpoint"], authorization_response=place, state=state, code_verifier=verifier
        )

    print("other state:", refused(lambda: fetch("other", verifier)))
    print("other verifier:", refused(lambda: fetch(state, generate_token(48))))
    token = fetch(state, verifier)
    print("scope", token["scope"])
    print("ID token of", subject(http.get(metadata["jwks_uri"]).json(), token["id_token"], client.client_id, nonce))
    print("code:", client.get(f"{API}/balance").json()["data"]["environment"])
    renew_and_revoke(client, metadata, token)


def registered(http: Any, metadata: Any, redirect_uri: str, method: str) -> dict[str, Any]:
    """Register a client (RFC 7591), and return what authlib wants to know of it."""
    body = {"redirect_uris": [redirect_uri], "token_endpoint_auth_method": method, "client_name": "A desktop app"}
    answer = http.post(metadata["registration_endpoint"], json=body).json()
    return {
        "client_id": answer["client_id"],
        "client_secret": answer.get("client_secret"),
        "token_endpoint_auth_method": method,
        "revocation_endpoint_auth_method": method,
        "redirect_uri": redirect_uri,
        "token_endpoint": metadata["token_endpoint"],
        "update_token": updated,
    }


def updated(token: Any, **old: Any) -> None:
    """Tell that there are new tokens."""
    print("rotated:", token["refresh_token"] != old["refresh_token"])


def subject(keys: Any, id_token: str, client_id: str, nonce: str) -> str:
    """Return whom an ID token tells of, once its signature and its claims are checked."""
    claims = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=["RS256"]).claims
    registry = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": client_id},
        exp={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    registry.validate(claims)
    return str(claims["sub"])


def renew_and_revoke(client: Any, metadata: Any, token: dict[str, Any]) -> None:
    """Use the refresh token, let authlib use it by itself, use an old one, and revoke one."""
    fresh = client.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
    client.token = {**fresh, "expires_at": 1}
    print("refreshed:", client.get(f"{API}/orders").status_code)
    last = client.token["refresh_token"]
    print("revoked:", client.revoke_token(metadata["revocation_endpoint"], token=last).status_code)
    print("after it:", client.get(f"{API}/orders").json()["error"]["code"])
    print("its family:", refused(lambda: client.refresh_token(metadata["token_endpoint"], refresh_token=last)))


def refused(attempt: Callable[[], object]) -> str:
    """Return the word with which an attempt is refused."""
    try:
        attempt()
    except AuthlibBaseError as error:
        return str(error.error)
    return "accepted"

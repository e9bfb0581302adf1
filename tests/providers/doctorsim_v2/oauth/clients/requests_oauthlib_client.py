"""An app on a desktop that uses requests-oauthlib, with PyJWT for the ID token. Prints a line for each step."""

from collections.abc import Callable
from typing import Any

import jwt
import requests
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error, WebApplicationClient
from requests_oauthlib import OAuth2Session

from tests.providers.doctorsim_v2.oauth.clients.loopback import API, ISSUER, SCOPE, Loopback, parameters_of


def walk() -> None:
    """Walk the code flow of a public client, then let a client with a secret act for itself."""
    metadata = requests.get(f"{ISSUER}/.well-known/oauth-authorization-server").json()
    print("issuer", metadata["issuer"])
    session, token = signed_in(metadata)
    print("scope", " ".join(token["scope"]))
    print("ID token of", subject(metadata["jwks_uri"], token["id_token"], session.client_id))
    print("code:", session.get(f"{API}/balance").json()["data"]["environment"])
    session.token = {**token, "expires_at": 1}
    print("refreshed:", session.get(f"{API}/orders").status_code)
    old, new = token["refresh_token"], session.token["refresh_token"]
    print("rotated:", new != old)
    renew = {"refresh_token": old, "client_id": session.client_id}
    print("old refresh token:", refused(lambda: session.refresh_token(metadata["token_endpoint"], **renew)))
    print("its family:", session.get(f"{API}/orders").json()["error"]["code"])

    session, token = signed_in(metadata)
    address, headers, form = WebApplicationClient(session.client_id).prepare_token_revocation_request(
        metadata["revocation_endpoint"], token["refresh_token"], "refresh_token", client_id=session.client_id
    )
    print("revoked:", requests.post(address, data=form, headers=headers).status_code)
    print("after it:", session.get(f"{API}/orders").json()["error"]["code"])
    act_alone(metadata)


def signed_in(metadata: dict[str, Any]) -> tuple[OAuth2Session, dict[str, Any]]:
    """Register a public client and sign a person in; the session and its tokens."""
    loopback = Loopback()
    session = OAuth2Session(
        registered(metadata, redirect_uris=[loopback.uri])["client_id"],
        redirect_uri=loopback.uri,
        scope=SCOPE.split(),
        pkce="S256",
        auto_refresh_url=metadata["token_endpoint"],
        auto_refresh_kwargs={},
        token_updater=lambda token: print("tokens by itself"),
    )
    session.auto_refresh_kwargs["client_id"] = session.client_id
    address, state = session.authorization_url(metadata["authorization_endpoint"])
    answer = parameters_of(loopback.visit(address))
    print("state and issuer:", (answer["state"], answer["iss"]) == (state, metadata["issuer"]))
    return session, session.fetch_token(metadata["token_endpoint"], code=answer["code"], include_client_id=True)


def registered(metadata: dict[str, Any], **body: Any) -> Any:
    """Register a client (RFC 7591)."""
    return requests.post(metadata["registration_endpoint"], json=body).json()


def subject(keys: str, id_token: str, client_id: str) -> str:
    """Return whom an ID token tells of, once its signature and its claims are checked."""
    key = jwt.PyJWKClient(keys).get_signing_key_from_jwt(id_token)
    return str(jwt.decode(id_token, key, algorithms=["RS256"], audience=client_id, issuer=ISSUER)["sub"])


def refused(attempt: Callable[[], object]) -> str:
    """Return the word with which an attempt is refused."""
    try:
        attempt()
    except OAuth2Error as error:
        return str(error.error)
    return "accepted"


def act_alone(metadata: dict[str, Any]) -> None:
    """Let a client with a secret get tokens for itself."""
    client = registered(metadata, grant_types=["client_credentials"], response_types=[])
    backend = OAuth2Session(client=BackendApplicationClient(client["client_id"], scope=["balance:read"]))
    backend.fetch_token(metadata["token_endpoint"], client_secret=client["client_secret"])
    print("client credentials:", backend.get(f"{API}/balance").status_code)


walk()

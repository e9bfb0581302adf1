"""An agent that uses the OAuth client of the MCP SDK. Prints a line for each step."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx2
import jwt
from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl

from tests.providers.doctorsim_v2.oauth.clients.loopback import API, ISSUER, Loopback, parameters_of


class Memory:
    """Where the SDK keeps tokens and the client."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    def current(self) -> OAuthToken:
        """Return the tokens, which must be there."""
        assert self.tokens is not None
        return self.tokens

    async def get_tokens(self) -> OAuthToken | None:
        """Return the tokens that are kept."""
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        """Keep tokens."""
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        """Return the client that is kept."""
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        """Keep the client."""
        self.client = client_info


def agent(memory: Memory, loopback: Loopback) -> OAuthClientProvider:
    """Return what signs in when the API asks for it: it discovers, registers and gets tokens by itself."""

    async def show(address: str) -> None:
        print("open", address, flush=True)

    async def answer() -> AuthorizationCodeResult:
        sent_back: Mapping[str, str] = parameters_of(await asyncio.to_thread(loopback.answer))
        return AuthorizationCodeResult(**sent_back)

    metadata = OAuthClientMetadata(client_name="An agent", redirect_uris=[AnyUrl(loopback.uri)])
    return OAuthClientProvider(API, metadata, memory, show, answer)


async def walk() -> None:
    """Call the API without tokens, with them, after they ended, and with tokens that are revoked."""
    memory, loopback = Memory(), Loopback()
    provider = agent(memory, loopback)
    async with httpx2.AsyncClient(auth=provider) as http, httpx2.AsyncClient() as other:
        answer = await http.get(f"{API}/balance")
        print("code:", answer.json()["data"]["environment"])
        assert memory.client is not None
        print("registered with", memory.client.issuer)
        metadata = (await other.get(f"{ISSUER}/.well-known/oauth-authorization-server")).json()
        first = memory.current()
        print("access token of", subject((await other.get(metadata["jwks_uri"])).json(), first.access_token))

        provider.context.token_expiry_time = 1
        print("refreshed:", (await http.get(f"{API}/orders")).status_code)
        print("rotated:", memory.current().refresh_token != first.refresh_token)

        form = {"token": memory.current().refresh_token, "client_id": memory.client.client_id}
        print("revoked:", (await other.post(metadata["revocation_endpoint"], data=form)).status_code)
        print("signed in anew:", (await http.get(f"{API}/orders")).status_code)


def subject(keys: dict[str, Any], token: str) -> str:
    """Check an access token as an API does, and return whom it tells of."""
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]]
    return str(jwt.decode(token, key, algorithms=["RS256"], audience=API, issuer=ISSUER)["sub"])


asyncio.run(walk())

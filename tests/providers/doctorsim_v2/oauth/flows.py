"""The steps of an OAuth client, so that a test can do one of them wrongly."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from mockserver.providers.doctorsim_v2 import PROVIDER
from tests.conformance.judge import judge_annex, validator
from tests.providers.doctorsim_v2.judged import V2

WWW = "/www.doctorsim.com"
CALLBACK = "http://127.0.0.1:8123/callback"
VERIFIER = "a-verifier.of_43~characters-0123456789abcdef"
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
BOTH = ["authorization_code", "refresh_token"]


class Flow:
    """One world's authorization server, and the steps that go well unless a test says otherwise."""

    def __init__(self, world: V2) -> None:
        self.world = world
        self.issuer = f"http://localhost:7460{world.prefix}{WWW}"

    async def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Any request to the server; the answer is judged."""
        answer = await self.world.call(method, f"{WWW}{path}", **more)
        codes = judge_annex(PROVIDER, method, path.partition("?")[0], answer)
        # A refusal may be a page for people, where one may be JSON, too.
        paged = answer.headers.get("content-type", "").startswith("text/html")
        assert not codes or paged or answer.json()["error"] in codes
        if answer.content and answer.status_code >= 400 and answer.headers["content-type"] == "application/json":
            validator("doctorsim_v2/oauth-error").validate(answer.json())
            assert answer.headers.get("cache-control", "no-store") == "no-store"
        return answer

    async def register(self, **metadata: Any) -> dict[str, Any]:
        """A new client: public, with refresh tokens, unless told otherwise."""
        body = {"redirect_uris": [CALLBACK], "grant_types": BOTH, "client_name": "An agent", **metadata}
        answer = await self.send("POST", "/oauth/register", json=body)
        assert answer.status_code == 201, answer.text
        validator("doctorsim_v2/oauth-client").validate(answer.json())
        found: dict[str, Any] = answer.json()
        return found

    async def secretive(self, method: str = "client_secret_post", **metadata: Any) -> dict[str, Any]:
        """A client with a secret and every grant."""
        grants = [*BOTH, "client_credentials"]
        return await self.register(**{"token_endpoint_auth_method": method, "grant_types": grants, **metadata})

    def request(self, client: Mapping[str, Any], **changes: Any) -> dict[str, str]:
        """The parameters of an authorization request; None leaves one out."""
        parameters = {
            "response_type": "code",
            "client_id": client["client_id"],
            "redirect_uri": CALLBACK,
            "scope": "orders:read orders:write balance:read",
            "state": "st&te=1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in parameters.items() if value is not None}

    async def authorize(self, client: Mapping[str, Any], **changes: Any) -> httpx.Response:
        """What the browser gets."""
        return await self.send("GET", f"/oauth/authorize?{urlencode(self.request(client, **changes))}")

    async def decide(self, client: Mapping[str, Any], **changes: Any) -> httpx.Response:
        """What the consent page's form gets: approved by test_demo unless told otherwise."""
        form = self.request(client, **{"decision": "approve", "account": "test_demo", **changes})
        return await self.send("POST", "/oauth/authorize", data=form)

    async def code(self, client: Mapping[str, Any], **changes: Any) -> str:
        """A fresh code."""
        return redirected(await self.decide(client, **changes))["code"]

    async def exchange(self, client: Mapping[str, Any], code: str, /, **changes: Any) -> httpx.Response:
        """The token endpoint's answer to a code."""
        return await self.token(
            client,
            **{
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": CALLBACK,
                "code_verifier": VERIFIER,
                **changes,
            },
        )

    async def refresh(self, client: Mapping[str, Any], token: str, **changes: Any) -> httpx.Response:
        """The token endpoint's answer to a refresh token."""
        return await self.token(client, **{"grant_type": "refresh_token", "refresh_token": token, **changes})

    async def token(self, client: Mapping[str, Any], *, path: str = "/oauth/token", **form: Any) -> httpx.Response:
        """A call of the token endpoint with the client's credentials in the body."""
        secret = {"client_secret": client["client_secret"]} if "client_secret" in client else {}
        body = {"client_id": client["client_id"], **secret, **form}
        return await self.send("POST", path, data={name: value for name, value in body.items() if value is not None})

    async def tokens(self, client: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
        """Tokens of a whole flow that goes well."""
        answer = await self.exchange(client, await self.code(client, **changes))
        assert answer.status_code == 200, answer.text
        validator("doctorsim_v2/oauth-token").validate(answer.json())
        assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
        found: dict[str, Any] = answer.json()
        return found


def redirected(answer: httpx.Response) -> dict[str, str]:
    """The parameters with which the browser is sent back to the client."""
    assert answer.status_code in (302, 303), answer.text
    place = urlsplit(answer.headers["location"])
    assert f"{place.scheme}://{place.netloc}{place.path}" == CALLBACK
    assert place.fragment == ""
    return {name: values[0] for name, values in parse_qs(place.query, strict_parsing=True).items()}


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and the RFC's word."""
    assert answer.headers["content-type"] == "application/json", answer.text
    return answer.status_code, answer.json()["error"]

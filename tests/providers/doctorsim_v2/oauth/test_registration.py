"""RFC 7591."""

import json
import re
from typing import Any

import pytest

from tests.conformance.judge import validator
from tests.providers.doctorsim_v2.oauth.flows import CALLBACK, Flow, refusal

pytestmark = pytest.mark.anyio

CODE = ["authorization_code"]


async def test_a_client_is_public_unless_it_asks_for_a_secret(flow: Flow) -> None:
    answer = await flow.send("POST", "/oauth/register", json={"redirect_uris": [CALLBACK], "unknown": {"x": 1}})
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    client = answer.json()
    assert re.fullmatch(r"cli_[0-9a-f]{24}", client["client_id"])
    assert client == {
        "client_id": client["client_id"],
        "client_id_issued_at": 1769860800,
        "token_endpoint_auth_method": "none",
        "grant_types": CODE,
        "response_types": ["code"],
        "redirect_uris": [CALLBACK],
    }


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_a_client_with_a_secret_gets_it_once(flow: Flow, method: str) -> None:
    client = await flow.secretive(method)
    assert (client["token_endpoint_auth_method"], client["client_secret_expires_at"]) == (method, 0)
    entries = (await flow.world.steer("GET", "/requests"))["requests"]
    kept = [await flow.world.steer("GET", f"/requests/{entry['id']}") for entry in entries]
    assert client["client_secret"] not in json.dumps(kept)
    assert client["client_id"] in json.dumps(kept)


@pytest.mark.parametrize(
    "metadata",
    [
        {"client_name": "Agent", "client_uri": "https://a.example", "scope": "balance:read orders:read"},
        {"redirect_uris": ["https://a.example/cb?x=1", "http://localhost:1/cb", "http://[::1]/cb"]},
        {"redirect_uris": ["com.example.app:/callback"]},
        {"grant_types": CODE, "response_types": ["code"]},
        {
            "token_endpoint_auth_method": "client_secret_post",
            "grant_types": ["client_credentials"],
            "redirect_uris": [],
        },
        {"software_id": "x", "software_version": "1", "logo_uri": "https://a.example/logo"},
    ],
)
async def test_metadata_is_kept_as_it_came(flow: Flow, metadata: dict[str, Any]) -> None:
    body = {"redirect_uris": [CALLBACK], **metadata}
    answer = await flow.send("POST", "/oauth/register", json=body)
    validator("doctorsim_v2/oauth-client").validate(answer.json())
    kept = answer.json()
    scope = {"scope": "orders:read balance:read"} if "scope" in metadata else {}
    assert kept == kept | metadata | scope


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": "https://a.example/"}, "invalid_redirect_uri"),
        ({"redirect_uris": [7]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["/callback"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://a.example/#x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://a.example/#"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://a.example/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://a.example/ x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://[::1/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://a.example/"] * 21}, "invalid_redirect_uri"),
        ({"redirect_uris": [CALLBACK, "ftp://a.example/"]}, "invalid_redirect_uri"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": None}, "invalid_client_metadata"),
        ({"grant_types": ["implicit"]}, "invalid_client_metadata"),
        ({"grant_types": "authorization_code"}, "invalid_client_metadata"),
        ({"grant_types": [[]]}, "invalid_client_metadata"),
        ({"grant_types": ["client_credentials"]}, "invalid_client_metadata"),
        ({"grant_types": ["refresh_token"]}, "invalid_client_metadata"),
        ({"response_types": ["token"]}, "invalid_client_metadata"),
        ({"response_types": []}, "invalid_client_metadata"),
        ({"scope": "everything"}, "invalid_client_metadata"),
        ({"scope": ""}, "invalid_client_metadata"),
        ({"scope": ["orders:read"]}, "invalid_client_metadata"),
        ({"client_name": 7}, "invalid_client_metadata"),
        ({"client_uri": "x" * 2001}, "invalid_client_metadata"),
        ({"mock_account": "nobody"}, "invalid_client_metadata"),
        ({"mock_account": 7}, "invalid_client_metadata"),
    ],
)
async def test_bad_metadata_is_refused(flow: Flow, metadata: dict[str, Any], code: str) -> None:
    answer = await flow.send("POST", "/oauth/register", json={"redirect_uris": [CALLBACK], **metadata})
    assert refusal(answer) == (400, code)


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b'"x"', b"a=b", b"\xff"])
async def test_the_body_must_be_an_object(flow: Flow, body: bytes) -> None:
    assert refusal(await flow.send("POST", "/oauth/register", content=body)) == (400, "invalid_client_metadata")

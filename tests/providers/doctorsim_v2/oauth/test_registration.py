"""RFC 7591."""

import json
import re
from base64 import b64encode
from typing import Any

import pytest

from mockserver.providers.doctorsim_v2.oauth import registry
from mockserver.providers.doctorsim_v2.settings import MOST_CLIENTS
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
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "redirect_uris": [CALLBACK],
    }
    assert "refresh_token" in await flow.tokens(client)


@pytest.mark.parametrize("grants", [["client_credentials"], ["authorization_code", "client_credentials"]])
async def test_a_client_that_acts_for_itself_gets_a_secret_for_basic_unless_it_says_otherwise(
    flow: Flow, grants: list[str]
) -> None:
    responses = ["code"] if "authorization_code" in grants else []
    body = {"grant_types": grants, "response_types": responses, "redirect_uris": [CALLBACK]}
    client = (await flow.send("POST", "/oauth/register", json=body)).json()
    assert client["token_endpoint_auth_method"] == "client_secret_basic"
    key = b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    answer = await flow.send(
        "POST", "/oauth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {key}"}
    )
    assert answer.status_code == 200
    without_secret = {**body, "token_endpoint_auth_method": "none"}
    answer = await flow.send("POST", "/oauth/register", json=without_secret)
    assert refusal(answer) == (400, "invalid_client_metadata")


async def test_a_registration_of_grants_and_no_more_is_enough_for_client_credentials(flow: Flow) -> None:
    body = {"grant_types": ["client_credentials"], "response_types": []}
    answer = await flow.send("POST", "/oauth/register", json=body)
    assert (answer.status_code, answer.json()["redirect_uris"]) == (201, [])


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
        (
            {"grant_types": ["client_credentials"], "token_endpoint_auth_method": "none"},
            "invalid_client_metadata",
        ),
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


# -- an app's own scheme (RFC 8252, 7.1)

CURSOR = "cursor://anysphere.cursor-mcp/oauth/callback"


async def test_a_scheme_without_a_dot_is_refused_with_a_text_that_says_why(flow: Flow) -> None:
    body = {"redirect_uris": [CURSOR], "token_endpoint_auth_method": "none"}
    answer = await flow.send("POST", "/oauth/register", json=body)
    assert refusal(answer) == (400, "invalid_redirect_uri")
    text = answer.json()["error_description"]
    assert "the scheme cursor has no dot" in text
    assert "doctorsim_v2.private_schemes" in text


@pytest.mark.parametrize("uri", [CURSOR, "vscode://vendor.ext/cb", "my-app:/cb"])
async def test_a_setting_admits_it(flow: Flow, uri: str) -> None:
    await flow.world.setting(private_schemes=True)
    client = await flow.register(redirect_uris=["https://agent.example/cb", uri])
    answer = await flow.decide(client, redirect_uri=uri)
    assert answer.headers["location"].startswith(f"{uri}?code=ac_")
    # What is registered stays so.
    await flow.world.setting(private_schemes=False)
    assert (await flow.authorize(client, redirect_uri=uri)).status_code == 200


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize(
    "uri",
    [
        *("javascript:alert(1)", "JavaScript://a.example/%0aalert(1)", "data:text/html,x", "file:///etc/passwd"),
        *("vbscript:x", "about:blank", "blob:https://a.example/1", "ws://a.example/", "ftp://a.example/"),
        *("/callback", "//a.example/cb", "1app:/cb", "", "http://a.example/cb"),
    ],
)
async def test_no_setting_admits_what_a_browser_would_carry_out(flow: Flow, uri: str, *, private: bool) -> None:
    await flow.world.setting(private_schemes=private)
    answer = await flow.send("POST", "/oauth/register", json={"redirect_uris": [CALLBACK, uri]})
    assert refusal(answer) == (400, "invalid_redirect_uri")


# -- bounds


async def test_the_metadata_of_a_client_are_bounded(flow: Flow) -> None:
    fits = {"redirect_uris": [f"https://a.example/{'x' * 1900}{number}" for number in range(4)]}
    assert (await flow.send("POST", "/oauth/register", json=fits)).status_code == 201
    body = {"redirect_uris": [*fits["redirect_uris"], CALLBACK], "client_name": "x" * 600}
    answer = await flow.send("POST", "/oauth/register", json=body)
    assert refusal(answer) == (400, "invalid_client_metadata")
    assert "8192 bytes" in answer.json()["error_description"]


async def test_a_sandbox_has_a_thousand_clients_at_most_and_forgets_those_that_nobody_used(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_CLIENTS == 1_000
    monkeypatch.setattr(registry, "MOST_CLIENTS", 3)
    body = {"redirect_uris": [CALLBACK]}
    used, unused = await flow.register(), await flow.register()
    await flow.world.advance("60d")
    await flow.tokens(used)
    await flow.register()
    for _ in range(2):
        answer = await flow.send("POST", "/oauth/register", json=body)
        assert refusal(answer) == (400, "invalid_client_metadata")
        assert "3 clients are registered here already" in answer.json()["error_description"]
    # Another sandbox is not concerned.
    assert (await Flow(flow.world.beside("w")).send("POST", "/oauth/register", json=body)).status_code == 201
    await flow.world.advance("31d")
    await flow.register()
    assert (await flow.authorize(unused)).status_code == 400
    assert (await flow.authorize(used)).status_code == 200
    await flow.world.steer("POST", "/reset")
    await flow.register()

"""Independent clients complete the flows over sockets."""

import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.app import create_app
from mockserver.config import Settings
from mockserver.server import LiveServer

HERE = Path(__file__).parent
CALLBACK = "http://127.0.0.1:8123/callback"
OLDEST_NODE = 20
SCOPE = "orders:read orders:write balance:read"


@pytest.fixture
def server() -> Iterator[LiveServer]:
    """A server whose sandbox `w` approves by itself, as test_demo."""
    with LiveServer(create_app(Settings())) as one:
        settings = {"doctorsim_v2.auto_approve": "test_demo"}
        httpx.patch(f"{one.url}/~w/_mock/settings", json=settings).raise_for_status()
        yield one


def node_new_enough() -> str:
    """Where node is; skips the test where it is missing, or older than the library needs."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        pytest.skip(f"node is {version}, oauth4webapi needs {OLDEST_NODE} or later")
    return node


def metadata_of(server: LiveServer) -> dict[str, Any]:
    """What a client discovers, where authlib looks for it."""
    from authlib.oauth2.rfc8414 import get_well_known_url

    issuer = f"{server.url}/~w/www.doctorsim.com"
    found: dict[str, Any] = httpx.get(get_well_known_url(issuer, external=True)).json()
    assert found["issuer"] == issuer
    return found


def registered(metadata: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A client by dynamic registration."""
    body = {"redirect_uris": [CALLBACK], "grant_types": ["authorization_code", "refresh_token"], **more}
    answer = httpx.post(metadata["registration_endpoint"], json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("method", ["none", "client_secret_basic", "client_secret_post"])
def test_authlibs_client_completes_the_code_flow(
    server: LiveServer, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    from authlib.common.errors import AuthlibBaseError
    from authlib.common.security import generate_token
    from authlib.integrations.httpx_client import OAuth2Client

    metadata = metadata_of(server)
    known = registered(metadata, token_endpoint_auth_method=method)
    with OAuth2Client(
        known["client_id"],
        known.get("client_secret"),
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        scope=SCOPE,
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
        token_endpoint=metadata["token_endpoint"],
        revocation_endpoint=metadata["revocation_endpoint"],
    ) as client:
        verifier = generate_token(48)
        address, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
        answer = httpx.get(address)
        assert answer.status_code == 302
        place = answer.headers["location"]
        fetch = partial(client.fetch_token, metadata["token_endpoint"], authorization_response=place)
        with pytest.raises(AuthlibBaseError, match="mismatching_state"):
            fetch(state="other", code_verifier=verifier)
        with pytest.raises(AuthlibBaseError, match="invalid_grant"):
            fetch(state=state, code_verifier=generate_token(48))
        token = fetch(state=state, code_verifier=verifier)
        assert token["scope"] == SCOPE
        base = f"{server.url}/~w/api.doctorsim.com/v2"
        assert client.get(f"{base}/balance").json()["data"]["environment"] == "sandbox"
        fresh = client.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
        assert fresh["refresh_token"] != token["refresh_token"]
        assert client.get(f"{base}/orders").status_code == 200
        revoked = client.revoke_token(metadata["revocation_endpoint"], token=fresh["refresh_token"])
        assert revoked.status_code == 200
        assert client.get(f"{base}/orders").json()["error"]["code"] == "INVALID_TOKEN"


def test_authlibs_client_acts_for_itself(server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    from authlib.integrations.httpx_client import OAuth2Client

    metadata = metadata_of(server)
    known = registered(
        metadata,
        token_endpoint_auth_method="client_secret_basic",
        grant_types=["client_credentials"],
        response_types=[],
    )
    with OAuth2Client(known["client_id"], known["client_secret"], scope="balance:read") as client:
        client.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
        assert client.get(f"{server.url}/~w/api.doctorsim.com/v2/balance").status_code == 200


def test_a_client_in_node_completes_every_flow(server: LiveServer) -> None:
    node = node_new_enough()
    issuer = f"{server.url}/~w/www.doctorsim.com"
    ran = subprocess.run(
        [node, str(HERE / "flow.mjs"), issuer, f"{server.url}/~w/api.doctorsim.com/v2"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines() == [
        "protected by the issuer: true",
        f"issuer {issuer}",
        "plain redirect: invalid_redirect_uri",
        'other state: unexpected "state" response parameter value',
        'other issuer: unexpected "iss" (issuer) response parameter value',
        "unknown scope: invalid_scope",
        "other verifier: invalid_grant",
        "code, scope balance:read",
        "code: 200 sandbox",
        "rotated: true",
        "refreshed: 200 sandbox",
        "old refresh token: invalid_grant",
        "its family: 401 INVALID_TOKEN",
        "another code: 200 sandbox",
        "revoked: 401 INVALID_TOKEN",
        "client credentials: 200 sandbox",
        "guessed secret: 401 basic",
        "the same issuer: true",
        "ID token of test_demo",
    ]

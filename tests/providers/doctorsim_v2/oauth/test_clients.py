"""Independent clients complete their flows over https, unchanged: nothing but their environment leads them here.

None of them is told to check less than it does by itself.
"""

from collections.abc import Iterator
from functools import partial

import httpx
import pytest

from mockserver.app import create_app
from mockserver.config import Settings
from mockserver.server import LiveServer
from tests.providers.doctorsim_v2.oauth.programs import Machine

pytestmark = [pytest.mark.slow, pytest.mark.programs]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine whose programs reach a server by their environment alone."""
    directory = tmp_path_factory.mktemp("machine")
    with LiveServer(create_app(Settings(ca_dir=directory / "authority"))) as live:
        yield Machine(live.url, httpx.get(f"{live.url}/_mock/ca.pem").raise_for_status().text, directory)


@pytest.mark.parametrize(
    ("library", "method"),
    [
        ("requests", "none"),
        ("requests", "client_secret_basic"),
        ("httpx", "none"),
        ("httpx", "client_secret_post"),
    ],
)
def test_authlib_completes_the_code_flow(machine: Machine, library: str, method: str) -> None:
    sandbox = f"authlib-{library}-{method.replace('_', '-')}"
    assert machine.run_python(sandbox, f"authlib_{library}", method) == [
        "issuer https://www.doctorsim.com",
        "other state: mismatching_state",
        "other verifier: invalid_grant",
        "scope openid orders:read balance:read",
        "ID token of test_demo",
        "code: sandbox",
        "rotated: True",
        "rotated: True",
        "refreshed: 200",
        "revoked: 200",
        "after it: INVALID_TOKEN",
        "its family: invalid_grant",
    ]


def test_requests_oauthlib_completes_its_flows(machine: Machine) -> None:
    assert machine.run_python("requests-oauthlib", "requests_oauthlib_client") == [
        "issuer https://www.doctorsim.com",
        "state and issuer: True",
        "scope openid orders:read balance:read",
        "ID token of test_demo",
        "code: sandbox",
        "tokens by itself",
        "refreshed: 200",
        "rotated: True",
        "old refresh token: invalid_grant",
        "its family: INVALID_TOKEN",
        "state and issuer: True",
        "revoked: 200",
        "after it: INVALID_TOKEN",
        "client credentials: 200",
    ]


def test_the_mcp_sdk_for_python_signs_in_by_itself(machine: Machine) -> None:
    assert machine.run_python("mcp-python", "mcp_client") == [
        "code: sandbox",
        "registered with https://www.doctorsim.com",
        "access token of test_demo",
        "refreshed: 200",
        "rotated: True",
        "revoked: 200",
        "signed in anew: 200",
    ]


@pytest.mark.parametrize("way", ["real hosts", "in the path"])
def test_oauth4webapi_completes_every_flow(machine: Machine, way: str) -> None:
    own = machine.url.replace("http:", "https:") + "/~oauth4webapi"
    issuer, api = f"{own}/www.doctorsim.com", f"{own}/api.doctorsim.com/v2"
    addresses = () if way == "real hosts" else (issuer, api)
    named = "https://www.doctorsim.com" if way == "real hosts" else issuer
    assert machine.run_node("oauth4webapi-real", "oauth4webapi.mjs", *addresses) == [
        f"protected by {named}",
        f"issuer {named}",
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
        "signed ID token of test_demo",
    ]


def test_openid_client_completes_its_flows(machine: Machine) -> None:
    assert machine.run_node("openid-client", "openid_client.mjs", needs="openid-client") == [
        "issuer https://www.doctorsim.com",
        "PKCE: true",
        "other state: invalid response encountered",
        "other verifier: invalid_grant",
        "signed ID token of test_demo",
        "code: 200 sandbox",
        "unknown scope: invalid_scope",
        "rotated: true",
        "refreshed: 200 sandbox",
        "revoked: 401 INVALID_TOKEN",
        "its family: invalid_grant",
        "client credentials: 200 sandbox",
    ]


def test_the_mcp_sdk_for_typescript_signs_in_and_begins_anew_when_its_refresh_token_is_old(machine: Machine) -> None:
    assert machine.run_node("mcp-typescript", "mcp_sdk.mjs", needs="@modelcontextprotocol/sdk") == [
        "sent to https://www.doctorsim.com/.well-known/oauth-protected-resource/v2",
        "first: REDIRECT",
        "state and issuer: true",
        "then: AUTHORIZED",
        "code: 200 sandbox",
        "registered with https://www.doctorsim.com",
        "with a refresh token: AUTHORIZED",
        "rotated: true",
        "refreshed: 200 sandbox",
        "first: REDIRECT",
        "state and issuer: true",
        "then: AUTHORIZED",
        "another code: 200 sandbox",
        "revoked: 401 INVALID_TOKEN",
    ]


def test_guzzle_walks_the_code_flow(machine: Machine) -> None:
    assert machine.run_php("guzzle", "code_flow.php") == [
        "sent to https://www.doctorsim.com/.well-known/oauth-protected-resource/v2",
        "protected by https://www.doctorsim.com",
        "the same issuer: true",
        "state and issuer: true",
        "other verifier: invalid_grant",
        "scope orders:read balance:read",
        "code: 200 sandbox",
        "rotated: true",
        "refreshed: 200 sandbox",
        "revoked: 200",
        "after it: 401 INVALID_TOKEN",
        "its family: invalid_grant",
    ]


@pytest.fixture(scope="module")
def distrustful(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """The same machine before anybody installed the CA of the server: it trusts another one."""
    directory = tmp_path_factory.mktemp("distrustful")
    with LiveServer(create_app(Settings(ca_dir=directory / "authority"))) as other:
        return Machine(machine.url, httpx.get(f"{other.url}/_mock/ca.pem").raise_for_status().text, directory)


@pytest.mark.parametrize("client", ["authlib_requests", "authlib_httpx", "mcp_client", "node", "php"])
def test_a_client_that_does_not_trust_the_ca_says_so(distrustful: Machine, client: str) -> None:
    programs = {
        "node": partial(distrustful.run_node, "stranger", "oauth4webapi.mjs"),
        "php": partial(distrustful.run_php, "stranger", "code_flow.php"),
    }
    run = programs.get(client) or partial(distrustful.run_python, "stranger", client, "none")
    with pytest.raises(AssertionError, match=r"(?i)certificate|CERT_"):
        run()

"""RFC 8414, RFC 9728, the key set, and finding one from the other."""

import re

import pytest
import yaml

from mockserver.providers.doctorsim_v2.oauth.keys import public_keys, signing_key
from mockserver.providers.doctorsim_v2.oauth.scopes import SCOPES
from tests.conformance.judge import validator
from tests.providers.doctorsim_v2.oauth.flows import Flow

pytestmark = pytest.mark.anyio

SERVER = ".well-known/oauth-authorization-server"
RESOURCE = ".well-known/oauth-protected-resource"


@pytest.mark.parametrize(
    ("path", "host", "issuer"),
    [
        (f"/www.doctorsim.com/{SERVER}", None, "http://localhost:7460/www.doctorsim.com"),
        (f"/{SERVER}/www.doctorsim.com", None, "http://localhost:7460/www.doctorsim.com"),
        (f"/~w/www.doctorsim.com/{SERVER}", None, "http://localhost:7460/~w/www.doctorsim.com"),
        (f"/{SERVER}/~w/www.doctorsim.com", None, "http://localhost:7460/~w/www.doctorsim.com"),
        (f"/{SERVER}", "www.doctorsim.com", "http://www.doctorsim.com"),
        (f"/~w/{SERVER}", "www.doctorsim.com", "http://www.doctorsim.com/~w"),
        (f"/{SERVER}/~w", "www.doctorsim.com", "http://www.doctorsim.com/~w"),
    ],
)
async def test_the_metadata_is_where_both_forms_of_the_rfc_put_it(
    flow: Flow, path: str, host: str | None, issuer: str
) -> None:
    answer = await flow.world.call("GET", path, headers={"Host": host} if host else {})
    data = answer.json()
    validator("doctorsim_v2/oauth-metadata").validate(data)
    assert data["issuer"] == issuer
    assert data["token_endpoint"] == f"{issuer}/oauth/token"
    assert data["code_challenge_methods_supported"] == ["S256"]
    assert data["authorization_response_iss_parameter_supported"] is True
    assert "x-ratelimit-limit" not in answer.headers


@pytest.mark.parametrize(
    ("path", "host", "base"),
    [
        (f"/api.doctorsim.com/{RESOURCE}/v2", None, "http://localhost:7460/{}"),
        (f"/{RESOURCE}/api.doctorsim.com/v2", None, "http://localhost:7460/{}"),
        (f"/{RESOURCE}/~w/api.doctorsim.com/v2", None, "http://localhost:7460/~w/{}"),
        (f"/~w/api.doctorsim.com/{RESOURCE}/v2", None, "http://localhost:7460/~w/{}"),
        (f"/{RESOURCE}/v2", "api.doctorsim.com", "http://{}"),
        (f"/{RESOURCE}/v2", "api.doctorsim.com:8080", "http://{}:8080"),
        (f"/www.doctorsim.com/{RESOURCE}/v2", None, "http://localhost:7460/{}"),
        (f"/{RESOURCE}/www.doctorsim.com/v2", None, "http://localhost:7460/{}"),
        (f"/{RESOURCE}/~w/www.doctorsim.com/v2", None, "http://localhost:7460/~w/{}"),
        (f"/~w/www.doctorsim.com/{RESOURCE}/v2", None, "http://localhost:7460/~w/{}"),
        (f"/{RESOURCE}/v2", "www.doctorsim.com", "http://{}"),
        (f"/~w/{RESOURCE}/v2", "www.doctorsim.com:8080", "http://{}:8080/~w"),
        (f"/api.doctorsim.com/v2/{RESOURCE}/v2", None, "http://localhost:7460/{}"),
        (f"/v2/{RESOURCE}/v2", "api.doctorsim.com", "http://{}"),
    ],
)
async def test_both_hosts_have_the_document_of_the_api_with_the_five_members_that_the_vendor_prints(
    flow: Flow, path: str, host: str | None, base: str
) -> None:
    answer = await flow.world.call("GET", path, headers={"Host": host} if host else {})
    validator("doctorsim_v2/oauth-resource").validate(answer.json())
    www = base.format("www.doctorsim.com")
    assert answer.json() == {
        "resource": base.format("api.doctorsim.com") + "/v2",
        "authorization_servers": [www],
        "scopes_supported": [
            *("openid", "profile", "orders:read", "orders:write", "balance:read", "webhooks:read", "webhooks:write")
        ],
        "bearer_methods_supported": ["header"],
        "resource_documentation": f"{www}/api-docs/",
    }
    assert ("x-mock-assumed" in answer.headers) is ("/v2/.well-known" in path)


@pytest.mark.parametrize(
    ("base", "host", "expected"),
    [
        ("/api.doctorsim.com/v2", None, "http://localhost:7460/www.doctorsim.com"),
        ("/~w/api.doctorsim.com/v2", None, "http://localhost:7460/~w/www.doctorsim.com"),
        ("/v2", "api.doctorsim.com", "http://www.doctorsim.com"),
        ("/v2", "API.doctorsim.com:80", "http://www.doctorsim.com:80"),
        ("/~w/v2", "api.doctorsim.com", "http://www.doctorsim.com/~w"),
    ],
)
async def test_a_refusal_names_the_document_on_www(flow: Flow, base: str, host: str | None, expected: str) -> None:
    answer = await flow.world.call("GET", f"{base}/countries", headers={"Host": host} if host else {})
    address = f"{expected}/{RESOURCE}/v2"
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, f'Bearer resource_metadata="{address}"')


@pytest.mark.parametrize("name", ["", "w"])
async def test_a_client_finds_everything_from_a_refusal(flow: Flow, name: str) -> None:
    world = flow.world.beside(name) if name else flow.world
    refused = await world.v2("GET", "/balance", key=None)
    [address] = [
        part.split('"')[1] for part in refused.headers["www-authenticate"].split() if "resource_metadata" in part
    ]
    resource = (await world.client.get(address)).json()
    server = resource["authorization_servers"][0]
    head, tail = server.split("/~") if "/~" in server else server.split("/www")
    rest = f"/~{tail}" if "/~" in server else f"/www{tail}"
    metadata = (await world.client.get(f"{head}/{SERVER}{rest}")).json()
    assert metadata["issuer"] == server
    assert (await world.client.get(metadata["jwks_uri"])).json()["keys"]
    assert (await world.client.post(metadata["registration_endpoint"], json={})).status_code == 400


async def test_the_key_set_shows_the_public_half_of_the_seeds_key(flow: Flow) -> None:
    answer = await flow.send("GET", "/oauth/jwks.json")
    validator("doctorsim_v2/oauth-jwks").validate(answer.json())
    assert answer.json() == public_keys("mockserver")
    assert not {"d", "p", "q"} & answer.json()["keys"][0].keys()
    assert signing_key("mockserver").kid != signing_key(7).kid


def test_the_key_is_an_rsa_key_of_2048_bits() -> None:
    numbers = signing_key("mockserver").private_key.private_numbers()  # type: ignore[union-attr]
    assert numbers.public_numbers.n.bit_length() == 2048
    assert numbers.p * numbers.q == numbers.public_numbers.n
    signing_key("mockserver").private_key.public_key()  # type: ignore[union-attr]


@pytest.mark.parametrize("path", ["/oauth/nope", "/", "/oauth", "/.well-known/nope", "/api-docs"])
async def test_unknown_paths_are_refused_in_the_rfcs_words(flow: Flow, path: str) -> None:
    answer = await flow.send("GET", path)
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


async def test_a_wrong_method_is_refused_in_the_rfcs_words(flow: Flow) -> None:
    answer = await flow.send("GET", "/oauth/token")
    assert (answer.status_code, answer.json()["error"], answer.headers["allow"]) == (405, "invalid_request", "POST")


# -- what people and agents read


@pytest.mark.parametrize(
    ("path", "host", "base"),
    [
        ("/www.doctorsim.com/auth.md", None, "http://localhost:7460/{}"),
        ("/~w/www.doctorsim.com/auth.md", None, "http://localhost:7460/~w/{}"),
        ("/www.doctorsim.com/ar/auth.md", None, "http://localhost:7460/{}"),
        ("/www.doctorsim.com/pt-br/auth.md", None, "http://localhost:7460/{}"),
        ("/auth.md", "www.doctorsim.com", "http://{}"),
        ("/es/auth.md", "www.doctorsim.com:8080", "http://{}:8080"),
    ],
)
async def test_the_guide_for_agents_has_this_servers_addresses(
    flow: Flow, path: str, host: str | None, base: str
) -> None:
    answer = await flow.world.call("GET", path, headers={"Host": host} if host else {})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/markdown; charset=utf-8")
    www, api = base.format("www.doctorsim.com"), base.format("api.doctorsim.com")
    for said in (
        f"The API is `{api}/v2`",
        f"{www}/.well-known/oauth-authorization-server",
        f'Bearer resource_metadata="{www}/{RESOURCE}/v2"',
        f"POST {www}/oauth/register",
        f"{www}/oauth/authorize?",
        f"POST {www}/oauth/token",
        f"POST {www}/oauth/revoke",
        "cli_e97f6079db704bcc0a0c39b8",
        "An access token lives 1h, a refresh token 30d",
        *(f"| `{name}` |" for name in SCOPES),
    ):
        assert said in answer.text
    assert "{" not in answer.text.replace('{"', "")


async def test_the_guide_tells_the_lifetime_that_is_set(flow: Flow) -> None:
    await flow.world.setting(access_token_lifetime="90s")
    assert "An access token lives 90s" in (await flow.send("GET", "/auth.md")).text


@pytest.mark.parametrize("path", ["/nonsense/auth.md", "/a1/auth.md", "/en/xx/auth.md", "/en/auth.txt", "/auth.md/"])
async def test_only_a_language_stands_before_the_guide(flow: Flow, path: str) -> None:
    answer = await flow.world.call("GET", f"/www.doctorsim.com{path}")
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("prefix", "host", "base"),
    [
        ("/www.doctorsim.com", None, "http://localhost:7460/{}"),
        pytest.param("/~w/www.doctorsim.com", None, "http://localhost:7460/~w/{}", marks=pytest.mark.slow),
        pytest.param("", "www.doctorsim.com:8080", "http://{}:8080", marks=pytest.mark.slow),
    ],
)
async def test_our_own_openapi_document_is_at_the_vendors_address(
    flow: Flow, prefix: str, host: str | None, base: str
) -> None:
    headers = {"Host": host} if host else {}
    answer = await flow.world.call("GET", f"{prefix}/api-docs/openapi.yaml", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/yaml")
    assert "&id0" not in answer.text
    found = yaml.safe_load(answer.text)
    assert found["servers"] == [{"url": base.format("api.doctorsim.com") + "/v2"}]
    assert found["paths"]["/oauth/token"]["servers"] == [{"url": base.format("www.doctorsim.com")}]
    resource = [base.format("www.doctorsim.com"), base.format("api.doctorsim.com")]
    assert [one["url"] for one in found["paths"][f"/{RESOURCE}/v2"]["servers"]] == resource
    if host is None:
        sandbox = prefix.removesuffix("/www.doctorsim.com")
        ours = await flow.world.call("GET", f"{sandbox}/_mock/openapi/doctorsim_v2.json")
        assert found == ours.json()


async def test_the_documentation_that_the_api_names_is_there_and_leads_on(flow: Flow) -> None:
    named = (await flow.send("GET", f"/{RESOURCE}/v2")).json()["resource_documentation"]
    page = await flow.world.client.get(named)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    links = re.findall(r'href="([^"]+)"', page.text)
    assert len(links) == 2
    for link in links:
        assert (await flow.world.client.get(link)).status_code == 200

"""RFC 8414, RFC 9728, the key set, and finding one from the other."""

import pytest

from mockserver.providers.doctorsim_v2.oauth.keys import public_keys, signing_key
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
    ],
)
async def test_the_api_names_its_authorization_server(flow: Flow, path: str, host: str | None, base: str) -> None:
    answer = await flow.world.call("GET", path, headers={"Host": host} if host else {})
    validator("doctorsim_v2/oauth-resource").validate(answer.json())
    assert answer.json()["resource"] == base.format("api.doctorsim.com") + "/v2"
    assert answer.json()["authorization_servers"] == [base.format("www.doctorsim.com")]


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


@pytest.mark.parametrize("path", ["/oauth/nope", "/", "/oauth", "/.well-known/openid-configuration"])
async def test_unknown_paths_are_refused_in_the_rfcs_words(flow: Flow, path: str) -> None:
    answer = await flow.send("GET", path)
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


async def test_a_wrong_method_is_refused_in_the_rfcs_words(flow: Flow) -> None:
    answer = await flow.send("GET", "/oauth/token")
    assert (answer.status_code, answer.json()["error"], answer.headers["allow"]) == (405, "invalid_request", "POST")

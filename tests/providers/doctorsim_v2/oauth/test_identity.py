"""OpenID Connect: what the scope `openid` brings."""

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.conformance.judge import validator
from tests.providers.doctorsim_v2.oauth.flows import Flow, redirected

pytestmark = pytest.mark.anyio


async def read(flow: Flow, token: str) -> Any:
    keys = KeySet.import_key_set((await flow.send("GET", "/oauth/jwks.json")).json())
    return jwt.decode(token, keys, algorithms=["RS256"])


async def test_a_request_that_names_openid_gets_an_id_token_with_its_nonce(flow: Flow) -> None:
    client = await flow.register()
    tokens = await flow.tokens(client, scope="openid balance:read", nonce="n-0S6_WzA2Mj", account="live_demo")
    decoded = await read(flow, tokens["id_token"])
    assert decoded.header["typ"] == "JWT"
    assert decoded.claims == {
        "iss": flow.issuer,
        "sub": "live_demo",
        "aud": client["client_id"],
        "iat": 1769860800,
        "exp": 1769864400,
        "nonce": "n-0S6_WzA2Mj",
    }
    assert "nonce" not in (await read(flow, (await flow.tokens(client, scope="openid"))["id_token"])).claims


@pytest.mark.parametrize("scope", [None, "profile balance:read"])
async def test_a_request_that_does_not_name_it_gets_none(flow: Flow, scope: str | None) -> None:
    client = await flow.register()
    tokens = await flow.tokens(client, scope=scope, nonce="x")
    assert "id_token" not in tokens
    assert "id_token" not in (await flow.refresh(client, tokens["refresh_token"])).json()


async def test_an_id_token_is_no_access_token(flow: Flow) -> None:
    token = (await flow.tokens(await flow.register(), scope="openid balance:read"))["id_token"]
    assert await flow.world.refused("GET", "/balance", key=token) == (401, "INVALID_TOKEN")


async def test_a_nonce_has_a_bound(flow: Flow) -> None:
    client = await flow.register()
    assert "code" in redirected(await flow.decide(client, scope="openid", nonce="x" * 1000))
    assert redirected(await flow.decide(client, scope="openid", nonce="x" * 1001))["error"] == "invalid_request"


async def test_where_the_keys_are_hidden_there_is_no_id_token(flow: Flow) -> None:
    await flow.world.setting(profile="documented")
    assert "id_token" not in await flow.tokens(await flow.register(), scope="openid")


async def test_the_configuration_is_the_metadata_and_what_openid_connect_requires(flow: Flow) -> None:
    answer = await flow.send("GET", "/.well-known/openid-configuration")
    found = answer.json()
    validator("doctorsim_v2/oauth-metadata").validate(found)
    assert answer.headers["x-mock-assumed"] == "true"
    plain = (await flow.send("GET", "/.well-known/oauth-authorization-server")).json()
    assert found == plain | {
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["iss", "sub", "aud", "iat", "exp", "nonce"],
    }
    assert not {"subject_types_supported", "id_token_signing_alg_values_supported"} & plain.keys()
    for path in ("/.well-known/openid-configuration/www.doctorsim.com",):
        assert (await flow.world.call("GET", path)).json() == found


async def test_the_journal_keeps_no_id_token(flow: Flow) -> None:
    token = (await flow.tokens(await flow.register(), scope="openid"))["id_token"]
    entries = (await flow.world.steer("GET", "/requests"))["requests"]
    kept = [await flow.world.steer("GET", f"/requests/{entry['id']}") for entry in entries]
    assert token not in str(kept)

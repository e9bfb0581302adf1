"""Access tokens at the API: claims, expiry, scopes, environments, sandboxes."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey

from mockserver.providers.doctorsim_v2.oauth import keyring
from mockserver.providers.doctorsim_v2.oauth.keys import signing_key
from mockserver.providers.doctorsim_v2.oauth.scopes import SCOPES
from tests.providers.doctorsim_v2.judged import V2
from tests.providers.doctorsim_v2.oauth.flows import Flow, redirected, refusal

pytestmark = pytest.mark.anyio


async def token_of(flow: Flow, *, scope: str | None = None, account: str = "test_demo") -> str:
    """An access token."""
    tokens = await flow.tokens(await flow.register(), scope=scope, account=account)
    token: str = tokens["access_token"]
    return token


async def test_a_token_can_be_checked_with_the_published_key(flow: Flow) -> None:
    client = await flow.register()
    token = (await flow.tokens(client))["access_token"]
    keys = KeySet.import_key_set((await flow.send("GET", "/oauth/jwks.json")).json())
    decoded = jwt.decode(token, keys, algorithms=["RS256"])
    assert (decoded.header["alg"], decoded.header["typ"]) == ("RS256", "at+jwt")
    assert decoded.claims == {
        "iss": flow.issuer,
        "sub": "test_demo",
        "aud": "http://localhost:7460/api.doctorsim.com/v2",
        "client_id": client["client_id"],
        "scope": "orders:read orders:write balance:read",
        "env": "sandbox",
        "iat": 1769860800,
        "exp": 1769864400,
        "jti": decoded.claims["jti"],
    }


async def test_a_token_lives_an_hour_of_the_sandboxs_clock(flow: Flow) -> None:
    token = await token_of(flow)
    await flow.world.advance("3599s")
    assert await flow.world.data("GET", "/balance", key=token)
    await flow.world.advance("1s")
    assert await flow.world.refused("GET", "/balance", key=token) == (401, "INVALID_TOKEN")


async def test_a_setting_says_how_long(flow: Flow) -> None:
    await flow.world.setting(access_token_lifetime="90s")
    tokens = await flow.tokens(await flow.register())
    assert tokens["expires_in"] == 90
    await flow.world.advance("90s")
    assert await flow.world.refused("GET", "/balance", key=tokens["access_token"]) == (401, "INVALID_TOKEN")


@pytest.mark.parametrize(("account", "environment"), [("test_demo", "sandbox"), ("live_demo", "production")])
async def test_the_account_decides_the_environment(flow: Flow, account: str, environment: str) -> None:
    token = await token_of(flow, account=account)
    assert (await flow.world.data("GET", "/balance", key=token))["environment"] == environment
    order = await flow.world.data("POST", "/orders", await flow.world.order_body(), key=token)
    assert order["environment"] == environment
    assert (await flow.world.order(order["order_id"], key=account))["order_id"] == order["order_id"]


async def needs(world: V2) -> list[tuple[str, str, Any, str]]:
    """Each call that needs a scope."""
    hook = (await world.hook("https://shop.example/hook"))["id"]
    order = (await world.ordered())["order_id"]
    return [
        ("POST", "/orders", await world.order_body(), "orders:write"),
        ("POST", "/orders/preview", await world.order_body(), "orders:read"),
        ("GET", "/orders", None, "orders:read"),
        ("GET", f"/orders/{order}", None, "orders:read"),
        ("GET", "/balance", None, "balance:read"),
        ("GET", "/balance/history", None, "balance:read"),
        ("POST", "/webhooks", {"url": "https://shop.example/hook"}, "webhooks:write"),
        ("POST", "/webhooks/orders", {"url": "https://shop.example/hook"}, "webhooks:write"),
        ("GET", "/webhooks", None, "webhooks:read"),
        ("GET", f"/webhooks/{hook}", None, "webhooks:read"),
        ("PATCH", f"/webhooks/{hook}", {}, "webhooks:write"),
        ("DELETE", f"/webhooks/{hook}", None, "webhooks:write"),
    ]


async def test_each_call_needs_its_scope_and_no_other(flow: Flow) -> None:
    for method, path, body, scope in await needs(flow.world):
        with_all_others = await token_of(flow, scope=" ".join(one for one in SCOPES if one != scope))
        assert await flow.world.refused(method, path, body, key=with_all_others) == (403, "INSUFFICIENT_SCOPE")
        alone = await token_of(flow, scope=scope)
        assert (await flow.world.v2(method, path, body, key=alone)).is_success, path


async def test_the_catalogue_needs_no_scope(flow: Flow) -> None:
    token = await token_of(flow, scope="openid")
    assert await flow.world.rates(key=token)


async def test_a_read_only_account_grants_no_more_than_it_may(flow: Flow) -> None:
    tokens = await flow.tokens(await flow.register(), account="test_readonly")
    assert tokens["scope"] == "orders:read balance:read"
    client = await flow.secretive(mock_account="test_readonly")
    own = (await flow.token(client, grant_type="client_credentials")).json()
    assert own["scope"] == "openid profile orders:read balance:read webhooks:read"
    denied = await flow.decide(client, account="test_readonly", scope="orders:write webhooks:write")
    assert redirected(denied)["error"] == "invalid_scope"
    answer = await flow.token(client, grant_type="client_credentials", scope="orders:write")
    assert refusal(answer) == (400, "invalid_scope")


async def test_a_token_counts_against_its_accounts_limit(flow: Flow) -> None:
    token = await token_of(flow, account="live_demo")
    answer = await flow.world.v2("GET", "/balance", key=token)
    assert (answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"]) == ("5000", "4999")
    assert (await flow.world.v2("GET", "/balance", key="live_demo")).headers["x-ratelimit-remaining"] == "4998"
    narrow = await token_of(flow, account="live_demo", scope="openid")
    refused = await flow.world.v2("GET", "/balance", key=narrow)
    assert refused.status_code == 403
    assert (refused.headers["x-ratelimit-limit"], refused.headers["x-ratelimit-remaining"]) == ("5000", "4998")


async def test_an_account_that_is_refused_is_refused_by_token_too(flow: Flow) -> None:
    token = await token_of(flow)
    await flow.world.steer("PATCH", "/accounts/doctorsim_v2/test_demo", {"status": "denied"})
    assert await flow.world.refused("GET", "/balance", key=token) == (403, "API_ACCESS_DENIED")


async def test_a_token_of_another_sandbox_is_refused_though_the_key_is_the_same(flow: Flow) -> None:
    beside = Flow(flow.world.beside("w"))
    ours, theirs = await token_of(flow), await token_of(beside)
    assert await flow.world.refused("GET", "/balance", key=theirs) == (401, "INVALID_TOKEN")
    assert await beside.world.refused("GET", "/balance", key=ours) == (401, "INVALID_TOKEN")
    assert await beside.world.data("GET", "/balance", key=theirs)


async def test_a_reset_forgets_every_token(flow: Flow) -> None:
    token = await token_of(flow)
    await flow.world.steer("POST", "/reset")
    assert await flow.world.refused("GET", "/balance", key=token) == (401, "INVALID_TOKEN")


async def test_forged_tokens_are_refused(flow: Flow) -> None:
    token = await token_of(flow)
    head, body, mark = token.split(".")
    claims = json.loads(urlsafe_b64decode(body + "=="))
    live = _part(claims | {"sub": "live_demo", "env": "production"})
    secret = OctKey.import_key("x" * 32)
    forged = [
        f"{head}.{live}.{mark}",
        f"{_part({'alg': 'none', 'typ': 'at+jwt'})}.{body}.",
        f"{_part({'alg': 'none'})}.{live}.",
        jwt.encode({"alg": "HS256"}, claims, secret),
        jwt.encode({"alg": "RS256"}, claims, signing_key("another seed")),
        jwt.encode({"alg": "RS256"}, claims | {"jti": "0.1"}, signing_key("mockserver")),
        jwt.encode({"alg": "RS256"}, {"sub": "test_demo"}, signing_key("mockserver")),
        jwt.encode({"alg": "RS256"}, claims | {"exp": "never"}, signing_key("mockserver")),
        f"{head}.{body}",
        f"{head}.{body}.",
        f"{head}.{body}.{mark}.x",
        "x" * 5000,
        "..",
    ]
    for one in forged:
        assert await flow.world.refused("GET", "/balance", key=one) == (401, "INVALID_TOKEN"), one
    assert await flow.world.data("GET", "/balance", key=token)


def _part(data: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")


@pytest.mark.parametrize(("wanted", "status"), [("mock-scenario=short-tokens", 200), ("mock-fault=RateLimited", 429)])
async def test_a_token_is_judged_alike_where_the_caller_names_a_scenario_or_a_fault(
    flow: Flow, wanted: str, status: int
) -> None:
    token = await token_of(flow)
    answer = await flow.world.v2("GET", "/balance", key=token, headers={"Prefer": wanted})
    assert answer.status_code == status
    entry = (await flow.world.steer("GET", "/requests"))["requests"][0]
    assert entry["account"] == "test_demo"


async def test_no_key_is_made_for_what_cannot_be_a_token(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(seed: int | str, number: int = 0) -> None:
        raise AssertionError("a key was made")

    client = await flow.register()
    monkeypatch.setattr(keyring, "signing_key", refuse)
    for token in ("x", "a.b", "a.b.c.d", f"a.b.{'c' * 5_000}"):
        assert await flow.world.refused("GET", "/balance", key=token) == (401, "INVALID_TOKEN")
        assert (await flow.token(client, path="/oauth/revoke", token=token)).status_code == 200

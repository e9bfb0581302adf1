"""The token endpoint, refresh tokens, revocation: RFC 6749 (4 to 6), RFC 7636, RFC 7009."""

import json
from base64 import b64encode
from typing import Any

import pytest

from tests.conformance.judge import validator
from tests.providers.doctorsim_v2.oauth.flows import BOTH, CALLBACK, VERIFIER, Flow, refusal

pytestmark = pytest.mark.anyio


async def works(flow: Flow, token: str) -> bool:
    """Whether the API takes the access token."""
    answer = await flow.world.v2("GET", "/balance", key=token)
    assert answer.is_success or answer.json()["error"]["code"] == "INVALID_TOKEN"
    return answer.is_success


async def test_a_code_becomes_tokens(flow: Flow) -> None:
    tokens = await flow.tokens(await flow.register())
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 3600)
    assert tokens["scope"] == "orders:read orders:write balance:read"
    assert await works(flow, tokens["access_token"])


async def test_without_the_grant_there_is_no_refresh_token(flow: Flow) -> None:
    client = await flow.register(grant_types=["authorization_code"])
    assert "refresh_token" not in await flow.tokens(client)
    assert refusal(await flow.refresh(client, "rt_0_0")) == (400, "unauthorized_client")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"grant_type": None}, (400, "invalid_request")),
        ({"grant_type": "password"}, (400, "unsupported_grant_type")),
        ({"grant_type": "client_credentials"}, (400, "unauthorized_client")),
        ({"code": None}, (400, "invalid_request")),
        ({"code": "ac_unknown"}, (400, "invalid_grant")),
        ({"redirect_uri": None}, (400, "invalid_grant")),
        ({"redirect_uri": CALLBACK + "/"}, (400, "invalid_grant")),
        ({"code_verifier": None}, (400, "invalid_request")),
        ({"code_verifier": "short"}, (400, "invalid_request")),
        ({"code_verifier": "x" * 129}, (400, "invalid_request")),
        ({"code_verifier": "é" * 43}, (400, "invalid_request")),
        ({"code_verifier": VERIFIER[::-1]}, (400, "invalid_grant")),
        ({"client_id": None}, (401, "invalid_client")),
        ({"client_id": "cli_000000000000000000000000"}, (401, "invalid_client")),
        ({"client_secret": "guess"}, (401, "invalid_client")),
        ({"resource": "https://other.example/"}, (400, "invalid_target")),
    ],
)
async def test_each_mistake_of_an_exchange_has_its_word(
    flow: Flow, changes: dict[str, Any], expected: tuple[int, str]
) -> None:
    client = await flow.register()
    code = await flow.code(client)
    answer = await flow.exchange(client, code, **changes)
    assert refusal(answer) == expected
    assert answer.headers["cache-control"] == "no-store"
    # A refused exchange leaves the code as it was.
    assert (await flow.exchange(client, code)).status_code == 200


async def test_a_code_is_another_clients_secret(flow: Flow) -> None:
    ours, theirs = await flow.register(), await flow.register()
    code = await flow.code(ours)
    assert refusal(await flow.exchange(theirs, code)) == (400, "invalid_grant")
    assert (await flow.exchange(ours, code)).status_code == 200


async def test_a_code_lives_60_seconds_of_the_sandboxs_clock(flow: Flow) -> None:
    client = await flow.register()
    first, second = await flow.code(client), await flow.code(client)
    await flow.world.advance("59s")
    assert (await flow.exchange(client, first)).status_code == 200
    await flow.world.advance("1s")
    assert refusal(await flow.exchange(client, second)) == (400, "invalid_grant")


async def test_a_code_that_is_used_twice_takes_its_tokens_with_it(flow: Flow) -> None:
    client = await flow.register()
    code = await flow.code(client)
    tokens = (await flow.exchange(client, code)).json()
    other = await flow.tokens(client)
    assert refusal(await flow.exchange(client, code)) == (400, "invalid_grant")
    assert not await works(flow, tokens["access_token"])
    assert refusal(await flow.refresh(client, tokens["refresh_token"])) == (400, "invalid_grant")
    assert await works(flow, other["access_token"])


async def test_the_body_must_be_a_form_without_repetitions(flow: Flow) -> None:
    client = await flow.register()
    code = await flow.code(client)
    form = {"grant_type": "authorization_code", "client_id": client["client_id"], "code": code}
    assert refusal(await flow.send("POST", "/oauth/token", json=form)) == (400, "invalid_request")
    headers = {"content-type": "application/x-www-form-urlencoded"}
    twice = f"grant_type=authorization_code&grant_type=authorization_code&code={code}"
    assert refusal(await flow.send("POST", "/oauth/token", content=twice, headers=headers)) == (400, "invalid_request")
    many = "&".join(f"x{number}=1" for number in range(200))
    assert refusal(await flow.send("POST", "/oauth/token", content=many, headers=headers)) == (400, "invalid_request")


# -- clients with a secret ------------------------------------------------------------------------------


def basic(client_id: str, secret: str) -> dict[str, str]:
    """The Authorization header."""
    return {"Authorization": "Basic " + b64encode(f"{client_id}:{secret}".encode()).decode()}


async def test_each_client_authenticates_as_it_registered(flow: Flow) -> None:
    form = {"grant_type": "client_credentials"}
    post, head = await flow.secretive("client_secret_post"), await flow.secretive("client_secret_basic")
    assert (await flow.token(post, **form)).status_code == 200
    good = basic(head["client_id"], head["client_secret"])
    assert (await flow.send("POST", "/oauth/token", data=form, headers=good)).status_code == 200
    assert refusal(await flow.token(head, **form)) == (401, "invalid_client")
    assert refusal(await flow.token(post, **form, client_secret=None)) == (401, "invalid_client")
    assert refusal(await flow.token(post, **{**form, "client_secret": "wrong"})) == (401, "invalid_client")
    wrong = [
        basic(post["client_id"], post["client_secret"]),
        basic(head["client_id"], "wrong"),
        basic("nobody", "x"),
        basic("", ""),
        {"Authorization": "Basic !!!"},
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic " + b64encode(b"\xff\xfe:x").decode()},
    ]
    for headers in wrong:
        answer = await flow.send("POST", "/oauth/token", data=form, headers=headers)
        assert refusal(answer) == (401, "invalid_client")
        assert answer.headers["www-authenticate"].startswith("Basic")
    told = (await flow.token(head, **form)).json()["error_description"]
    assert told == "the client is registered for client_secret_basic, and this call is client_secret_post"
    stranger = await flow.token({"client_id": "cli_nobody"}, **form)
    assert stranger.json()["error_description"] == "no client has this client_id"
    both = {**form, "client_secret": head["client_secret"]}
    assert refusal(await flow.send("POST", "/oauth/token", data=both, headers=good)) == (400, "invalid_request")
    other = {**form, "client_id": post["client_id"]}
    assert refusal(await flow.send("POST", "/oauth/token", data=other, headers=good)) == (400, "invalid_request")


async def test_a_client_can_act_for_its_own_account(flow: Flow) -> None:
    client = await flow.secretive()
    tokens = (await flow.token(client, grant_type="client_credentials", scope="balance:read")).json()
    validator("doctorsim_v2/oauth-token").validate(tokens)
    assert "refresh_token" not in tokens
    data = await flow.world.data("GET", "/balance", key=tokens["access_token"])
    assert data["environment"] == "sandbox"
    rich = await flow.secretive(mock_account="live_demo")
    token = (await flow.token(rich, grant_type="client_credentials")).json()["access_token"]
    assert (await flow.world.data("GET", "/balance", key=token))["environment"] == "production"
    limited = await flow.secretive(scope="orders:read")
    asked = {"grant_type": "client_credentials", "scope": "orders:write"}
    assert refusal(await flow.token(limited, **asked)) == (400, "invalid_scope")
    assert refusal(await flow.token(limited, **asked | {"scope": "nonsense"})) == (400, "invalid_scope")


async def test_a_client_with_a_secret_does_the_whole_flow(flow: Flow) -> None:
    client = await flow.secretive()
    tokens = await flow.tokens(client)
    assert (await flow.refresh(client, tokens["refresh_token"])).status_code == 200
    code = await flow.code(client)
    assert refusal(await flow.exchange(client, code, client_secret=None)) == (401, "invalid_client")


# -- refresh tokens ----------------------------------------------------------------------------------


async def test_a_refresh_token_is_rotated(flow: Flow) -> None:
    client = await flow.register()
    first = await flow.tokens(client)
    second = (await flow.refresh(client, first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["scope"] == first["scope"]
    assert await works(flow, first["access_token"])
    assert await works(flow, second["access_token"])
    assert (await flow.refresh(client, second["refresh_token"])).status_code == 200


@pytest.mark.parametrize("generations", [1, 3])
async def test_an_old_refresh_token_revokes_the_whole_family(flow: Flow, generations: int) -> None:
    client = await flow.register()
    tokens = first = await flow.tokens(client)
    other = await flow.tokens(client)
    for _ in range(generations):
        tokens = (await flow.refresh(client, tokens["refresh_token"])).json()
    assert refusal(await flow.refresh(client, first["refresh_token"])) == (400, "invalid_grant")
    assert refusal(await flow.refresh(client, tokens["refresh_token"])) == (400, "invalid_grant")
    assert not await works(flow, tokens["access_token"])
    assert not await works(flow, first["access_token"])
    assert await works(flow, other["access_token"])


async def test_a_scope_can_be_narrowed_and_not_widened(flow: Flow) -> None:
    client = await flow.register()
    tokens = await flow.tokens(client, scope="orders:read balance:read")
    answer = await flow.refresh(client, tokens["refresh_token"], scope="orders:read orders:write")
    assert refusal(answer) == (400, "invalid_scope")
    narrow = (await flow.refresh(client, tokens["refresh_token"], scope="orders:read")).json()
    assert narrow["scope"] == "orders:read"
    assert await flow.world.refused("GET", "/balance", key=narrow["access_token"]) == (403, "INSUFFICIENT_SCOPE")
    wide = (await flow.refresh(client, narrow["refresh_token"])).json()
    assert wide["scope"] == "orders:read balance:read"


async def test_a_refresh_token_is_its_clients_and_its_sandboxs_own(flow: Flow) -> None:
    client, other = await flow.register(), await flow.register()
    token = (await flow.tokens(client))["refresh_token"]
    assert refusal(await flow.refresh(other, token)) == (400, "invalid_grant")
    beside = Flow(flow.world.beside("w"))
    twin = await beside.register()
    assert refusal(await beside.refresh(twin, token)) == (400, "invalid_grant")
    for broken in ("x", "rt_", "rt__", token[:-1], token + "x", token.replace("rt", "RT"), "rt_é_1", "ac_1_2"):
        assert refusal(await flow.refresh(client, broken)) == (400, "invalid_grant")
    assert (await flow.refresh(client, token)).status_code == 200


async def test_a_refresh_token_lives_30_days(flow: Flow) -> None:
    client = await flow.register()
    tokens = await flow.tokens(client)
    await flow.world.advance("29d")
    tokens = (await flow.refresh(client, tokens["refresh_token"])).json()
    await flow.world.advance("30d")
    assert refusal(await flow.refresh(client, tokens["refresh_token"])) == (400, "invalid_grant")


# -- revocation --------------------------------------------------------------------------------------


async def revoke(flow: Flow, client: dict[str, Any], token: str | None, **more: Any) -> Any:
    return await flow.token(client, path="/oauth/revoke", token=token, **more)


async def test_a_revoked_access_token_falls_alone(flow: Flow) -> None:
    client = await flow.register()
    tokens = await flow.tokens(client)
    answer = await revoke(flow, client, tokens["access_token"], token_type_hint="access_token")
    assert (answer.status_code, answer.content) == (200, b"")
    assert not await works(flow, tokens["access_token"])
    again = (await flow.refresh(client, tokens["refresh_token"])).json()
    assert await works(flow, again["access_token"])


async def test_a_revoked_refresh_token_takes_its_access_tokens_along(flow: Flow) -> None:
    client = await flow.register()
    tokens = await flow.tokens(client)
    assert (await revoke(flow, client, tokens["refresh_token"])).status_code == 200
    assert not await works(flow, tokens["access_token"])
    assert refusal(await flow.refresh(client, tokens["refresh_token"])) == (400, "invalid_grant")
    assert (await revoke(flow, client, tokens["refresh_token"])).status_code == 200


async def test_only_the_client_itself_revokes(flow: Flow) -> None:
    client, other = await flow.register(), await flow.register()
    tokens = await flow.tokens(client)
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert refusal(await revoke(flow, other, token)) == (400, "invalid_grant")
    assert await works(flow, tokens["access_token"])
    for unknown in ("x", "rt_0_0", "a.b.c", tokens["refresh_token"] + "x", tokens["access_token"][:-4]):
        assert (await revoke(flow, client, unknown)).status_code == 200
    assert await works(flow, tokens["access_token"])
    assert refusal(await revoke(flow, client, None)) == (400, "invalid_request")
    assert refusal(await revoke(flow, {"client_id": "cli_0"}, "x")) == (401, "invalid_client")


async def test_the_journal_keeps_no_tokens(flow: Flow) -> None:
    client = await flow.secretive(grant_types=BOTH)
    tokens = await flow.tokens(client)
    await flow.refresh(client, tokens["refresh_token"])
    await works(flow, tokens["access_token"])
    await revoke(flow, client, tokens["refresh_token"])
    entries = (await flow.world.steer("GET", "/requests"))["requests"]
    kept = json.dumps([await flow.world.steer("GET", f"/requests/{entry['id']}") for entry in entries])
    for secret in (tokens["access_token"], tokens["refresh_token"], client["client_secret"], VERIFIER):
        assert secret not in kept

"""The settings `refresh_grace` and `token_clock`, and what is forgotten when it has ended."""

import asyncio
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from mockserver.clockwork.clock import machine_now
from mockserver.providers.doctorsim_v2.oauth import codes, grants, keyring
from mockserver.providers.doctorsim_v2.settings import MOST_LIVE
from tests.providers.doctorsim_v2.oauth.flows import Flow, refusal

pytestmark = pytest.mark.anyio


async def works(flow: Flow, token: str) -> bool:
    return (await flow.world.v2("GET", "/balance", key=token)).is_success


# -- two refreshes at once


async def test_without_a_grace_two_refreshes_at_once_end_the_family(flow: Flow) -> None:
    client = await flow.register()
    token = (await flow.tokens(client))["refresh_token"]
    answers = await asyncio.gather(*(flow.refresh(client, token) for _ in range(2)))
    assert sorted(one.status_code for one in answers) == [200, 400]
    winner = next(one for one in answers if one.is_success).json()
    assert not await works(flow, winner["access_token"])


async def test_with_a_grace_each_of_them_gets_tokens_that_go_on(flow: Flow) -> None:
    await flow.world.setting(refresh_grace="10s")
    client = await flow.register()
    first = (await flow.tokens(client))["refresh_token"]
    pair = [one.json() for one in await asyncio.gather(*(flow.refresh(client, first) for _ in range(2)))]
    assert len({one["refresh_token"] for one in pair}) == 2
    for tokens in pair:
        assert await works(flow, tokens["access_token"])
    await flow.world.advance("1h")
    for tokens in pair:
        again = (await flow.refresh(client, tokens["refresh_token"])).json()
        assert await works(flow, again["access_token"])


async def test_after_the_grace_an_old_token_ends_the_family(flow: Flow) -> None:
    await flow.world.setting(refresh_grace="10s")
    client = await flow.register()
    first = (await flow.tokens(client))["refresh_token"]
    second = (await flow.refresh(client, first)).json()
    await flow.world.advance("9s")
    twin = await flow.refresh(client, first)
    assert twin.status_code == 200
    # The grace begins with the first use, not with each.
    await flow.world.advance("1s")
    assert refusal(await flow.refresh(client, first)) == (400, "invalid_grant")
    for tokens in (second, twin.json()):
        assert not await works(flow, tokens["access_token"])
        assert refusal(await flow.refresh(client, tokens["refresh_token"])) == (400, "invalid_grant")


async def test_a_token_that_was_rotated_long_ago_has_no_grace(flow: Flow) -> None:
    client = await flow.register()
    first = (await flow.tokens(client))["refresh_token"]
    second = (await flow.refresh(client, first)).json()
    await flow.world.setting(refresh_grace="10s")
    await flow.world.advance("1m")
    assert (await flow.refresh(client, second["refresh_token"])).status_code == 200
    assert refusal(await flow.refresh(client, first)) == (400, "invalid_grant")


async def test_the_good_tokens_of_a_grant_are_few(flow: Flow) -> None:
    await flow.world.setting(refresh_grace="1d")
    client = await flow.register()
    first = (await flow.tokens(client))["refresh_token"]
    made = [(await flow.refresh(client, first)).json()["refresh_token"] for _ in range(MOST_LIVE + 2)]
    rows = (await flow.world.steer("GET", "/state"))["tables"]["doctorsim_v2 grants"]
    [row] = rows.values()
    assert len(row["twins"]) == MOST_LIVE - 1
    # The oldest is forgotten, which is no reason to end the others.
    assert refusal(await flow.refresh(client, made[0])) == (400, "invalid_grant")
    assert (await flow.refresh(client, made[-2])).status_code == 200
    assert (await flow.refresh(client, made[-1])).status_code == 200


async def test_each_twin_has_an_end_of_its_own(flow: Flow) -> None:
    await flow.world.setting(refresh_grace="10s")
    client = await flow.register()
    first = (await flow.tokens(client))["refresh_token"]
    one = (await flow.refresh(client, first)).json()["refresh_token"]
    other = (await flow.refresh(client, first)).json()["refresh_token"]
    await flow.world.advance("29d")
    other = (await flow.refresh(client, other)).json()["refresh_token"]
    await flow.world.advance("1d")
    assert refusal(await flow.refresh(client, one)) == (400, "invalid_grant")
    assert (await flow.refresh(client, other)).status_code == 200


async def test_any_of_the_good_tokens_can_be_revoked_and_takes_the_family_along(flow: Flow) -> None:
    await flow.world.setting(refresh_grace="10s")
    client = await flow.register()
    first = (await flow.tokens(client))["refresh_token"]
    one, other = [(await flow.refresh(client, first)).json() for _ in range(2)]
    assert (await flow.token(client, path="/oauth/revoke", token=one["refresh_token"])).status_code == 200
    assert not await works(flow, other["access_token"])


# -- tokens in real time


def claims_in(token: str) -> Any:
    body = token.split(".")[1]
    return orjson.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))


async def test_a_token_of_the_real_clock_is_valid_for_whoever_checks_it_now(flow: Flow) -> None:
    await flow.world.steer("PUT", "/clock", {"mode": "frozen", "now": "2030-01-01T00:00:00Z"})
    client = await flow.register()
    simulated = claims_in((await flow.tokens(client))["access_token"])
    assert simulated["iat"] == datetime(2030, 1, 1, tzinfo=UTC).timestamp()
    await flow.world.setting(token_clock="real")
    before = int(machine_now().timestamp())
    tokens = await flow.tokens(client, scope="openid balance:read")
    for claims in (claims_in(tokens["access_token"]), claims_in(tokens["id_token"])):
        assert before <= claims["iat"] <= int(machine_now().timestamp())
        assert claims["exp"] == claims["iat"] + 3600
    # Its end is one of real time too: the sandbox's clock does not bring it nearer.
    await flow.world.advance("2h")
    assert await works(flow, tokens["access_token"])
    assert len((await flow.send("GET", "/oauth/jwks.json")).json()["keys"]) == 1


async def test_a_token_of_the_real_clock_ends_in_real_time(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    await flow.world.setting(token_clock="real")
    token = (await flow.tokens(await flow.register()))["access_token"]
    assert await works(flow, token)
    later = machine_now() + timedelta(hours=1)
    monkeypatch.setattr(keyring, "machine_now", lambda: later)
    assert not await works(flow, token)


async def test_codes_and_refresh_tokens_stay_on_the_sandboxs_clock(flow: Flow) -> None:
    await flow.world.setting(token_clock="real")
    client = await flow.register()
    code, tokens = await flow.code(client), await flow.tokens(client)
    await flow.world.advance("60s")
    assert refusal(await flow.exchange(client, code)) == (400, "invalid_grant")
    await flow.world.advance("30d")
    assert refusal(await flow.refresh(client, tokens["refresh_token"])) == (400, "invalid_grant")


# -- what has ended is forgotten


async def tables(flow: Flow) -> dict[str, int]:
    """How many rows the authorization server has, by table."""
    found = (await flow.world.steer("GET", "/state"))["tables"]
    return {
        name.removeprefix("doctorsim_v2 "): len(found.get(f"doctorsim_v2 {name}", {}))
        for name in ("clients", "codes", "used codes", "grants")
    }


async def test_ended_codes_and_grants_are_forgotten_when_new_ones_come(flow: Flow) -> None:
    client = await flow.register()
    for _ in range(5):
        await flow.code(client)
        await flow.tokens(client)
    assert await tables(flow) == {"clients": 1, "codes": 5, "used codes": 5, "grants": 5}
    await flow.world.advance("31d")
    await flow.tokens(client)
    assert await tables(flow) == {"clients": 1, "codes": 0, "used codes": 1, "grants": 1}


async def test_a_used_code_that_comes_again_within_a_day_still_ends_its_tokens(flow: Flow) -> None:
    client = await flow.register()
    code = await flow.code(client)
    await flow.world.setting(access_token_lifetime="1d")
    tokens = (await flow.exchange(client, code)).json()
    await flow.world.advance("23h")
    await flow.code(client)
    assert refusal(await flow.exchange(client, code)) == (400, "invalid_grant")
    assert not await works(flow, tokens["access_token"])


async def test_codes_and_grants_have_a_bound_on_a_clock_that_stands_still(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "MOST_CODES", 3)
    monkeypatch.setattr(grants, "MOST_GRANTS", 3)
    client = await flow.register()
    made = [await flow.tokens(client) for _ in range(5)]
    waiting = [await flow.code(client) for _ in range(5)]
    assert await tables(flow) == {"clients": 1, "codes": 3, "used codes": 3, "grants": 3}
    assert [await works(flow, one["access_token"]) for one in made] == [False, False, True, True, True]
    assert [(await flow.exchange(client, one)).status_code for one in waiting] == [400, 400, 200, 200, 200]


async def test_the_list_of_revoked_tokens_has_a_bound(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grants, "MOST_REVOKED", 2)
    client = await flow.register()
    tokens = await flow.tokens(client)
    given = [tokens["access_token"]]
    for _ in range(2):
        tokens = (await flow.refresh(client, tokens["refresh_token"])).json()
        given.append(tokens["access_token"])
    for _ in range(5):
        await flow.token(client, path="/oauth/revoke", token=given[0])
    assert await works(flow, given[1])
    await flow.token(client, path="/oauth/revoke", token=given[1])
    assert await works(flow, given[2])
    last = (await flow.refresh(client, tokens["refresh_token"])).json()
    await flow.token(client, path="/oauth/revoke", token=given[2])
    assert not await works(flow, last["access_token"])

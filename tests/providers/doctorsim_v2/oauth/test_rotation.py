"""Keys that rotate: `POST /_mock/events/doctorsim_v2`."""

import json
import threading
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from mockserver.providers.doctorsim_v2.oauth import keyring
from mockserver.providers.doctorsim_v2.oauth.keys import signing_key
from tests.providers.doctorsim_v2.oauth.flows import Flow

pytestmark = pytest.mark.anyio

ROTATE = {"event": "rotate_key"}


async def rotate(flow: Flow) -> Any:
    return await flow.world.steer("POST", "/events/doctorsim_v2", ROTATE)


async def key_set(flow: Flow) -> list[str]:
    """The names of the keys in the key set."""
    return [one["kid"] for one in (await flow.send("GET", "/oauth/jwks.json")).json()["keys"]]


async def test_a_rotation_signs_with_a_new_key_and_keeps_the_old_one_in_the_set(flow: Flow) -> None:
    client = await flow.register()
    [first] = await key_set(flow)
    old = (await flow.tokens(client))["access_token"]
    told = await rotate(flow)
    assert told == {"provider": "doctorsim_v2", "event": "rotate_key", "kid": told["kid"], "keys": [told["kid"], first]}
    assert await key_set(flow) == told["keys"]
    new = (await flow.tokens(client))["access_token"]
    keys = KeySet.import_key_set((await flow.send("GET", "/oauth/jwks.json")).json())
    kids = [jwt.decode(token, keys, algorithms=["RS256"]).header["kid"] for token in (old, new)]
    assert kids == [first, told["kid"]]
    for token in (old, new):
        assert await flow.world.data("GET", "/balance", key=token)


async def test_the_old_key_leaves_the_set_when_its_tokens_have_ended(flow: Flow) -> None:
    client = await flow.register()
    [first] = await key_set(flow)
    await flow.world.advance("30m")
    old = (await flow.tokens(client))["access_token"]
    await flow.world.advance("10m")
    second = (await rotate(flow))["kid"]
    await flow.world.setting(access_token_lifetime="1s")
    await flow.world.advance("3599s")
    assert await key_set(flow) == [second, first]
    await flow.world.advance("1s")
    assert await key_set(flow) == [second]
    assert await flow.world.refused("GET", "/balance", key=old) == (401, "INVALID_TOKEN")


async def test_a_token_that_lives_longer_than_the_setting_now_says_keeps_its_key(flow: Flow) -> None:
    client = await flow.register()
    await flow.world.setting(access_token_lifetime="10h")
    old = (await flow.tokens(client))["access_token"]
    await flow.world.setting(access_token_lifetime="1m")
    await rotate(flow)
    await flow.world.advance("9h")
    assert len(await key_set(flow)) == 2
    assert await flow.world.data("GET", "/balance", key=old)
    await flow.world.advance("1h")
    assert len(await key_set(flow)) == 1


async def test_old_tokens_can_be_revoked_and_refreshed(flow: Flow) -> None:
    client = await flow.register()
    tokens = await flow.tokens(client)
    await rotate(flow)
    fresh = (await flow.refresh(client, tokens["refresh_token"])).json()
    assert (await flow.token(client, path="/oauth/revoke", token=tokens["access_token"])).status_code == 200
    assert await flow.world.refused("GET", "/balance", key=tokens["access_token"]) == (401, "INVALID_TOKEN")
    assert await flow.world.data("GET", "/balance", key=fresh["access_token"])


async def test_the_keys_are_functions_of_seed_and_number_and_a_reset_goes_back_to_the_first(flow: Flow) -> None:
    [first] = await key_set(flow)
    second = (await rotate(flow))["kid"]
    assert (first, second) == (signing_key("mockserver").kid, signing_key("mockserver", 1).kid)
    beside = Flow(flow.world.beside("w"))
    assert await key_set(beside) == [first]
    assert (await rotate(beside))["kid"] == second
    await flow.world.steer("POST", "/reset")
    assert await key_set(flow) == [first]


async def test_the_keys_survive_a_snapshot(flow: Flow) -> None:
    client = await flow.register()
    old = (await flow.tokens(client))["access_token"]
    await rotate(flow)
    new = (await flow.tokens(client))["access_token"]
    keys = await key_set(flow)
    state = await flow.world.steer("GET", "/state")
    await flow.world.steer("POST", "/reset")
    assert await key_set(flow) != keys
    await flow.world.steer("PUT", "/state", state)
    assert await key_set(flow) == keys
    for token in (old, new):
        assert await flow.world.data("GET", "/balance", key=token)
    beside = Flow(flow.world.beside("w"))
    await beside.world.steer("PUT", "/state", state)
    assert await key_set(beside) == keys
    assert await beside.world.data("GET", "/balance", key=old)


async def test_the_key_set_has_a_bound(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "MOST_RETIRED_KEYS", 1)
    await rotate(flow)
    answer = await flow.world.control("POST", "/events/doctorsim_v2", ROTATE)
    assert (answer.status_code, "1 keys wait" in answer.json()["detail"]) == (409, True)
    await flow.world.advance("1h")
    assert len((await rotate(flow))["keys"]) == 2


async def test_keys_are_made_in_a_thread_so_that_nobody_else_waits(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[int, bool]] = []

    def noted(seed: int | str, number: int = 0) -> Any:
        made.append((number, threading.current_thread() is threading.main_thread()))
        return signing_key(seed, number)

    monkeypatch.setattr(keyring, "signing_key", noted)
    tokens = await flow.tokens(await flow.register())
    assert await flow.world.data("GET", "/balance", key=tokens["access_token"])
    assert made == [(0, False)]
    await rotate(flow)
    assert made[1] == (1, False)


# -- the control API


@pytest.mark.parametrize("provider", ["doctorsim_v2", "daisysim"])
async def test_a_providers_events_can_be_listed(flow: Flow, provider: str) -> None:
    found = await flow.world.steer("GET", f"/events/{provider}")
    names = [one["event"] for one in found["events"]]
    assert (found["provider"], names) == (provider, ["rotate_key"] if provider == "doctorsim_v2" else [])
    assert all(one["about"] for one in found["events"])


@pytest.mark.parametrize(
    ("provider", "body", "status", "said"),
    [
        ("doctorsim_2", ROTATE, 404, "did you mean 'doctorsim_v2'?"),
        ("x", ROTATE, 404, "one of daisysim, doctorsim_v1, doctorsim_v2, hidsim"),
        ("doctorsim_v2", {"event": "rotate-key"}, 422, "did you mean 'rotate_key'?"),
        ("doctorsim_v2", {"event": "x"}, 422, "there is only 'rotate_key'"),
        ("daisysim", ROTATE, 422, "daisysim takes none"),
        ("doctorsim_v2", {}, 422, "event"),
        ("doctorsim_v2", {"event": 7}, 422, "event"),
        ("doctorsim_v2", {"event": "rotate_key", "when": "now"}, 422, "when"),
    ],
)
async def test_what_does_not_exist_is_refused_with_a_suggestion(
    flow: Flow, provider: str, body: Any, status: int, said: str
) -> None:
    answer = await flow.world.control("POST", f"/events/{provider}", body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert said in json.dumps(answer.json()).replace("providers", "")

"""Settings of a sandbox through the control API."""

import pytest

from tests.control.problems import fields_of
from tests.outside import AcmeWorld

pytestmark = pytest.mark.anyio


async def test_settings_are_one_flat_object(world: AcmeWorld) -> None:
    settings = await world.steer("GET", "/settings")
    assert settings == {
        "rate_limits": "off",
        "accept_any_key": False,
        "acme.cancel_after": "60s",
    }


async def test_help_tells_value_default_and_what_it_is_for(world: AcmeWorld) -> None:
    described = await world.steer("GET", "/settings?help=1")
    assert set(described) == set(await world.steer("GET", "/settings"))
    assert all({"value", "default", "help"} <= set(row) for row in described.values())
    assert (described["rate_limits"]["value"], described["rate_limits"]["default"]) == ("off", "documented")
    assert await world.steer("GET", "/settings?help=0") == await world.steer("GET", "/settings")


async def test_some_values_are_set_and_the_rest_stay(world: AcmeWorld) -> None:
    settings = await world.steer("PATCH", "/settings", {"acme.cancel_after": 5})
    assert (settings["acme.cancel_after"], settings["rate_limits"]) == (5, "off")
    assert await world.steer("GET", "/settings") == settings
    bought = await world.rent("silent")
    await world.advance("4s")
    assert (await world.ask("POST", f"/orders/{bought}/cancel")).json()["error"]["code"] == "too_early"
    await world.advance("1s")
    assert (await world.ask("POST", f"/orders/{bought}/cancel")).status_code == 200


async def test_all_are_set_or_none_and_each_mistake_is_named(world: AcmeWorld) -> None:
    before = await world.steer("GET", "/settings")
    changes = {"rate_limits": "documented", "acme.cancel_after": "soon", "nothing": 1, "accept_any_key": "yes"}
    answer = await world.control("PATCH", "/settings", changes)
    assert fields_of(answer) == ["acme.cancel_after", "nothing", "accept_any_key"]
    assert await world.steer("GET", "/settings") == before


async def test_any_key_opens_an_account_of_its_own_when_asked_for(world: AcmeWorld) -> None:
    assert (await world.ask("GET", "/balance", key="whoever")).status_code == 401
    await world.steer("PATCH", "/settings", {"accept_any_key": True})
    for _ in range(2):
        assert (await world.ask("GET", "/balance", key="whoever")).json()["balance"] == "100.00"
    assert len((await world.steer("GET", "/accounts"))["accounts"]) == 4
    assert "whoever" not in (await world.control("GET", "/accounts")).text

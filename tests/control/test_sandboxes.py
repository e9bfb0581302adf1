"""Making, showing and forgetting sandboxes."""

from typing import Any

import pytest

from tests.control.problems import fields_of, problem_of
from tests.support import ORIGIN, World

pytestmark = pytest.mark.anyio


async def test_a_new_sandbox_is_201_with_where_and_how_to_reach_it(world: World) -> None:
    answer = await world.control("POST", "/sandboxes", {"name": "mine"})
    assert answer.status_code == 201
    made = answer.json()
    assert (made["name"], made["base_url"]) == ("mine", f"{ORIGIN}/~mine")
    daisy = made["providers"]["daisysim"]
    assert daisy["base_url"] == f"{ORIGIN}/~mine/daisysim.com/api/v1/virtual"
    assert daisy["credentials"][0]["key"] == "daisy-demo"
    assert await world.steer("GET", "/sandboxes/mine") == made


async def test_a_name_is_made_up_where_none_is_given(world: World) -> None:
    await world.steer("POST", "/sandboxes", {"name": "sandbox-2"})
    names = [(await world.steer("POST", "/sandboxes"))["name"] for _ in range(3)]
    assert len(set(names)) == 3
    assert "sandbox-2" not in names
    assert (await world.beside(names[0]).daisy("GET", "/balance")).status_code == 200


async def test_clock_seed_scenarios_and_settings_are_as_asked_for(world: World) -> None:
    asked = {
        "name": "mine",
        "seed": "another",
        "clock": {"mode": "frozen", "now": "2030-05-05T05:05:05Z"},
        "scenarios": ["no-sms"],
        "settings": {"daisysim.cancel_after": "1s"},
    }
    made = await world.steer("POST", "/sandboxes", asked)
    assert made["clock"] == {"mode": "frozen", "now": "2030-05-05T05:05:05Z", "rate": 0}
    assert (made["seed"], made["scenarios"]) == ("another", ["no-sms"])
    mine = world.beside("mine")
    assert (await mine.steer("GET", "/settings"))["daisysim.cancel_after"] == "1s"
    assert (await mine.daisy("GET", "/balance")).headers["date"] == "Sun, 05 May 2030 05:05:05 GMT"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "Not Good"}, "name"),
        ({"name": "default"}, "name"),
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": 5}, "name"),
        ({"seed": True}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"clock": {"mode": "sideways"}}, "clock.mode"),
        ({"clock": {"mode": "frozen", "rate": 2}}, "rate"),
        ({"clock": {"mode": "scaled"}}, "rate"),
        ({"clock": {"now": "tomorrow"}}, "now"),
        ({"clock": {"now": "9999-12-31T23:59:59-10:00"}}, "now"),
        ({"scenarios": ["nobody"]}, "scenarios"),
        ({"scenarios": "no-sms"}, "scenarios"),
        ({"settings": {"nothing": 1}}, "nothing"),
        ({"settings": {"rate_limits": "often"}}, "rate_limits"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_cannot_be_is_422_names_the_field_and_makes_nothing(
    world: World, body: dict[str, Any], field: str
) -> None:
    assert fields_of(await world.control("POST", "/sandboxes", {"name": "mine", **body})) == [field]
    assert [one["name"] for one in (await world.steer("GET", "/sandboxes"))["sandboxes"]] == ["default"]


async def test_the_list_has_name_address_clock_and_scenarios(world: World) -> None:
    await world.steer("POST", "/sandboxes", {"name": "mine", "scenarios": ["no-sms"]})
    default, mine = (await world.steer("GET", "/sandboxes"))["sandboxes"]
    assert (default["name"], default["base_url"]) == ("default", ORIGIN)
    assert (mine["name"], mine["base_url"], mine["scenarios"]) == ("mine", f"{ORIGIN}/~mine", ["no-sms"])
    assert set(mine["clock"]) == {"mode", "now", "rate"}


async def test_a_deleted_sandbox_is_gone_and_its_name_free(world: World) -> None:
    await world.steer("POST", "/sandboxes", {"name": "mine"})
    await world.beside("mine").buy()
    answer = await world.control("DELETE", "/sandboxes/mine")
    assert (answer.status_code, answer.content) == (204, b"")
    problem_of(await world.control("GET", "/sandboxes/mine"), 404)
    problem_of(await world.control("DELETE", "/sandboxes/mine"), 404)
    await world.steer("POST", "/sandboxes", {"name": "mine"})
    assert (await world.beside("mine").steer("GET", "/orders"))["orders"] == []


async def test_the_default_sandbox_stays(world: World) -> None:
    problem = problem_of(await world.control("DELETE", "/sandboxes/default"), 422)
    assert "reset it instead" in problem["detail"]


async def test_the_default_sandbox_is_also_reached_by_its_name(world: World) -> None:
    bought = await world.buy()
    assert (await world.beside("default").order(bought["activation_id"]))["state"] == "waiting"

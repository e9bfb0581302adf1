"""Making, showing and deleting sandboxes."""

import asyncio
import re
from typing import Any
from urllib.parse import quote

import pytest

from tests.control.problems import fields_of, problem_of
from tests.outside import AcmeWorld
from tests.support import ORIGIN, running

pytestmark = pytest.mark.anyio


async def test_a_new_sandbox_is_201_with_where_and_how_to_reach_it(world: AcmeWorld) -> None:
    answer = await world.control("POST", "/sandboxes", {"name": "mine"})
    assert answer.status_code == 201
    made = answer.json()
    assert (made["name"], made["base_url"]) == ("mine", f"{ORIGIN}/~mine")
    acme = made["providers"]["acme"]
    assert acme["base_url"] == f"{ORIGIN}/~mine/api.acme.example/v1"
    assert acme["credentials"][0]["key"] == "acme-demo"
    assert await world.steer("GET", "/sandboxes/mine") == made


async def test_a_name_is_made_up_where_none_is_given(world: AcmeWorld) -> None:
    await world.steer("POST", "/sandboxes", {"name": "sandbox-2"})
    names = [(await world.steer("POST", "/sandboxes"))["name"] for _ in range(3)]
    assert len(set(names)) == 3
    assert "sandbox-2" not in names
    assert (await world.beside(names[0]).ask("GET", "/balance")).status_code == 200


async def test_clock_seed_scenarios_and_settings_are_as_asked_for(world: AcmeWorld) -> None:
    asked = {
        "name": "mine",
        "seed": "another",
        "clock": {"mode": "frozen", "now": "2030-05-05T05:05:05Z"},
        "scenarios": ["no-sms"],
        "settings": {"acme.cancel_after": "1s"},
    }
    made = await world.steer("POST", "/sandboxes", asked)
    assert made["clock"] == {"mode": "frozen", "now": "2030-05-05T05:05:05Z", "rate": 0}
    assert (made["seed"], made["scenarios"]) == ("another", ["no-sms"])
    mine = world.beside("mine")
    assert (await mine.steer("GET", "/settings"))["acme.cancel_after"] == "1s"
    assert (await mine.ask("GET", "/balance")).headers["date"] == "Sun, 05 May 2030 05:05:05 GMT"


@pytest.mark.parametrize(
    ("body", "field"),
    [
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
        ({"expires": "0s"}, "expires"),
        ({"expires": 0}, "expires"),
        ({"expires": "-5m"}, "expires"),
        ({"expires": "soon"}, "expires"),
        ({"expires": True}, "expires"),
        ({"labels": {"job": 42}}, "labels.job"),
        ({"labels": ["job"]}, "labels"),
        ({"labels": {"": "x"}}, "labels"),
        ({"labels": {f"label{number}": "x" for number in range(17)}}, "labels"),
        ({"labels": {"job": "x" * 257}}, "labels.job"),
        ({"populate": {}}, "populate.orders"),
        ({"populate": {"orders": 10_001}}, "populate.orders"),
        ({"populate": {"orders": 1, "over": "0s"}}, "populate.over"),
        ({"populate": {"orders": 1, "over": "11y"}}, "populate.over"),
        ({"populate": {"orders": 1, "providers": ["nobody"]}}, "providers"),
        ({"populate": {"orders": 1, "accounts": ["nobody"]}}, "accounts"),
        ({"populate": {"orders": 1, "accounts": ["suspended"]}}, "accounts"),
    ],
)
async def test_what_cannot_be_is_422_names_the_field_and_makes_nothing(
    world: AcmeWorld, body: dict[str, Any], field: str
) -> None:
    assert fields_of(await world.control("POST", "/sandboxes", {"name": "mine", **body})) == [field]
    assert [one["name"] for one in (await world.steer("GET", "/sandboxes"))["sandboxes"]] == ["default"]


async def test_the_list_has_name_address_clock_and_scenarios(world: AcmeWorld) -> None:
    await world.steer("POST", "/sandboxes", {"name": "mine", "scenarios": ["no-sms"]})
    default, mine = (await world.steer("GET", "/sandboxes"))["sandboxes"]
    assert (default["name"], default["base_url"]) == ("default", ORIGIN)
    assert (mine["name"], mine["base_url"], mine["scenarios"]) == ("mine", f"{ORIGIN}/~mine", ["no-sms"])
    assert set(mine["clock"]) == {"mode", "now", "rate"}


async def test_a_deleted_sandbox_is_gone_and_its_name_free(world: AcmeWorld) -> None:
    await world.steer("POST", "/sandboxes", {"name": "mine"})
    await world.beside("mine").rent()
    answer = await world.control("DELETE", "/sandboxes/mine")
    assert (answer.status_code, answer.content) == (204, b"")
    problem_of(await world.control("GET", "/sandboxes/mine"), 404)
    problem_of(await world.control("DELETE", "/sandboxes/mine"), 404)
    await world.steer("POST", "/sandboxes", {"name": "mine"})
    assert (await world.beside("mine").steer("GET", "/orders"))["orders"] == []


async def test_the_default_sandbox_stays(world: AcmeWorld) -> None:
    problem = problem_of(await world.control("DELETE", "/sandboxes/default"), 422)
    assert "reset it instead" in problem["detail"]


async def test_the_default_sandbox_is_also_reached_by_its_name(world: AcmeWorld) -> None:
    bought = await world.rent()
    assert (await world.beside("default").order(bought))["state"] == "waiting"


# -- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Not Good",
        "tests/test_shop.py::test_refund[EUR]",
        "Worker",
        "-a",
        "a.b",
        "x" * 65,
        "Ärger",
        "数据",
        "a\nb",
        "~",
        " ",
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_name_is_folded_the_answer_says_the_name_in_use_and_another_text_has_another(
    world: AcmeWorld, method: str, text: str
) -> None:
    def ask(name: str) -> Any:
        if method == "POST":
            return world.control("POST", "/sandboxes", {"name": name})
        return world.control("PUT", f"/sandboxes/{quote(name, safe='')}", {})

    answer = await ask(text)
    assert answer.status_code == 201, answer.text
    name = answer.json()["name"]
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name)
    assert (await world.beside(name).ask("GET", "/balance")).status_code == 200
    assert (await ask(text)).status_code == (409 if method == "POST" else 200)
    assert (await ask(name)).json().get("name", name) == name
    assert (await ask(f"{text}.")).json()["name"] != name
    path = f"/sandboxes/{quote(text, safe='')}"
    assert (await world.steer("GET", path))["name"] == name
    assert (await world.control("DELETE", path)).status_code == 204
    problem_of(await world.control("GET", f"/sandboxes/{name}"), 404)


@pytest.mark.parametrize("name", ["a", "0", "worker-3_b", "x" * 64])
async def test_a_name_that_can_be_one_stays_as_it_is(world: AcmeWorld, name: str) -> None:
    assert (await world.steer("POST", "/sandboxes", {"name": name}))["name"] == name


async def test_the_prefix_of_a_path_folds_nothing(world: AcmeWorld) -> None:
    name = (await world.steer("POST", "/sandboxes", {"name": "Worker"}))["name"]
    for answer in (
        await world.beside("Worker").ask("GET", "/balance"),
        await world.beside("Worker").control("GET", "/clock"),
    ):
        detail = problem_of(answer, 404)["detail"]
        rule = "1 to 64 of a-z, 0-9, - and _, beginning with a letter or a digit"
        assert detail == f"no sandbox can be called 'Worker': a name is {rule} (did you mean /~{name}?)"


async def test_a_misspelt_name_is_404_with_a_suggestion(world: AcmeWorld) -> None:
    await world.steer("POST", "/sandboxes", {"name": "checkout"})
    for method in ("GET", "DELETE"):
        problem = problem_of(await world.control(method, "/sandboxes/chekout"), 404)  # codespell:ignore
        assert problem["detail"] == "sandbox not found: 'chekout' (did you mean 'checkout'?)"


@pytest.mark.parametrize("name", ["default", "mine"])
async def test_a_taken_name_is_409(world: AcmeWorld, name: str) -> None:
    if name != "default":
        await world.steer("POST", "/sandboxes", {"name": name})
    assert "already taken" in problem_of(await world.control("POST", "/sandboxes", {"name": name}), 409)["detail"]


async def test_put_makes_it_or_finds_it_made_the_same_way(world: AcmeWorld) -> None:
    way = {
        "seed": "another",
        "clock": {"mode": "frozen", "now": "2030-05-05T05:05:05Z"},
        "scenarios": ["no-sms"],
        "settings": {"acme.cancel_after": "1s"},
        "expires": "30m",
        "labels": {"job": "42"},
    }
    made = await world.control("PUT", "/sandboxes/mine", way)
    assert made.status_code == 201
    bought = await world.beside("mine").rent()
    same = {**way, "clock": {"mode": "frozen", "rate": 0, "now": "2030-05-05T07:05:05+02:00"}, "expires": 1800}
    found = await world.control("PUT", "/sandboxes/mine", same)
    assert (found.status_code, found.json()) == (200, made.json())
    assert (await world.beside("mine").order(bought))["state"] == "waiting"


@pytest.mark.parametrize(
    "other",
    [
        {"seed": "yet another"},
        {"clock": {"mode": "real"}},
        {"scenarios": ["no-sms", "slow-sms"]},
        {"settings": {"acme.cancel_after": "2s"}},
        {"expires": "31m"},
        {"labels": {"job": "43"}},
        {"populate": {"orders": 1}},
    ],
)
async def test_put_of_one_that_was_made_another_way_is_409_and_changes_nothing(
    world: AcmeWorld, other: dict[str, Any]
) -> None:
    way = {"seed": "another", "expires": "30m", "labels": {"job": "42"}}
    made = (await world.control("PUT", "/sandboxes/mine", way)).json()
    assert "another way" in problem_of(await world.control("PUT", "/sandboxes/mine", {**way, **other}), 409)["detail"]
    assert await world.steer("GET", "/sandboxes/mine") == made


async def test_put_takes_over_what_was_made_on_first_use(world: AcmeWorld) -> None:
    await world.beside("mine").rent()
    assert (await world.control("PUT", "/sandboxes/mine", {})).status_code == 200
    assert (await world.control("PUT", "/sandboxes/mine", {"seed": "another"})).status_code == 409
    assert (await world.control("PUT", "/sandboxes/default", {})).status_code == 200


async def test_ten_puts_at_once_make_one_sandbox(world: AcmeWorld) -> None:
    answers = await asyncio.gather(*(world.control("PUT", "/sandboxes/mine", {"seed": "s"}) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]


# -- labels ----------------------------------------------------------------------------------------------------------


async def test_labels_are_shown_and_the_list_is_narrowed_by_them(world: AcmeWorld) -> None:
    for name, labels in (("one", {"job": "42", "team": "a:b"}), ("two", {"job": "43"}), ("three", {"job": "42"})):
        assert (await world.steer("POST", "/sandboxes", {"name": name, "labels": labels}))["labels"] == labels
    assert (await world.steer("GET", "/sandboxes/one"))["labels"] == {"job": "42", "team": "a:b"}

    async def narrowed(query: str) -> list[str]:
        return [one["name"] for one in (await world.steer("GET", f"/sandboxes?{query}"))["sandboxes"]]

    assert await narrowed("label=job:42") == ["one", "three"]
    assert await narrowed("label=team:a:b") == ["one"]
    assert await narrowed("label=job:42&label=team:a:b") == ["one"]
    assert await narrowed("label=job:44") == []
    assert fields_of(await world.control("GET", "/sandboxes?label=job")) == ["label"]
    rows = (await world.steer("GET", "/sandboxes"))["sandboxes"]
    assert [row["labels"] for row in rows if row["name"] in ("default", "two")] == [{}, {"job": "43"}]


async def test_a_deleted_sandbox_counts_while_a_request_is_in_it() -> None:
    async with running(max_sandboxes=1) as world:  # of providers that have customers
        await world.steer("POST", "/sandboxes", {"name": "one"})
        history = asyncio.ensure_future(world.beside("one").control("POST", "/populate", {"orders": 50}))
        await asyncio.sleep(0)
        await world.steer("DELETE", "/sandboxes/one")
        assert (await world.control("POST", "/sandboxes", {"name": "two"})).status_code == 429
        assert (await history).status_code == 409
        assert (await world.control("POST", "/sandboxes", {"name": "two"})).status_code == 201


async def test_a_whole_number_is_one_seed_however_it_is_written(world: AcmeWorld) -> None:
    made = [
        await world.steer("POST", "/sandboxes", content=b'{"seed": %s}' % seed) for seed in (b"5", b"5.0", b"50e-1")
    ]
    assert [repr(one["seed"]) for one in made] == ["5", "5", "5"]


@pytest.mark.parametrize(
    "seed", ["9007199254740992", "-9007199254740992", "12345678901234567890123", "1e30", f'"{"x" * 1001}"', "5.5"]
)
async def test_a_seed_that_is_not_kept_exactly_or_too_long_is_422(world: AcmeWorld, seed: str) -> None:
    assert fields_of(await world.control("POST", "/sandboxes", content=f'{{"seed": {seed}}}'.encode())) == ["seed"]


@pytest.mark.parametrize(("method", "path"), [("POST", "/sandboxes"), ("PUT", "/sandboxes/early")])
async def test_a_history_that_would_begin_before_the_calendar_is_422(world: AcmeWorld, method: str, path: str) -> None:
    body = {"clock": {"now": "0001-01-05T00:00:00Z"}, "populate": {"orders": 5}}
    assert fields_of(await world.control(method, path, body)) == ["populate.over"]
    assert (await world.control("GET", "/sandboxes/early")).status_code == 404


async def test_a_snapshot_whose_reset_would_begin_before_the_calendar_is_422() -> None:
    async with running() as world:  # of providers that have customers
        await world.steer("POST", "/sandboxes", {"name": "past", "populate": {"orders": 1}})
        state = await world.beside("past").steer("GET", "/state")
        state["birth"]["start"] = "0001-01-05T00:00:00Z"
        assert fields_of(await world.control("PUT", "/state", state)) == ["populate.over"]


async def test_a_snapshot_with_a_seed_that_is_too_long_is_422(world: AcmeWorld) -> None:
    state = await world.steer("GET", "/state")
    state["birth"]["seed"] = "x" * 1001
    assert fields_of(await world.control("PUT", "/state", state)) == ["birth.seed"]

"""Scenarios that cannot work are refused before they become active, and changed files take effect everywhere."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mockserver.cli.providers import scenario_judge
from mockserver.sandbox.reloading import reload
from mockserver.scenario.check import load_scenario
from tests.control.problems import problem_of
from tests.outside import AcmeWorld, acme_running

pytestmark = pytest.mark.anyio

LOST = "scenario: lost\nprovider: acme\nabout: Lost.\nrules: [{when: {operation: buy}, then: {start: moon}}]\n"
MOON = """\
scenario: moon
provider: acme
about: A machine with a state of its own.
machine:
  kind: activation
  start: moon
  states: {moon: {final: true}}
"""


@pytest.fixture
async def world() -> AsyncIterator[AcmeWorld]:
    async with acme_running() as world:
        yield world


async def test_a_rule_into_a_state_that_no_machine_has_cannot_be_active(world: AcmeWorld) -> None:
    await world.steer("POST", "/scenarios", content=LOST)
    answer = await world.control("PUT", "/scenarios/active", ["lost"])
    assert answer.status_code == 422
    assert "rule 'lost#1' of scenario 'lost' leads into unknown state 'moon'" in answer.text
    assert await world.steer("GET", "/scenarios/active") == []
    assert await world.rent()


async def test_it_can_over_a_machine_that_has_the_state(world: AcmeWorld) -> None:
    await world.steer("POST", "/scenarios", content=LOST)
    await world.steer("POST", "/scenarios", content=MOON)
    assert await world.steer("PUT", "/scenarios/active", ["lost", "moon"]) == ["lost", "moon"]
    assert (await world.order(await world.rent()))["state"] == "moon"
    # Without it, neither can the first stay.
    assert (await world.control("PUT", "/scenarios/active", ["lost"])).status_code == 422


async def test_a_posted_one_that_cannot_replace_the_active_one_changes_nothing(world: AcmeWorld) -> None:
    await world.steer("POST", "/scenarios", content=LOST.replace("start: moon", "start: completed"))
    await world.steer("PUT", "/scenarios/active", ["lost"])
    assert (await world.control("POST", "/scenarios", content=LOST)).status_code == 422
    assert (await world.order(await world.rent()))["state"] == "completed"


@pytest.mark.parametrize(
    ("member", "place"),
    [
        ("settings: {acme.price_tl: 5m}", "4:12"),
        ('accounts: [{id: a, credentials: {kex: x}, balance: "1"}]', "4:33"),
    ],
)
async def test_what_the_provider_does_not_know_is_refused_with_its_place(
    world: AcmeWorld, member: str, place: str
) -> None:
    text = f"scenario: odd\nprovider: acme\nabout: Odd.\n{member}\n"
    answer = await world.control("POST", "/scenarios", content=text)
    (problem,) = answer.json()["errors"]
    assert (answer.status_code, f"{problem['line']}:{problem['column']}") == (422, place)


async def reloaded(world: AcmeWorld, name: str) -> list[str]:
    said: list[str] = []
    shared, sandboxes = world.app.shared, world.app.sandboxes.all()
    await reload(("acme", name), shared, sandboxes, judge=scenario_judge(), say=said.append)
    return said


async def test_a_changed_file_is_taken_up_by_every_sandbox_but_one_that_posted_its_own(tmp_path: Path) -> None:
    file = tmp_path / "acme" / "moon.yaml"
    file.parent.mkdir()
    file.write_text(MOON, encoding="utf-8")

    async def state(world: AcmeWorld) -> Any:
        return (await world.order(await world.rent()))["state"]

    async with acme_running(scenarios=(tmp_path,)) as world:
        other, own = world.beside("other"), world.beside("own")
        await own.steer(
            "POST", "/scenarios", content=MOON.replace("moon: {f", "sun: {f").replace("start: moon", "start: sun")
        )
        for each in (world, other, own):
            await each.steer("PUT", "/scenarios/active", ["moon"])
        file.write_text(MOON.replace("moon: {f", "mars: {f").replace("start: moon", "start: mars"), encoding="utf-8")
        assert await reloaded(world, "moon") == ["mockserver: acme/moon is in use as it is now"]
        assert [await state(each) for each in (world, other, own, world.beside("later"))] == [
            "mars",
            "mars",
            "sun",
            "waiting",
        ]
        file.unlink()
        assert await reloaded(world, "moon") == ["mockserver: acme/moon is gone"]
        assert [await each.steer("GET", "/scenarios/active") for each in (world, own)] == [[], ["moon"]]


async def test_a_reset_to_a_scenario_whose_file_is_gone_says_so_and_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "acme" / "moon.yaml"
    file.parent.mkdir()
    file.write_text(MOON, encoding="utf-8")
    async with acme_running(scenarios=(tmp_path,)) as world:
        await world.steer("POST", "/sandboxes", {"name": "lunar", "scenarios": ["moon"]})
        lunar = world.beside("lunar")
        bought = await lunar.rent()
        file.unlink()
        await reloaded(world, "moon")
        before = (await lunar.control("GET", "/state")).content
        detail = problem_of(await lunar.control("POST", "/reset"), 409)["detail"]
        assert "stays as it is: scenarios: unknown scenario: 'moon' (one of " in detail
        assert (await lunar.control("GET", "/state")).content == before
        assert (await lunar.order(bought))["state"] == "moon"
        file.write_text(MOON, encoding="utf-8")
        await reloaded(world, "moon")
        assert (await lunar.steer("POST", "/reset"))["scenarios"] == ["moon"]
        assert (await lunar.order(await lunar.rent()))["state"] == "moon"


async def test_a_file_at_the_wrong_place_or_unreadable_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "acme" / "moon.yaml"
    file.parent.mkdir()
    file.write_text(MOON, encoding="utf-8")
    async with acme_running(scenarios=(tmp_path,)) as world:
        await world.steer("PUT", "/scenarios/active", ["moon"])
        for bad in (MOON.replace("scenario: moon", "scenario: sun"), "[", "", "\x00", "scenario: moon\n"):
            file.write_text(bad, encoding="utf-8")
            said = await reloaded(world, "moon")
            assert said[-1] == "mockserver: acme/moon stays as it was"
            assert all(line.startswith(f"{file}:") for line in said[:-1])
        assert await world.steer("GET", "/scenarios/active") == ["moon"]


TAKEN = """\
scenario: taken
provider: acme
about: An account whose credential opens another one already.
rules: [{when: {operation: buy}, then: {refuse: OutOfStock}}]
accounts:
  - {id: first, credentials: {key: acme-first}, balance: "1"}
  - {id: second, credentials: {key: acme-taken}, balance: "1"}
"""


async def test_scenarios_whose_accounts_cannot_be_opened_change_nothing(world: AcmeWorld) -> None:
    await world.steer("POST", "/accounts/acme", {"id": "other", "credentials": {"key": "acme-taken"}})
    await world.steer("POST", "/scenarios", content=TAKEN)
    before = await world.steer("GET", "/state")
    problem_of(await world.control("PUT", "/scenarios/active", ["taken"]), 422)
    assert await world.steer("GET", "/state") == before
    assert await world.rent()


async def test_a_posted_one_whose_accounts_cannot_be_opened_is_not_taken_up_at_all(world: AcmeWorld) -> None:
    await world.steer("POST", "/accounts/acme", {"id": "other", "credentials": {"key": "acme-taken"}})
    without = TAKEN[: TAKEN.index("rules")]
    await world.steer("POST", "/scenarios", content=without)
    await world.steer("PUT", "/scenarios/active", ["taken"])
    problem_of(await world.control("POST", "/scenarios", content=TAKEN), 422)
    (file,) = (await world.steer("GET", "/scenarios/taken"))["files"]
    assert file["yaml"] == without
    assert await world.rent()


async def test_a_reset_to_accounts_that_cannot_be_opened_changes_nothing(world: AcmeWorld) -> None:
    library = world.app.shared.library
    library.add(load_scenario(TAKEN[: TAKEN.index("rules")], source="taken.yaml"))
    await world.steer("PUT", "/sandboxes/odd", {"scenarios": ["taken"]})
    library.add(load_scenario(TAKEN.replace("acme-first", "acme-demo"), source="taken.yaml"))
    before = (await world.call("GET", "/~odd/_mock/state")).content
    problem_of(await world.call("POST", "/~odd/_mock/reset"), 409)
    assert (await world.call("GET", "/~odd/_mock/state")).content == before

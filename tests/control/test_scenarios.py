"""The library, active scenarios, and posted files."""

import asyncio
import threading
from typing import Any

import pytest

from mockserver.scenario.check import load_with_warnings
from tests.control.problems import fields_of, problem_of
from tests.outside import AcmeWorld

pytestmark = pytest.mark.anyio
YAML = {"content-type": "application/yaml"}
GOOD = """\
scenario: mine
provider: acme
about: Codes at once.
rules:
  - then: {delays: {sms: 0s}}
"""
TEN_MISTAKES = """\
scenario: Not A Name
provider: nobody
about: Ten mistakes.
colour: red
machine:
  kind: activation
  start: nowhere
  states:
    waiting:
      transitions:
        - {on: sms, after: soon, to: done}
        - {on: expire, after: 20m, to: gone}
    done: {final: true, effects: [explode]}
rules:
  - when: {operation: {equals: purchase}}
    then: {stock: -1}
accounts:
  - {id: demo, credentials: {key: k}, balance: lots}
"""


async def test_the_library_tells_what_there_is_and_what_is_active(world: AcmeWorld) -> None:
    await world.steer("PUT", "/scenarios/active", ["no-sms"])
    rows = (await world.steer("GET", "/scenarios"))["scenarios"]
    listed = {one["name"]: one for one in rows if one["provider"] == "acme"}
    assert {"quick", "down", "no-sms", "slow-sms", "sold-out"} == set(listed)
    assert all(one["about"] for one in rows)
    assert [name for name, one in listed.items() if one["active"]] == ["no-sms"]
    assert [name for name, one in listed.items() if one["default"]] == ["quick"]


async def test_a_scenario_shows_its_text(world: AcmeWorld) -> None:
    shown = await world.steer("GET", "/scenarios/no-sms")
    (file,) = shown["files"]
    assert (shown["name"], shown["active"], file["provider"]) == ("no-sms", False, "acme")
    assert file["yaml"].startswith("scenario: no-sms\n")


async def test_active_ones_are_a_list_of_names(world: AcmeWorld) -> None:
    assert await world.steer("GET", "/scenarios/active") == []
    assert await world.steer("PUT", "/scenarios/active", ["no-sms", "sold-out"]) == ["no-sms", "sold-out"]
    assert await world.steer("GET", "/scenarios/active") == ["no-sms", "sold-out"]
    assert await world.steer("PUT", "/scenarios/active", content=b"[]") == []


@pytest.mark.parametrize("body", [{"names": []}, "no-sms", [5], [None], {}])
async def test_anything_but_a_list_of_names_is_422(world: AcmeWorld, body: object) -> None:
    answer = await world.client.put("/_mock/scenarios/active", json=body)
    assert fields_of(answer)


async def test_an_empty_body_activates_nothing_and_is_422(world: AcmeWorld) -> None:
    problem_of(await world.control("PUT", "/scenarios/active"), 422)


async def test_a_posted_file_is_201_under_its_own_name_and_can_be_made_active(world: AcmeWorld) -> None:
    answer = await world.control("POST", "/scenarios", content=GOOD, headers=YAML)
    assert answer.status_code == 201
    assert answer.json() == {"name": "mine", "provider": "acme", "about": "Codes at once."}
    assert await world.steer("GET", "/scenarios/active") == []
    await world.steer("PUT", "/scenarios/active", ["mine"])
    order = await world.rent()
    await world.advance("0s")
    assert (await world.order(order))["state"] == "completed"
    assert (await world.steer("GET", "/scenarios/mine"))["files"][0]["yaml"] == GOOD


async def test_a_posted_file_is_this_sandboxs_own(world: AcmeWorld) -> None:
    await world.steer("POST", "/scenarios", content=GOOD, headers=YAML)
    problem_of(await world.beside("other").control("GET", "/scenarios/mine"), 404)
    problem_of(await world.beside("other").control("PUT", "/scenarios/active", ["mine"]), 422)


async def test_a_posted_file_may_take_the_place_of_the_default(world: AcmeWorld) -> None:
    text = (await world.steer("GET", "/scenarios/quick"))["files"][0]["yaml"].replace("after: 8s", "after: 3s")
    await world.steer("POST", "/scenarios", content=text, headers=YAML)
    order = await world.order(await world.rent())
    assert order["timers"][0]["at"] == "2026-01-31T12:00:03Z"


async def test_ten_mistakes_are_ten_errors_each_with_its_place(world: AcmeWorld) -> None:
    problem = problem_of(await world.control("POST", "/scenarios", content=TEN_MISTAKES, headers=YAML), 422)
    errors = problem["errors"]
    assert all(set(error) == {"file", "line", "column", "message"} for error in errors)
    assert len(errors) == 10
    places = [(error["line"], error["column"]) for error in errors]
    assert places == sorted(places)
    assert [line for line, _ in places] == [1, 2, 4, 7, 11, 12, 13, 15, 16, 18]
    assert all(error["message"] and error["message"][0].islower() for error in errors)
    assert {"scenario.yaml"} == {error["file"] for error in errors}
    problem_of(await world.control("GET", "/scenarios/Not%20A%20Name"), 404)


@pytest.mark.parametrize(
    "text", ["", "- a\n- b\n", "scenario: [", "scenario: x\n\tabout: y", "\x00", "a: &a [*a]\n", "5", "{}", "\ufeff"]
)
async def test_what_is_no_scenario_at_all_is_422_with_a_place(world: AcmeWorld, text: str) -> None:
    problem = problem_of(await world.control("POST", "/scenarios", content=text.encode(), headers=YAML), 422)
    assert problem["errors"]
    assert all(error["line"] >= 1 and error["column"] >= 1 for error in problem["errors"])


async def test_bytes_that_are_no_utf8_are_422(world: AcmeWorld) -> None:
    problem_of(await world.control("POST", "/scenarios", content=b"scenario: \xff\xfe", headers=YAML), 422)


async def test_settings_that_nobody_has_are_422(world: AcmeWorld) -> None:
    text = GOOD.replace("rules:", "settings: {nothing.here: 1, rate_limits: often}\nrules:")
    problem = problem_of(await world.control("POST", "/scenarios", content=text, headers=YAML), 422)
    assert len(problem["errors"]) == 2
    problem_of(await world.control("GET", "/scenarios/mine"), 404)


async def test_a_file_is_checked_while_others_are_answered(world: AcmeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """One at a time, in a thread: the loop goes on, and two uploads do not share the processor."""
    real, begun, release, under_way = load_with_warnings, threading.Event(), threading.Event(), []

    def slow(*arguments: Any, **named: Any) -> Any:
        assert threading.current_thread() is not threading.main_thread()
        under_way.append(1)
        begun.set()
        assert release.wait(10)
        assert len(under_way) == 1
        under_way.pop()
        return real(*arguments, **named)

    monkeypatch.setattr("mockserver.control.scenarios.load_with_warnings", slow)
    text = "scenario: {}\nprovider: acme\nabout: Nothing.\n"
    uploads = [asyncio.ensure_future(world.control("POST", "/scenarios", content=text.format(one))) for one in "ab"]
    assert await asyncio.to_thread(begun.wait, 10)
    assert (await world.ask("GET", "/balance")).status_code == 200
    release.set()
    assert [one.status_code for one in await asyncio.gather(*uploads)] == [201, 201]


async def test_a_file_with_thousands_of_mistakes_has_a_short_answer(world: AcmeWorld) -> None:
    text = "scenario: big\nprovider: acme\nabout: Big.\n" + "".join(f"k{one}: 1\n" for one in range(450))
    answer = await world.control("POST", "/scenarios", content=text)
    assert (answer.status_code, len(answer.json()["errors"])) == (422, 101)
    assert len(answer.content) < 50_000
    large = text + "".join(f"l{one}: 1\n" for one in range(90_000))
    [only] = (await world.control("POST", "/scenarios", content=large)).json()["errors"]
    assert only["message"] == "the file has more than 500 keys"


async def test_what_a_comment_says_of_a_credential_is_hidden_for_each_of_very_many(world: AcmeWorld) -> None:
    lines = [
        f'  - {{id: a{one}, credentials: {{key: "secret-{one}-"}}, balance: "1.00"}} # secret-{one}-\n'
        for one in range(300)
    ]
    text = f"scenario: many\nprovider: acme\nabout: Many.\naccounts:\n{''.join(lines)}"
    assert (await world.control("POST", "/scenarios", content=text)).status_code == 201
    [file] = (await world.steer("GET", "/scenarios/many"))["files"]
    assert "secret" not in file["yaml"]
    assert file["yaml"].count("# ...") == 300
    await world.steer("PUT", "/scenarios/active", ["many"])
    assert (await world.ask("GET", "/balance", key="secret-299-")).status_code == 200


async def test_a_posted_scenario_comes_back_with_the_warnings_that_check_prints(world: AcmeWorld) -> None:
    text = GOOD + "faults:\n  - {state: waitng, answer: {status: 500}}\n"
    made = await world.steer("POST", "/scenarios", content=text, headers=YAML)
    (warning,) = made["warnings"]
    assert warning == {
        "file": "scenario.yaml",
        "line": 7,
        "column": 13,
        "field": "scenario.yaml:7:13",
        "message": "no state is called 'waitng' (did you mean 'waiting'?)",
    }
    assert "warnings" not in await world.steer("POST", "/scenarios", content=GOOD, headers=YAML)


async def test_misspelt_paths_methods_and_fields_of_faults_in_a_file_are_warnings(world: AcmeWorld) -> None:
    faults = "faults:\n  - {path: /ordrs, method: PSOT, body: {servce: x}, answer: {status: 500}}\n"  # codespell:ignore
    made = await world.steer("POST", "/scenarios", content=GOOD + faults, headers=YAML)
    hints = [warning["message"].partition("(")[2] for warning in made["warnings"]]
    assert hints == ["did you mean '/orders'?)", "did you mean 'POST'?)", "did you mean 'service'?)"]


async def test_the_detail_of_a_refused_file_is_its_first_error(world: AcmeWorld) -> None:
    text = "scenario: Odd\nprovider: acme\nabout: Odd.\n"
    one = (await world.control("POST", "/scenarios", content=text)).json()
    first = "scenario.yaml:1:11: scenario must be lower-case letters, digits, _ and -, at most 64: 'Odd'"
    assert one["detail"] == first
    two = (await world.control("POST", "/scenarios", content=text + "rulez: []\n")).json()
    assert two["detail"] == f"{first} (and 1 more error)"

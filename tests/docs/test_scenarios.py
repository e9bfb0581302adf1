"""docs/scenarios.md agrees with the schema, and every example in it works in a running app."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mockserver.cli import main
from mockserver.cli.providers import scenario_judge
from mockserver.scenario.check import check_text
from mockserver.scenario.problems import Report
from mockserver.scenario.reference import as_yaml, reference
from mockserver.scenario.schema import scenario_schema
from mockserver.scenario.source import read_source
from tests.support import World, running

pytestmark = pytest.mark.anyio
DOCUMENT = Path(__file__).parents[2] / "docs" / "scenarios.md"
ENDS: dict[str, Any] = {
    "completed": {"final": True, "effects": [{"message": "sms"}, "cashback", "spend"]},
    "cancelled": {"final": True, "effects": ["refund"]},
}
EXPIRES = {"on": "expire", "after": "20m", "to": "cancelled"}


def examples() -> list[tuple[str, str]]:
    """The part of the document, by its anchor, and the text of each example in it."""
    found = []
    text = DOCUMENT.read_text(encoding="utf-8").partition("\n## The file\n")[2]
    for part in re.split(r"\n(?=## )", text):
        anchor = re.search(r'<a id="(\w+)"></a>', part)
        name = anchor[1] if anchor else "file"
        found += [(name, block) for block in re.findall(r"^```yaml\n(.*?)^```$", part, re.DOTALL | re.MULTILINE)]
    return found


def machine(first: Any, **states: Any) -> dict[str, Any]:
    return {"machine": {"kind": "activation", "start": "waiting", "states": {"waiting": first, **ENDS, **states}}}


def around(kind: str, example: Any) -> dict[str, Any]:
    """A whole scenario that the example is the point of."""
    timed = {"on": "sms", "after": "8s", "to": "completed"}
    parts: dict[str, Any] = {
        "machine": {"machine": example},
        "state": machine({"transitions": [timed, EXPIRES]}, completed=example)
        if "final" in (example if isinstance(example, dict) else {})
        else machine(example),
        "transition": machine({"transitions": [example, EXPIRES]}),
        "effects": machine({"transitions": [timed]}, completed={"final": True, "effects": example}),
        "effect": machine({"transitions": [timed]}, completed={"final": True, "effects": [example]}),
        "delay": machine({"transitions": [{**timed, "after": example}]}),
        "weight": machine({"transitions": [{**timed, "to": {"completed": example, "cancelled": 1}}]}),
        "rule": {"rules": [example]},
        "matcher": {"rules": [{"when": {"request.service": example}, "then": {"never": ["sms"]}}]},
        "then": {"rules": [{"when": {"operation": "purchase"}, "then": example}]},
        "fault": {"faults": [example]},
        "account": {"accounts": [example]},
        "magic": {"magic": [example]},
    }
    return {"scenario": "example", "provider": "daisysim", "about": "An example.", **parts[kind]}


def parsed(text: str) -> Any:
    report = Report("example.yaml")
    _, data = read_source(text, report)
    assert report.problems() == []
    return data


async def lived(world: World) -> tuple[int, dict[str, Any] | None]:
    """The status of a purchase in the world, and the order when there is one, all that follows from it done."""
    price = (await world.daisy("POST", "/prices", {"country": 6, "service": "wa"})).json()["data"]["tiers"]
    answer = await world.daisy(
        "POST", "/purchase", {"country": 6, "service": "wa", "price": price[0]["price"] if price else 1}
    )
    await world.steer("POST", "/clock/advance", {"until": "idle"})
    if answer.status_code != 201:
        return answer.status_code, None
    return 201, await world.order(answer.json()["data"]["activation_id"])


#: What comes of a purchase under the examples that speak of it: its status, else the last state and its moment.
OUTCOMES: dict[str, Any] = {
    "{never: [sms]}": "cancelled at 12:20:00",
    "{start: completed}": "completed at 12:00:00",
    "{outcomes: {sms: cancelled}}": "cancelled at 12:00:08",
    "{refuse: ProviderError}": 502,
    "{stock: 1}": "completed at 12:00:08",
    "{reprice: true}": 422,
    "90s": "completed at 12:01:30",
    "2.5": "completed at 12:00:02.500000",
    "{setting: daisysim.cancel_after}": "completed at 12:01:00",
    "wa": "cancelled at 12:20:00",
    "[wa, tg]": "cancelled at 12:20:00",
    "{ne: tg}": "cancelled at 12:20:00",
    "{prefix: w}": "cancelled at 12:20:00",
    '{like: "[vw]?"}': "cancelled at 12:20:00",
    "{gte: 1, lt: 100}": "completed at 12:00:08",
    "{exists: true}": "cancelled at 12:20:00",
    "{when: {request.service: wa}, then: {delays: {sms: 90s}}}": "completed at 12:01:30",
    "{on: sms, after: 8s, to: completed, effects: [{message: sms}]}": "completed at 12:00:08",
    "{on: cancel, not_before: {setting: daisysim.cancel_after}, to: cancelled}": "cancelled at 12:20:00",
    "{on: cancel, since: created, not_after: 5m, to: cancelled}": "cancelled at 12:20:00",
    "{transitions: [{on: expire, after: 20m, since: created, to: cancelled}]}": "cancelled at 12:20:00",
    "refund": "completed at 12:00:08",
    "{message: sms}": "completed at 12:00:08",
    "{webhook: code.received}": "completed at 12:00:08",
}


def test_the_document_is_what_the_schema_says() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == reference(), "mockserver reference > docs/scenarios.md"


def test_the_command_prints_the_document_and_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reference"]) == 0
    assert capsys.readouterr().out == reference()
    assert main(["reference", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == scenario_schema()


def test_every_part_of_a_file_that_has_keys_has_examples() -> None:
    kinds = scenario_schema()["$defs"]
    bare = [name for name, kind in kinds.items() if "title" in kind and "properties" in kind and "examples" not in kind]
    assert bare == []
    assert "examples" in scenario_schema()


def test_the_examples_are_those_of_the_schema() -> None:
    schema = scenario_schema()
    written = [("file", one) for one in schema["examples"]]
    written += [(name, one) for name, kind in schema["$defs"].items() for one in kind.get("examples", ())]
    assert [(name, value_of(text)) for name, text in examples()] == written


def value_of(text: str) -> Any:
    """What an example writes; a file is an object, so a single value is read as a member of one."""
    lines = text.rstrip("\n").split("\n")
    return parsed("value:\n" + "\n".join(f"  {line}" for line in lines) + "\n")["value"]


@pytest.mark.parametrize(("kind", "text"), examples(), ids=[f"{kind}: {text[:40]!r}" for kind, text in examples()])
async def test_each_example_is_sound_and_lives(kind: str, text: str) -> None:
    data = value_of(text)
    whole = text if kind == "file" else as_yaml(around(kind, data))
    problems = check_text(whole, source="example.yaml", providers=["daisysim"], judge=scenario_judge())
    # The states around a part are there for all parts.
    assert [one for one in problems if kind == "file" or "no way leads into" not in one.message] == []
    async with running() as world:
        name = (await world.steer("POST", "/scenarios", content=whole))["name"]
        await world.steer("PUT", "/scenarios/active", [name])
        status, order = await lived(world)
        if kind in ("account", "magic"):
            listed = await world.steer("GET", f"/{kind}s" if kind == "account" else "/magic")
            assert data.get("id", data.get("value")) in str(listed)
        wanted = OUTCOMES.get(text.strip())
        if order is None:
            assert status == wanted or "refuse" in text or "mistake" in text
            return
        last = order["history"][-1]
        assert order["final"]
        assert wanted in (None, f"{order['state']} at {last['at'][11:-1]}")


async def bought(world: World, name: str) -> None:
    (text,) = [text for kind, text in examples() if kind == "file" and text.startswith(f"scenario: {name}\n")]
    await world.steer("POST", "/scenarios", content=text)
    await world.steer("PUT", "/scenarios/active", [name])


async def test_night_does_what_it_says() -> None:
    async with running() as world:
        await bought(world, "night")
        order = await world.order((await world.buy())["activation_id"])
        assert "2026-01-31T12:01:00Z" <= order["timers"][0]["at"] <= "2026-01-31T12:03:00Z"
        tiers = (await world.daisy("POST", "/prices", {"country": 6, "service": "tg"})).json()["data"]["tiers"]
        assert tiers == []


async def test_second_try_does_what_it_says() -> None:
    async with running() as world:
        await bought(world, "second-try")
        first, second = [(await world.buy())["activation_id"] for _ in range(2)]
        await world.advance("8s")
        assert ((await world.order(first))["state"], (await world.order(second))["state"]) == ("waiting", "completed")


async def test_coin_does_what_it_says() -> None:
    async with running() as world:
        await bought(world, "coin")
        orders = [(await world.buy())["activation_id"] for _ in range(8)]
        await world.advance("30s")
        assert {(await world.order(one))["state"] for one in orders} == {"completed", "cancelled"}


async def test_hasty_does_what_it_says() -> None:
    async with running() as world:
        await bought(world, "hasty")
        price = await world.price()
        body = {"country": 6, "service": "wa", "price": price}
        order = (await world.daisy("POST", "/purchase", body, key="daisy-hasty")).json()["data"]
        assert order["balance_after"] == round(10 - price, 4)
        answer = await world.daisy("POST", f"/cancel/{order['activation_id']}", key="daisy-hasty")
        assert answer.status_code == 200


async def test_a_server_publishes_the_schema_with_its_own_names() -> None:
    async with running() as world:
        served = await world.steer("GET", "/scenarios/schema.json")
        assert served["properties"]["provider"]["enum"] == list((await world.steer("GET", ""))["providers"])
        settings = await world.steer("GET", "/settings?help=1")
        assert set(served["properties"]["settings"]["properties"]) == set(settings)
        assert served["properties"]["settings"]["properties"]["rate_limits"]["enum"] == ["documented", "off"]
        assert served["$defs"] == scenario_schema()["$defs"]
        assert served["$id"] == "http://localhost:7460/_mock/scenarios/schema.json"
        file = {"scenario": "a", "provider": "daisysim", "about": "A."}
        for name, known in (("daisysim.cancel_after", True), ("daisysim.cancel_aftr", False)):
            document = {**file, "settings": {name: "1s"}}
            sent = {"content": json.dumps(document), "headers": {"Content-Type": "application/yaml"}}
            posted = await world.control("POST", "/scenarios", **sent)
            assert (posted.status_code == 201) == known
            assert Draft202012Validator(served).is_valid(document) == known

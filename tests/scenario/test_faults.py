"""`faults:` in scenario files: built, judged, and in force while the scenario is active."""

import json

import pytest

from mockserver.faults import webhook_kinds, wire_kinds
from mockserver.faults.parse import KEYS
from mockserver.faults.wire_kinds import WireKind
from mockserver.scenario.check import check_text, load_scenario
from mockserver.scenario.schema import scenario_schema
from tests.outside import AcmeWorld, acme_running

HEAD = "scenario: bad-day\nprovider: acme\nabout: A bad day.\nfaults:\n"
BURST = """\
  - {name: burst, path: /orders, times: 2, answer: {mistake: OutOfStock}}
  - {name: morning, path: "/orders/*", state: waiting, until: 30m, delay: {fixed: 2s, clock: sandbox}}
"""


def as_told(kind: WireKind) -> str:
    """A kind of wire fault as a message names it."""
    if kind.argument is None:
        return kind.name
    rule = f" ({kind.argument.rule})" if kind.argument.rule else ""
    return json.dumps(kind.written(kind.argument.example)) + rule


WIRES = [as_told(kind) for kind in wire_kinds.KINDS]


def messages(faults: str) -> list[str]:
    return [f"{one.line}:{one.column}: {one.message}" for one in check_text(HEAD + faults, source="f.yaml")]


async def activate(world: AcmeWorld, faults: str) -> None:
    content = {"content": HEAD + faults, "headers": {"Content-Type": "application/yaml"}}
    assert (await world.control("POST", "/scenarios", **content)).status_code == 201
    await world.steer("PUT", "/scenarios/active", ["bad-day"])


def test_the_schema_names_what_the_code_names() -> None:
    fault = scenario_schema()["$defs"]["fault"]["properties"]
    assert set(fault) == set(KEYS) - {"provider"}
    assert set(fault["webhook"]["properties"]) == set(webhook_kinds.names())
    assert {*fault["wire"]["then"]["enum"], *fault["wire"]["properties"]} == set(wire_kinds.names())


@pytest.mark.parametrize("key", ["body", "query", "state"])
@pytest.mark.parametrize(
    ("matcher", "message"),
    [
        ("{gt: many}", "gt must be a number: 'many'"),
        ("{gt: true}", "gt must be a number: true"),
        ("{eq: [1]}", "eq must be a text, a number, true or false or null, not a list"),
        ("[1, [2]]", "must be a text, a number, true or false or null, not a list"),
        ("{like: 1}", "like takes a text"),
        ("{near: 1}", "unknown comparison 'near' (did you mean 'ne'?)"),
        ("{}", "a matcher needs a comparison"),
    ],
)
def test_a_matcher_that_is_none_is_told_once(key: str, matcher: str, message: str) -> None:
    written = matcher if key == "state" else f"{{field: {matcher}}}"
    [problem] = check_text(f"{HEAD}  - {{wire: reset, {key}: {written}}}\n", source="f.yaml")
    assert message in problem.message


def test_a_good_file_is_built_and_has_no_problems() -> None:
    assert messages(BURST) == []
    first, second = load_scenario(HEAD + BURST, source="f.yaml").faults
    assert (first.key, first.label, first.provider, first.times) == ("acme/bad-day#1", "burst", "acme", 2)
    assert second.sandbox_time


@pytest.mark.parametrize(
    ("fault", "wanted"),
    [
        ("{wire: smash}", f"5:12: wire must be {', '.join(WIRES[:-1])} or {WIRES[-1]}"),
        ("{wire: reset, colour: red}", "5:19: unknown key 'colour' (one of name, about,"),
        ("{wire: reset, provider: acme}", "5:19: the scenario's provider holds for its faults: leave it out"),
        ("{times: 2}", "5:5: a fault needs one of delay, answer, wire and webhook (faults[0])"),
        ("{answer: {mistake: Tired}}", "5:24: unknown mistake 'Tired' (one of MissingCredential,"),
        ("{answer: {status: 200, headers: {A: 1}}}", "5:41: a header is a text in one line (Latin-1)"),
        ("{webhook: {drop: false}}", "5:22: drop must be true (leave it out otherwise)"),
        ("{webhook: {drop: true}, path: /x}", "5:35: path tells requests, webhook deliveries: write two faults"),
        ("{delay: {uniform: [3s, 1s]}}", "5:13: uniform goes from the shorter to the longer: swap the two"),
        ("5", "5:5: faults[0] must be an object, not 5"),
    ],
)
def test_each_mistake_is_said_once_and_where_it_is(fault: str, wanted: str) -> None:
    (message,) = messages(f"  - {fault}\n")
    assert message.startswith(wanted)


def test_two_faults_of_a_file_do_not_share_a_name() -> None:
    (message,) = messages("  - {name: a, wire: reset}\n  - {name: a, times: 1, webhook: {drop: true}}\n")
    assert message == "6:12: a second fault is called 'a'"


@pytest.mark.parametrize(
    ("faults", "wanted"),
    [
        (
            "  - {name: a, wire: reset}\n  - {path: /x, wire: empty}\n",
            "'acme/bad-day#2' never strikes: fault 'a', which comes first",
        ),
        ("  - {wire: reset, answer: {status: 500}}\n", "nobody sees the answer: reset lets none out"),
        ("  - {webhook: {drop: true, duplicate: 2}}\n", "what is dropped is not sent at all: the rest is idle"),
    ],
)
def test_what_can_never_be_seen_is_warned_of(faults: str, wanted: str) -> None:
    (problem,) = check_text(HEAD + faults, source="f.yaml")
    assert problem.severity == "warning"
    assert wanted in problem.message


@pytest.mark.parametrize("first", ["times: 1, ", "chance: 0.5, ", "path: /x, ", "until: 5m, ", "on_demand: true, "])
def test_a_fault_after_one_that_may_pass_is_fine(first: str) -> None:
    assert messages(f"  - {{{first}wire: reset}}\n  - {{wire: empty}}\n") == []


@pytest.mark.anyio
async def test_the_faults_of_an_active_scenario_strike_and_go_with_it() -> None:
    async with acme_running() as world:
        await activate(world, BURST)
        order_body = {"service": "chat"}
        answers = [await world.ask("POST", "/orders", order_body) for _ in range(3)]
        assert [one.status_code for one in answers] == [409, 409, 201]
        assert answers[0].json()["error"]["code"] == "sold_out"
        order = answers[2].json()["id"]
        slow = await world.ask("GET", f"/orders/{order}")
        assert slow.headers["date"].endswith("12:00:02 GMT")
        entry = await world.steer("GET", f"/requests/{slow.headers['x-mock-request-id']}")
        assert entry["fault"] == "morning"
        listed = (await world.steer("GET", "/faults"))["faults"]
        assert [(one["id"], one["source"], one["left"]) for one in listed] == [
            ("acme/bad-day#1", "scenario bad-day", 0),
            ("acme/bad-day#2", "scenario bad-day", None),
        ]
        await world.steer("PUT", "/scenarios/active", [])
        assert (await world.steer("GET", "/faults"))["faults"] == []
        await world.steer("PUT", "/scenarios/active", ["bad-day"])
        assert (await world.ask("POST", "/orders", order_body)).status_code == 409


@pytest.mark.anyio
async def test_until_counts_from_when_the_scenario_became_active() -> None:
    async with acme_running() as world:
        await world.advance("1h")
        await activate(world, "  - {until: 30m, answer: {status: 503}}\n")
        assert (await world.ask("GET", "/balance")).status_code == 503
        await world.advance("30m")
        assert (await world.ask("GET", "/balance")).status_code == 200


@pytest.mark.anyio
async def test_armed_faults_come_before_those_of_scenarios_which_survive_disarming() -> None:
    async with acme_running() as world:
        await activate(world, "  - {answer: {status: 503}}\n")
        await world.steer("POST", "/faults", {"times": 1, "answer": {"status": 500}})
        assert [(await world.ask("GET", "/balance")).status_code for _ in range(2)] == [500, 503]
        await world.control("DELETE", "/faults")
        assert (await world.ask("GET", "/balance")).status_code == 503

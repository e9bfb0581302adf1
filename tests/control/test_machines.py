"""State machines as data and as diagrams, and the magic values."""

import pytest

from tests.control.problems import fields_of
from tests.support import World, running

pytestmark = pytest.mark.anyio


async def test_a_machine_is_told_as_data(world: World) -> None:
    machine = await world.steer("GET", "/machines/daisysim/activation")
    assert (machine["provider"], machine["kind"], machine["start"]) == ("daisysim", "activation", "waiting")
    assert list(machine["states"]) == ["waiting", "overdue", "completed", "cancelled"]
    assert machine["states"]["waiting"] == {
        "shown_as": "Waiting",
        "final": False,
        "effects": [],
        "transitions": [
            {"on": "sms", "to": "completed", "after": "setting daisysim.sms_after", "effects": [{"message": "sms"}]},
            {
                "on": "expire",
                "to": {
                    "cancelled": {"setting": "daisysim.expiry", "is": "refund"},
                    "overdue": {"setting": "daisysim.expiry", "is": "wait_for_cancel"},
                },
                "after": "setting daisysim.expire_after",
            },
            {"on": "cancel", "to": "cancelled", "not_before": "setting daisysim.cancel_after"},
        ],
    }
    assert machine["states"]["completed"]["effects"] == ["cashback", "spend", {"webhook": "code.received"}]
    assert await world.steer("GET", "/machines/daisysim/activation?format=json") == machine


async def test_a_machine_is_drawn_as_a_mermaid_diagram(world: World) -> None:
    answer = await world.control("GET", "/machines/daisysim/activation?format=mermaid")
    assert answer.headers["content-type"].startswith("text/plain")
    expire = "expire (after 20m, setting daisysim.expire_after)"
    assert answer.text.splitlines() == [
        "stateDiagram-v2",
        "    [*] --> waiting",
        "    waiting --> completed: sms (after 8s, setting daisysim.sms_after)",
        f"    waiting --> cancelled: {expire}, where daisysim.expiry is refund",
        f"    waiting --> overdue: {expire}, where daisysim.expiry is wait_for_cancel",
        "    waiting --> cancelled: cancel (not before 60s, setting daisysim.cancel_after)",
        "    overdue --> cancelled: cancel",
        "    completed --> [*]",
        "    cancelled --> [*]",
    ]


async def test_a_drawing_shows_the_values_that_settings_have_at_this_moment(world: World) -> None:
    await world.steer("PATCH", "/settings", {"daisysim.expire_after": "7m"})
    for form in ("mermaid", "dot"):
        drawn = (await world.control("GET", f"/machines/daisysim/activation?format={form}")).text
        assert "expire (after 7m, setting daisysim.expire_after)" in drawn


async def test_weights_that_the_order_tells_are_drawn_and_told_as_they_are_written() -> None:
    async with running() as world:
        await world.steer("PUT", "/scenarios/active", ["by-success-ratio"])
        machine = await world.steer("GET", "/machines/doctorsim_v1/unlock")
        (ready,) = [move for move in machine["states"]["pending"]["transitions"] if move["on"] == "ready"]
        assert ready["to"] == {"available": {"fact": "success_percent"}, "notavailable": {"fact": "failure_percent"}}
        drawn = (await world.control("GET", "/machines/doctorsim_v1/unlock?format=mermaid")).text
        likely = "as likely as the order's success_percent says"
        assert (
            f"    pending --> available: ready (after 50s, setting doctorsim_v1.ready_after), {likely}"
            in drawn.splitlines()
        )
        dot = (await world.control("GET", "/machines/doctorsim_v1/unlock?format=dot")).text
        assert likely in dot


async def test_another_format_is_422(world: World) -> None:
    assert fields_of(await world.control("GET", "/machines/daisysim/activation?format=png")) == ["format"]


async def test_the_machine_in_force_is_the_active_scenarios(world: World) -> None:
    text = """\
scenario: mine
provider: daisysim
about: Every kind of delay.
machine:
  kind: activation
  start: waiting
  states:
    waiting:
      transitions:
        - {on: sms, after: {uniform: [1s, 3s]}, to: {done: 3, gone: 1}}
        - {on: tick, after: {lognormal: {median: 90s, sigma: 0.5}}, since: created, to: gone}
        - {on: cancel, not_after: 2m, to: gone}
    done: {final: true}
    gone: {final: true, effects: [refund]}
"""
    await world.steer("POST", "/scenarios", content=text)
    await world.steer("PUT", "/scenarios/active", ["mine"])
    machine = await world.steer("GET", "/machines/daisysim/activation")
    assert machine["states"]["waiting"]["transitions"] == [
        {"on": "sms", "to": {"done": 3, "gone": 1}, "after": "1s to 3s"},
        {"on": "tick", "to": "gone", "after": "about 90s", "since": "created"},
        {"on": "cancel", "to": "gone", "not_after": "2m"},
    ]
    drawn = (await world.control("GET", "/machines/daisysim/activation?format=mermaid")).text
    assert "    waiting --> done: sms (after 1s to 3s)" in drawn
    assert "    waiting --> gone: sms (after 1s to 3s)" in drawn
    assert "    waiting --> gone: cancel (before 2m)" in drawn


async def test_magic_values_are_listed_with_where_what_and_who_says_so(world: World) -> None:
    magic = (await world.steer("GET", "/magic"))["magic"]
    assert all(set(one) == {"provider", "where", "value", "effect", "provenance"} for one in magic)
    assert {one["value"] for one in magic} == {"ic", "sl", "ns", "so", "lo", "pe", "999"}
    assert {one["provenance"] for one in magic} == {"assumed"}

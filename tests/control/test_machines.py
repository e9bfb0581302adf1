"""State machines as data and as diagrams, and the magic values."""

import pytest

from tests.control.problems import fields_of
from tests.outside import AcmeWorld

pytestmark = pytest.mark.anyio
WEIGHED = """\
scenario: weighed
provider: acme
about: Where an order goes is said by the order, or by a setting.
machine:
  kind: activation
  start: waiting
  states:
    waiting:
      transitions:
        - {on: ready, after: 50s, to: {done: {fact: luck}, gone: {fact: bad_luck}}}
        - on: expire
          after: 20m
          to: {done: {setting: rate_limits, is: documented}, gone: {setting: rate_limits, is: "off"}}
    done: {final: true}
    gone: {final: true}
"""


async def test_a_machine_is_told_as_data(world: AcmeWorld) -> None:
    machine = await world.steer("GET", "/machines/acme/activation")
    assert (machine["provider"], machine["kind"], machine["start"]) == ("acme", "activation", "waiting")
    assert list(machine["states"]) == ["waiting", "completed", "cancelled"]
    assert machine["states"]["waiting"] == {
        "shown_as": "waiting",
        "final": False,
        "effects": [],
        "transitions": [
            {"on": "sms", "to": "completed", "after": "8s", "effects": [{"message": "sms"}]},
            {"on": "expire", "to": "cancelled", "after": "20m"},
            {"on": "cancel", "to": "cancelled", "not_before": "setting acme.cancel_after"},
        ],
    }
    assert machine["states"]["completed"]["effects"] == [{"webhook": "order.completed"}]
    assert await world.steer("GET", "/machines/acme/activation?format=json") == machine


async def test_a_machine_is_drawn_as_a_mermaid_diagram(world: AcmeWorld) -> None:
    answer = await world.control("GET", "/machines/acme/activation?format=mermaid")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.splitlines() == [
        "stateDiagram-v2",
        "    [*] --> waiting",
        "    waiting --> completed: sms (after 8s)",
        "    waiting --> cancelled: expire (after 20m)",
        "    waiting --> cancelled: cancel (not before 60s, setting acme.cancel_after)",
        "    completed --> [*]",
        "    cancelled --> [*]",
    ]


async def test_a_drawing_shows_the_values_that_settings_have_at_this_moment(world: AcmeWorld) -> None:
    await world.steer("PATCH", "/settings", {"acme.cancel_after": "7m"})
    for form in ("mermaid", "dot"):
        drawn = (await world.control("GET", f"/machines/acme/activation?format={form}")).text
        assert "cancel (not before 7m, setting acme.cancel_after)" in drawn


async def test_weights_that_orders_and_settings_tell_are_drawn_and_told_as_they_are_written(world: AcmeWorld) -> None:
    lucky = {"done": {"fact": "luck"}, "gone": {"fact": "bad_luck"}}
    limited = {"done": {"setting": "rate_limits", "is": "documented"}, "gone": {"setting": "rate_limits", "is": "off"}}
    await world.steer("POST", "/scenarios", content=WEIGHED)
    await world.steer("PUT", "/scenarios/active", ["weighed"])
    machine = await world.steer("GET", "/machines/acme/activation")
    assert [move["to"] for move in machine["states"]["waiting"]["transitions"]] == [lucky, limited]
    labels = [
        "waiting --> done: ready (after 50s), as likely as the order's luck says",
        "waiting --> gone: ready (after 50s), as likely as the order's bad_luck says",
        "waiting --> done: expire (after 20m), where rate_limits is documented",
        "waiting --> gone: expire (after 20m), where rate_limits is off",
    ]
    drawn = (await world.control("GET", "/machines/acme/activation?format=mermaid")).text
    assert [line.strip() for line in drawn.splitlines()][2:6] == labels
    dot = (await world.control("GET", "/machines/acme/activation?format=dot")).text
    assert all(label.partition(": ")[2] in dot for label in labels)


async def test_another_format_is_422(world: AcmeWorld) -> None:
    assert fields_of(await world.control("GET", "/machines/acme/activation?format=png")) == ["format"]


async def test_the_machine_in_force_is_the_active_scenarios(world: AcmeWorld) -> None:
    text = """\
scenario: mine
provider: acme
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
    machine = await world.steer("GET", "/machines/acme/activation")
    assert machine["states"]["waiting"]["transitions"] == [
        {"on": "sms", "to": {"done": 3, "gone": 1}, "after": "1s to 3s"},
        {"on": "tick", "to": "gone", "after": "about 90s", "since": "created"},
        {"on": "cancel", "to": "gone", "not_after": "2m"},
    ]
    drawn = (await world.control("GET", "/machines/acme/activation?format=mermaid")).text
    assert "    waiting --> done: sms (after 1s to 3s)" in drawn
    assert "    waiting --> gone: sms (after 1s to 3s)" in drawn
    assert "    waiting --> gone: cancel (before 2m)" in drawn


async def test_magic_values_are_listed_with_where_what_and_who_says_so(world: AcmeWorld) -> None:
    magic = (await world.steer("GET", "/magic"))["magic"]
    assert all(set(one) == {"provider", "where", "value", "effect", "provenance"} for one in magic)
    assert {one["value"] for one in magic} == {"silent", "last"}
    assert {one["provenance"] for one in magic} == {"assumed"}

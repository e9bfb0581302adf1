"""`stay` and `sends` in scenario files."""

import pytest

from mockserver.engine.delays import Fixed, FromFact
from mockserver.engine.machine import Sending
from mockserver.scenario.check import check_text, load_scenario

CANCEL = "- {on: cancel, not_before: {setting: acme.cancel_after}, to: cancelled}"


def test_a_transition_may_stay_and_send(good: str) -> None:
    line = "- {on: cancel, to: waiting, stay: true, sends: {event: sms, after: {fact: wait}, within: 20m}}"
    scenario = load_scenario(good.replace(CANCEL, line), source="f.yaml")
    [move] = [one for one in scenario.machines["activation"].states["waiting"].transitions if one.on == "cancel"]
    assert move.stay
    assert isinstance(move.sends, Sending)
    assert (move.sends.event, move.sends.after) == ("sms", FromFact("wait"))
    assert isinstance(move.sends.within, Fixed)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("- {on: cancel, to: cancelled, stay: true}", "with stay, to is the state itself"),
        ("- {on: cancel, to: waiting, stay: perhaps}", "true or false"),
        ("- {on: cancel, to: cancelled, sends: sms}", "an object"),
        ("- {on: cancel, to: cancelled, sends: {event: sms}}", "after is missing"),
        ("- {on: cancel, to: cancelled, sends: {after: 5s}}", "event is missing"),
        ("- {on: cancel, to: cancelled, sends: {event: sms, after: soon}}", "not a duration"),
        ("- {on: cancel, to: cancelled, sends: {event: sms, after: 5s, often: 3}}", "unknown key"),
    ],
)
def test_a_mistake_in_them_is_reported_where_it_stands(good: str, line: str, message: str) -> None:
    text = good.replace(CANCEL, line)
    problems = check_text(text, source="f.yaml")
    assert problems
    found = [one for one in problems if message in str(one)]
    assert found, [str(one) for one in problems]
    assert text.splitlines()[found[0].line - 1].strip() == line

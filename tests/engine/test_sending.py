"""Transitions that stay in their state, and events that transitions send later."""

from datetime import timedelta
from typing import Any

import pytest

from mockserver.domain.errors import TooLate
from mockserver.engine.delays import Fixed, FromFact
from mockserver.engine.effects import ANY_VISIT, Effect, Timer
from mockserver.engine.machine import Machine, Sending, State, begin, ring, send
from tests.engine.test_machine import START, at, machine, move, order, seconds


def life(**more: Any) -> Machine:
    """Waits for an SMS; each `ask` brings another after 5 seconds."""
    sends = Sending("sms", Fixed(seconds(5)), **more)
    waiting = State("waiting", (move("sms", "done", 8), move("ask", "waiting", stay=True, not_after=Fixed(seconds(6)))))
    done = State(
        "done",
        (move("sms", "done", effects=(Effect("message", "sms"),)), move("ask", "done", stay=True, sends=sends)),
        final=True,
    )
    return machine(waiting, done, State("gone", final=True))


def test_to_stay_enters_nothing_and_leaves_the_timers_alone() -> None:
    begun = begin(life(), order(), at(START))
    step = send(life(), begun.order, "ask", "ask by a test", at(START + seconds(3)))
    assert (step.timers, step.reminders, step.effects) == ((), (), ())
    assert (step.order.visit, step.order.entered_at) == (begun.order.visit, START)
    assert [one.cause for one in step.order.history] == ["created", "ask by a test"]
    [timer] = begun.timers
    rung = ring(life(), step.order, timer, at(timer.due))
    assert rung is not None
    assert rung.order.state == "done"


def test_to_stay_keeps_to_its_window() -> None:
    begun = begin(life(), order(), at(START))
    with pytest.raises(TooLate):
        send(life(), begun.order, "ask", "test", at(START + seconds(6)))


def test_what_is_sent_arrives_in_any_visit_and_as_often_as_it_was_asked_for() -> None:
    found = order(state="done", visit=3)
    first = send(life(), found, "ask", "test", at(START)).reminders
    second = send(life(), found, "ask", "test", at(START + seconds(2))).reminders
    assert [*first, *second] == [
        Timer("sms", START + seconds(5), ANY_VISIT, ANY_VISIT),
        Timer("sms", START + seconds(7), ANY_VISIT, ANY_VISIT),
    ]
    for timer in (*first, *second):
        step = ring(life(), found, timer, at(timer.due))
        assert step is not None
        assert step.effects == (Effect("message", "sms"),)
        found = step.order
    assert found.visit == 5


def test_what_is_sent_passes_an_order_by_that_does_not_take_it() -> None:
    timer = Timer("sms", START, ANY_VISIT, ANY_VISIT)
    assert ring(life(), order(state="gone", visit=9), timer, at(START)) is None


@pytest.mark.parametrize(("within", "sent"), [(5, True), (4, False)])
def test_nothing_is_sent_beyond_within(within: int, *, sent: bool) -> None:
    step = send(life(within=Fixed(seconds(within))), order(state="done", visit=1), "ask", "test", at(START))
    assert bool(step.reminders) is sent


def test_nothing_is_sent_without_the_fact_that_says_when_or_what_a_rule_forbids() -> None:
    sends = Sending("sms", FromFact("wait"))
    one = machine(State("on", (move("go", "on", sends=sends), move("sms", "on")), final=True))
    assert send(one, order(state="on"), "go", "test", at(START)).reminders == ()
    with_fact = order(state="on", facts={"wait": "9s"})
    [timer] = send(one, with_fact, "go", "test", at(START)).reminders
    assert timer.due == START + timedelta(seconds=9)
    assert send(one, with_fact._replace(plan={"never": ["sms"]}), "go", "test", at(START)).reminders == ()


def test_a_rule_starts_no_timer_in_a_final_state() -> None:
    one = machine(State("on", (move("sms", "end"),)), State("end", (move("sms", "end"),), final=True))
    begun = begin(one, order(plan={"delays": {"sms": "3s"}}), at(START))
    [timer] = begun.timers
    ended = ring(one, begun.order, timer, at(timer.due))
    assert ended is not None
    assert ended.timers == ()

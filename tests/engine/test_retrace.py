"""A retraced order has the history that it really had."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from mockserver.domain.orders import Order, event_of
from mockserver.engine.delays import Fixed, Uniform
from mockserver.engine.dice import Dice
from mockserver.engine.effects import Effect, Timer
from mockserver.engine.machine import (
    MOST_HISTORY,
    Circumstances,
    Machine,
    Sending,
    State,
    Step,
    Transition,
    begin,
    ring,
    send,
)
from mockserver.engine.retrace import retrace

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PAUSE = Uniform(Fixed(SECOND), Fixed(9 * SECOND))
MACHINE = Machine(
    "acme/order/circle#1",
    "acme",
    "order",
    "a",
    {
        "a": State("a", (Transition("go", (("b", 3), ("c", 1)), after=PAUSE),), effects=(Effect("spend"),)),
        "b": State("b", (Transition("go", (("a", 1), ("c", 1)), after=PAUSE, effects=(Effect("refund"),)),)),
        "c": State("c", (Transition("go", (("a", 1),), after=PAUSE),), final=True),
    },
)


def new_order(name: str, plan: dict[str, Any] | None = None) -> Order:
    return Order("acme", "order", name, "demo", 1, "", 0, START, START, 100, MACHINE.key, {}, (), None, plan)


def lived(seed: int, steps: int, plan: dict[str, Any] | None = None) -> tuple[Order, list[Step]]:
    """An order that rang its timers this often, and the steps it took."""
    dice = Dice(seed)
    step = begin(MACHINE, new_order(f"o{seed}", plan), Circumstances(START, dice, {}))
    taken = [step]
    for _ in range(steps):
        (timer,) = step.timers
        rung = ring(MACHINE, step.order, timer, Circumstances(timer.due, dice, {}))
        assert rung is not None
        step = rung
        taken.append(step)
    return step.order, taken


@given(some.integers(0, 500), some.integers(0, 20))
def test_timers_visits_and_effects_are_those_that_were(seed: int, steps: int) -> None:
    order, taken = lived(seed, steps)
    told = retrace(MACHINE, order, seed=seed, settings={})
    assert [one.visit for one in told] == [step.order.visit for step in taken]
    assert [tuple(row.timer for row in one.timers) for one in told] == [step.timers for step in taken]
    assert [one.effects for one in told] == [step.effects for step in taken]
    for before, after in pairwise(told):
        assert before.timers[0].target == after.history_entry.state


def test_a_forgotten_middle_is_no_hindrance() -> None:
    order, taken = lived(7, MOST_HISTORY + 30)
    told = retrace(MACHINE, order, seed=7, settings={})
    assert len(told) == MOST_HISTORY
    assert [one.visit for one in told[1:]] == [step.order.visit for step in taken[-MOST_HISTORY + 1 :]]
    assert [one.timers[0].timer for one in told[1:]] == [step.timers[0] for step in taken[-MOST_HISTORY + 1 :]]


def test_a_plan_is_told_as_what_a_rule_did() -> None:
    order, _ = lived(3, 1, {"delays": {"go": "4s"}, "outcomes": {"go": "c"}})
    first, second = retrace(MACHINE, order, seed=3, settings={})
    assert first.timers[0].timer == Timer("go", START + 4 * SECOND, 1, 0)
    assert first.timers[0].by_rule
    assert second.choice is not None
    assert (second.choice.by_rule, second.choice.roll, second.history_entry.state) == (True, None, "c")


def test_causes_name_their_events() -> None:
    causes = ["created", "timer sms", "cancel by cancel req_00000007", "sms by control"]
    assert [event_of(cause) for cause in causes] == [None, "sms", "cancel", "sms"]


STAYING = Machine(
    "acme/order/stay#1",
    "acme",
    "order",
    "a",
    {
        "a": State(
            "a",
            (
                Transition(
                    "again", (("a", 1),), effects=(Effect("message", "sms"),), stay=True, sends=Sending("go", PAUSE)
                ),
                Transition("go", (("b", 1),), after=Fixed(60 * SECOND)),
            ),
        ),
        "b": State("b", final=True, effects=(Effect("refund"),)),
    },
)


def test_staying_is_no_visit_and_what_it_sends_is_told() -> None:
    dice = Dice(5)
    first = begin(STAYING, new_order("stays"), Circumstances(START, dice, {}))
    second = send(STAYING, first.order, "again", "again by control", Circumstances(START + SECOND, dice, {}))
    (sent,) = second.reminders
    third = ring(STAYING, second.order, sent, Circumstances(sent.due, dice, {}))
    assert third is not None
    told = retrace(STAYING, third.order, seed=5, settings={})
    assert [(one.history_entry.state, one.visit) for one in told] == [("a", 1), ("a", 1), ("b", 2)]
    assert [one.reminders for one in told] == [(), (sent,), ()]
    assert [tuple(row.timer for row in one.timers) for one in told] == [first.timers, (), ()]
    assert [one.effects for one in told] == [(), (Effect("message", "sms"),), (Effect("refund"),)]

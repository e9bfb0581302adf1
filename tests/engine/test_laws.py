"""Laws that hold for every machine, with any plan of rules, and with transitions that stay or send events."""

from datetime import datetime
from itertools import pairwise
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.errors import NotTaken
from mockserver.domain.orders import Order, event_of
from mockserver.engine.delays import Fixed
from mockserver.engine.effects import ANY_VISIT, ONCE, Effect, Timer
from mockserver.engine.machine import (
    MOST_HISTORY,
    Machine,
    Sending,
    State,
    Step,
    Transition,
    begin,
    effects_due,
    ring,
    send,
    transition_on,
)
from mockserver.engine.matching import Conditions, matcher_from_data, matches
from mockserver.engine.rules import LIFE_KEYS, Aspect, Rule, near_misses
from tests.engine.test_machine import ACTIONS, EVENTS, FEWER, NAMES, SPANS, START, Action, at, machine, order, seconds

EFFECTS = st.lists(st.sampled_from([Effect(name) for name in sorted(ONCE)] + [Effect("webhook", "x")]), max_size=2)
SENDINGS = st.none() | st.builds(Sending, st.sampled_from(EVENTS), st.integers(0, 9).map(seconds).map(Fixed), SPANS)


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    """Machines whose transitions may stay where they are and send another event on."""
    states = []
    for name in NAMES:
        moves = []
        for event in draw(st.lists(st.sampled_from(EVENTS), unique=True, max_size=2)):
            stay = draw(st.booleans())
            targets = ((name, 1),) if stay else ((draw(st.sampled_from(NAMES)), 1), (draw(st.sampled_from(NAMES)), 2))
            after, sends = draw(SPANS), draw(SENDINGS)
            moves.append(Transition(event, targets, after, effects=tuple(draw(EFFECTS)), stay=stay, sends=sends))
        states.append(State(name, tuple(moves), tuple(draw(EFFECTS)), final=draw(st.booleans()) and name != NAMES[0]))
    return machine(*states)


PLANS = st.fixed_dictionaries(
    {},
    optional={
        "start": st.sampled_from(NAMES),
        "never": st.lists(st.sampled_from(EVENTS), max_size=2),
        "delays": st.dictionaries(st.sampled_from(EVENTS), st.integers(0, 20)),
        "outcomes": st.dictionaries(st.sampled_from(EVENTS), st.sampled_from(NAMES)),
    },
)


def live(life: Machine, plan: dict[str, Any], actions: list[Action]) -> tuple[list[Step], list[Timer], list[datetime]]:
    """Do the actions: the steps, every timer and reminder that was ever set, the moment of each step."""
    now = START
    steps, moments = [begin(life, order(plan=plan), at(now))], [now]
    timers = [*steps[0].timers]
    for action, later in actions:
        now += seconds(later)
        step: Step | None = None
        if action in ("ring", "stale"):
            if timers:
                timer = min(timers, key=lambda one: (one.due, one.place))
                timers.remove(timer)
                now = max(now, timer.due)
                step = ring(life, steps[-1].order, timer, at(now))
        else:
            try:
                step = send(life, steps[-1].order, action, f"{action} by a test", at(now))
            except NotTaken:
                continue
        if step is not None:
            steps.append(step)
            moments.append(now)
            timers += (*step.timers, *step.reminders)
    return steps, timers, moments


@FEWER
@given(machines(), PLANS, ACTIONS)
def test_what_a_rule_forbids_never_comes_by_itself(life: Machine, plan: dict[str, Any], actions: list[Action]) -> None:
    steps, timers, _ = live(life, plan, actions)
    never = plan.get("never", [])
    assert not [timer for timer in timers if timer.event in never]
    assert not [one for one in steps[-1].order.history if one.cause in {f"timer {event}" for event in never}]


@FEWER
@given(machines(), PLANS, ACTIONS)
def test_an_outcome_that_a_rule_chose_is_the_one(life: Machine, plan: dict[str, Any], actions: list[Action]) -> None:
    steps, _, _ = live(life, plan, actions)
    for before, after in pairwise(steps):
        event = event_of(after.order.history[-1].cause)
        assert event is not None
        move = transition_on(life.states[before.order.state], event)
        assert move is not None
        if not move.stay:
            possible = {name for name, _ in move.to}
            assert after.order.state in ({plan["outcomes"][event]} if event in plan.get("outcomes", {}) else possible)


@FEWER
@given(machines(), PLANS, ACTIONS)
def test_money_and_stock_move_once_even_where_nothing_is_entered(
    life: Machine, plan: dict[str, Any], actions: list[Action]
) -> None:
    steps, _, _ = live(life, plan, actions)
    done = [effect.name for step in steps for effect in step.effects if effect.name in ONCE]
    assert len(done) == len(set(done))
    assert set(done) == set(steps[-1].order.settled)


@FEWER
@given(machines(), PLANS, ACTIONS)
def test_to_stay_changes_history_and_what_is_settled_alone(
    life: Machine, plan: dict[str, Any], actions: list[Action]
) -> None:
    steps, _, _ = live(life, plan, actions)
    for before, after in pairwise(steps):
        event = event_of(after.order.history[-1].cause)
        move = transition_on(life.states[before.order.state], str(event))
        assert move is not None
        unchanged = after.order._replace(history=before.order.history, settled=before.order.settled) == before.order
        assert unchanged is move.stay
        assert after.order.visit == before.order.visit + (0 if move.stay else 1)
        assert not (move.stay and after.timers)


@FEWER
@given(machines(), PLANS, ACTIONS)
def test_what_follows_by_itself_comes_when_it_was_to_come_and_holds_for_any_visit(
    life: Machine, plan: dict[str, Any], actions: list[Action]
) -> None:
    steps, _, moments = live(life, plan, actions)
    for before, after, now in zip(steps, steps[1:], moments[1:], strict=False):
        move = transition_on(life.states[before.order.state], str(event_of(after.order.history[-1].cause)))
        assert move is not None
        sends = move.sends
        for timer in after.reminders:
            assert sends is not None
            assert isinstance(sends.after, Fixed)
            assert (timer.event, timer.visit, timer.due) == (sends.event, ANY_VISIT, now + sends.after.span)
            assert sends.within is None or isinstance(sends.within, Fixed)
            assert sends.within is None or timer.due <= START + sends.within.span
        if sends is not None and sends.within is None and sends.event not in plan.get("never", []):
            assert len(after.reminders) == 1


@FEWER
@given(machines(), PLANS, ACTIONS)
def test_a_finished_order_is_brought_back_by_no_rule(
    life: Machine, plan: dict[str, Any], actions: list[Action]
) -> None:
    steps, _, _ = live(life, plan, actions)
    for step in steps:
        state = life.states[step.order.state]
        if state.final:
            own = {move.on for move in state.transitions if move.after is not None}
            assert {timer.event for timer in step.timers} <= own


@FEWER
@given(machines(), PLANS, st.lists(st.sampled_from(EVENTS), max_size=250))
def test_a_history_is_bounded_and_keeps_its_beginning(life: Machine, plan: dict[str, Any], events: list[str]) -> None:
    steps, _, _ = live(life, plan, [(event, 1) for event in events])
    kept = steps[-1].order.history
    assert len(kept) == min(len(steps), MOST_HISTORY)
    assert kept[0].cause == "created"
    assert kept[-1].state == steps[-1].order.state


@given(EFFECTS, EFFECTS)
def test_an_effect_is_due_while_it_is_not_settled(first: list[Effect], second: list[Effect]) -> None:
    due, settled = effects_due(tuple(first), ())
    again, both = effects_due(tuple(second), settled)
    assert effects_due((*first, *second), ()) == ((*due, *again), both)
    assert [one for one in again if one in due and one.name in ONCE] == []


def test_the_same_order_lives_the_same_whoever_its_neighbours_are() -> None:
    ends = Transition("end", (("s1", 1), ("s2", 1)), Fixed(seconds(1)))
    life = machine(State("s0", (ends,)), State("s1", final=True), State("s2", final=True))

    def fate(one: Order) -> str:
        step = begin(life, one, at(START))
        rung = ring(life, step.order, step.timers[0], at(step.timers[0].due))
        assert rung is not None
        return rung.order.state

    alone = {number: fate(order(id=str(number))) for number in range(0, 40, 2)}
    among = {number: fate(order(id=str(number))) for number in range(40)}
    assert alone == {number: among[number] for number in alone}
    assert set(among.values()) == {"s1", "s2"}


# -- rules -----------------------------------------------------------------------------------------------------------

SUBJECTS = st.fixed_dictionaries(
    {"operation": st.sampled_from(["buy", "look"])},
    optional={"size": st.integers(0, 2), "account": st.sampled_from(["a", "b"])},
)
MATCHERS = st.one_of(
    st.integers(0, 2), st.sampled_from(["a", "buy", {"ne": "buy"}, {"exists": False}, ["buy", "look"], {"gt": 0}])
)
CONDITIONS: st.SearchStrategy[Conditions] = st.dictionaries(
    st.sampled_from(["operation", "size", "account"]), MATCHERS, max_size=3
).map(lambda row: tuple((name, matcher_from_data(data)) for name, data in row.items()))
THENS = st.dictionaries(st.sampled_from([*LIFE_KEYS, "stock", "refuse", "reprice", "takes"]), st.just(1), max_size=3)
RULES = st.builds(Rule, st.text("xyz", min_size=1, max_size=3), CONDITIONS, THENS)


@given(RULES, SUBJECTS, st.sampled_from(get_args(Aspect)))
def test_no_rule_that_decides_is_left_out_beforehand(rule: Rule, subject: dict[str, Any], aspect: Aspect) -> None:
    decides = rule.speaks_of(aspect) and matches(rule.when, subject)
    assert rule.could_decide(aspect, subject["operation"]) or not decides


@given(st.lists(RULES, max_size=8), SUBJECTS, st.integers(0, 4))
def test_near_misses_are_the_nearest_of_those_that_match_in_part(
    rules: list[Rule], subject: dict[str, Any], most: int
) -> None:
    missed = near_misses(rules, subject, most=most)
    unmet = [(sum(not matches((row,), subject) for row in rule.when), len(rule.when)) for rule in rules]
    failing = sorted(count for count, all_of_them in unmet if 0 < count < all_of_them)
    assert [len(one.differences) for one in missed] == failing[:most]

"""How an order reacts to events and timers, and laws that hold for every machine."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.domain.errors import NotTaken, TooEarly, TooLate
from mockserver.domain.orders import Order
from mockserver.engine.delays import Fixed, FromFact, FromSetting, Uniform
from mockserver.engine.dice import Dice
from mockserver.engine.effects import ONCE, Effect, Timer
from mockserver.engine.machine import Circumstances, Machine, State, Step, Transition, begin, ring, send, target_of
from mockserver.engine.weights import FactWeight, SettingWeight

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
DICE = Dice("machine")


def seconds(count: int) -> timedelta:
    return timedelta(seconds=count)


def at(moment: datetime, **settings: Any) -> Circumstances:
    return Circumstances(moment, DICE, {"acme.wait": "60s", **settings})


def order(**more: Any) -> Order:
    blank = Order("acme", "thing", "1", "demo", 1, "", 0, START, START, 500, "m", {"eta": "30s"}, ())
    return blank._replace(**more)


def machine(*states: State) -> Machine:
    return Machine("m", "acme", "thing", states[0].name, {state.name: state for state in states})


def move(on: str, to: str, after: int | None = None, **more: Any) -> Transition:
    return Transition(on, ((to, 1),), after=None if after is None else Fixed(seconds(after)), **more)


DONE = State("done", final=True, effects=(Effect("cashback"), Effect("webhook", "done")))
GONE = State("gone", final=True, effects=(Effect("refund"),))
WAITING = State(
    "waiting",
    (
        move("sms", "done", 8, effects=(Effect("message", "sms"),)),
        move("expire", "gone", 1200, since="created"),
        move("cancel", "gone", not_before=FromSetting("acme.wait"), not_after=Fixed(seconds(600))),
        move("later", "waiting"),
    ),
)
LIFE = machine(WAITING, DONE, GONE)


def begun(life: Machine = LIFE, **more: Any) -> Step:
    return begin(life, order(**more), at(START))


def test_beginning_enters_the_start_state_and_sets_its_timers() -> None:
    step = begun()
    assert (step.order.state, step.order.visit, step.was) == ("waiting", 1, "")
    assert [(one.state, one.at, one.cause) for one in step.order.history] == [("waiting", START, "created")]
    assert step.timers == (
        Timer("sms", START + seconds(8), 1, 0),
        Timer("expire", START + seconds(1200), 1, 1),
    )


def test_an_event_leads_on_with_the_effects_of_the_way_and_then_of_the_state() -> None:
    step = send(LIFE, begun().order, "sms", "a test", at(START + seconds(3)))
    assert (step.order.state, step.order.visit, step.order.entered_at) == ("done", 2, START + seconds(3))
    assert step.effects == (Effect("message", "sms"), Effect("cashback"), Effect("webhook", "done"))
    assert step.timers == ()
    assert step.order.history[-1].cause == "a test"


def test_a_timer_does_what_its_event_does() -> None:
    step = begun()
    rung = ring(LIFE, step.order, step.timers[0], at(step.timers[0].due))
    assert rung is not None
    assert (rung.order.state, rung.order.history[-1].cause) == ("done", "timer sms")


def test_a_timer_of_an_earlier_visit_does_nothing() -> None:
    step = begun()
    again = send(LIFE, step.order, "later", "a test", at(START + seconds(1)))
    assert again.order.state == "waiting"
    assert ring(LIFE, again.order, step.timers[0], at(step.timers[0].due)) is None


def test_an_event_that_the_state_does_not_take_is_refused() -> None:
    done = send(LIFE, begun().order, "sms", "a test", at(START)).order
    with pytest.raises(NotTaken, match="event 'cancel' is not taken in state 'done'"):
        send(LIFE, done, "cancel", "a test", at(START + seconds(90)))


@pytest.mark.parametrize(("age", "left"), [(0, 60), (59, 1)])
def test_too_early_says_how_long_is_left(age: int, left: int) -> None:
    with pytest.raises(TooEarly) as refused:
        send(LIFE, begun().order, "cancel", "a test", at(START + seconds(age)))
    assert refused.value.left == seconds(left)


def test_a_window_begins_with_its_first_moment_and_ends_before_its_last() -> None:
    opened, closes = START + seconds(60), START + seconds(600)
    assert send(LIFE, begun().order, "cancel", "a test", at(opened)).order.state == "gone"
    assert send(LIFE, begun().order, "cancel", "a test", at(closes - timedelta(microseconds=1))).order.state == "gone"
    with pytest.raises(TooLate) as refused:
        send(LIFE, begun().order, "cancel", "a test", at(closes + seconds(5)))
    assert refused.value.ago == seconds(5)


def test_a_setting_is_read_at_the_moment_of_the_event() -> None:
    assert send(LIFE, begun().order, "cancel", "a test", at(START, **{"acme.wait": 0})).order.state == "gone"


def test_a_timer_since_creation_does_not_start_anew_with_a_visit() -> None:
    again = send(LIFE, begun().order, "later", "a test", at(START + seconds(100)))
    assert [(timer.event, timer.due) for timer in again.timers] == [
        ("sms", START + seconds(108)),
        ("expire", START + seconds(1200)),
    ]


def test_a_timer_is_never_set_in_the_past() -> None:
    late = send(LIFE, begun().order, "later", "a test", at(START + seconds(5000)))
    assert {timer.event: timer.due for timer in late.timers}["expire"] == START + seconds(5000)


def test_a_plan_changes_start_delays_outcomes_and_what_never_comes() -> None:
    assert begun(plan={"start": "done"}).order.state == "done"
    delayed = begun(plan={"delays": {"sms": "90s", "later": {"fact": "eta"}}})
    assert [(timer.event, timer.due - START) for timer in delayed.timers] == [
        ("sms", seconds(90)),
        ("expire", seconds(1200)),
        ("later", seconds(30)),
    ]
    assert [timer.event for timer in begun(plan={"never": ["sms"]}).timers] == ["expire"]
    forced = begun(plan={"outcomes": {"sms": "gone"}})
    assert send(LIFE, forced.order, "sms", "a test", at(START)).order.state == "gone"


def test_what_never_comes_by_itself_can_still_be_sent() -> None:
    silent = begun(plan={"never": ["sms"]}).order
    assert send(LIFE, silent, "sms", "a test", at(START)).order.state == "done"


def test_a_weighted_outcome_is_known_before_it_comes_and_reaches_all() -> None:
    life = machine(State("open", (Transition("end", (("done", 3), ("gone", 1))),)), DONE, GONE)
    found = []
    for number in range(200):
        first = begin(life, order(id=str(number)), at(START)).order
        told = target_of(first, life.states["open"].transitions[0], DICE, {})
        assert send(life, first, "end", "a test", at(START)).order.state == told
        found.append(told)
    assert 120 < found.count("done") < 180


def test_a_weight_may_stand_in_a_fact_of_the_order() -> None:
    ways = (("done", FactWeight("percent")), ("gone", FactWeight("rest")))
    life = machine(State("open", (Transition("end", ways),)), DONE, GONE)
    ends = []
    for number in range(400):
        first = begin(life, order(id=str(number), facts={"percent": 75, "rest": 25}), at(START)).order
        ends.append(send(life, first, "end", "a test", at(START)).order.state)
    assert 260 < ends.count("done") < 340
    sure = begin(life, order(facts={"percent": 0, "rest": 100}), at(START)).order
    assert send(life, sure, "end", "a test", at(START)).order.state == "gone"


def test_a_weight_may_ask_a_setting_as_it_is_when_the_event_comes() -> None:
    ways = (("done", SettingWeight("acme.ends", "well")), ("gone", SettingWeight("acme.ends", "badly")))
    life = machine(State("open", (Transition("end", ways),)), DONE, GONE)
    first = begin(life, order(), at(START, **{"acme.ends": "badly"})).order
    for value, end in (("well", "done"), ("badly", "gone")):
        step = send(life, first, "end", "a test", at(START, **{"acme.ends": value}))
        assert step.order.state == end


@pytest.mark.parametrize("facts", [{}, {"percent": "75"}, {"percent": -1}, {"percent": 0, "rest": 0}])
def test_where_all_weights_are_nought_the_first_way_is_taken(facts: dict[str, Any]) -> None:
    ways = (("gone", FactWeight("percent")), ("done", FactWeight("rest")))
    life = machine(State("open", (Transition("end", ways),)), DONE, GONE)
    first = begin(life, order(facts=facts), at(START)).order
    assert send(life, first, "end", "a test", at(START)).order.state == "gone"


def test_when_an_event_comes_tells_nothing_of_where_it_leads() -> None:
    after = Uniform(Fixed(seconds(0)), Fixed(seconds(100)))
    life = machine(State("open", (Transition("end", (("done", 1), ("gone", 1)), after=after),)), DONE, GONE)
    early: list[str] = []
    late: list[str] = []
    for number in range(800):
        step = begin(life, order(id=str(number)), at(START))
        (timer,) = step.timers
        kind = early if timer.due - START < seconds(50) else late
        kind.append(target_of(step.order, life.states["open"].transitions[0], DICE, {}))
    for kind in (early, late):
        assert 0.42 < kind.count("done") / len(kind) < 0.58


def test_a_delay_from_a_fact_is_read_from_the_order() -> None:
    life = machine(State("open", (Transition("end", (("done", 1),), after=FromFact("eta")),)), DONE)
    assert begun(life).timers[0].due == START + seconds(30)


def test_events_and_words_are_listed_for_people() -> None:
    life = machine(State("open", (move("end", "done"),), shows="Open"), DONE)
    assert life.events() == ["end"]
    assert LIFE.events() == ["sms", "expire", "cancel", "later"]
    assert (life.shown("open"), life.shown("done"), life.shown("unknown")) == ("Open", "done", "unknown")


def test_a_long_life_keeps_its_first_passage_and_the_newest() -> None:
    life = machine(State("open", (move("again", "open", 1),)))
    one = begun(life).order
    for number in range(1, 500):
        one = send(life, one, "again", f"time {number}", at(START + seconds(number))).order
    assert one.visit == 500
    assert len(one.history) <= 100
    assert (one.history[0].cause, one.history[-1].cause, one.history[-2].cause) == ("created", "time 499", "time 498")


# -- laws ------------------------------------------------------------------------------------------------------------

FEWER = settings(max_examples=30)
NAMES = ("s0", "s1", "s2")
EVENTS = ("a", "b")
SPANS = st.none() | st.integers(0, 20).map(lambda count: Fixed(seconds(count)))
EFFECTS = st.lists(st.sampled_from([Effect(name) for name in sorted(ONCE)] + [Effect("webhook", "x")]), max_size=2)


@st.composite
def transitions(draw: st.DrawFn, on: str) -> Transition:
    to = draw(st.lists(st.tuples(st.sampled_from(NAMES), st.integers(1, 3)), min_size=1, max_size=2))
    since = draw(st.sampled_from(["entered", "created"]))
    return Transition(on, tuple(to), draw(SPANS), since, draw(SPANS), draw(SPANS), tuple(draw(EFFECTS)))  # type: ignore[arg-type]


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    states = []
    for name in NAMES:
        final = draw(st.booleans()) and name != "s0"
        moves = () if final else draw(st.lists(st.sampled_from(EVENTS), unique=True, max_size=2))
        taken = tuple(draw(transitions(on)) for on in moves)
        states.append(State(name, taken, tuple(draw(EFFECTS)), final))
    return machine(*states)


Action = tuple[str, int]
ACTIONS = st.lists(st.tuples(st.sampled_from((*EVENTS, "ring", "stale")), st.integers(0, 15)), max_size=10)


def live(life: Machine, actions: list[Action]) -> list[Step]:
    """Do the actions; what is refused must change nothing, and a stale timer must do nothing."""
    now = START
    steps = [begin(life, order(), at(now))]
    old: list[Timer] = []
    for action, later in actions:
        step = steps[-1]
        now += seconds(later)
        before = step.order._replace()
        if action == "stale":
            assert all(ring(life, step.order, timer, at(max(now, timer.due))) is None for timer in old)
        elif action == "ring":
            if step.timers:
                timer = min(step.timers, key=lambda one: (one.due, one.place))
                now = max(now, timer.due)
                rung = ring(life, step.order, timer, at(now))
                assert rung is not None
                steps.append(rung)
        else:
            try:
                steps.append(send(life, step.order, action, "a test", at(now)))
            except NotTaken:
                assert step.order == before
        if steps[-1] is not step:
            old += step.timers
    return steps


@FEWER
@given(machines(), ACTIONS)
def test_a_final_state_is_never_left(life: Machine, actions: list[Action]) -> None:
    for step in live(life, actions)[1:]:
        assert not life.states[step.was].final


@FEWER
@given(machines(), ACTIONS)
def test_money_and_stock_move_once_in_a_life(life: Machine, actions: list[Action]) -> None:
    done = [effect.name for step in live(life, actions) for effect in step.effects if effect.name in ONCE]
    assert len(done) == len(set(done))


@FEWER
@given(machines(), ACTIONS)
def test_every_step_counts_its_visit_and_writes_its_history(life: Machine, actions: list[Action]) -> None:
    steps = live(life, actions)
    assert [step.order.visit for step in steps] == list(range(1, len(steps) + 1))
    for step in steps:
        assert [one.state for one in step.order.history] == [one.order.state for one in steps[: step.order.visit]]
        moments = [one.at for one in step.order.history]
        assert moments == sorted(moments)
        assert step.order.entered_at == moments[-1]


@FEWER
@given(machines(), ACTIONS)
def test_timers_belong_to_the_visit_and_are_not_in_the_past(life: Machine, actions: list[Action]) -> None:
    for step in live(life, actions):
        moves = life.states[step.order.state].transitions
        assert len(step.timers) == sum(one.after is not None for one in moves)
        for timer in step.timers:
            assert timer.visit == step.order.visit
            assert timer.due >= step.order.entered_at
            assert moves[timer.place].on == timer.event


@FEWER
@given(machines(), ACTIONS)
def test_the_same_life_is_lived_twice(life: Machine, actions: list[Action]) -> None:
    assert live(life, actions) == live(life, actions)

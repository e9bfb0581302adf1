"""The state machine: steps of an order on events, and the timers that a state sets.

Laws, kept by property tests: a final state is never left except by its own transitions; a timer of an
earlier visit does nothing; `refund`, `cashback`, `spend` and `restock` happen at most once.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from mockserver.domain.errors import NotTaken, TooEarly, TooLate
from mockserver.domain.orders import HistoryEntry, Order
from mockserver.engine.delays import Delay, FromFact, delay_from_data, resolve
from mockserver.engine.dice import Dice
from mockserver.engine.effects import ANY_VISIT, ONCE, Effect, Timer
from mockserver.engine.weights import Targets, resolved_weights

Since = Literal["entered", "created"]
#: How many entries an order's history keeps: the first and the newest.
MOST_HISTORY = 100


class Sending(NamedTuple):
    """An `event` that is sent `after` a transition, whatever state the order is in by then.

    A state without a transition on it ignores it. Nothing is sent more than `within` after the order was created, nor
    where the order lacks the fact that `after` names.
    """

    event: str
    after: Delay
    within: Delay | None = None


class Transition(NamedTuple):
    """A way out of a state: on the event `on`, go to one of `to` (states with weights).

    With `after`, the event is also sent by a timer that long after `since`. Before `not_before` the event
    is refused as too early, at `not_after` and later as too late, both counted from `since`. With `stay` the
    order remains where it is: nothing is entered anew, and its timers run on.
    """

    on: str
    to: Targets
    after: Delay | None = None
    since: Since = "entered"
    not_before: Delay | None = None
    not_after: Delay | None = None
    effects: tuple[Effect, ...] = ()
    stay: bool = False
    sends: Sending | None = None


class State(NamedTuple):
    """A state of a machine. `effects` follow every entry. `shows` is the word clients read, where it is not `name`."""

    name: str
    transitions: tuple[Transition, ...] = ()
    effects: tuple[Effect, ...] = ()
    final: bool = False
    shows: str | None = None


class Machine(NamedTuple):
    """The life cycle of one kind of order; `key` differs between machines with different contents."""

    key: str
    provider: str
    kind: str
    start: str
    states: Mapping[str, State]

    def events(self) -> list[str]:
        """Return every event that some state takes, in the order of the file."""
        return list(dict.fromkeys(move.on for state in self.states.values() for move in state.transitions))

    def shown(self, state: str) -> str:
        """Return the word that clients read for this state."""
        named_state = self.states.get(state)
        return named_state.shows if named_state is not None and named_state.shows is not None else state


class Circumstances(NamedTuple):
    """Everything a decision may depend on besides machine, order and event."""

    now: datetime
    dice: Dice
    settings: Mapping[str, Any]


class Step(NamedTuple):
    """The order after a step, its effects to carry out, and its timers to set. `was` is the state before.

    Timers of the visits before `order.visit` are void; `reminders` hold for any visit.
    """

    order: Order
    effects: tuple[Effect, ...]
    timers: tuple[Timer, ...]
    was: str
    reminders: tuple[Timer, ...] = ()


def begin(machine: Machine, order: Order, circumstances: Circumstances) -> Step:
    """Return the first step: enter the start state (the plan's, where it names one)."""
    start = (order.plan or {}).get("start") or machine.start
    return _enter(machine, order, start, "created", (), circumstances)


def send(machine: Machine, order: Order, event: str, cause: str, circumstances: Circumstances) -> Step:
    """Return the step that the event causes; raises NotTaken, TooEarly or TooLate."""
    transition = transition_on(machine.states[order.state], event)
    if transition is None:
        raise NotTaken(event, order)
    _check_window(transition, order, circumstances)
    return _follow(machine, order, transition, cause, circumstances)


def ring(machine: Machine, order: Order, timer: Timer, circumstances: Circumstances) -> Step | None:
    """Return the step that the timer causes; None when it was set in an earlier visit, or its event is not taken."""
    if timer.visit not in (order.visit, ANY_VISIT):
        return None
    transition = transition_on(machine.states[order.state], timer.event)
    if transition is None:
        return None
    return _follow(machine, order, transition, f"timer {timer.event}", circumstances)


def transition_on(state: State, event: str) -> Transition | None:
    """Return the state's transition on this event, or None."""
    return next((move for move in state.transitions if move.on == event), None)


def target_of(order: Order, move: Transition, dice: Dice, settings: Mapping[str, Any]) -> str:
    """Return the state that this transition would lead the order to, were it followed in this visit."""
    forced: str | None = (order.plan or {}).get("outcomes", {}).get(move.on)
    if forced or len(move.to) == 1:
        return forced or move.to[0][0]
    return dice.weighted(resolved_weights(move.to, facts=order.facts, settings=settings), *target_purpose(order, move))


def target_purpose(order: Order, move: Transition) -> tuple[object, ...]:
    """Return the purpose of the cast that chooses the target; the delay of the same event has another purpose."""
    return order.provider, order.id, order.visit, f"{move.on} leads to"


def _follow(machine: Machine, order: Order, move: Transition, cause: str, circumstances: Circumstances) -> Step:
    reminders = reminders_of(move, order, circumstances)
    if move.stay:
        due, settled = effects_due(move.effects, order.settled)
        history = _history(order, HistoryEntry(order.state, circumstances.now, cause))
        return Step(order._replace(history=history, settled=settled), due, (), order.state, reminders)
    target = target_of(order, move, circumstances.dice, circumstances.settings)
    step = _enter(machine, order, target, cause, move.effects, circumstances)
    return step._replace(reminders=reminders)


def reminders_of(move: Transition, order: Order, circumstances: Circumstances) -> tuple[Timer, ...]:
    """Return the timers of the event that the transition sends; `order` is the order before the transition."""
    sends = move.sends
    if sends is None or sends.event in (order.plan or {}).get("never", ()):
        return ()
    if isinstance(sends.after, FromFact) and sends.after.name not in order.facts:
        return ()
    due = circumstances.now + _span(sends.after, order, f"{sends.event} sent", circumstances)
    if sends.within is not None:
        latest = order.created_at + _span(sends.within, order, f"{sends.event} within", circumstances)
        if due > latest:
            return ()
    return (Timer(sends.event, due, ANY_VISIT, ANY_VISIT),)


def _enter(
    machine: Machine,
    order: Order,
    name: str,
    cause: str,
    effects: tuple[Effect, ...],
    circumstances: Circumstances,
) -> Step:
    state = machine.states[name]
    due, settled = effects_due((*effects, *state.effects), order.settled)
    entered = order._replace(
        state=name,
        visit=order.visit + 1,
        entered_at=circumstances.now,
        history=_history(order, HistoryEntry(name, circumstances.now, cause)),
        settled=settled,
    )
    return Step(entered, due, timers_on_entry(state, entered, circumstances), order.state)


def _history(order: Order, history_entry: HistoryEntry) -> tuple[HistoryEntry, ...]:
    # The history of an order that visits the same states again and again would grow for ever.
    past = order.history if len(order.history) < MOST_HISTORY else (order.history[0], *order.history[2:])
    return (*past, history_entry)


def effects_due(effects: tuple[Effect, ...], settled: tuple[str, ...]) -> tuple[tuple[Effect, ...], tuple[str, ...]]:
    """Return the effects that are due, and the names settled after them; none of `ONCE` is due twice."""
    due = []
    for effect in effects:
        if effect.name in ONCE:
            if effect.name in settled:
                continue
            settled = (*settled, effect.name)
        due.append(effect)
    return tuple(due), settled


def timers_on_entry(state: State, order: Order, circumstances: Circumstances) -> tuple[Timer, ...]:
    """Return the timers that entering the state sets; `order` is the order after entering it."""
    plan = order.plan or {}
    never, delays = plan.get("never", ()), plan.get("delays", {})
    timers = []
    for place, move in enumerate(state.transitions):
        if state.final and move.after is None:
            # A rule may change a delay, but it never brings a finished order back to life.
            continue
        after = delay_from_data(delays[move.on]) if move.on in delays else move.after
        if after is None or move.on in never:
            continue
        span = _span(after, order, move.on, circumstances)
        due = max(_origin(move, order) + span, circumstances.now)
        timers.append(Timer(move.on, due, order.visit, place))
    return tuple(timers)


def _check_window(move: Transition, order: Order, circumstances: Circumstances) -> None:
    age = circumstances.now - _origin(move, order)
    if move.not_before is not None:
        left = _span(move.not_before, order, f"{move.on} not before", circumstances) - age
        if left > timedelta():
            raise TooEarly(move.on, order, left)
    if move.not_after is not None:
        ago = age - _span(move.not_after, order, f"{move.on} not after", circumstances)
        if ago >= timedelta():
            raise TooLate(move.on, order, ago)


def _origin(move: Transition, order: Order) -> datetime:
    return order.created_at if move.since == "created" else order.entered_at


def _span(delay: Delay, order: Order, purpose: str, circumstances: Circumstances) -> timedelta:
    return resolve(
        delay,
        circumstances.dice,
        order.provider,
        order.id,
        order.visit,
        purpose,
        facts=order.facts,
        settings=circumstances.settings,
    )

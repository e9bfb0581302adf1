"""An order's history in detail: the timers that each state set, the casts of the dice, the effects.

Nothing of this is recorded while orders live. Dice give the same cast for the same purpose, so casting again
shows what was cast then. Delays and weights that depend on a setting or a fact use its present value, unless the
timer's own moment is known.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from mockserver.domain.orders import HistoryEntry, Order, event_of
from mockserver.engine.delays import Delay, delay_from_data
from mockserver.engine.dice import Dice
from mockserver.engine.effects import ONCE, Effect, Timer
from mockserver.engine.machine import (
    Circumstances,
    Machine,
    State,
    Transition,
    effects_due,
    reminders_of,
    target_of,
    target_purpose,
    timers_on_entry,
    transition_on,
)
from mockserver.engine.weights import resolved_weights

_SIZE = 1 << 64


class TimerRecord(NamedTuple):
    """A timer that a state set. `roll` is the cast of the dice, from 0 to 1, None where nothing was cast."""

    timer: Timer
    delay: Delay
    by_rule: bool
    roll: float | None
    target: str


class ChoiceRecord(NamedTuple):
    """The choice of a transition with several targets; `by_rule` where a rule made it and not the dice."""

    targets: tuple[tuple[str, int], ...]
    roll: float | None
    by_rule: bool


class HistoryEntryRecord(NamedTuple):
    """A history entry with its consequences; `withheld` are events whose timers a rule kept from being set."""

    history_entry: HistoryEntry
    visit: int
    event: str | None
    choice: ChoiceRecord | None
    timers: tuple[TimerRecord, ...]
    withheld: tuple[str, ...]
    effects: tuple[Effect, ...]
    reminders: tuple[Timer, ...] = ()
    """Events that follow by themselves, whatever visit the order is in by then."""


class Witness(Dice):
    """Dice that remember their casts by purpose."""

    __slots__ = ("casts",)

    def __init__(self, seed: int | str) -> None:
        super().__init__(seed)
        self.casts: dict[tuple[object, ...], int] = {}

    def cast(self, *purpose: object) -> int:
        """Cast as `Dice` does, and remember the number."""
        number = self.casts[purpose] = super().cast(*purpose)
        return number

    def roll(self, *purpose: object) -> float | None:
        """Return the cast for this purpose as a number from 0 to 1; None when there was none."""
        number = self.casts.get(purpose)
        return None if number is None else round(number / _SIZE, 4)


def retrace(
    machine: Machine, order: Order, *, seed: int | str, settings: Mapping[str, Any]
) -> list[HistoryEntryRecord]:
    """Return every entry that the order's history keeps, oldest first, with its timers, choice and effects."""
    visits = _visits(machine, order)
    entries: list[HistoryEntryRecord] = []
    settled: tuple[str, ...] = ()
    for place, history_entry in enumerate(order.history):
        follows_last = place == 0 or visits[place] - visits[place - 1] <= 1
        before = machine.states.get(order.history[place - 1].state) if place and follows_last else None
        event = event_of(history_entry.cause)
        move = transition_on(before, event) if before is not None and event else None
        state = machine.states[history_entry.state]
        stayed = place > 0 and visits[place] == visits[place - 1]
        effects = (*(move.effects if move else ()), *(() if stayed else state.effects))
        if not follows_last:
            # Entries are missing before this one: the effects that happen once may have happened in them.
            settled = tuple(ONCE)
        due, settled = effects_due(effects, settled)
        entered = order._replace(state=history_entry.state, visit=visits[place], entered_at=history_entry.at)
        witness = Witness(seed)
        choice = None
        if move is not None and len(move.to) > 1:
            before_move = order._replace(visit=visits[place] - 1)
            choice = _choice(move, before_move, Circumstances(history_entry.at, witness, settings))
        timers = () if stayed else _timers(state, entered, Circumstances(history_entry.at, witness, settings))
        never = () if stayed else _withheld(state, order)
        reminders = _reminders(move, order, visits[place], Circumstances(history_entry.at, witness, settings))
        entries.append(HistoryEntryRecord(history_entry, visits[place], event, choice, timers, never, due, reminders))
    return entries


def _visits(machine: Machine, order: Order) -> list[int]:
    """Return the visit that each history entry begins, or belongs to where the order stayed in its state."""
    visits = [order.visit] * len(order.history)
    for place in range(len(order.history) - 1, 1, -1):
        before = machine.states.get(order.history[place - 1].state)
        event = event_of(order.history[place].cause)
        move = transition_on(before, event) if before is not None and event else None
        visits[place - 1] = visits[place] - (0 if move is not None and move.stay else 1)
    visits[0] = 1
    return visits


def _choice(move: Transition, order: Order, circumstances: Circumstances) -> ChoiceRecord:
    witness = circumstances.dice
    assert isinstance(witness, Witness)
    target_of(order, move, witness, circumstances.settings)
    roll = witness.roll(*target_purpose(order, move))
    ways = resolved_weights(move.to, facts=order.facts, settings=circumstances.settings)
    return ChoiceRecord(ways, roll, by_rule=roll is None)


def _timers(state: State, order: Order, circumstances: Circumstances) -> tuple[TimerRecord, ...]:
    witness = circumstances.dice
    assert isinstance(witness, Witness)
    delays = (order.plan or {}).get("delays", {})
    timer_entries = []
    try:
        timers = timers_on_entry(state, order, circumstances)
    except (KeyError, ValueError):
        # The fact or setting of a delay has changed since; timers that still wait are listed elsewhere.
        return ()
    rolls = {timer.event: witness.roll(order.provider, order.id, order.visit, timer.event) for timer in timers}
    for timer in timers:
        move = state.transitions[timer.place]
        by_rule = timer.event in delays
        delay = delay_from_data(delays[timer.event]) if by_rule else move.after
        assert delay is not None, "a timer comes from a delay"
        target = target_of(order, move, Dice(witness.seed), circumstances.settings)
        timer_entries.append(TimerRecord(timer, delay, by_rule, rolls[timer.event], target))
    return tuple(timer_entries)


def _reminders(move: Transition | None, order: Order, visit: int, circumstances: Circumstances) -> tuple[Timer, ...]:
    if move is None:
        return ()
    try:
        return reminders_of(move, order._replace(visit=visit if move.stay else visit - 1), circumstances)
    except (KeyError, ValueError):
        return ()


def _withheld(state: State, order: Order) -> tuple[str, ...]:
    plan = order.plan or {}
    never, delays = plan.get("never", ()), plan.get("delays", {})
    timed = [move.on for move in state.transitions if move.after is not None or (move.on in delays and not state.final)]
    return tuple(event for event in timed if event in never)

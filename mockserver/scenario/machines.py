"""Builds state machines from a scenario file's data."""

import re
from collections.abc import Collection
from typing import cast

from mockserver.domain.suggestions import suggestion
from mockserver.engine.delays import Delay, Fixed, Uniform, delay_from_data
from mockserver.engine.effects import EFFECTS, Effect
from mockserver.engine.machine import Machine, Sending, Since, State, Transition
from mockserver.engine.weights import Targets, Weight, weight_from_data
from mockserver.scenario.cursor import Cursor
from mockserver.scenario.problems import shown

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
NAME_RULE = "letters, digits, _ and -, beginning with a letter"
EVENT = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
EVENT_RULE = "letters, digits, _, - and dots, beginning with a letter"
MACHINE_KEYS = ("kind", "start", "states")
STATE_KEYS = ("shows", "final", "effects", "transitions")
TRANSITION_KEYS = ("on", "to", "after", "since", "not_before", "not_after", "effects", "stay", "sends")
SENDING_KEYS = ("event", "after", "within")


def build_machine(cursor: Cursor, *, provider: str, origin: str) -> Machine:
    """Return the machine; `origin` goes into its key. Wrong parts are reported and left out."""
    cursor.only(MACHINE_KEYS)
    kind_at, start_at, states_at = cursor.need("kind"), cursor.need("start"), cursor.need("states")
    kind = kind_at.text_like(NAME, NAME_RULE) if kind_at else ""
    bodies = states_at.entries() if states_at else {}
    if states_at and states_at.value == {}:
        states_at.error("states must name at least one state")
    states = {name: build_state(name, body, bodies) for name, body in bodies.items()}
    start = start_at.text() if start_at else ""
    if start_at and start and states:
        check_known(start_at, start, states)
    return Machine(f"{provider}/{kind}/{origin}", provider, kind, start, states)


def check_known(cursor: Cursor, name: str, states: Collection[str]) -> None:
    """Report a name that none of these states has."""
    if name not in states:
        cursor.error(f"unknown state {shown(name)} ({suggestion(name, states)})")


def build_state(name: str, cursor: Cursor, states: Collection[str]) -> State:
    """Return one state; the targets of its transitions must be among `states`."""
    if NAME.fullmatch(name) is None:
        cursor.error(f"a state's name is {NAME_RULE}: {shown(name)}", at_key=True)
    if not isinstance(cursor.value, dict):
        cursor.refuse("an object")
    cursor.only(STATE_KEYS)
    shows, final, moves = cursor.get("shows"), cursor.get("final"), cursor.get("transitions")
    return State(
        name,
        transitions=_transitions(moves, states) if moves else (),
        effects=build_effects(cursor.get("effects")),
        final=final.flag() if final else False,
        shows=shows.text() if shows else None,
    )


def _transitions(cursor: Cursor, states: Collection[str]) -> tuple[Transition, ...]:
    moves: list[Transition] = []
    events: set[str] = set()
    for item in cursor.items():
        move = _transition(item, states)
        event = item.get("on")
        if event is not None and move.on in events:
            event.error(f"a second transition on {move.on!r} in one state: only the first would ever be taken")
        if move.on:
            events.add(move.on)
        moves.append(move)
    return tuple(moves)


def _transition(cursor: Cursor, states: Collection[str]) -> Transition:
    if not isinstance(cursor.value, dict):
        cursor.refuse("an object")
    cursor.only(TRANSITION_KEYS)
    event, target, since = cursor.need("on"), cursor.need("to"), cursor.get("since")
    stay, sends = cursor.get("stay"), cursor.get("sends")
    if stay and target and cursor.trail[-3] != target.value:
        target.error(f"with stay, to is the state itself: {shown(cursor.trail[-3])}")
    return Transition(
        on=event.text_like(EVENT, EVENT_RULE) if event else "",
        to=_targets(target, states) if target else (),
        after=build_delay(cursor.get("after")),
        since=cast(Since, since.word(("entered", "created"))) if since else "entered",
        not_before=build_delay(cursor.get("not_before")),
        not_after=build_delay(cursor.get("not_after")),
        effects=build_effects(cursor.get("effects")),
        stay=stay.flag() if stay else False,
        sends=_sending(sends) if sends else None,
    )


def _sending(cursor: Cursor) -> Sending | None:
    if not isinstance(cursor.value, dict):
        cursor.refuse("an object")
        return None
    cursor.only(SENDING_KEYS)
    event, after, within = cursor.need("event"), cursor.need("after"), cursor.get("within")
    word = event.text_like(EVENT, EVENT_RULE) if event else ""
    delay = build_delay(after)
    return Sending(word, delay, build_delay(within)) if delay is not None else None


def _targets(cursor: Cursor, states: Collection[str]) -> Targets:
    if isinstance(cursor.value, dict):
        if not cursor.value:
            cursor.error("to must name at least one state")
        targets: list[tuple[str, Weight]] = []
        for name, weight in cursor.entries().items():
            if name not in states:
                weight.error(f"unknown state {shown(name)} ({suggestion(name, states)})", at_key=True)
            targets.append((name, _weight(weight)))
        return tuple(targets)
    if not isinstance(cursor.value, str):
        cursor.refuse("a state, or an object of states with weights")
        return ()
    check_known(cursor, cursor.value, states)
    return ((cursor.value, 1),)


def _weight(cursor: Cursor) -> Weight:
    if not isinstance(cursor.value, dict):
        return cursor.whole(1)
    try:
        return weight_from_data(cursor.value)
    except ValueError as error:
        cursor.error(f"{error}: {shown(cursor.value)}")
        return 1


def build_effects(cursor: Cursor | None) -> tuple[Effect, ...]:
    """Return the effects of a state or transition; none where the file has none."""
    return tuple(_effect(item) for item in cursor.items()) if cursor else ()


def _effect(cursor: Cursor) -> Effect:
    """Return one effect; one without a name where it is wrong, so that the others keep their places in the file."""
    value = cursor.value
    if isinstance(value, str):
        name, argument_at = value, None
    elif isinstance(value, dict) and len(value) == 1:
        [(name, argument_at)] = cursor.entries().items()
    else:
        cursor.error(f"an effect is a name or {{name: argument}}, not {shown(value)}")
        return Effect("")
    if name not in EFFECTS:
        (argument_at or cursor).error(f"unknown effect {shown(name)} ({suggestion(name, EFFECTS)})", at_key=True)
        return Effect("")
    takes = EFFECTS[name][0]
    if argument_at is None:
        if takes:
            cursor.error(f"effect {name} takes an argument: write {{{name}: ...}}")
        return Effect(name)
    if not takes:
        argument_at.error(f"effect {name} takes no argument: write {name}", at_key=True)
        return Effect(name)
    return Effect(name, argument_at.text())


def build_delay(cursor: Cursor | None) -> Delay | None:
    """Return the delay; None where the file has none, or a wrong one, which is reported."""
    if cursor is None:
        return None
    bounds = cursor.get("uniform")
    items = bounds.items() if bounds is not None and isinstance(bounds.value, list) else []
    if len(items) == 2 and None in [build_delay(bound) for bound in items]:
        return None
    try:
        delay = delay_from_data(cursor.value)
    except ValueError as error:
        cursor.error(str(error))
        return None
    match delay:
        case Uniform(low=Fixed(span=low), high=Fixed(span=high)) if high < low:
            cursor.error("uniform goes from the shorter to the longer: swap the two")
    return delay

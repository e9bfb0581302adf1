"""An order's passages as data: what each was caused by, what it brought about, and what became of that."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from mockserver.domain.moments import moment_text
from mockserver.domain.orders import event_of
from mockserver.engine.effects import Effect, Timer
from mockserver.engine.retrace import HistoryEntryTold, TimerTold
from mockserver.scenario.drawing import delay_text

#: The id of a request, as causes name it.
REQUEST = re.compile(r"\breq_\d+\b")
Data = dict[str, Any]


def passage_data(told: Sequence[HistoryEntryTold], place: int, born: str | None, waiting: Mapping[str, str]) -> Data:
    """Return the passage at `place` as JSON data, with the dice that were cast in it."""
    one = told[place]
    follower = next((after for after in told[place + 1 :] if after.visit > one.visit), None)
    current = waiting if follower is None else None
    dice = []
    if one.choice is not None:
        targets = dict(one.choice.targets)
        by = {"by_rule": True} if one.choice.by_rule else {"roll": one.choice.roll}
        dice.append({"for": f"where {one.event} leads", "options": targets, "fell": one.history_entry.state, **by})
    dice += [
        {
            "for": f"when {row.timer.event} happens",
            "options": delay_text(row.delay),
            "fell": _due(row, follower, current),
        }
        | {"roll": row.roll}
        for row in one.timers
        if row.roll is not None
    ]
    return {
        "state": one.history_entry.state,
        "at": moment_text(one.history_entry.at),
        "visit": one.visit,
        "cause": one.history_entry.cause,
        "caused_by": _caused_by(told, place, born),
        "dice": dice,
        "timers": [_timer(row, follower, current) for row in one.timers]
        + [_reminder(timer, told[place + 1 :], waiting) for timer in one.reminders],
        "withheld": list(one.withheld),
        "effects": [_effect(effect) for effect in one.effects],
        "money": [],
        "deliveries": [],
    }


def _timer(row: TimerTold, follower: HistoryEntryTold | None, waiting: Mapping[str, str] | None) -> Data:
    rang = follower is not None and follower.history_entry.cause == f"timer {row.timer.event}"
    became = "rang" if rang else "waits" if waiting is not None and row.timer.event in waiting else "void"
    return {
        "event": row.timer.event,
        "at": _due(row, follower, waiting),
        "to": row.target,
        "delay": delay_text(row.delay),
        "by_rule": row.by_rule,
        "became": became,
    }


def _reminder(timer: Timer, later: Sequence[HistoryEntryTold], waiting: Mapping[str, str]) -> Data:
    at = moment_text(timer.due)
    rang = any(one.history_entry.at == timer.due and one.history_entry.cause == f"timer {timer.event}" for one in later)
    became = "rang" if rang else "waits" if waiting.get(timer.event) == at else "passed"
    return {"event": timer.event, "at": at, "to": None, "delay": "sent", "by_rule": False, "became": became}


def _due(row: TimerTold, follower: HistoryEntryTold | None, waiting: Mapping[str, str] | None) -> str:
    """When the timer was due: as its row says or as it rang, since a setting may have changed in the meantime."""
    if waiting is not None and row.timer.event in waiting:
        return waiting[row.timer.event]
    if follower is not None and follower.history_entry.cause == f"timer {row.timer.event}":
        return moment_text(follower.history_entry.at)
    return moment_text(row.timer.due)


def _caused_by(told: Sequence[HistoryEntryTold], place: int, born: str | None) -> Data:
    cause = told[place].history_entry.cause
    if named := REQUEST.search(cause):
        return {"request": named[0]}
    if cause == "created":
        return {"request": born} if born else {}
    event = event_of(cause)
    if cause.startswith("timer "):
        earlier = range(place - 1, -1, -1)
        at = told[place].history_entry.at
        setter = next((each for each in earlier if any(_is(one, event, at) for one in told[each].reminders)), None)
        if setter is None:
            setter = next(
                (each for each in earlier if any(row.timer.event == event for row in told[each].timers)), None
            )
        return {"timer": event} if setter is None else {"timer": event, "passage": setter}
    return {"by": cause.partition(" by ")[2] or cause}


def _is(reminder: Timer, event: str | None, at: datetime) -> bool:
    return (reminder.event, reminder.due) == (event, at)


def share(
    story: list[Data], told: Sequence[HistoryEntryTold], kind: str, rows: Sequence[tuple[Any, str, Data]]
) -> list[Data]:
    """Give each row to the passage that it followed; what followed none is left over."""
    rest = []
    for at, cause, data in rows:
        for place, one in enumerate(told):
            history_entry = one.history_entry
            same = cause.endswith(history_entry.cause) or (place == 0 and data.get("kind") == "charge")
            if history_entry.at == at and same:
                story[place][kind].append(data)
                break
        else:
            rest.append(data)
    return rest


def _effect(effect: Effect) -> Any:
    return {effect.name: effect.argument} if effect.argument else effect.name


def chain_of(story: Sequence[Data], request: str) -> list[int]:
    """The passages that the request caused, and those that these caused by their timers, and so on."""
    chain: list[int] = []
    for place, history_entry in enumerate(story):
        by = history_entry["caused_by"]
        if by.get("request") == request or by.get("passage") in chain:
            chain.append(place)
    return chain

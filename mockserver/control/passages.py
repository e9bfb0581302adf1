"""The passages of an order (the states it entered) as data: their causes, dice, timers and effects."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from mockserver.domain.moments import moment_text
from mockserver.domain.orders import event_of
from mockserver.engine.effects import Effect, Timer
from mockserver.engine.retrace import HistoryEntryRecord, TimerRecord
from mockserver.scenario.drawing import delay_text

#: The id of a request, as causes name it.
REQUEST = re.compile(r"\breq_\d+\b")
Data = dict[str, Any]


def passage_data(
    history: Sequence[HistoryEntryRecord], place: int, created_by: str | None, waiting: Mapping[str, str]
) -> Data:
    """Return the passage at index `place` as JSON data, with the dice that were cast in it.

    `created_by` is the id of the request that placed the order, `waiting` the moment of each timer that still waits.
    """
    entry = history[place]
    next_entry = next((later for later in history[place + 1 :] if later.visit > entry.visit), None)
    current = waiting if next_entry is None else None
    dice = []
    if entry.choice is not None:
        targets = dict(entry.choice.targets)
        by = {"by_rule": True} if entry.choice.by_rule else {"roll": entry.choice.roll}
        dice.append({"for": f"where {entry.event} leads", "options": targets, "fell": entry.history_entry.state, **by})
    dice += [
        {
            "for": f"when {row.timer.event} happens",
            "options": delay_text(row.delay),
            "fell": _due(row, next_entry, current),
        }
        | {"roll": row.roll}
        for row in entry.timers
        if row.roll is not None
    ]
    return {
        "state": entry.history_entry.state,
        "at": moment_text(entry.history_entry.at),
        "visit": entry.visit,
        "cause": entry.history_entry.cause,
        "caused_by": _caused_by(history, place, created_by),
        "dice": dice,
        "timers": [_timer(row, next_entry, current) for row in entry.timers]
        + [_reminder(timer, history[place + 1 :], waiting) for timer in entry.reminders],
        "withheld": list(entry.withheld),
        "effects": [_effect(effect) for effect in entry.effects],
        "money": [],
        "deliveries": [],
    }


def _timer(row: TimerRecord, next_entry: HistoryEntryRecord | None, waiting: Mapping[str, str] | None) -> Data:
    rang = next_entry is not None and next_entry.history_entry.cause == f"timer {row.timer.event}"
    outcome = "rang" if rang else "waits" if waiting is not None and row.timer.event in waiting else "void"
    return {
        "event": row.timer.event,
        "at": _due(row, next_entry, waiting),
        "to": row.target,
        "delay": delay_text(row.delay),
        "by_rule": row.by_rule,
        "became": outcome,
    }


def _reminder(timer: Timer, later: Sequence[HistoryEntryRecord], waiting: Mapping[str, str]) -> Data:
    at = moment_text(timer.due)
    rang = any(
        entry.history_entry.at == timer.due and entry.history_entry.cause == f"timer {timer.event}" for entry in later
    )
    outcome = "rang" if rang else "waits" if waiting.get(timer.event) == at else "passed"
    return {"event": timer.event, "at": at, "to": None, "delay": "sent", "by_rule": False, "became": outcome}


def _due(row: TimerRecord, next_entry: HistoryEntryRecord | None, waiting: Mapping[str, str] | None) -> str:
    """Return when the timer was due, from its row or from when it rang: a setting may have changed since it was set."""
    if waiting is not None and row.timer.event in waiting:
        return waiting[row.timer.event]
    if next_entry is not None and next_entry.history_entry.cause == f"timer {row.timer.event}":
        return moment_text(next_entry.history_entry.at)
    return moment_text(row.timer.due)


def _caused_by(history: Sequence[HistoryEntryRecord], place: int, created_by: str | None) -> Data:
    cause = history[place].history_entry.cause
    if match := REQUEST.search(cause):
        return {"request": match[0]}
    if cause == "created":
        return {"request": created_by} if created_by else {}
    event = event_of(cause)
    if cause.startswith("timer "):
        earlier = range(place - 1, -1, -1)
        at = history[place].history_entry.at
        setter_place = next(
            (each for each in earlier if any(_is(reminder, event, at) for reminder in history[each].reminders)), None
        )
        if setter_place is None:
            setter_place = next(
                (each for each in earlier if any(row.timer.event == event for row in history[each].timers)), None
            )
        return {"timer": event} if setter_place is None else {"timer": event, "passage": setter_place}
    return {"by": cause.partition(" by ")[2] or cause}


def _is(reminder: Timer, event: str | None, at: datetime) -> bool:
    return (reminder.event, reminder.due) == (event, at)


def share(
    story: list[Data], history: Sequence[HistoryEntryRecord], kind: str, rows: Sequence[tuple[Any, str, Data]]
) -> list[Data]:
    """Put each row under `kind` of the passage that it followed; return the rows that followed none."""
    left_over = []
    for at, cause, data in rows:
        for place, entry in enumerate(history):
            history_entry = entry.history_entry
            same = cause.endswith(history_entry.cause) or (place == 0 and data.get("kind") == "charge")
            if history_entry.at == at and same:
                story[place][kind].append(data)
                break
        else:
            left_over.append(data)
    return left_over


def _effect(effect: Effect) -> Any:
    return {effect.name: effect.argument} if effect.argument else effect.name


def chain_of(story: Sequence[Data], request: str) -> list[int]:
    """Return the indexes of the passages that the request caused, and of those that their timers caused, and so on."""
    chain: list[int] = []
    for place, history_entry in enumerate(story):
        by = history_entry["caused_by"]
        if by.get("request") == request or by.get("passage") in chain:
            chain.append(place)
    return chain

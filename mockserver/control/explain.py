"""The whole story of an order or a request: what decided, what nearly did, what followed, and from what.

Kept apart from the nouns themselves, since only whoever looks one thing up pays for it.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, get_args

from mockserver.control.webhooks import delivery_data
from mockserver.domain.ledger import Movement
from mockserver.domain.moments import moment_text
from mockserver.domain.orders import Order
from mockserver.engine.effects import Effect, Timer
from mockserver.engine.matching import Difference, differences, matches
from mockserver.engine.retrace import PassageTold, TimerTold, event_of, retrace
from mockserver.engine.rules import Aspect, Rule, near_misses
from mockserver.journal.journal import Entry
from mockserver.journal.redact import HIDDEN
from mockserver.sandbox import orders
from mockserver.sandbox.codec import decode_movement, decode_order
from mockserver.sandbox.sandbox import Sandbox
from mockserver.sandbox.work import Work
from mockserver.scenario.drawing import delay_text

_REQUEST = re.compile(r"\breq_\d+\b")
Data = dict[str, Any]


async def order_story(work: Work, order: Order) -> Data:
    """Everything that happened to the order, passage by passage, each with its cause and what it brought about.

    `story` has for each passage `state, at, visit, cause, caused_by, dice, timers, withheld, effects`, and the
    `money` and `deliveries` that followed it; `besides` holds what followed no passage.
    """
    sandbox = work.sandbox
    machine = sandbox.machine_named(order.machine)
    told = retrace(machine, order, seed=sandbox.dice.seed, settings=sandbox.settings.values)
    seen = [entry for entry in sandbox.journal.newest_first() if entry.order == order.id][::-1]
    moves = await _movements(work, order)
    born = _born_of(moves, seen, order)
    waiting = {timer.event: moment_text(timer.due) for timer in await orders.timers_of(work.tx, order)}
    story = [_passage(told, place, born, waiting) for place in range(len(told))]
    money = [(move.at, move.cause, _money(sandbox, move)) for move in moves]
    sent = [row for row in await sandbox.deliveries.listing(work, limit=5000) if row[0].order == order.id][::-1]
    notices = [
        (one.created_at, one.cause, delivery_data(one, due)) for one, due in sent if one.provider == order.provider
    ]
    return {
        "machine": {"scenario": _scenario_of(order.machine), "key": order.machine},
        "rule": _birth_rule(sandbox, order, seen),
        "created_by": born,
        "story": story,
        "besides": {
            "money": _share(story, told, "money", money),
            "deliveries": _share(story, told, "deliveries", notices),
        },
        "requests": [_seen(entry) for entry in seen],
    }


async def request_story(work: Work, entry: Entry, *, secret: frozenset[str]) -> Data:
    """What the rules said to the request, and what followed from it, chained by cause.

    `secret` names the fields whose values are not told (lower case).
    """
    decided: dict[str, Any] = {decision.aspect: decision for decision in entry.decisions}
    found: Data = {
        "decisions": [
            {**_rule(one.rule), "aspect": one.aspect, "passed_over": _used_up(entry, one.aspect, one.subject, one.rule)}
            for one in decided.values()
        ],
        "passed_over": [
            {"aspect": aspect, **row}
            for aspect in get_args(Aspect)
            if aspect not in decided
            for row in _used_up(entry, aspect, _asked(entry.subject, aspect), None)
        ],
        "near_misses": misses_data(entry.rules, entry.subject, secret),
        "story": [],
        "besides": {"money": [], "deliveries": []},
    }
    row = await work.tx.get("orders", f"{entry.provider}/{entry.order}") if entry.order else None
    if row is not None:
        order = decode_order(row.data)
        whole = await order_story(work, order)
        chain = _chain(whole["story"], entry.id)
        found["order"] = {"id": order.id, "kind": order.kind, "state": order.state, "passages": len(whole["story"])}
        found["story"] = [whole["story"][place] for place in chain]
        named = {kind: [row for row in rows if entry.id in row["cause"]] for kind, rows in whole["besides"].items()}
        found["besides"] = named
    return found


def misses_data(rules: Sequence[Rule], subject: Mapping[str, Any], secret: frozenset[str]) -> list[Data]:
    """The rules that nearly matched, nearest first, each with its differences; none where no rule was asked."""
    if not subject:
        return []
    found = []
    for miss in near_misses(rules, subject):
        rule = next(rule for rule in rules if rule.name == miss.rule and differences(rule.when, subject))
        found.append({**_rule(rule), "differences": [_difference(one, secret) for one in miss.differences]})
    return found


def _difference(one: Difference, secret: frozenset[str]) -> Data:
    hidden = one.name.rpartition(".")[2].lower() in secret
    wanted, value = (HIDDEN, HIDDEN) if hidden else (one.wanted, one.found)
    return {"name": one.name, "wanted": wanted, "found": value}


def _rule(rule: Rule) -> Data:
    return {
        "rule": rule.name,
        "scenario": rule.scenario,
        **({"about": rule.about} if rule.about else {}),
        "then": dict(rule.then),
    }


def _used_up(entry: Entry, aspect: Any, subject: Mapping[str, Any], decided: Rule | None) -> list[Data]:
    """Rules that matched and would have decided, had they not decided as often as they may."""
    rows = []
    for rule in entry.rules:
        if rule is decided:
            break
        if rule.times is not None and rule.speaks_of(aspect) and matches(rule.when, subject):
            times = "time" if rule.times == 1 else "times"
            per = f" for each {', '.join(rule.per)}" if rule.per else ""
            rows.append({"rule": rule.name, "scenario": rule.scenario, "why": f"used up: {rule.times} {times}{per}"})
    return rows


def _asked(subject: Mapping[str, Any], aspect: str) -> Mapping[str, Any]:
    """Only a life is asked about with the facts of the order to be."""
    return subject if aspect == "life" else {name: value for name, value in subject.items() if name[:6] != "order."}


async def _movements(work: Work, order: Order) -> list[Movement]:
    """What moved for this order, oldest first; looks no further back than the order's beginning."""
    prefix, before = f"{order.provider}/{order.account}/", ""
    found: list[Movement] = []
    while rows := await work.tx.scan("movements", prefix=prefix, after=before, limit=500, reverse=True):
        for row in rows:
            move = decode_movement(order.provider, order.account, int(row.key[len(prefix) :]), row.data)
            if move.at < order.created_at:
                return found[::-1]
            if move.order == order.id:
                found.append(move)
        before = rows[-1].key
    return found[::-1]


def _born_of(moves: Sequence[Movement], seen: Sequence[Entry], order: Order) -> str | None:
    """The request that placed the order: named by its charge, or else the first that touched it in that moment."""
    for move in moves:
        if move.at == order.created_at and (named := _REQUEST.search(move.cause)):
            return named[0]
    return next((entry.id for entry in seen if entry.at <= order.created_at and entry.status < 400), None)


def _passage(told: Sequence[PassageTold], place: int, born: str | None, waiting: Mapping[str, str]) -> Data:
    one = told[place]
    follower = next((after for after in told[place + 1 :] if after.visit > one.visit), None)
    current = waiting if follower is None else None
    dice = []
    if one.choice is not None:
        targets = dict(one.choice.targets)
        by = {"by_rule": True} if one.choice.by_rule else {"roll": one.choice.roll}
        dice.append({"for": f"where {one.event} leads", "options": targets, "fell": one.passage.state, **by})
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
        "state": one.passage.state,
        "at": moment_text(one.passage.at),
        "visit": one.visit,
        "cause": one.passage.cause,
        "caused_by": _caused_by(told, place, born),
        "dice": dice,
        "timers": [_timer(row, follower, current) for row in one.timers]
        + [_reminder(timer, told[place + 1 :], waiting) for timer in one.reminders],
        "withheld": list(one.withheld),
        "effects": [_effect(effect) for effect in one.effects],
        "money": [],
        "deliveries": [],
    }


def _timer(row: TimerTold, follower: PassageTold | None, waiting: Mapping[str, str] | None) -> Data:
    rang = follower is not None and follower.passage.cause == f"timer {row.timer.event}"
    became = "rang" if rang else "waits" if waiting is not None and row.timer.event in waiting else "void"
    return {
        "event": row.timer.event,
        "at": _due(row, follower, waiting),
        "to": row.target,
        "delay": delay_text(row.delay),
        "by_rule": row.by_rule,
        "became": became,
    }


def _reminder(timer: Timer, later: Sequence[PassageTold], waiting: Mapping[str, str]) -> Data:
    at = moment_text(timer.due)
    rang = any(one.passage.at == timer.due and one.passage.cause == f"timer {timer.event}" for one in later)
    became = "rang" if rang else "waits" if waiting.get(timer.event) == at else "passed"
    return {"event": timer.event, "at": at, "to": None, "delay": "sent", "by_rule": False, "became": became}


def _due(row: TimerTold, follower: PassageTold | None, waiting: Mapping[str, str] | None) -> str:
    """When the timer was due: as its row says or as it rang, since a setting may have changed in the meantime."""
    if waiting is not None and row.timer.event in waiting:
        return waiting[row.timer.event]
    if follower is not None and follower.passage.cause == f"timer {row.timer.event}":
        return moment_text(follower.passage.at)
    return moment_text(row.timer.due)


def _caused_by(told: Sequence[PassageTold], place: int, born: str | None) -> Data:
    cause = told[place].passage.cause
    if named := _REQUEST.search(cause):
        return {"request": named[0]}
    if cause == "created":
        return {"request": born} if born else {}
    event = event_of(cause)
    if cause.startswith("timer "):
        earlier = range(place - 1, -1, -1)
        at = told[place].passage.at
        setter = next((each for each in earlier if any(_is(one, event, at) for one in told[each].reminders)), None)
        if setter is None:
            setter = next(
                (each for each in earlier if any(row.timer.event == event for row in told[each].timers)), None
            )
        return {"timer": event} if setter is None else {"timer": event, "passage": setter}
    return {"by": cause.partition(" by ")[2] or cause}


def _is(reminder: Timer, event: str | None, at: datetime) -> bool:
    return (reminder.event, reminder.due) == (event, at)


def _share(
    story: list[Data], told: Sequence[PassageTold], kind: str, rows: Sequence[tuple[Any, str, Data]]
) -> list[Data]:
    """Give each row to the passage that it followed; what followed none is left over."""
    rest = []
    for at, cause, data in rows:
        for place, one in enumerate(told):
            passage = one.passage
            same = cause.endswith(passage.cause) or (place == 0 and data.get("kind") == "charge")
            if passage.at == at and same:
                story[place][kind].append(data)
                break
        else:
            rest.append(data)
    return rest


def _money(sandbox: Sandbox, move: Movement) -> Data:
    currency = sandbox.trades[move.provider].currency
    word, colon, _ = move.cause.partition(": ")
    return {
        "at": moment_text(move.at),
        "amount": currency.text(move.signed),
        "currency": currency.code,
        "kind": word if colon else "charge" if move.signed < 0 else "credit",
        "cause": move.cause,
        "account": move.account,
        "balance_after": currency.text(move.balance_after),
    }


def _birth_rule(sandbox: Sandbox, order: Order, seen: Sequence[Entry]) -> Data | None:
    """The rule that decided the order's life; its scenario is known from the journal, else from what is in force."""
    if order.rule is None:
        return None
    asked = [one.rule for entry in seen for one in entry.decisions if one.aspect == "life"]
    found = [rule for rule in (*asked, *sandbox.force.rules[order.provider]) if rule.name == order.rule]
    scenario = found[0].scenario if found else None
    about = {"about": found[0].about} if found and found[0].about else {}
    return {"rule": order.rule, "scenario": scenario, **about, "then": dict(order.plan or {})}


def _scenario_of(key: str) -> str:
    """A machine's key is `provider/kind/scenario#contents`."""
    return key.rpartition("/")[2].partition("#")[0]


def _effect(effect: Effect) -> Any:
    return {effect.name: effect.argument} if effect.argument else effect.name


def _seen(entry: Entry) -> Data:
    return {
        "id": entry.id,
        "at": moment_text(entry.at),
        "operation": entry.operation,
        "method": entry.method,
        "path": entry.path,
        "status": entry.status,
        "mistake": entry.mistake,
    }


def _chain(story: Sequence[Data], request: str) -> list[int]:
    """The passages that the request caused, and those that these caused by their timers, and so on."""
    chain: list[int] = []
    for place, passage in enumerate(story):
        by = passage["caused_by"]
        if by.get("request") == request or by.get("passage") in chain:
            chain.append(place)
    return chain

"""The whole story of an order or a request: what decided, what nearly did, what followed, and from what.

Kept apart from the nouns themselves, since only whoever looks one thing up pays for it.
"""

from collections.abc import Container, Mapping, Sequence
from typing import Any, get_args

from mockserver.control.passages import REQUEST, Data, chain_of, passage_data, share
from mockserver.control.webhooks import delivery_data
from mockserver.domain.ledger import Movement
from mockserver.domain.moments import moment_text
from mockserver.domain.orders import Order
from mockserver.engine.matching import differences, matches
from mockserver.engine.retrace import retrace
from mockserver.engine.rules import Aspect, Rule, near_misses
from mockserver.faults.model import source_of
from mockserver.journal.journal import Entry
from mockserver.journal.redact import redact_difference
from mockserver.sandbox import orders
from mockserver.sandbox.codec import decode_movement, decode_order
from mockserver.sandbox.naming import public_names
from mockserver.sandbox.sandbox import Sandbox
from mockserver.sandbox.state import SandboxState
from mockserver.sandbox.unit_of_work import UnitOfWork
from mockserver.webhooks.model import Delivery

#: The status of a credential that nobody knows, and how many of those that there are are named then.
_UNKNOWN, _MOST_NAMED = 401, 50


async def order_story(sandbox: Sandbox, work: UnitOfWork, order: Order) -> Data:
    """Everything that happened to the order, passage by passage, each with its cause and what it brought about.

    `story` has for each passage `state, at, visit, cause, caused_by, dice, timers, withheld, effects`, and the
    `money` and `deliveries` that followed it; `besides` holds what followed no passage. `faults` are those that
    struck a request about the order, and those that struck one of its deliveries or spared it.
    """
    state = work.state
    machine = state.machine_named(order.machine)
    told = retrace(machine, order, seed=state.dice.seed, settings=state.settings.values)
    seen = [one for one in sandbox.journal.newest_first() if (one.provider, one.order) == (order.provider, order.id)]
    seen.reverse()
    moves = await _movements(work, order)
    born = _born_of(moves, seen, order)
    waiting = {timer.event: moment_text(timer.due) for timer in await orders.timers_of(work.tx, order)}
    story = [passage_data(told, place, born, waiting) for place in range(len(told))]
    money = [(move.at, move.cause, _money(state, move)) for move in moves]
    sent = await sandbox.deliveries.about(work, order)
    notices = [(one.created_at, one.cause, delivery_data(one, due)) for one, due in sent]
    return {
        "machine": {"scenario": _scenario_of(order.machine), "key": order.machine},
        "rule": _birth_rule(state, order, seen),
        "created_by": born,
        "story": story,
        "besides": {
            "money": share(story, told, "money", money),
            "deliveries": share(story, told, "deliveries", notices),
        },
        "requests": [_seen(entry) for entry in seen],
        "faults": [
            {"request": entry.id, "at": moment_text(entry.at), **row} for entry in seen for row in _struck(entry)
        ]
        + [row for one, _ in sent for row in _told(one, "faults")],
        "fault_near_misses": [row for one, _ in sent for row in _told(one, "near_misses")],
    }


async def request_story(sandbox: Sandbox, work: UnitOfWork, entry: Entry, *, secret: Container[str]) -> Data:
    """What the rules and the faults said to the request, and what followed from it, chained by cause.

    `secret` names the fields whose values are not told.
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
        "faults": [_sourced(row) for row in entry.faults],
        "fault_near_misses": [_sourced(row) for row in entry.fault_misses],
        "ignored": list(entry.ignored),
        "story": [],
        "besides": {"money": [], "deliveries": []},
    }
    if entry.because:
        found["because"] = dict(entry.because)
    if entry.status == _UNKNOWN and entry.fault is None:
        found["credentials"] = await _credentials(work, entry.provider)
    row = await work.tx.get("orders", f"{entry.provider}/{entry.order}") if entry.order else None
    if row is not None:
        order = decode_order(row)
        whole = await order_story(sandbox, work, order)
        chain = chain_of(whole["story"], entry.id)
        found["order"] = {"id": order.id, "kind": order.kind, "state": order.state, "passages": len(whole["story"])}
        found["story"] = [whole["story"][place] for place in chain]
        named = {kind: [row for row in rows if entry.id in row["cause"]] for kind, rows in whole["besides"].items()}
        found["besides"] = named
    return found


async def _credentials(work: UnitOfWork, provider: str) -> list[Data]:
    """The accounts that there are, each with the public part of its credential, None where that is unknown."""
    names = await public_names(work, work.state.provider_rules[provider])
    return [{"account": account, "credential": public} for account, public in list(names.items())[:_MOST_NAMED]]


def misses_data(rules: Sequence[Rule], subject: Mapping[str, Any], secret: Container[str]) -> list[Data]:
    """The rules that nearly matched, nearest first, each with its differences; none where no rule was asked."""
    if not subject:
        return []
    found = []
    for miss in near_misses(rules, subject):
        rule = next(rule for rule in rules if rule.name == miss.rule and differences(rule.when, subject))
        found.append({**_rule(rule), "differences": [redact_difference(one, secret) for one in miss.differences]})
    return found


def _struck(entry: Entry) -> list[Data]:
    return [_sourced(row) for row in entry.faults if row["hit"]]


def _told(delivery: Delivery, kind: str) -> list[Data]:
    """What became of the faults that were asked when the delivery was put in the outbox."""
    rows = delivery.hostile.get("told", {}).get(kind, ())
    asked = {"delivery": delivery.id, "event": delivery.event, "at": moment_text(delivery.created_at)}
    return [{**asked, **_sourced(row)} for row in rows]


def _sourced(row: Mapping[str, Any]) -> Data:
    return {"source": source_of(row["id"]), **row}


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


async def _movements(work: UnitOfWork, order: Order) -> list[Movement]:
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
        if move.at == order.created_at and (named := REQUEST.search(move.cause)):
            return named[0]
    return next((entry.id for entry in seen if entry.at <= order.created_at and entry.status < 400), None)


def _money(state: SandboxState, move: Movement) -> Data:
    currency = state.provider_rules[move.provider].currency
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


def _birth_rule(state: SandboxState, order: Order, seen: Sequence[Entry]) -> Data | None:
    """The rule that decided the order's life; its scenario is known from the journal, else from what is in force."""
    if order.rule is None:
        return None
    asked = [one.rule for entry in seen for one in entry.decisions if one.aspect == "life"]
    found = [rule for rule in (*asked, *state.active_scenarios.rules[order.provider]) if rule.name == order.rule]
    scenario = found[0].scenario if found else None
    about = {"about": found[0].about} if found and found[0].about else {}
    return {"rule": order.rule, "scenario": scenario, **about, "then": dict(order.plan or {})}


def _scenario_of(key: str) -> str:
    """A machine's key is `provider/kind/scenario#contents`."""
    return key.rpartition("/")[2].partition("#")[0]


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

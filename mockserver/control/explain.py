"""The story of an order or a request: the rules and dice that decided, near misses, effects and their causes.

Imported lazily to keep start-up fast: only a look at one order or one request needs it.
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

#: The status that answers an unknown credential, and how many of the known accounts are named then.
_UNKNOWN, _MOST_NAMED = 401, 50


async def order_story(sandbox: Sandbox, work: UnitOfWork, order: Order) -> Data:
    """Return everything that happened to the order, one passage for each state it entered.

    `story` has for each passage `state, at, visit, cause, caused_by, dice, timers, withheld, effects`, and the
    `money` and `deliveries` that followed it; `besides` holds the money and deliveries that followed no passage.
    `faults` are those that struck a request about the order, and those that were considered for its deliveries.
    """
    state = work.state
    machine = state.machine_named(order.machine)
    history = retrace(machine, order, seed=state.dice.seed, settings=state.settings.values)
    requests = [
        entry for entry in sandbox.journal.newest_first() if (entry.provider, entry.order) == (order.provider, order.id)
    ]
    requests.reverse()
    movements = await _movements(work, order)
    created_by = _created_by(movements, requests, order)
    waiting = {timer.event: moment_text(timer.due) for timer in await orders.timers_of(work.tx, order)}
    story = [passage_data(history, place, created_by, waiting) for place in range(len(history))]
    money = [(movement.at, movement.cause, _money(state, movement)) for movement in movements]
    deliveries = await sandbox.deliveries.about(work, order)
    notices = [(delivery.created_at, delivery.cause, delivery_data(delivery, due)) for delivery, due in deliveries]
    return {
        "machine": {"scenario": _scenario_of(order.machine), "key": order.machine},
        "rule": _birth_rule(state, order, requests),
        "created_by": created_by,
        "story": story,
        "besides": {
            "money": share(story, history, "money", money),
            "deliveries": share(story, history, "deliveries", notices),
        },
        "requests": [_request_row(entry) for entry in requests],
        "faults": [
            {"request": entry.id, "at": moment_text(entry.at), **row}
            for entry in requests
            for row in _faults_that_struck(entry)
        ]
        + [row for delivery, _ in deliveries for row in _fault_rows(delivery, "faults")],
        "fault_near_misses": [row for delivery, _ in deliveries for row in _fault_rows(delivery, "near_misses")],
    }


async def request_story(sandbox: Sandbox, work: UnitOfWork, entry: Entry, *, secret: Container[str]) -> Data:
    """Return what rules and faults decided about the request, and what followed from it, chained by cause.

    `secret` names the fields whose values are left out.
    """
    decisions: dict[str, Any] = {decision.aspect: decision for decision in entry.decisions}
    explanation: Data = {
        "decisions": [
            {**_rule(one.rule), "aspect": one.aspect, "passed_over": _used_up(entry, one.aspect, one.subject, one.rule)}
            for one in decisions.values()
        ],
        "passed_over": [
            {"aspect": aspect, **row}
            for aspect in get_args(Aspect)
            if aspect not in decisions
            for row in _used_up(entry, aspect, _subject_of(entry.subject, aspect), None)
        ],
        "near_misses": misses_data(entry.rules, entry.subject, secret),
        "faults": [_with_source(row) for row in entry.faults],
        "fault_near_misses": [_with_source(row) for row in entry.fault_misses],
        "ignored": list(entry.ignored),
        "story": [],
        "besides": {"money": [], "deliveries": []},
    }
    if entry.because:
        explanation["because"] = dict(entry.because)
    if entry.status == _UNKNOWN and entry.fault is None:
        explanation["credentials"] = await _credentials(work, entry.provider)
    row = await work.tx.get("orders", f"{entry.provider}/{entry.order}") if entry.order else None
    if row is not None:
        order = decode_order(row)
        whole = await order_story(sandbox, work, order)
        chain = chain_of(whole["story"], entry.id)
        explanation["order"] = {
            "id": order.id,
            "kind": order.kind,
            "state": order.state,
            "passages": len(whole["story"]),
        }
        explanation["story"] = [whole["story"][place] for place in chain]
        besides = {kind: [row for row in rows if entry.id in row["cause"]] for kind, rows in whole["besides"].items()}
        explanation["besides"] = besides
    return explanation


async def _credentials(work: UnitOfWork, provider: str) -> list[Data]:
    """Return the provider's accounts, each with the public part of its credential, None where that is unknown."""
    names = await public_names(work, work.state.provider_rules[provider])
    return [{"account": account, "credential": public} for account, public in list(names.items())[:_MOST_NAMED]]


def misses_data(rules: Sequence[Rule], subject: Mapping[str, Any], secret: Container[str]) -> list[Data]:
    """Return the rules that nearly matched, nearest first, each with its differences; [] where none was consulted."""
    if not subject:
        return []
    rows = []
    for miss in near_misses(rules, subject):
        rule = next(rule for rule in rules if rule.name == miss.rule and differences(rule.when, subject))
        rows.append(
            {**_rule(rule), "differences": [redact_difference(difference, secret) for difference in miss.differences]}
        )
    return rows


def _faults_that_struck(entry: Entry) -> list[Data]:
    return [_with_source(row) for row in entry.faults if row["hit"]]


def _fault_rows(delivery: Delivery, kind: str) -> list[Data]:
    """Return the faults (or `near_misses`) that were considered when the delivery was put in the outbox."""
    rows = delivery.hostile.get("told", {}).get(kind, ())
    delivery_fields = {"delivery": delivery.id, "event": delivery.event, "at": moment_text(delivery.created_at)}
    return [{**delivery_fields, **_with_source(row)} for row in rows]


def _with_source(row: Mapping[str, Any]) -> Data:
    return {"source": source_of(row["id"]), **row}


def _rule(rule: Rule) -> Data:
    return {
        "rule": rule.name,
        "scenario": rule.scenario,
        **({"about": rule.about} if rule.about else {}),
        "then": dict(rule.then),
    }


def _used_up(entry: Entry, aspect: Any, subject: Mapping[str, Any], decided: Rule | None) -> list[Data]:
    """Return the matching rules whose `times` limit is used up, up to the rule that decided."""
    rows = []
    for rule in entry.rules:
        if rule is decided:
            break
        if rule.times is not None and rule.speaks_of(aspect) and matches(rule.when, subject):
            times = "time" if rule.times == 1 else "times"
            per = f" for each {', '.join(rule.per)}" if rule.per else ""
            rows.append({"rule": rule.name, "scenario": rule.scenario, "why": f"used up: {rule.times} {times}{per}"})
    return rows


def _subject_of(subject: Mapping[str, Any], aspect: str) -> Mapping[str, Any]:
    """Return the subject that rules of this aspect were matched with: only `life` sees the facts of the order."""
    return subject if aspect == "life" else {name: value for name, value in subject.items() if name[:6] != "order."}


async def _movements(work: UnitOfWork, order: Order) -> list[Movement]:
    """Return the movements of money for this order, oldest first; reads no further back than its creation."""
    prefix, before = f"{order.provider}/{order.account}/", ""
    movements: list[Movement] = []
    while rows := await work.tx.scan("movements", prefix=prefix, after=before, limit=500, reverse=True):
        for row in rows:
            movement = decode_movement(order.provider, order.account, int(row.key[len(prefix) :]), row.data)
            if movement.at < order.created_at:
                return movements[::-1]
            if movement.order == order.id:
                movements.append(movement)
        before = rows[-1].key
    return movements[::-1]


def _created_by(movements: Sequence[Movement], requests: Sequence[Entry], order: Order) -> str | None:
    """Return the id of the request that placed the order: named by its charge, else the first that touched it then."""
    for movement in movements:
        if movement.at == order.created_at and (match := REQUEST.search(movement.cause)):
            return match[0]
    return next((entry.id for entry in requests if entry.at <= order.created_at and entry.status < 400), None)


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


def _birth_rule(state: SandboxState, order: Order, requests: Sequence[Entry]) -> Data | None:
    """Return the rule that decided the order's life, with its scenario, from the journal or from the rules in force."""
    if order.rule is None:
        return None
    decided = [decision.rule for entry in requests for decision in entry.decisions if decision.aspect == "life"]
    candidates = [rule for rule in (*decided, *state.active_scenarios.rules[order.provider]) if rule.name == order.rule]
    scenario = candidates[0].scenario if candidates else None
    about = {"about": candidates[0].about} if candidates and candidates[0].about else {}
    return {"rule": order.rule, "scenario": scenario, **about, "then": dict(order.plan or {})}


def _scenario_of(key: str) -> str:
    """Return the scenario's name from a machine's key, `provider/kind/scenario#contents`."""
    return key.rpartition("/")[2].partition("#")[0]


def _request_row(entry: Entry) -> Data:
    return {
        "id": entry.id,
        "at": moment_text(entry.at),
        "operation": entry.operation,
        "method": entry.method,
        "path": entry.path,
        "status": entry.status,
        "mistake": entry.mistake,
    }

"""Builds a scenario from a file's data; every error is reported with its place."""

import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from mockserver.domain.accounts import STATUSES
from mockserver.domain.errors import MISTAKE_NAMES
from mockserver.domain.suggestions import suggestion
from mockserver.engine.delays import asks_the_order
from mockserver.engine.machine import Machine
from mockserver.engine.rules import Rule
from mockserver.faults.model import Fault
from mockserver.scenario.cursor import Cursor
from mockserver.scenario.machines import EVENT, EVENT_RULE, NAME, NAME_RULE, build_delay, build_machine, check_known
from mockserver.scenario.matchers import build_conditions
from mockserver.scenario.model import AccountSeed, Magic, Scenario
from mockserver.scenario.problems import Report, shown

PROVENANCES = ("documented", "observed", "assumed")
FILE_KEYS = (
    *("scenario", "provider", "about", "teaches", "settings", "machine", "machines"),
    *("rules", "faults", "accounts", "magic"),
)
RULE_KEYS = ("name", "about", "when", "times", "per", "then")
ACCOUNT_KEYS = ("id", "credentials", "balance", "total_spent", "status", "about", "details", "webhook_url")
MAGIC_KEYS = ("where", "value", "effect", "provenance")
THEN_KEYS = ("start", "delays", "never", "outcomes", "refuse", "stock", "reprice", "takes")
_SCENARIO = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_PROVIDER = re.compile(r"[a-z][a-z0-9_]{0,63}")
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}")
_MONEY = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
_URL = re.compile(r"https?://[^\s/]\S*")


def build_scenario(data: Any, report: Report, *, text: str, providers: Sequence[str] = ()) -> Scenario:
    """Return the scenario of a file's data; it is complete only when `report` has no errors afterwards.

    `providers` are the allowed values of `provider`; every name is allowed when it is empty.
    """
    top = Cursor(report, (), data)
    if not isinstance(data, dict):
        top.refuse("an object")
    top.only(FILE_KEYS)
    name_at, provider_at, about_at = top.need("scenario"), top.need("provider"), top.need("about")
    teaches_at = top.get("teaches")
    name = name_at.text_like(_SCENARIO, "lower-case letters, digits, _ and -, at most 64") if name_at else ""
    provider = _provider(provider_at, providers) if provider_at else ""
    origin = f"{name}#{blake2b(text.encode()).hexdigest()[:12]}"
    machines = _machines(top, provider, origin)
    settings_at = top.get("settings")
    return Scenario(
        name=name,
        provider=provider,
        about=about_at.text() if about_at else "",
        teaches=teaches_at.text() if teaches_at else "",
        source=report.file,
        text=text,
        machines=machines,
        rules=_rules(top.get("rules"), name, machines),
        accounts=_accounts(top.get("accounts")),
        magic=_magic(top.get("magic")),
        settings={key: entry.scalar() for key, entry in settings_at.entries().items()} if settings_at else {},
        origin=origin,
        faults=_faults(top.get("faults"), name, provider),
    )


def _provider(cursor: Cursor, providers: Sequence[str]) -> str:
    name = cursor.text_like(_PROVIDER, "lower-case letters, digits and _, beginning with a letter")
    if providers and name not in providers:
        cursor.error(f"unknown provider {shown(name)} ({suggestion(name, providers)})")
    return name


def _machines(top: Cursor, provider: str, origin: str) -> Mapping[str, Machine]:
    single, several = top.get("machine"), top.get("machines")
    if single and several:
        several.error("write machine or machines, not both", at_key=True)
    if several:
        several.refuse_empty()
    cursors = [single] if single else several.items() if several else []
    machines: dict[str, Machine] = {}
    for cursor in cursors:
        if not isinstance(cursor.value, dict):
            cursor.refuse("an object")
            continue
        machine = build_machine(cursor, provider=provider, origin=origin)
        kind_at = cursor.get("kind")
        if kind_at and machine.kind in machines:
            kind_at.error(f"a second machine of kind {machine.kind!r}")
        machines.setdefault(machine.kind, machine)
    return machines


class _Known(NamedTuple):
    """The events and states that rules may name, in the order of the file; none where it has no machine."""

    events: Mapping[str, None]
    states: Mapping[str, None]

    @classmethod
    def to(cls, machines: Mapping[str, Machine]) -> "_Known":
        """Return the events and states of these machines, in the order of the file."""
        return cls(
            dict.fromkeys(event for machine in machines.values() for event in machine.events()),
            dict.fromkeys(state for machine in machines.values() for state in machine.states),
        )


def _rules(cursor: Cursor | None, scenario: str, machines: Mapping[str, Machine]) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    names: set[str] = set()
    known = _Known.to(machines)
    for number, item in enumerate(cursor.items() if cursor else [], start=1):
        rule = _rule(item, f"{scenario}#{number}", known)._replace(scenario=scenario)
        if rule.name in names:
            (item.get("name") or item).error(f"a second rule is called {rule.name!r}")
        names.add(rule.name)
        rules.append(rule)
    return tuple(rules)


def _rule(cursor: Cursor, default_name: str, known: _Known) -> Rule:
    if not isinstance(cursor.value, dict):
        cursor.refuse("an object")
    cursor.only(RULE_KEYS)
    name, when, then, times, per = (cursor.get("name"), cursor.get("when"), cursor.need("then"), *_limits(cursor))
    about = cursor.get("about")
    if then:
        _check_then(then, known)
    return Rule(
        name=name.text() if name else default_name,
        when=build_conditions(when) if when else (),
        then=then.value if then and isinstance(then.value, dict) else {},
        times=times.whole(1) if times else None,
        per=tuple(item.text() for item in per.items()) if per else (),
        about=about.text() if about else "",
    )


def _limits(cursor: Cursor) -> tuple[Cursor | None, Cursor | None]:
    times, per = cursor.get("times"), cursor.get("per")
    if per and not times:
        per.error("per says for whom times counts: add times", at_key=True)
    if per:
        per.distinct()
    return times, per


def _faults(cursor: Cursor | None, scenario: str, provider: str) -> tuple[Fault, ...]:
    if cursor is None:
        return ()
    from mockserver.scenario.faults import build_faults

    return build_faults(cursor, scenario, provider)


def _check_then(cursor: Cursor, known: _Known) -> None:
    if cursor.value == {}:
        cursor.error(f"then must say something (one of {', '.join(THEN_KEYS)})")
    cursor.entries()
    cursor.only(THEN_KEYS)
    start, refuse, stock = cursor.get("start"), cursor.get("refuse"), cursor.get("stock")
    if start:
        start.text_like(NAME, NAME_RULE)
        _check_state(start, known)
    if refuse:
        refuse.word(MISTAKE_NAMES)
    if stock:
        stock.whole(0)
    _check_events(cursor, known)
    reprice = cursor.get("reprice")
    if reprice and reprice.value is not True:
        reprice.refuse("true (leave it out otherwise)")
    takes = cursor.get("takes")
    delay = build_delay(takes)
    if takes and delay and asks_the_order(delay):
        takes.error("takes cannot be a fact: the order does not exist yet when the time passes")


def _check_events(cursor: Cursor, known: _Known) -> None:
    """Check `delays`, `never` and `outcomes`, whose keys or items are events of the file's machines."""
    delays, never, outcomes = cursor.get("delays"), cursor.get("never"), cursor.get("outcomes")
    for part in (delays, never, outcomes):
        if part:
            part.refuse_empty()
            part.distinct()
    for event, delay in delays.entries().items() if delays else ():
        _check_event(delay, event, known, at_key=True)
        build_delay(delay)
    for item in never.items() if never else []:
        _check_event(item, item.text_like(EVENT, EVENT_RULE), known, at_key=False)
    for event, target in outcomes.entries().items() if outcomes else ():
        _check_event(target, event, known, at_key=True)
        target.text_like(NAME, NAME_RULE)
        _check_state(target, known)


def _check_event(cursor: Cursor, event: str, known: _Known, *, at_key: bool) -> None:
    if at_key and EVENT.fullmatch(event) is None:
        cursor.error(f"an event's name is {EVENT_RULE}: {shown(event)}", at_key=True)
    if known.events and event not in known.events:
        cursor.error(f"unknown event {shown(event)} ({suggestion(event, known.events)})", at_key=at_key)


def _check_state(cursor: Cursor, known: _Known) -> None:
    name = cursor.text()
    if known.states and name:
        check_known(cursor, name, known.states)


def _accounts(cursor: Cursor | None) -> tuple[AccountSeed, ...]:
    seeds: list[AccountSeed] = []
    ids: set[str] = set()
    credentials: set[frozenset[tuple[str, str]]] = set()
    for item in cursor.items() if cursor else []:
        seed = _account(item)
        opens = frozenset(seed.credentials.items())
        id_at, credentials_at = item.get("id"), item.get("credentials")
        if id_at and seed.id in ids:
            id_at.error(f"a second account has the id {seed.id!r}")
        if credentials_at and opens in credentials:
            credentials_at.error("another account has the same credentials")
        ids.add(seed.id)
        credentials.add(opens)
        seeds.append(seed)
    return tuple(seeds)


def _account(cursor: Cursor) -> AccountSeed:
    if not isinstance(cursor.value, dict):
        cursor.refuse("an object")
    cursor.only(ACCOUNT_KEYS)
    id_at, credentials, balance = cursor.need("id"), cursor.need("credentials"), cursor.need("balance")
    spent, status, about = cursor.get("total_spent"), cursor.get("status"), cursor.get("about")
    details, url = cursor.get("details"), cursor.get("webhook_url")
    if credentials and credentials.value == {}:
        credentials.error("credentials must have at least one part")
    return AccountSeed(
        id=id_at.text_like(_ACCOUNT, "letters, digits and . _ @ + -") if id_at else "",
        credentials={part: value.text() for part, value in credentials.entries().items()} if credentials else {},
        balance=_money(balance) if balance else "0",
        total_spent=_money(spent) if spent else "0",
        status=status.word(STATUSES) if status else "active",
        about=about.text() if about else "",
        details={key: entry.value for key, entry in details.entries().items()} if details else {},
        webhook_url=url.text_like(_URL, "an http:// or https:// address") if url and url.value is not None else None,
    )


def _money(cursor: Cursor) -> str:
    if isinstance(cursor.value, int | float) and not isinstance(cursor.value, bool):
        cursor.error(f'{cursor.name} must be in quotes, like "12.50", so that no digit is lost')
        return "0"
    return cursor.text_like(_MONEY, "an amount like 100.00, not negative")


def _magic(cursor: Cursor | None) -> tuple[Magic, ...]:
    rows = []
    for item in cursor.items() if cursor else []:
        if not isinstance(item.value, dict):
            item.refuse("an object")
        item.only(MAGIC_KEYS)
        texts = {key: member.text() if (member := item.need(key)) else "" for key in ("where", "value", "effect")}
        provenance = item.need("provenance")
        rows.append(Magic(**texts, provenance=provenance.word(PROVENANCES) if provenance else ""))
    return tuple(rows)

"""Proves over HTTP that what scenarios say takes effect. Each proof raises AssertionError where it does not.

They are derived from the scenario itself: a new file is proved without a line of test.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import httpx

from mockserver.domain.moments import parse_moment, parse_span
from mockserver.domain.orders import event_of
from mockserver.engine.faults import Fault
from mockserver.engine.rules import Rule
from mockserver.http.provider import Endpoint, Provider
from mockserver.scenario.model import Magic, Scenario
from tests.conformance.client import Ask, Client, Seen, client_of, samples_of
from tests.conformance.wanted import Wanted

_DAY = "1d"
#: Long enough for the webhooks of an order, too short for any further try.
_A_WHILE = "30s"


@asynccontextmanager
async def under(provider: Provider, scenario: Scenario, endpoint: Endpoint, wanted: Wanted) -> AsyncIterator[Any]:
    """A client with the scenario active, and a request that was prepared before it was."""
    async with client_of(provider) as client:
        ask = await client.ask_as_wanted(endpoint, wanted)
        await client.world.steer("PUT", "/scenarios/active", [scenario.name])
        yield client, ask


# -- rules ---------------------------------------------------------------------------------------------


async def prove_rule(provider: Provider, scenario: Scenario, rule: Rule) -> None:
    """The rule decides what it speaks of, and the outcome is what it says."""
    wanted = Wanted(rule.when)
    proved = 0
    for aspect, prove in (
        ("refuse", _prove_refusal),
        ("life", _prove_life),
        ("stock", _prove_stock),
        ("reprice", _prove_reprice),
        ("takes", _prove_time),
    ):
        if rule.speaks_of(aspect):  # type: ignore[arg-type]
            endpoints = list(_endpoints(provider, wanted, aspect))
            assert endpoints, f"no operation matches the rule {rule.name}: it can't be reached"
            for endpoint in endpoints:
                async with under(provider, scenario, endpoint, wanted) as (client, ask):
                    await prove(client, endpoint, ask, rule)
                    proved += 1
    assert proved, f"the rule {rule.name} says nothing"


def _endpoints(provider: Provider, wanted: Wanted, aspect: str) -> Iterator[Endpoint]:
    """The operations that a rule names; of a rule that names none, those that it is for."""
    samples = samples_of(provider)
    named = wanted.values("operation")
    for endpoint in provider.endpoints:
        if endpoint.alias or not wanted.allows("operation", endpoint.name):
            continue
        places = endpoint.name in samples.placing
        if (aspect == "life" and not places) or (aspect == "stock" and endpoint.name not in samples.shaped):
            continue
        if named or places or (aspect == "refuse" and not endpoint.public and endpoint.method == "GET"):
            yield endpoint


async def _decided(client: Client, answer: httpx.Response, rule: Rule, aspect: str) -> dict[str, Any]:
    """The journal entry of the answer, which says that the rule decided the aspect."""
    entry = await client.journaled(answer)
    rows = [(one["rule"], one["scenario"], one["aspect"]) for one in entry["explanation"]["decisions"]]
    assert (rule.name, rule.scenario, aspect) in rows, (rows, entry["explanation"]["near_misses"], answer.text[:300])
    return entry


async def _prove_refusal(client: Client, endpoint: Endpoint, ask: Ask, rule: Rule) -> None:
    for _ in range(rule.times or 1):
        answer = await client.sent(endpoint, ask)
        assert answer.status_code >= 400, (endpoint.name, answer.text[:300])
        entry = await _decided(client, answer, rule, "refuse")
        assert entry["mistake"] == rule.then["refuse"]
    if rule.times is not None:
        entry = await client.journaled(await client.sent(endpoint, ask))
        assert entry["rule"] != rule.name, f"{rule.name} refuses more often than {rule.times} times"


async def _prove_reprice(client: Client, endpoint: Endpoint, ask: Ask, rule: Rule) -> None:
    answer = await client.sent(endpoint, ask)
    entry = await _decided(client, answer, rule, "reprice")
    assert entry["mistake"] == "InvalidPrice", answer.text


async def _prove_time(client: Client, endpoint: Endpoint, ask: Ask, rule: Rule) -> None:
    before = await now(client)
    await _decided(client, await client.sent(endpoint, ask), rule, "takes")
    least, most = bounds(rule.then["takes"])
    assert least <= await now(client) - before <= most


async def _prove_stock(client: Client, endpoint: Endpoint, ask: Ask, rule: Rule) -> None:
    ordinary = await ordinary_outcome(client.provider, endpoint)
    stock = rule.then["stock"]
    for place in range(stock + 1):
        answer = await client.sent(endpoint, ask)
        if place == 0:
            await _decided(client, answer, rule, "stock")
        seen = await seen_of(client, answer)
        assert (seen.outcome == ordinary) == (place < stock), (place, seen.outcome, ordinary)


async def _prove_life(client: Client, endpoint: Endpoint, ask: Ask, rule: Rule) -> None:
    answer = await client.sent(endpoint, ask)
    assert answer.is_success, answer.text
    entry = await _decided(client, answer, rule, "life")
    assert entry["order"], f"{endpoint.name} places no order that its call is noted as being about"
    await client.world.advance(_DAY)
    order = await order_of(client, entry["order"])
    assert order["rule"] == rule.name
    check_life(order, rule.life())


def check_life(order: Mapping[str, Any], life: Mapping[str, Any]) -> None:
    """The order went as a rule's `start`, `delays`, `never` and `outcomes` say."""
    history = order["history"]
    events = [event_of(one["cause"]) for one in history]
    if "start" in life:
        assert history[0]["state"] == life["start"], history
    for event in life.get("never", ()):
        assert event not in events, history
    for event, delay in life.get("delays", {}).items():
        assert event in events, f"{event} never came: {history}"
        place = events.index(event)
        at = parse_moment(history[place]["at"])
        least, most = bounds(delay)
        spans = [at - parse_moment(one["at"]) for one in (history[0], history[place - 1])]
        assert any(least <= span <= most for span in spans), (event, delay, history)
    outcomes = life.get("outcomes", {})
    reached = {event: history[place]["state"] for place, event in enumerate(events) if event in outcomes}
    assert reached.items() <= outcomes.items(), history
    assert bool(reached) == bool(outcomes), f"none of {list(outcomes)} came: {history}"


def bounds(delay: Any) -> tuple[timedelta, timedelta]:
    """The shortest and the longest that a delay, as files write it, can be."""
    if isinstance(delay, Mapping) and "uniform" in delay:
        least, most = delay["uniform"]
        return parse_span(least), parse_span(most)
    span = parse_span(delay["fixed"] if isinstance(delay, Mapping) else delay)
    return span, span


# -- what is seen --------------------------------------------------------------------------------------


async def now(client: Client) -> datetime:
    """The sandbox's time."""
    return parse_moment((await client.world.steer("GET", "/clock"))["now"])


async def order_of(client: Client, order: str) -> dict[str, Any]:
    """What the control API says of an order."""
    found: dict[str, Any] = await client.world.steer("GET", f"/orders/{client.provider.name}/{order}")
    return found


async def seen_of(client: Client, answer: httpx.Response) -> Seen:
    """What became of a request, a day later."""
    entry = await client.journaled(answer)
    order = entry["order"]
    if order is not None:
        await client.world.advance(_DAY)
    told = await order_of(client, order) if order is not None else None
    return Seen(answer.status_code, answer.text, entry["mistake"], told)


async def ordinary_outcome(provider: Provider, endpoint: Endpoint) -> tuple[int, str | None, str | None]:
    """How a request goes that is like any other."""
    async with client_of(provider) as client:
        ask = await client.ask_as_wanted(endpoint, Wanted())
        seen = await seen_of(client, await client.sent(endpoint, ask))
        assert seen.status < 400, seen.text
        return seen.outcome


# -- settings and machines -----------------------------------------------------------------------------


async def prove_the_rest(provider: Provider, scenario: Scenario) -> None:
    """The scenario's settings are in force, and orders are born with its machines."""
    name = min(samples_of(provider).placing)
    endpoint = next(one for one in provider.endpoints if one.name == name)
    async with under(provider, scenario, endpoint, Wanted()) as (client, ask):
        settings = await client.world.steer("GET", "/settings")
        assert {one: settings[one] for one in scenario.settings} == scenario.settings
        if scenario.machines:
            seen = await client.journaled(await client.sent(endpoint, ask))
            order = await order_of(client, seen["order"])
            assert order["machine"] in {one.key for one in scenario.machines.values()}


# -- faults --------------------------------------------------------------------------------------------


async def prove_fault(provider: Provider, scenario: Scenario, fault: Fault) -> None:
    """The fault strikes what it is about, as often as it says, and does what it says."""
    if fault.webhook is not None:
        await _prove_webhook_fault(provider, scenario, fault)
        return
    endpoint, wanted = await _struck_endpoint(provider, fault), Wanted()
    async with under(provider, scenario, endpoint, wanted) as (client, ask):
        for _ in range(fault.times or 1):
            await _prove_strike(client, endpoint, ask, fault)
        if fault.times is not None:
            answer = await client.sent(endpoint, ask)
            assert (await client.journaled(answer))["fault"] is None, f"{fault.label} strikes too often"


async def _struck_endpoint(provider: Provider, fault: Fault) -> Endpoint:
    async with client_of(provider) as client:
        for endpoint in sorted(provider.endpoints, key=lambda one: one.name not in client.samples.placing):
            if endpoint.alias or fault.operation not in (None, endpoint.name) or endpoint.public:
                continue
            if fault.method not in (None, endpoint.method):
                continue
            ask = await client.ask_as_wanted(endpoint, Wanted())
            if fault.path is None or fault.path.match(ask.path.partition("?")[0]):
                return endpoint
    raise AssertionError(f"no operation matches the fault {fault.label}: it can't be reached")


async def _prove_strike(client: Client, endpoint: Endpoint, ask: Ask, fault: Fault) -> None:
    before = await now(client)
    answer = None
    if fault.delay is not None and not fault.sandbox_time:
        await _prove_wait(client, endpoint, ask)
    elif fault.wire is not None:
        with suppress(httpx.TransportError):
            answer = await client.sent(endpoint, ask)
        assert answer is None or fault.wire[0] == "drip", "the answer arrived whole"
    else:
        answer = await client.sent(endpoint, ask)
    if fault.answer is not None and answer is not None:
        _check_answer(answer, fault.answer)
    if fault.delay is not None and fault.sandbox_time:
        least, most = bounds(fault.data["delay"])
        assert least <= await now(client) - before <= most
    hits = {one["id"]: one["hits"] for one in (await client.world.steer("GET", "/faults"))["faults"]}
    assert hits.get(fault.key), hits
    (entry,) = (await client.world.steer("GET", "/requests?limit=1"))["requests"]
    if fault.delay is None or fault.sandbox_time:
        assert fault.key in [row["id"] for row in entry["faults"] if row["hit"]], entry["faults"]
        if endpoint.name in client.samples.placing:
            assert (entry["order"] is not None) == fault.after, (
                "the work was done, or was not, against the fault's stage"
            )


async def _prove_wait(client: Client, endpoint: Endpoint, ask: Ask) -> None:
    """The answer does not come before real time has passed, which no test waits for."""
    asking = asyncio.ensure_future(client.sent(endpoint, ask))
    try:
        for _ in range(10_000):
            await asyncio.sleep(0)
            if any(one["hits"] for one in (await client.world.steer("GET", "/faults"))["faults"]):
                break
        assert not asking.done(), "the answer was not held back"
    finally:
        asking.cancel()
        await asyncio.wait([asking])


def _check_answer(answer: httpx.Response, wanted: Mapping[str, Any]) -> None:
    if "status" in wanted:
        assert answer.status_code == wanted["status"]
    if isinstance(wanted.get("body"), str):
        assert answer.text == wanted["body"]
    elif "body" in wanted:
        assert answer.json() == wanted["body"]
    for name, value in wanted.get("headers", {}).items():
        assert answer.headers[name] == value


async def _prove_webhook_fault(provider: Provider, scenario: Scenario, fault: Fault) -> None:
    async with client_of(provider) as client:
        hear = client.samples.hear
        assert hear is not None, f"{provider.name} has no webhooks that the fault {fault.label} could strike"
        wanted = await hear(client, fault.event or next(iter(provider.webhooks)))
        endpoint = next(one for one in provider.endpoints if one.name in client.samples.placing)
        ask = await client.ask_as_wanted(endpoint, wanted)
        await client.world.steer("PUT", "/scenarios/active", [scenario.name])
        answer = await client.sent(endpoint, ask)
        assert answer.is_success, answer.text
        await client.world.advance(_A_WHILE)
        rows = (await client.world.steer("GET", "/webhooks/deliveries"))["deliveries"]
        struck = [one for one in rows if fault.label in one["faults"] and fault.event in (None, one["event"])]
        assert struck, f"{fault.label} strikes none of {[(one['event'], one['faults']) for one in rows]}"
        for one in struck:
            assert one["hostile"].keys() >= (fault.webhook or {}).keys() - {"reorder"}
            assert (one["state"] == "dropped") == ("drop" in (fault.webhook or {}))


# -- magic values --------------------------------------------------------------------------------------

_STATUS = re.compile(r"(?<![0-9.])[345][0-9]{2}(?![0-9.])(?! (?:second|minute|hour|credit))")
#: "error 404" is no state.
_WORD = re.compile(r"\b[a-z_]+\b(?! [0-9]{3}\b)")
_CODE = re.compile(r"\b[A-Z]+_[A-Z_]+\b")
_SPAN = re.compile(r"(?<!cancel )(?<!close )after ([0-9]+) (second|minute)s?|([0-9]+) (second|minute)s? after")


async def prove_magic(provider: Provider, magic: Magic) -> None:
    """The value does what its text says: the statuses, codes, states and spans it names are all there."""
    async with client_of(provider) as client:
        use = client.samples.magic
        assert use is not None, f"the samples of {provider.name} use no magic values"
        seen = await use(client, magic.where, magic.value)
        assert seen, f"the samples do not know how to use {magic.value} as {magic.where}"
        machines = [
            await client.world.steer("GET", f"/machines/{provider.name}/{kind}") for kind in provider.trade.kinds
        ]
        rows = (await client.world.steer("GET", "/magic"))["magic"]
    effect = next(
        row["effect"]
        for row in rows
        if (row["provider"], row["where"], row["value"]) == (provider.name, magic.where, magic.value)
    )
    states = {state for machine in machines for state in machine["states"]}
    told = check_effect(effect, seen, states)
    sign = client.samples.signs.get(magic.value)
    assert told or sign is not None, f"{effect!r} tells nothing that could be proved: give the samples its sign"
    if sign is not None:
        assert sign(seen), (effect, seen)


def check_effect(effect: str, seen: Sequence[Seen], states: set[str]) -> int:
    """Whether what the text tells is what was seen; returns how much of that it tells."""
    words = effect.replace("and refunded", "")
    histories = [one.order["history"] for one in seen if one.order is not None]
    reached = {row["state"] for history in histories for row in history}
    statuses = _STATUS.findall(words)
    for status in statuses:
        assert any(status in (str(one.status), *_STATUS.findall(one.text)) for one in seen), (effect, seen)
    codes = _CODE.findall(words)
    for code in codes:
        assert any(code in one.text for one in seen) or code.lower() in reached, (effect, seen)
    named = [word for word in _WORD.findall(words) if word in states]
    for state in named:
        assert state in reached, (effect, histories)
    if match := re.search(r"stays in (\w+)", words):
        assert all(history[-1]["state"] == match[1] for history in histories), (effect, histories)
    spans = [f"{match[1] or match[3]}{(match[2] or match[4])[0]}" for match in _SPAN.finditer(words)]
    for span in spans:
        assert any(_passes(history, parse_span(span)) for history in histories), (effect, span, histories)
    if "at once" in words:
        assert any(history[-1]["at"] == history[0]["at"] for history in histories), (effect, histories)
    if "no SMS ever" in words:
        assert "completed" not in reached, (effect, histories)
    if "one number left" in words:
        assert len({one.outcome for one in seen[:2]}) == 2, (effect, [one.outcome for one in seen])
    marks = [word for word in ("at once", "no SMS ever", "one number left") if word in words]
    return len(statuses) + len(codes) + len(named) + len(spans) + len(marks)


def _passes(history: Sequence[Mapping[str, Any]], span: timedelta) -> bool:
    """Whether two passages of an order lie so far apart."""
    moments = [parse_moment(row["at"]) for row in history]
    return any(later - earlier == span for place, later in enumerate(moments) for earlier in moments[:place])

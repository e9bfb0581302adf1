"""Proves over HTTP that the rules of scenarios take effect. Each proof raises AssertionError where it does not.

They are derived from the scenario itself: a new file is proved without a line of test.
"""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx

from mockserver.domain.errors import OutOfStock
from mockserver.domain.moments import parse_moment, parse_span
from mockserver.domain.orders import event_of
from mockserver.engine.rules import Rule
from mockserver.http.provider import Endpoint, Provider
from mockserver.scenario.model import Scenario
from tests.conformance.client import Ask, Client, Seen, client_of, fields_of, samples_of
from tests.conformance.wanted import Wanted
from tests.served import missing

_DAY = "1d"


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
            if aspect in ("life", "stock") and not samples_of(provider).placing:
                missing(provider, "placing", f"the rule {rule.name} is about orders, and no operation places any")
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
        shaped = endpoint.name in samples.shaped
        if not places and (aspect == "life" or (aspect == "stock" and not shaped)):
            continue
        asked = [name.removeprefix("request.") for name in wanted.names() if name.startswith("request.")]
        if not named and not shaped and not fields_of(endpoint).keys() >= set(asked):
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


# -- scenarios of others -------------------------------------------------------------------------------


async def prove_orders_obey(client: Client, endpoint: Endpoint) -> None:
    """An operation that places orders obeys rules that no file of the provider has, and counts stock as its own."""
    name = client.provider.name
    asks = [await client.ask(endpoint) for _ in range(2)]
    machine = await client.world.steer("GET", f"/machines/{name}/{client.provider.rules.kinds[0]}")
    event = next(move["on"] for state in machine["states"].values() for move in state["transitions"] if move["on"])
    rule = {"name": "any-life", "when": {"operation": endpoint.name}, "then": {"never": [event]}}
    answer = await _answer_under(client, endpoint, asks[0], rule)
    assert answer.is_success, answer.text
    assert "any-life" in await _rules_of(client, answer), f"{endpoint.name} asks no scenario for the life of its order"
    rows = (await client.world.steer("GET", "/state"))["tables"].get("stock", {})
    foreign = [key for key in rows if not key.startswith(f"{name}/")]
    assert not foreign, f"{endpoint.name} takes stock whose names do not begin with {name}/: {foreign}"
    if OutOfStock in endpoint.mistakes and endpoint.name not in client.samples.unlimited:
        rule = {**rule, "name": "any-stock", "then": {"stock": 0}}
        answer = await _answer_under(client, endpoint, asks[1], rule)
        assert "any-stock" in await _rules_of(client, answer), f"{endpoint.name} asks no scenario for the stock"


async def _answer_under(client: Client, endpoint: Endpoint, ask: Ask, rule: Mapping[str, Any]) -> httpx.Response:
    file = {"scenario": "any", "provider": client.provider.name, "about": "Any.", "rules": [rule]}
    sent = {"content": json.dumps(file), "headers": {"Content-Type": "application/yaml"}}
    await client.world.steer("POST", "/scenarios", **sent)
    await client.world.steer("PUT", "/scenarios/active", ["any"])
    return await client.sent(endpoint, ask)


async def _rules_of(client: Client, answer: httpx.Response) -> list[str]:
    """The rules that decided anything about the answer."""
    entry = await client.journaled(answer)
    return [row["rule"] for row in entry["explanation"]["decisions"]]


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
    placing = samples_of(provider).placing
    if scenario.machines and not placing:
        missing(provider, "placing", f"{scenario.name} has a machine, and no operation places an order")
    name = min(placing or samples_of(provider).asks)
    endpoint = next(one for one in provider.endpoints if one.name == name)
    async with under(provider, scenario, endpoint, Wanted()) as (client, ask):
        settings = await client.world.steer("GET", "/settings")
        assert {one: settings[one] for one in scenario.settings} == scenario.settings
        if scenario.machines:
            seen = await client.journaled(await client.sent(endpoint, ask))
            order = await order_of(client, seen["order"])
            assert order["machine"] in {one.key for one in scenario.machines.values()}

"""Proves over HTTP that a magic value has the effect that its own text describes."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from mockserver.domain.moments import parse_moment, parse_span
from mockserver.http.provider import Provider
from mockserver.scenario.model import Magic, Scenario
from mockserver.scenario.placeholders import with_settings
from tests.conformance.client import Client, Seen, client_of, fields_of
from tests.conformance.proofs import seen_of
from tests.conformance.wanted import Wanted
from tests.served import missing

_STATUS = re.compile(r"(?<![0-9.])[345][0-9]{2}(?![0-9.])(?! (?:second|minute|hour|credit))")
#: "error 404" is no state.
_WORD = re.compile(r"\b[a-z_]+\b(?! [0-9]{3}\b)")
_CODE = re.compile(r"\b[A-Z]+_[A-Z_]+\b")
_SPAN = re.compile(r"(?<!cancel )(?<!close )after ([0-9]+) (second|minute)s?|([0-9]+) (second|minute)s? after")


async def prove_magic(provider: Provider, scenario: Scenario, magic: Magic) -> None:
    """The value does what its text says: the statuses, codes, states and spans it names are all there."""
    async with client_of(provider) as client:
        await client.world.steer("PUT", "/scenarios/active", [scenario.name])
        use = client.samples.magic or _use
        seen = await use(client, magic.where, magic.value)
        assert seen, f"the samples do not know how to use {magic.value} as {magic.where}"
        machines = [
            await client.world.steer("GET", f"/machines/{provider.name}/{kind}") for kind in provider.rules.kinds
        ]
        rows = (await client.world.steer("GET", "/magic"))["magic"]
        effect = with_settings(magic.effect, await client.world.steer("GET", "/settings"))
    listed = [(row["provider"], row["where"], row["value"], row["effect"]) for row in rows]
    assert (provider.name, magic.where, magic.value, effect) in listed
    states = {state for machine in machines for state in machine["states"]}
    told = check_effect(effect, seen, states)
    sign = client.samples.signs.get(magic.value)
    if not told and sign is None:
        missing(provider, f"signs[{magic.value!r}]", f"{effect!r} tells no status, code, state or span")
    if sign is not None:
        assert sign(seen), (effect, seen)


async def _use(client: Client, where: str, value: str) -> Sequence[Seen]:
    """Put the value twice into the field that `where` names, of an operation that places orders."""
    placing = [one for one in client.provider.endpoints if one.name in client.samples.placing]
    endpoint = next((one for one in placing if where in fields_of(one)), None)
    if endpoint is None:
        missing(client.provider, "magic", f"no operation of `placing` has a field {where!r} for the value {value!r}")
    as_typed = {"integer": int, "number": float}.get(fields_of(endpoint)[where].get("type"), str)
    wanted = Wanted.of({f"request.{where}": {"eq": as_typed(value)}})
    asks = [await client.ask_as_wanted(endpoint, wanted) for _ in range(2)]
    return [await seen_of(client, await client.sent(endpoint, ask)) for ask in asks]


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

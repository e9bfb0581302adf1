"""Faults: which requests or deliveries fare badly, and how. Armed and counted by `faults.registry`."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from mockserver.engine.delays import Delay
from mockserver.engine.matching import ABSENT, Conditions, Difference, Matcher
from mockserver.engine.paths import PathPattern

Aspect = Literal["delay", "answer", "wire"]
#: What a fault may speak of about a request; of each, the first fault that matches decides.
ASPECTS: tuple[Aspect, ...] = ("delay", "answer", "wire")
#: The longest that an answer is held back in real time.
LONGEST_WAIT = timedelta(hours=1)
#: Of how many faults that nearly matched the differences are told.
MISSES_TOLD = 3


class Wire(NamedTuple):
    """What happens on the wire: a kind of `wire_kinds`, and what its argument was read as."""

    kind: str
    argument: Any = None


class Posting(NamedTuple):
    """One attempt at a webhook: the body that is sent, and the body and the moment that its signature is made of."""

    body: str
    signed_body: str
    signed_at: datetime


class Fault(NamedTuple):
    """A fault in force. `key` is what its counters go by, `data` the fault as JSON data.

    `until` is a moment of the sandbox's clock, or a span since the scenario became active. `after`: the request is
    worked on first.
    """

    key: str
    data: Mapping[str, Any]
    name: str | None = None
    provider: str | None = None
    method: str | None = None
    path: PathPattern | None = None
    operation: str | None = None
    account: str | None = None
    event: str | None = None
    body: Conditions = ()
    query: Conditions = ()
    state: Matcher | None = None
    times: int | None = None
    chance: float | None = None
    until: datetime | timedelta | None = None
    delay: Delay | None = None
    sandbox_time: bool = False
    answer: Mapping[str, Any] | None = None
    wire: Wire | None = None
    webhook: Mapping[str, Any] | None = None
    after: bool = False
    on_demand: bool = False

    @property
    def label(self) -> str:
        """How journal and dice call it: its name, or its key."""
        return self.name or self.key

    def speaks_of(self) -> list[Aspect]:
        """What it decides about a request."""
        return [aspect for aspect in ASPECTS if getattr(self, aspect) is not None]


class Asked(NamedTuple):
    """A request, or (`event`) a delivery, as faults look at it. `path` is the provider's own."""

    provider: str
    account: str | None
    method: str = ""
    path: str = ""
    operation: str | None = None
    body: Any = None
    query: Mapping[str, str] | None = None
    event: str | None = None


def differences(fault: Fault, asked: Asked) -> list[Difference]:
    """Why the fault does not match; an empty list is a match. The order's state is not looked at."""
    found = [
        Difference(name, f"eq {wanted!r}", getattr(asked, name))
        for name in ("provider", "method", "operation", "account", "event")
        if (wanted := getattr(fault, name)) is not None and wanted != getattr(asked, name)
    ]
    if fault.path is not None and not fault.path.match(asked.path):
        found.append(Difference("path", fault.data["path"], asked.path))
    for part, conditions in (("body", fault.body), ("query", fault.query)):
        data = getattr(asked, part)
        for name, matcher in conditions:
            present, value = looked_up(data, name)
            if not matcher.holds(value, present=present):
                found.append(Difference(f"{part}.{name}", matcher.text(), value if present else ABSENT))
    return found


class Miss(NamedTuple):
    """A fault that nearly matched, and why it did not."""

    fault: Fault
    differences: tuple[Difference, ...]


def nearest(misses: Iterable[Miss]) -> tuple[Miss, ...]:
    """The faults that fail by the fewest conditions, nearest first; not those of other providers' scenarios."""
    meant = [one for one in misses if not (scenario_of(one.fault.key) and one.differences[0].name == "provider")]
    return tuple(sorted(meant, key=lambda miss: len(miss.differences))[:MISSES_TOLD])


def source_of(key: str) -> str:
    """Where a fault of this key comes from: armed, a scenario, or else a word that a caller may always say."""
    if key.startswith("flt_"):
        return "armed"
    scenario = scenario_of(key)
    return f"scenario {scenario}" if scenario else "built in"


def scenario_of(key: str) -> str:
    """The scenario that a fault of this key (`provider/scenario#number`) stands in; empty for an armed one."""
    return key.partition("/")[2].rpartition("#")[0]


def looked_up(data: Any, path: str) -> tuple[bool, Any]:
    """Whether the data has a value at this dotted path, and the value."""
    for part in path.split("."):
        if isinstance(data, Mapping) and part in data:
            data = data[part]
        elif isinstance(data, list) and re.fullmatch(r"[0-9]{1,6}", part) and int(part) < len(data):
            data = data[int(part)]
        else:
            return False, None
    return True, data

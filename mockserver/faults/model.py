"""Faults: data that says which requests or deliveries go wrong, and how. `faults.registry` arms and counts them."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from mockserver.engine.delays import Delay
from mockserver.engine.matching import ABSENT, Conditions, Difference, Matcher
from mockserver.engine.paths import PathPattern

Aspect = Literal["delay", "answer", "wire"]
#: The parts of a request's answer that a fault may decide; of each, the first fault that matches decides.
ASPECTS: tuple[Aspect, ...] = ("delay", "answer", "wire")
#: The longest that an answer is held back in real time.
LONGEST_WAIT = timedelta(hours=1)
#: Of how many faults that nearly matched the differences are told.
MISSES_TOLD = 3


class Wire(NamedTuple):
    """A fault on the wire: the name of a kind of `wire_kinds`, and its argument as `wire_kinds.read` returns it."""

    kind: str
    argument: Any = None


class Posting(NamedTuple):
    """One attempt at a webhook: the body that is sent, and the body and the moment that its signature is made of."""

    body: str
    signed_body: str
    signed_at: datetime


class Fault(NamedTuple):
    """A fault in force. `key` identifies it, also to its counters; `data` is the fault as JSON data.

    `until` is a moment of the sandbox's clock, or a span since the scenario became active. `after`: the fault strikes
    after the request was worked on. `on_demand`: it strikes only requests that name it (`Prefer: mock-fault=NAME`).
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
        """The fault's name, or its key where it has none; used by the journal and the dice."""
        return self.name or self.key

    def speaks_of(self) -> list[Aspect]:
        """Return the aspects of a request that the fault decides."""
        return [aspect for aspect in ASPECTS if getattr(self, aspect) is not None]


class FaultSubject(NamedTuple):
    """A request, or (with `event`) a delivery, that faults are matched with. `path` is the provider's own."""

    provider: str
    account: str | None
    method: str = ""
    path: str = ""
    operation: str | None = None
    body: Any = None
    query: Mapping[str, str] | None = None
    event: str | None = None


def differences(fault: Fault, subject: FaultSubject) -> list[Difference]:
    """Return why the fault does not match; an empty list is a match. The order's state is not compared here."""
    unmet = [
        Difference(name, f"eq {wanted!r}", getattr(subject, name))
        for name in ("provider", "method", "operation", "account", "event")
        if (wanted := getattr(fault, name)) is not None and wanted != getattr(subject, name)
    ]
    if fault.path is not None and not fault.path.match(subject.path):
        unmet.append(Difference("path", fault.data["path"], subject.path))
    for part, conditions in (("body", fault.body), ("query", fault.query)):
        data = getattr(subject, part)
        for name, matcher in conditions:
            present, value = look_up(data, name)
            if not matcher.holds(value, present=present):
                unmet.append(Difference(f"{part}.{name}", matcher.text(), value if present else ABSENT))
    return unmet


class Miss(NamedTuple):
    """A fault that did not match, and why."""

    fault: Fault
    differences: tuple[Difference, ...]

    @property
    def is_near(self) -> bool:
        """Whether the fault is for this provider, and one of its conditions on the request or delivery holds."""
        fault = self.fault
        plain = (fault.method, fault.path, fault.operation, fault.account, fault.event)
        conditions = sum(condition is not None for condition in plain) + len(fault.body) + len(fault.query)
        names = [difference.name for difference in self.differences]
        # These two are compared only where all other conditions hold.
        unmet = [name for name in names if name not in ("state", "Prefer")]
        return "provider" not in names and len(unmet) < conditions


def nearest(misses: Iterable[Miss]) -> tuple[Miss, ...]:
    """Return the faults that nearly matched, those that fail by the fewest conditions first."""
    near = [miss for miss in misses if miss.is_near]
    return tuple(sorted(near, key=lambda miss: len(miss.differences))[:MISSES_TOLD])


def source_of(key: str) -> str:
    """Return the source of a fault by its key, for people: armed, a scenario, or built in (`Prefer` names those)."""
    if key.startswith("flt_"):
        return "armed"
    scenario = scenario_of(key)
    return f"scenario {scenario}" if scenario else "built in"


def scenario_of(key: str) -> str:
    """Return the scenario of a fault by its key (`provider/scenario#number`); empty for an armed fault."""
    return key.partition("/")[2].rpartition("#")[0]


def look_up(data: Any, path: str) -> tuple[bool, Any]:
    """Return whether the data has a value at this dotted path, and the value.

    >>> look_up({"items": [{"id": 7}]}, "items.0.id"), look_up({}, "id")
    ((True, 7), (False, None))
    """
    for part in path.split("."):
        if isinstance(data, Mapping) and part in data:
            data = data[part]
        elif isinstance(data, list) and re.fullmatch(r"[0-9]{1,6}", part) and int(part) < len(data):
            data = data[int(part)]
        else:
            return False, None
    return True, data

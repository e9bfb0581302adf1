"""The document of a snapshot: its classes, and checks of values that the types of the classes allow."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from mockserver.domain.errors import Invalid
from mockserver.sandbox.config import LONGEST_PAST, LONGEST_SEED, MOST_ORDERS, Population, SandboxConfig
from mockserver.sandbox.json_objects import Unreadable, value_of
from mockserver.sandbox.names import is_name

FORMAT = "mockserver state"
_MOST_ERRORS = 20
_HIGHEST_RATE = 1_000_000
_RELEASE = re.compile(r"([0-9]{1,6})\.([0-9]{1,6})\.([0-9]{1,6})(?![0-9])")
#: Fields that every version has written, so that they may not be missing although their classes have defaults.
_ALWAYS = {"birth": SandboxConfig._fields[:5], "birth.population": Population._fields}

#: posted: to this sandbox. active: from a file, and in force. past: no longer in force, but orders began under it.
Use = Literal["posted", "active", "past"]


class NewerVersion(Exception):
    """The snapshot was made by a newer version; the message names both versions."""


class Window(NamedTuple):
    """A rate-limit window: when it opened, and how many calls it has counted."""

    opened: datetime
    calls: int


class Time(NamedTuple):
    """The clock: its moment, its rate, and how far each read of an order moves it."""

    now: datetime
    rate: Decimal
    per_poll: timedelta | None = None


class KeptScenario(NamedTuple):
    """A scenario with its text, in which digests replace credentials; `origin` is its name and a digest of the text."""

    provider: str
    name: str
    origin: str
    use: Use
    text: list[str]


class Scenarios(NamedTuple):
    """The names of the active scenarios, and the text of every scenario that the snapshot needs."""

    active: list[str]
    kept: list[KeptScenario]


class FaultRecords(NamedTuple):
    """The armed faults as JSON data, each with its id, and how often they and those of scenarios matched and struck."""

    armed: list[dict[str, Any]]
    counts: dict[str, dict[str, int]]
    held: dict[str, str]
    number: int
    since: datetime | None


class Document(NamedTuple):
    """A snapshot. `tables` holds rows by key; `agenda` the moments and keys of due rows by table, first to last."""

    format: str
    version: str
    sandbox: str
    clock: Time
    born_at: datetime
    birth: SandboxConfig
    settings: dict[str, Any]
    scenarios: Scenarios
    requests: int
    tallies: dict[str, int]
    limits: dict[str, Window]
    faults: FaultRecords
    tables: dict[str, dict[str, Any]]
    agenda: dict[str, list[tuple[datetime, str]]]


def read_document(data: Any, *, version: str) -> Document:
    """Return the document that JSON data holds, of this version or an older one.

    Raises NewerVersion, or Invalid with the path of each wrong value.
    """
    if not isinstance(data, dict) or data.get("format") != FORMAT or not isinstance(data.get("version"), str):
        raise Invalid({"format": [f"must be a snapshot, with format {FORMAT!r} and a version"]})
    if _release(data["version"]) > _release(version):
        raise NewerVersion(f"the snapshot was made by version {data['version'][:100]!r}, this is {version!r}")
    try:
        document = value_of(Document, data)
    except Unreadable as error:
        raise Invalid({error.path: [error.rule]}) from None
    refuse([*_missing(data), *_wrong_times(document), *_wrong_population(document), *_wrong_counts(document)])
    return document


def refuse(problems: Iterable[Unreadable]) -> None:
    """Raise Invalid with the first of these problems, if there are any."""
    errors: dict[str, list[str]] = {}
    for error in list(problems)[:_MOST_ERRORS]:
        errors.setdefault(error.path, []).append(error.rule)
    if errors:
        raise Invalid(errors)


def _release(version: str) -> tuple[int, ...]:
    """Return the three numbers of a version, without a suffix such as `.dev1`."""
    match = _RELEASE.match(version)
    if match is None:
        raise Invalid({"version": [f"must be a version such as 1.2.3: {version[:100]!r}"]})
    return tuple(map(int, match.groups()))


def _missing(data: Any) -> Iterable[Unreadable]:
    for path, names in _ALWAYS.items():
        member = data
        for part in path.split("."):
            member = member.get(part) if member is not None else None
        if member is not None:
            yield from (Unreadable(f"{path}.{name}", "is missing") for name in names if name not in member)


def _wrong_times(document: Document) -> Iterable[Unreadable]:
    for path, clock in (("clock", document.clock), ("birth", document.birth)):
        if not clock.rate.is_finite() or not 0 <= clock.rate <= _HIGHEST_RATE:
            yield Unreadable(f"{path}.rate", f"must be from 0 to {_HIGHEST_RATE}: {clock.rate}")
        elif clock.per_poll is not None and (clock.rate or not clock.per_poll):
            yield Unreadable(f"{path}.per_poll", "must be null, or above 0 beside a rate of 0")


def _wrong_population(document: Document) -> Iterable[Unreadable]:
    population = document.birth.population
    if population is None:
        return
    if not timedelta() < population.over <= LONGEST_PAST:
        yield Unreadable("birth.population.over", "must be a duration above 0 and of at most ten years")
    if not 1 <= population.orders <= MOST_ORDERS:
        yield Unreadable("birth.population.orders", f"must be from 1 to {MOST_ORDERS}: {population.orders}")


def refuse_double_keys(text: bytes) -> None:
    """Raise Invalid when an object of this JSON text has a key twice: most readers would take the last of the two."""

    def check(pairs: list[tuple[str, object]]) -> None:
        counts = Counter(key for key, _ in pairs)
        if len(counts) < len(pairs):
            raise Invalid({counts.most_common(1)[0][0][:100]: ["must not stand twice in one object"]})

    # JSON that nests so deeply is refused for that.
    with suppress(RecursionError):
        json.loads(text, object_pairs_hook=check, parse_int=len, parse_float=len)


def _wrong_counts(document: Document) -> Iterable[Unreadable]:
    if not is_name(document.sandbox):
        yield Unreadable("sandbox", f"must be the name of a sandbox: {document.sandbox[:100]!r}")
    seed = document.birth.seed
    if isinstance(seed, str) and len(seed) > LONGEST_SEED:
        yield Unreadable("birth.seed", f"must have at most {LONGEST_SEED} characters")
    counts = {"requests": document.requests, **{f"tallies.{name}": count for name, count in document.tallies.items()}}
    counts |= {f"limits.{name}.calls": window.calls for name, window in document.limits.items()}
    for path, count in counts.items():
        if count < 0:
            yield Unreadable(path, f"must not be negative: {count}")

"""Rules: the first that matches and speaks of an aspect decides it."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from mockserver.engine.matching import Conditions, Difference, Subject, differences, matches

#: What a rule can speak of. `life`: how an order begins and moves (start, delays, never, outcomes).
#: `refuse`: a mistake instead of an answer. `stock`: how many there are. `reprice`: prices move now.
#: `takes`: how much of the sandbox's time passes before the request is worked on.
Aspect = Literal["life", "refuse", "stock", "reprice", "takes"]
LIFE_KEYS = ("start", "delays", "never", "outcomes")


class Rule(NamedTuple):
    """Under `when`, `then` applies (JSON data as in the file); at most `times` for each value of `per`."""

    name: str
    when: Conditions
    then: Mapping[str, Any]
    times: int | None = None
    per: tuple[str, ...] = ()

    def speaks_of(self, aspect: Aspect) -> bool:
        """Whether the rule decides this aspect at all."""
        return any(key in self.then for key in LIFE_KEYS) if aspect == "life" else aspect in self.then

    def could_decide(self, aspect: Aspect, operation: object) -> bool:
        """Whether the rule speaks of the aspect and no condition on `operation` rules this one out."""
        asked = {"operation": operation}
        return self.speaks_of(aspect) and matches(tuple(row for row in self.when if row[0] == "operation"), asked)

    def life(self) -> dict[str, Any]:
        """What the rule changes about an order's life."""
        return {key: self.then[key] for key in LIFE_KEYS if key in self.then}


class NearMiss(NamedTuple):
    """A rule that would have decided, but for its differences."""

    rule: str
    differences: tuple[Difference, ...]


def near_misses(rules: Iterable[Rule], subject: Subject, *, most: int = 3) -> list[NearMiss]:
    """The rules that fail by the fewest conditions, nearest first; full matches are left out."""
    missed = []
    for place, rule in enumerate(rules):
        found = differences(rule.when, subject)
        if found:
            missed.append((len(found), place, NearMiss(rule.name, tuple(found))))
    return [miss for _, _, miss in sorted(missed, key=lambda row: row[:2])[:most]]

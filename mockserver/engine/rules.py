"""Rules: for each aspect of a request, the first rule that matches and names the aspect decides."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from mockserver.engine.delays import Delay, delay_from_data
from mockserver.engine.matching import Conditions, Difference, Subject, differences, matches

#: What a rule can decide. `life`: how an order begins and moves (start, delays, never, outcomes).
#: `refuse`: an error instead of an answer. `stock`: how many there are. `reprice`: prices move now.
#: `takes`: how much of the sandbox's time passes before the request is worked on.
Aspect = Literal["life", "refuse", "stock", "reprice", "takes"]
LIFE_KEYS = ("start", "delays", "never", "outcomes")


class Rule(NamedTuple):
    """A rule: where the conditions `when` hold, `then` applies (JSON data as in the file).

    It applies at most `times` for each value of `per`. `scenario` is the scenario that it belongs to, `about` its
    description there.
    """

    name: str
    when: Conditions
    then: Mapping[str, Any]
    times: int | None = None
    per: tuple[str, ...] = ()
    scenario: str = ""
    about: str = ""

    def speaks_of(self, aspect: Aspect) -> bool:
        """Return whether the rule decides this aspect at all."""
        return any(key in self.then for key in LIFE_KEYS) if aspect == "life" else aspect in self.then

    def could_decide(self, aspect: Aspect, operation: object) -> bool:
        """Return whether the rule decides this aspect, and its conditions on `operation` hold for this one."""
        subject = {"operation": operation}
        return self.speaks_of(aspect) and matches(tuple(row for row in self.when if row[0] == "operation"), subject)

    def leads_into(self) -> list[str]:
        """Return the states that the rule names."""
        start = [self.then["start"]] if "start" in self.then else []
        return start + list(self.then["outcomes"].values()) if "outcomes" in self.then else start

    def delays(self) -> Iterator[tuple[tuple[str, ...], Delay]]:
        """Yield each delay of `then` with its place there; what is none, in a file with errors, is left out."""
        delays = self.then.get("delays")
        rows = [(("delays", event), data) for event, data in delays.items()] if isinstance(delays, Mapping) else []
        for place, data in [(("takes",), self.then["takes"]), *rows] if "takes" in self.then else rows:
            try:
                delay = delay_from_data(data)
            except ValueError:
                continue
            yield place, delay

    def life(self) -> dict[str, Any]:
        """Return the part of `then` that changes an order's life: some of `LIFE_KEYS` with their values."""
        return {key: self.then[key] for key in LIFE_KEYS if key in self.then}


class NearMiss(NamedTuple):
    """A rule that nearly matched: some of its conditions hold, and `differences` are those that do not."""

    rule: str
    differences: tuple[Difference, ...]


def near_misses(rules: Iterable[Rule], subject: Subject, *, most: int = 3) -> list[NearMiss]:
    """Return the rules of which some conditions hold and the fewest fail, nearest first, at most `most`."""
    misses = []
    for place, rule in enumerate(rules):
        unmet = differences(rule.when, subject)
        if 0 < len(unmet) < len(rule.when):
            misses.append((len(unmet), place, NearMiss(rule.name, tuple(unmet))))
    return [miss for _, _, miss in sorted(misses, key=lambda row: row[:2])[:most]]

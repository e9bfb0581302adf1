"""Finds rules that can never decide: no value meets their conditions, or an earlier rule always decides."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from mockserver.engine.matching import Matcher
from mockserver.engine.rules import Aspect, Rule
from mockserver.scenario.problems import Report, which_come_first

ASPECTS: tuple[Aspect, ...] = ("life", "refuse", "stock", "reprice", "takes")
#: How many values a condition may list; longer lists are not compared.
_MOST_VALUES = 100
#: How many comparisons of values one file may take; later rules are not checked.
MOST_COMPARISONS = 500_000


def lint_conditions(place: int, rule: Rule, report: Report) -> None:
    """Warn of conditions that no value meets, such as `{eq: a, ne: a}`."""
    for name, matcher in rule.when:
        values = _values(matcher)
        if values is not None and not any(matcher.holds(value, present=True) for value in values):
            report.warning(("rules", place, "when", name), f"no value of {name} meets all of this")


def lint_shadows(rules: Sequence[Rule], report: Report) -> None:
    """Warn of rules that never decide, because earlier rules with the same or wider conditions do."""
    earlier = _Earlier()
    for place, rule in enumerate(rules):
        if earlier.exhausted or report.full:
            return
        if not rule.when or report.has_error_below(("rules", place)):
            # A rule with wrong conditions says nothing yet; one with other errors still decides before later rules.
            if rule.when and rule.times is None and not report.has_error_below(("rules", place, "when")):
                earlier.add(place, rule)
            continue
        aspects = [aspect for aspect in ASPECTS if rule.speaks_of(aspect)]
        wider = earlier.covering(rule)
        by = [next((candidate.name for candidate in wider if candidate.speaks_of(aspect)), None) for aspect in aspects]
        if aspects and None not in by:
            names = [name for name in by if name is not None]
            first = which_come_first(
                "rule", names, one="matches all that it matches", several="match all that it matches"
            )
            report.warning(("rules", place), f"rule {rule.name!r} never decides: {first}")
        elif rule.times is None:
            # A rule that others cover need not be remembered: those cover all that it covers.
            earlier.add(place, rule)


class _Earlier:
    """Rules that may cover later ones, indexed by one condition each: the one with the fewest rules so far."""

    def __init__(self) -> None:
        self._left = MOST_COMPARISONS
        self._by_value: defaultdict[tuple[str, Hashable], list[tuple[int, Rule]]] = defaultdict(list)
        self._by_matcher: defaultdict[tuple[str, str], list[tuple[int, Rule]]] = defaultdict(list)
        self._unlisted: defaultdict[str, list[tuple[int, Rule]]] = defaultdict(list)

    @property
    def exhausted(self) -> bool:
        """Whether the file has used up its comparisons."""
        return self._left <= 0

    def add(self, place: int, rule: Rule) -> None:
        """Add a rule that has conditions."""
        choices = [self._lists_for(name, matcher) for name, matcher in rule.when]
        for entries in min(choices, key=lambda lists: max(map(len, lists), default=0)):
            entries.append((place, rule))

    def covering(self, rule: Rule) -> list[Rule]:
        """Return the added rules that match everything that this rule matches, in their order."""
        candidates = {place: other for name, matcher in rule.when for place, other in self._candidates(name, matcher)}
        wider = []
        for _, other in sorted(candidates.items()):
            self._left -= _effort(other, rule)
            if self.exhausted:
                return []
            if covers(other, rule):
                wider.append(other)
        return wider

    def _lists_for(self, name: str, matcher: Matcher) -> list[list[tuple[int, Rule]]]:
        values = _values(matcher)
        if values is None:
            return [self._by_matcher[name, repr(matcher.tests)], self._unlisted[name]]
        return [self._by_value[name, value] for value in dict.fromkeys(map(_same_for_all, values))]

    def _candidates(self, name: str, matcher: Matcher) -> Iterator[tuple[int, Rule]]:
        values = _values(matcher)
        if values is None:
            yield from self._by_matcher.get((name, repr(matcher.tests)), ())
        elif values:
            # Every value must meet the wider condition, so searching for one of them finds it.
            yield from min((self._by_value.get((name, _same_for_all(value)), ()) for value in values), key=len)
            yield from self._unlisted.get(name, ())


def _values(matcher: Matcher) -> tuple[Any, ...] | None:
    """Return every value that may pass, where the matcher lists them and they are not too many; else None."""
    for comparison, operand in matcher.tests:
        if comparison == "eq":
            return (operand,)
        if comparison == "in":
            return tuple(operand) if len(operand) <= _MOST_VALUES else None
    return None


def _same_for_all(value: object) -> Hashable:
    """Return a key that is equal for all values that matchers treat as equal."""
    if isinstance(value, bool) or value is None:
        return (type(value).__name__, value)
    if isinstance(value, int | float | Decimal):
        return ("number", Decimal(str(value)))
    return value if isinstance(value, str) else ("data", repr(value))


def covers(wider: Rule, narrower: Rule) -> bool:
    """Return whether every subject that matches `narrower` matches `wider`; False where it cannot be decided."""
    narrow = dict(narrower.when)
    for name, matcher in wider.when:
        other = narrow.get(name)
        if other is None:
            return False
        if repr(other.tests) == repr(matcher.tests):  # not ==, because True == 1
            continue
        values = _values(other)
        if values is None or not all(matcher.holds(value, present=True) for value in values):
            return False
    return True


def _effort(wider: Rule, narrower: Rule) -> int:
    """Return about how many values `covers` compares."""
    narrow = dict(narrower.when)
    total = 1
    for name, matcher in wider.when:
        values = _values(narrow[name]) if name in narrow else ()
        size = sum(len(operand) if isinstance(operand, tuple) else 1 for _, operand in matcher.tests)
        total += len(values or ()) * size + 1
    return total

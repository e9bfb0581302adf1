"""The faults of one sandbox: armed by tests or from the scenarios in force, with counts of their strikes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from mockserver.domain.errors import Invalid, NoRoom, NotFound
from mockserver.domain.moments import moment_text, parse_moment
from mockserver.faults.model import Fault

#: How many armed faults that strike no more are kept for inspection; the oldest are forgotten first.
MOST_SPENT = 100
#: How many faults may be armed at a time, and how many bytes their data may have together.
MOST_ARMED, MOST_ARMED_BYTES = 1_000, 4 * 1024 * 1024
_REMEDY = "take some back (DELETE /_mock/faults)"


#: Returns why a delay cannot take a setting's value, None when it can.
SpanProblem = Callable[[str], str | None]


def _none(name: str) -> None:
    """Find no problem in any setting."""


class Faults:
    """The faults in force: armed faults first, in the order in which they were armed, then those of scenarios.

    `any_in_force` is a quick check whether there are any. Counts are not part of a use case's transaction: a strike
    counts, even when the request is refused.
    """

    __slots__ = ("_armed", "_scenario", "_sizes", "any_in_force", "counts", "held", "number", "since")

    def __init__(self) -> None:
        self._armed: dict[str, Fault] = {}
        self._sizes: dict[str, int] = {}
        self._scenario: tuple[Fault, ...] = ()
        self.counts: dict[str, dict[str, int]] = {}
        """Key of a fault -> how many requests or deliveries it matched (`matched`), and how many it struck (`hits`)."""
        self.held: dict[str, str] = {}
        """Receiver -> the delivery that waits for the next one to overtake it."""
        self.number = 0
        self.since: datetime | None = None
        self.any_in_force = False

    # -- what is in force ------------------------------------------------------------------------------

    def arm(self, data: Mapping[str, Any], *, now: datetime, problem: SpanProblem = _none) -> str:
        """Arm a fault and return its id; it replaces an armed fault of the same name.

        Raises Invalid, and NoRoom for too many faults. An `until` that is a duration counts from `now`. `problem` says
        why a delay cannot take a setting.
        """
        fault = _read(data, key=f"flt_{self.number + 1:08d}", problem=problem)
        if isinstance(fault.until, timedelta):
            until = now + fault.until
            fault = fault._replace(until=until, data={**data, "until": moment_text(until)})
        size = self._check_room(fault)
        self.number += 1
        if fault.name is not None:
            for key in [key for key, other in self._armed.items() if other.name == fault.name]:
                self.disarm(key)
        self._armed[fault.key] = fault
        self._sizes[fault.key] = size
        self._forget_spent(now)
        self._update_any()
        return fault.key

    def _check_room(self, fault: Fault) -> int:
        """Return how many bytes the fault's data has; raises NoRoom where the armed faults would become too many."""
        replaced = [key for key, other in self._armed.items() if fault.name is not None and other.name == fault.name]
        size = len(str(fault.data))
        if len(self._armed) - len(replaced) >= MOST_ARMED:
            raise NoRoom("armed faults", f"{MOST_ARMED:,}", remedy=_REMEDY)
        if sum(self._sizes.values()) - sum(self._sizes[key] for key in replaced) + size > MOST_ARMED_BYTES:
            raise NoRoom("armed faults", f"{MOST_ARMED_BYTES:,} bytes", remedy=_REMEDY)
        return size

    def disarm(self, key: str) -> None:
        """Remove one armed fault; raises NotFound."""
        if self._armed.pop(key, None) is None:
            raise NotFound("fault", key)
        del self._sizes[key]
        self.counts.pop(key, None)
        self._update_any()

    def disarm_all(self) -> None:
        """Remove every armed fault; those of scenarios stay."""
        for key in list(self._armed):
            self.disarm(key)

    def use_scenarios(self, faults: Sequence[Fault], *, now: datetime) -> None:
        """Replace the faults of scenarios with these, from now on."""
        for key in {fault.key for fault in self._scenario} | {fault.key for fault in faults}:
            self.counts.pop(key, None)
        self._scenario = tuple(faults)
        self.since = now
        self._update_any()

    def with_scenarios(self, faults: Sequence[Fault], *, now: datetime) -> "Faults":
        """Return the same armed faults and counts with other faults of scenarios, for one request."""
        other = Faults()
        other._armed, other.counts, other.held, other.number = self._armed, self.counts, self.held, self.number
        other._scenario, other.since = tuple(faults), now
        other._update_any()
        return other

    def in_force(self) -> list[Fault]:
        """Return every fault, in the order in which they decide."""
        return [*self._armed.values(), *self._scenario]

    def all_armed(self) -> list[Fault]:
        """Return the faults that tests have armed."""
        return list(self._armed.values())

    def armed(self, key: str) -> Fault:
        """Return the armed fault of this id; raises NotFound."""
        fault = self._armed.get(key)
        if fault is None:
            raise NotFound("fault", key)
        return fault

    # -- how often -------------------------------------------------------------------------------------

    def spent(self, fault: Fault, now: datetime) -> bool:
        """Return whether the fault strikes no more: `times` used up, or `until` passed."""
        return self.why_spent(fault, now) != ""

    def why_spent(self, fault: Fault, now: datetime) -> str:
        """Return why the fault strikes no more, for people; empty while it does."""
        if fault.times is not None and self.count(fault, "hits") >= fault.times:
            return f"used up: {fault.times} time{'' if fault.times == 1 else 's'}"
        until = fault.until
        if isinstance(until, timedelta):
            until = self.since + until if self.since is not None else None
        return f"over since {moment_text(until)}" if until is not None and now >= until else ""

    def count(self, fault: Fault, what: str) -> int:
        """Return one of the fault's counts: `what` is `matched` or `hits`."""
        return self.counts.get(fault.key, {}).get(what, 0)

    def add(self, fault: Fault, what: str) -> int:
        """Add 1 to one of the fault's counts, and return the new count."""
        counts = self.counts.setdefault(fault.key, {"hits": 0, "matched": 0})
        counts[what] += 1
        return counts[what]

    # -- as data ---------------------------------------------------------------------------------------

    def state(self, hide: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> dict[str, Any]:
        """Return everything for a snapshot, as JSON data; the faults of scenarios come from their files.

        `hide` returns a fault's data without its secrets.
        """
        return {
            "armed": [{"id": key, **hide(fault.data)} for key, fault in self._armed.items()],
            "counts": {key: dict(counts) for key, counts in sorted(self.counts.items())},
            "held": dict(sorted(self.held.items())),
            "number": self.number,
            "since": moment_text(self.since) if self.since is not None else None,
        }

    def restore(self, state: Mapping[str, Any], *, problem: SpanProblem = _none) -> None:
        """Restore what `state` returned, under the scenarios in force now; raises Invalid and then changes nothing."""
        armed = {}
        for place, row in enumerate(state["armed"]):
            data = {name: value for name, value in row.items() if name != "id"}
            try:
                armed[row["id"]] = _read(data, key=row["id"], problem=problem)
            except Invalid as error:
                raise Invalid({f"armed.{place}.{name}": texts for name, texts in error.errors.items()}) from None
        if len(armed) > MOST_ARMED:
            raise Invalid({"armed": [f"must be at most {MOST_ARMED:,}"]})
        self._armed = armed
        self._sizes = {key: len(str(fault.data)) for key, fault in armed.items()}
        self.counts = {key: dict(counts) for key, counts in state["counts"].items()}
        self.held = dict(state["held"])
        self.number = state["number"]
        self.since = parse_moment(state["since"]) if state["since"] is not None else None
        self._update_any()

    def _forget_spent(self, now: datetime) -> None:
        if len(self._armed) > MOST_SPENT:
            spent_keys = [key for key, fault in self._armed.items() if self.spent(fault, now)]
            for key in spent_keys[:-MOST_SPENT]:
                del self._armed[key], self._sizes[key]
                self.counts.pop(key, None)

    def _update_any(self) -> None:
        self.any_in_force = bool(self._armed or self._scenario)


def _read(data: Mapping[str, Any], *, key: str, problem: SpanProblem) -> Fault:
    from mockserver.faults.parse import fault_from_data
    from mockserver.faults.settings import asked_by_fault

    errors: dict[str, list[str]] = {}

    def refuse(place: tuple[str, ...], message: str) -> None:
        # A message for a file begins with the member's name, which is the field's name here.
        text = message.removeprefix(f"{place[-1]} ") if place and message.startswith(f"{place[-1]} must ") else message
        errors.setdefault(".".join(place) or "body", []).append(text)

    fault = fault_from_data(data, key=key, refuse=refuse)
    if not errors:
        for at, name in asked_by_fault(fault):
            if text := problem(name):
                refuse(at, text)
    if errors:
        raise Invalid(errors)
    return fault

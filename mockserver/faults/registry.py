"""The faults of one sandbox: those that tests arm, those of the scenarios in force, and how often each struck."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from mockserver.domain.errors import Invalid, NoRoom, NotFound
from mockserver.domain.moments import moment_text, parse_moment
from mockserver.faults.model import Fault

#: How many armed faults that strike no more are kept to be looked at; the oldest go first.
MOST_SPENT = 100
#: How many faults may be armed at a time, and how many bytes they may be written in together.
MOST_ARMED, MOST_ARMED_BYTES = 1_000, 4 * 1024 * 1024
_REMEDY = "take some back (DELETE /_mock/faults)"


class Faults:
    """Armed ones come first, in the order in which they were armed; then those of the scenarios.

    `some` tells whether there is anything to ask for. Counts are no part of a use case's transaction: a fault
    that struck has struck, whatever became of the request.
    """

    __slots__ = ("_armed", "_scenario", "_sizes", "counts", "held", "number", "since", "some")

    def __init__(self) -> None:
        self._armed: dict[str, Fault] = {}
        self._sizes: dict[str, int] = {}
        self._scenario: tuple[Fault, ...] = ()
        self.counts: dict[str, dict[str, int]] = {}
        """Key of a fault -> how many matched (`matched`), and how many it struck (`hits`)."""
        self.held: dict[str, str] = {}
        """Receiver -> the delivery that waits for the next one to overtake it."""
        self.number = 0
        self.since: datetime | None = None
        self.some = False

    # -- what is in force ------------------------------------------------------------------------------

    def arm(self, data: Mapping[str, Any], *, now: datetime) -> str:
        """Arm a fault and give its id; one of the same name is replaced. Raises Invalid, and NoRoom for too many.

        An `until` that is a duration counts from `now`.
        """
        fault = _read(data, key=f"flt_{self.number + 1:08d}")
        if isinstance(fault.until, timedelta):
            until = now + fault.until
            fault = fault._replace(until=until, data={**data, "until": moment_text(until)})
        size = self._check_room(fault)
        self.number += 1
        if fault.name is not None:
            for key in [key for key, one in self._armed.items() if one.name == fault.name]:
                self.disarm(key)
        self._armed[fault.key] = fault
        self._sizes[fault.key] = size
        self._forget_spent(now)
        self._tell()
        return fault.key

    def _check_room(self, fault: Fault) -> int:
        """How many bytes the fault is written in; raises NoRoom when there are too many with it."""
        replaced = [key for key, one in self._armed.items() if fault.name is not None and one.name == fault.name]
        size = len(str(fault.data))
        if len(self._armed) - len(replaced) >= MOST_ARMED:
            raise NoRoom("armed faults", f"{MOST_ARMED:,}", remedy=_REMEDY)
        if sum(self._sizes.values()) - sum(self._sizes[key] for key in replaced) + size > MOST_ARMED_BYTES:
            raise NoRoom("armed faults", f"{MOST_ARMED_BYTES:,} bytes", remedy=_REMEDY)
        return size

    def disarm(self, key: str) -> None:
        """Take one armed fault back; raises NotFound."""
        if self._armed.pop(key, None) is None:
            raise NotFound("fault", key)
        del self._sizes[key]
        self.counts.pop(key, None)
        self._tell()

    def disarm_all(self) -> None:
        """Take every armed fault back; those of scenarios stay."""
        for key in list(self._armed):
            self.disarm(key)

    def use_scenarios(self, faults: Sequence[Fault], *, now: datetime) -> None:
        """These are the faults of the scenarios in force from now on."""
        for key in {fault.key for fault in self._scenario} | {fault.key for fault in faults}:
            self.counts.pop(key, None)
        self._scenario = tuple(faults)
        self.since = now
        self._tell()

    def beside(self, faults: Sequence[Fault], *, now: datetime) -> "Faults":
        """The same armed faults and counts, with other faults of scenarios: for one request."""
        other = Faults()
        other._armed, other.counts, other.held, other.number = self._armed, self.counts, self.held, self.number
        other._scenario, other.since = tuple(faults), now
        other._tell()
        return other

    def in_force(self) -> list[Fault]:
        """Every fault, first things first."""
        return [*self._armed.values(), *self._scenario]

    def armed(self, key: str) -> Fault:
        """The armed fault of this id; raises NotFound."""
        found = self._armed.get(key)
        if found is None:
            raise NotFound("fault", key)
        return found

    # -- how often -------------------------------------------------------------------------------------

    def spent(self, fault: Fault, now: datetime) -> bool:
        """Whether the fault strikes no more: `times` used up, or `until` passed."""
        return self.why_spent(fault, now) != ""

    def why_spent(self, fault: Fault, now: datetime) -> str:
        """Why the fault strikes no more, for people; empty when it does."""
        if fault.times is not None and self.count(fault, "hits") >= fault.times:
            return f"used up: {fault.times} time{'' if fault.times == 1 else 's'}"
        until = fault.until
        if isinstance(until, timedelta):
            until = self.since + until if self.since is not None else None
        return f"over since {moment_text(until)}" if until is not None and now >= until else ""

    def count(self, fault: Fault, what: str) -> int:
        """How many requests or deliveries the fault `matched`, or how many it `hits`."""
        return self.counts.get(fault.key, {}).get(what, 0)

    def add(self, fault: Fault, what: str) -> int:
        """Count one more; the number it is, from 1."""
        counts = self.counts.setdefault(fault.key, {"hits": 0, "matched": 0})
        counts[what] += 1
        return counts[what]

    # -- as data ---------------------------------------------------------------------------------------

    def state(self, hide: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> dict[str, Any]:
        """Everything that a snapshot must hold, as JSON data; the scenarios' own faults come from their files.

        `hide` returns a fault's data without its secrets.
        """
        return {
            "armed": [{"id": key, **hide(fault.data)} for key, fault in self._armed.items()],
            "counts": {key: dict(counts) for key, counts in sorted(self.counts.items())},
            "held": dict(sorted(self.held.items())),
            "number": self.number,
            "since": moment_text(self.since) if self.since is not None else None,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Be as `state` told, under the scenarios that are in force now; raises Invalid and changes nothing."""
        armed = {}
        for row in state["armed"]:
            data = {name: value for name, value in row.items() if name != "id"}
            armed[row["id"]] = _read(data, key=row["id"])
        if len(armed) > MOST_ARMED:
            raise Invalid({"armed": [f"must be at most {MOST_ARMED:,}"]})
        self._armed = armed
        self._sizes = {key: len(str(fault.data)) for key, fault in armed.items()}
        self.counts = {key: dict(counts) for key, counts in state["counts"].items()}
        self.held = dict(state["held"])
        self.number = state["number"]
        self.since = parse_moment(state["since"]) if state["since"] is not None else None
        self._tell()

    def _forget_spent(self, now: datetime) -> None:
        if len(self._armed) > MOST_SPENT:
            spent = [key for key, one in self._armed.items() if self.spent(one, now)]
            for key in spent[:-MOST_SPENT]:
                del self._armed[key], self._sizes[key]
                self.counts.pop(key, None)

    def _tell(self) -> None:
        self.some = bool(self._armed or self._scenario)


def _read(data: Mapping[str, Any], *, key: str) -> Fault:
    from mockserver.faults.parse import fault_from_data

    errors: dict[str, list[str]] = {}

    def refuse(place: tuple[str, ...], message: str) -> None:
        errors.setdefault(".".join(place) or "body", []).append(message)

    fault = fault_from_data(data, key=key, refuse=refuse)
    if errors:
        raise Invalid(errors)
    return fault

"""Selects the faults that strike a request or a delivery. Imported when the first fault is in force."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple, Protocol

from mockserver.domain.errors import MISTAKE_NAMES
from mockserver.engine.dice import Dice
from mockserver.engine.matching import ABSENT, Difference
from mockserver.faults import wire_kinds
from mockserver.faults.model import Fault, FaultSubject, Miss, differences, nearest
from mockserver.faults.registry import Faults

#: Returns the state of the order that a request or delivery is about; None when there is no order.
StateOf = Callable[[], Awaitable[str | None]]

#: Of the faults that strike no more, how many are matched all the same, newest first, and how many that match are
#: reported: there may be many, and each costs time with each request.
_MOST_SPENT_MATCHED, _MOST_SPENT_REPORTED = 20, 5


class Now(Protocol):
    """A clock that can be read."""

    def now(self) -> datetime:
        """Return the moment at which it stands."""
        ...


class State(Protocol):
    """The part of a sandbox's state that the selection needs."""

    @property
    def faults(self) -> Faults:
        """The armed faults and their counts."""
        ...

    @property
    def dice(self) -> Dice:
        """The sandbox's dice."""
        ...

    @property
    def clock(self) -> Now:
        """The sandbox's clock."""
        ...


class RequestFaults(NamedTuple):
    """The faults that decide a request's delay, answer and wire, and a row of the journal for each that matched."""

    delay: Fault | None = None
    answer: Fault | None = None
    wire: Fault | None = None
    rows: tuple[dict[str, Any], ...] = ()
    misses: tuple[Miss, ...] = ()

    @property
    def refuse(self) -> bool:
        """Whether the request is not worked on at all."""
        answer, wire = self.answer, self.wire
        if answer is not None and not answer.after:
            return True
        return wire is not None and wire.wire is not None and not wire.after and not wire_kinds.needs_answer(wire.wire)


class DeliveryFaults(NamedTuple):
    """The faults that strike a delivery, the deciding ones first, a row for each that matched, and near misses."""

    faults: list[Fault]
    rows: tuple[dict[str, Any], ...]
    misses: tuple[Miss, ...]


class _Look(NamedTuple):
    """A comparison of a fault with a request or delivery. `why` says why the fault does not strike though it matches.

    `roll` is the cast of the dice, from 0 to 1, where the fault has a chance.
    """

    differences: tuple[Difference, ...] = ()
    why: str = ""
    roll: float | None = None


async def find_faults(
    state: State, subject: FaultSubject, state_of: StateOf, *, own: Fault | None = None
) -> RequestFaults:
    """Return the faults that decide a request. `own` is the fault that its caller named: it decides first, unmatched.

    Of each aspect the first fault that matches decides; a fault whose aspects are all decided is not counted against
    its `times`.
    """
    decided: dict[str, Fault] = {}
    rows: list[dict[str, Any]] = []
    if own is not None:
        state.faults.add(own, "matched")
        decided = dict.fromkeys(own.speaks_of(), own)
        rows.append(_strike_row(state, own, list(decided), by="the caller"))
    others = [
        fault for fault in state.faults.in_force() if fault.webhook is None and (own is None or fault.key != own.key)
    ]
    spent: list[tuple[Fault, str]] = []
    misses: list[Miss] = []
    async for fault, look in _matching(state, others, subject, state_of, spent, misses):
        decides = [aspect for aspect in fault.speaks_of() if aspect not in decided]
        why = look.why
        if not why and not decides:
            why = f"decided before: {', '.join(f'{aspect} by {decided[aspect].label}' for aspect in fault.speaks_of())}"
        if why:
            rows.append(_row(fault, look, hit=False, why=why))
            continue
        decided |= dict.fromkeys(decides, fault)
        rows.append(_strike_row(state, fault, decides, look))
    all_rows = (*rows, *await _over(spent, subject, state_of))
    return RequestFaults(decided.get("delay"), decided.get("answer"), decided.get("wire"), all_rows, nearest(misses))


async def find_delivery_faults(
    state: State, subject: FaultSubject, order_state: str, own: list[Fault]
) -> DeliveryFaults:
    """Return the faults that strike a delivery; `own` are those that its order began with, which strike unmatched."""

    async def state_of() -> str:
        return order_state

    rows = [_strike_row(state, fault, ["webhook"], by="the caller") for fault in own]
    faults = list(own)
    keys = {fault.key for fault in own}
    others = [fault for fault in state.faults.in_force() if fault.webhook is not None and fault.key not in keys]
    spent: list[tuple[Fault, str]] = []
    misses: list[Miss] = []
    async for fault, look in _matching(state, others, subject, state_of, spent, misses):
        if look.why:
            rows.append(_row(fault, look, hit=False, why=look.why))
        else:
            faults.append(fault)
            rows.append(_strike_row(state, fault, ["webhook"], look))
    return DeliveryFaults(faults, (*rows, *await _over(spent, subject, state_of)), nearest(misses))


async def _matching(
    state: State,
    faults: Sequence[Fault],
    subject: FaultSubject,
    state_of: StateOf,
    spent: list[tuple[Fault, str]],
    misses: list[Miss],
) -> AsyncIterator[tuple[Fault, _Look]]:
    """Yield the faults that match, whether they strike or not; append to `spent` and `misses` the others."""
    now = state.clock.now()
    for fault in faults:
        if over := state.faults.why_spent(fault, now):
            spent.append((fault, over))
            continue
        look = await _look(state, fault, subject, state_of)
        if look.differences:
            misses.append(Miss(fault, look.differences))
        else:
            yield fault, look


def fault_named(faults: Faults, library: Iterable[Fault], provider: str, name: str) -> Fault | None:
    """Return the fault of this name: one in force for the provider, one of its library, or a built-in one; else None.

    Built in are the kinds of fault on the wire (`reset`), the domain errors (`RateLimited`), and statuses (`503`). The
    library's faults are searched only when no fault in force has the name.
    """
    for fault in chain(_in_force(faults, provider), library):
        if fault.label == name:
            return fault
    data: dict[str, Any] | None = None
    if (wire := wire_kinds.usual(name)) is not None:
        data = {"wire": wire}
    elif name in MISTAKE_NAMES:
        data = {"answer": {"mistake": name}}
    elif name.isascii() and name.isdecimal() and 400 <= int(name[:4]) <= 599:
        data = {"answer": {"status": int(name)}}
    if data is None:
        return None
    from mockserver.faults.parse import fault_from_data

    return fault_from_data(data, key=name, refuse=lambda place, message: None)


def known_fault_names(faults: Faults, library: Iterable[Fault], provider: str) -> list[str]:
    """Return every name that `fault_named` knows, without the statuses."""
    labels = [fault.label for fault in chain(_in_force(faults, provider), library)]
    return list(dict.fromkeys([*labels, *wire_kinds.names(), *MISTAKE_NAMES]))


def _in_force(faults: Faults, provider: str) -> Iterator[Fault]:
    return (fault for fault in faults.in_force() if fault.provider in (None, provider))


async def _look(state: State, fault: Fault, subject: FaultSubject, state_of: StateOf) -> _Look:
    """Compare the fault with a request or delivery, count a match, and cast the dice for its chance."""
    unmet = await _missed(fault, subject, state_of)
    if unmet:
        return _Look(tuple(unmet))
    number = state.faults.add(fault, "matched")
    if fault.chance is None:
        return _Look()
    roll = state.dice.fraction("fault", fault.label, number)
    why = "" if roll < fault.chance else f"chance {fault.chance:g}, and the dice said {roll:.4f}"
    return _Look(why=why, roll=roll)


async def _missed(fault: Fault, subject: FaultSubject, state_of: StateOf) -> list[Difference]:
    """Return every difference; the order's state is read only when there is no other difference."""
    unmet = differences(fault, subject)
    if not unmet and fault.on_demand:
        return [Difference("Prefer", f"mock-fault={fault.label}", ABSENT)]
    if not unmet and fault.state is not None:
        state = await state_of()
        if not fault.state.holds(state, present=state is not None):
            return [Difference("state", fault.state.text(), ABSENT if state is None else state)]
    return unmet


async def _over(spent: Sequence[tuple[Fault, str]], subject: FaultSubject, state_of: StateOf) -> list[dict[str, Any]]:
    """Return a row for each of the newest faults that match but strike no more."""
    rows: list[dict[str, Any]] = []
    for fault, why in spent[: -_MOST_SPENT_MATCHED - 1 : -1]:
        if len(rows) < _MOST_SPENT_REPORTED and not await _missed(fault, subject, state_of):
            rows.append(_row(fault, None, hit=False, why=why))
    return rows[::-1]


def _strike_row(
    state: State, fault: Fault, decides: Sequence[str], look: _Look | None = None, **more: Any
) -> dict[str, Any]:
    """Count a strike of the fault, and return its row with the number of the strike and the limit `times`."""
    numbers: dict[str, Any] = {"number": state.faults.add(fault, "hits")}
    if fault.times is not None:
        numbers["times"] = fault.times
    row = _row(fault, look, hit=True, **more, decides=list(decides), **numbers)
    row |= {aspect: _shown(fault, aspect) for aspect in decides}
    if fault.webhook is None:
        row["stage"] = "after" if fault.after else "before"
    return row


def _row(fault: Fault, look: _Look | None, *, hit: bool, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"fault": fault.label, "id": fault.key, "hit": hit, **more}
    if "about" in fault.data:
        row["about"] = fault.data["about"]
    if look is not None and look.roll is not None:
        row["dice"] = {"chance": fault.chance, "fell": round(look.roll, 4)}
    return row


def _shown(fault: Fault, aspect: str) -> Any:
    data = fault.data[aspect]
    # The body is left out: it is in the entry's response.
    return {key: data[key] for key in data if key != "body"} if aspect == "answer" else data

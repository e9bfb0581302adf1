"""Which faults strike a request or a delivery. Imported when the first fault is in force."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple, Protocol

from mockserver.domain.errors import MISTAKE_NAMES
from mockserver.engine.dice import Dice
from mockserver.engine.matching import ABSENT, Difference
from mockserver.faults import wire_kinds
from mockserver.faults.model import Asked, Fault, Miss, differences, nearest
from mockserver.faults.registry import Faults

#: Asks for the state of the order that a request or delivery is about; None when there is none.
StateOf = Callable[[], Awaitable[str | None]]

#: How many faults that strike no more are asked whether they would have matched, newest first, and how many that
#: would have are told: many may have gathered, and each is asked with each request.
_SPENT_ASKED, _SPENT_TOLD = 20, 5


class Now(Protocol):
    """A clock that can be read."""

    def now(self) -> datetime:
        """Return the moment at which it stands."""
        ...


class State(Protocol):
    """What the selection needs of a sandbox's state."""

    @property
    def faults(self) -> Faults:
        """The armed faults and their counts."""
        ...

    @property
    def dice(self) -> Dice:
        """What decides by chance."""
        ...

    @property
    def clock(self) -> Now:
        """What tells the time."""
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
    """The faults that strike a delivery, first things first, a row for each that matched, and near misses."""

    faults: list[Fault]
    rows: tuple[dict[str, Any], ...]
    misses: tuple[Miss, ...]


class _Look(NamedTuple):
    """How a fault looks at a request or delivery: `why` is what spared it though the fault matched.

    `fell` is where in 0 .. 1 the dice fell, where they were asked.
    """

    differences: tuple[Difference, ...] = ()
    why: str = ""
    fell: float | None = None


async def struck(state: State, asked: Asked, state_of: StateOf, *, wanted: Fault | None = None) -> RequestFaults:
    """What strikes this request. `wanted` is the fault that the caller asked for: it comes first, whatever it matches.

    Of each aspect the first fault that matches decides; one that comes too late for all its aspects is not counted
    against its `times`.
    """
    decided: dict[str, Fault] = {}
    rows: list[dict[str, Any]] = []
    if wanted is not None:
        state.faults.add(wanted, "matched")
        decided = dict.fromkeys(wanted.speaks_of(), wanted)
        rows.append(_struck(state, wanted, list(decided), by="the caller"))
    others = [
        fault
        for fault in state.faults.in_force()
        if fault.webhook is None and (wanted is None or fault.key != wanted.key)
    ]
    spent: list[tuple[Fault, str]] = []
    misses: list[Miss] = []
    async for fault, look in _matching(state, others, asked, state_of, spent, misses):
        decides = [aspect for aspect in fault.speaks_of() if aspect not in decided]
        why = look.why
        if not why and not decides:
            why = f"decided before: {', '.join(f'{one} by {decided[one].label}' for one in fault.speaks_of())}"
        if why:
            rows.append(_row(fault, look, hit=False, why=why))
            continue
        decided |= dict.fromkeys(decides, fault)
        rows.append(_struck(state, fault, decides, look))
    told = (*rows, *await _over(spent, asked, state_of))
    return RequestFaults(decided.get("delay"), decided.get("answer"), decided.get("wire"), told, nearest(misses))


async def hostile(state: State, asked: Asked, order_state: str, born: list[Fault]) -> DeliveryFaults:
    """What strikes this delivery; `born` are the faults that its order was born with."""

    async def state_of() -> str:
        return order_state

    rows = [_struck(state, fault, ["webhook"], by="the caller") for fault in born]
    found = list(born)
    keys = {fault.key for fault in born}
    others = [fault for fault in state.faults.in_force() if fault.webhook is not None and fault.key not in keys]
    spent: list[tuple[Fault, str]] = []
    misses: list[Miss] = []
    async for fault, look in _matching(state, others, asked, state_of, spent, misses):
        if look.why:
            rows.append(_row(fault, look, hit=False, why=look.why))
        else:
            found.append(fault)
            rows.append(_struck(state, fault, ["webhook"], look))
    return DeliveryFaults(found, (*rows, *await _over(spent, asked, state_of)), nearest(misses))


async def _matching(
    state: State,
    faults: Sequence[Fault],
    asked: Asked,
    state_of: StateOf,
    spent: list[tuple[Fault, str]],
    misses: list[Miss],
) -> AsyncIterator[tuple[Fault, _Look]]:
    """The faults that match, struck or spared; those that strike no more or nearly match go to the lists."""
    now = state.clock.now()
    for fault in faults:
        if over := state.faults.why_spent(fault, now):
            spent.append((fault, over))
            continue
        look = await _look(state, fault, asked, state_of)
        if look.differences:
            misses.append(Miss(fault, look.differences))
        else:
            yield fault, look


def fault_named(faults: Faults, library: Iterable[Fault], provider: str, name: str) -> Fault | None:
    """The fault of this name: one in force for the provider, one of its library, or a name that speaks for itself.

    The latter are a kind of fault on the wire (`reset`), a mistake (`RateLimited`), or a status (`503`). The library's
    faults are looked through only when none in force has the name.
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


def names_known(faults: Faults, library: Iterable[Fault], provider: str) -> list[str]:
    """Every name that `fault_named` knows, statuses aside."""
    labels = [fault.label for fault in chain(_in_force(faults, provider), library)]
    return list(dict.fromkeys([*labels, *wire_kinds.names(), *MISTAKE_NAMES]))


def _in_force(faults: Faults, provider: str) -> Iterator[Fault]:
    return (fault for fault in faults.in_force() if fault.provider in (None, provider))


async def _look(state: State, fault: Fault, asked: Asked, state_of: StateOf) -> _Look:
    """How this fault looks at it; a match is counted."""
    missed = await _missed(fault, asked, state_of)
    if missed:
        return _Look(tuple(missed))
    number = state.faults.add(fault, "matched")
    if fault.chance is None:
        return _Look()
    fell = state.dice.fraction("fault", fault.label, number)
    why = "" if fell < fault.chance else f"chance {fault.chance:g}, and the dice said {fell:.4f}"
    return _Look(why=why, fell=fell)


async def _missed(fault: Fault, asked: Asked, state_of: StateOf) -> list[Difference]:
    """Every difference; the state of the order is asked for when there is no other."""
    missed = differences(fault, asked)
    if not missed and fault.on_demand:
        return [Difference("Prefer", f"mock-fault={fault.label}", ABSENT)]
    if not missed and fault.state is not None:
        state = await state_of()
        if not fault.state.holds(state, present=state is not None):
            return [Difference("state", fault.state.text(), ABSENT if state is None else state)]
    return missed


async def _over(spent: Sequence[tuple[Fault, str]], asked: Asked, state_of: StateOf) -> list[dict[str, Any]]:
    """A row for each of the newest faults that would have matched, did they not strike no more."""
    rows: list[dict[str, Any]] = []
    for fault, why in spent[: -_SPENT_ASKED - 1 : -1]:
        if len(rows) < _SPENT_TOLD and not await _missed(fault, asked, state_of):
            rows.append(_row(fault, None, hit=False, why=why))
    return rows[::-1]


def _struck(
    state: State, fault: Fault, decides: Sequence[str], look: _Look | None = None, **more: Any
) -> dict[str, Any]:
    """The row of a fault that strikes, which is counted: the how manieth time, and of how many."""
    counted: dict[str, Any] = {"number": state.faults.add(fault, "hits")}
    if fault.times is not None:
        counted["times"] = fault.times
    row = _row(fault, look, hit=True, **more, decides=list(decides), **counted)
    row |= {aspect: _shown(fault, aspect) for aspect in decides}
    if fault.webhook is None:
        row["stage"] = "after" if fault.after else "before"
    return row


def _row(fault: Fault, look: _Look | None, *, hit: bool, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"fault": fault.label, "id": fault.key, "hit": hit, **more}
    if "about" in fault.data:
        row["about"] = fault.data["about"]
    if look is not None and look.fell is not None:
        row["dice"] = {"chance": fault.chance, "fell": round(look.fell, 4)}
    return row


def _shown(fault: Fault, aspect: str) -> Any:
    written = fault.data[aspect]
    # The answer's own words are in the entry's response.
    return {key: written[key] for key in written if key != "body"} if aspect == "answer" else written

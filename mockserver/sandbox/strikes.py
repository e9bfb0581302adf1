"""Which faults strike a request or a delivery. Imported when the first fault is in force."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from mockserver.domain.mistakes import MISTAKE_NAMES
from mockserver.engine.faults import Asked, Fault, differences
from mockserver.sandbox.sandbox import Sandbox
from mockserver.scenario.problems import ScenarioProblems

#: Asks for the state of the order that a request or delivery is about; None when there is none.
StateOf = Callable[[], Awaitable[str | None]]

#: Faults that a caller may name though nobody has written them: what goes wrong on the wire.
_ON_THE_WIRE: dict[str, Any] = {
    "reset": "reset",
    "empty": "empty",
    "garbage": "garbage",
    "cut": {"cut": 0.5},
    "drip": {"drip": "10B/s"},
}


class Strikes(NamedTuple):
    """The faults that decide a request's delay, answer and wire, and a row of the journal for each that matched."""

    delay: Fault | None = None
    answer: Fault | None = None
    wire: Fault | None = None
    rows: tuple[dict[str, Any], ...] = ()


async def struck(sandbox: Sandbox, asked: Asked, state_of: StateOf, *, wanted: Fault | None = None) -> Strikes:
    """What strikes this request. `wanted` is the fault that the caller asked for: it comes first, whatever it matches.

    Of each aspect the first fault that matches decides; one that comes too late for all its aspects is not counted
    against its `times`.
    """
    decided: dict[str, Fault] = {}
    rows = []
    if wanted is not None:
        sandbox.faults.add(wanted, "matched")
        sandbox.faults.add(wanted, "hits")
        decided = dict.fromkeys(wanted.speaks_of(), wanted)
        rows.append(_row(wanted, hit=True, by="the caller", decides=list(decided)))
    for fault in sandbox.faults.in_force():
        if fault.webhook is not None or (wanted is not None and fault.key == wanted.key):
            continue
        spared = await _spared(sandbox, fault, asked, state_of)
        if spared is None:
            continue
        decides = [aspect for aspect in fault.speaks_of() if aspect not in decided]
        if not spared and not decides:
            spared = f"decided before: {', '.join(f'{one} by {decided[one].label}' for one in fault.speaks_of())}"
        if spared:
            rows.append(_row(fault, hit=False, why=spared))
            continue
        sandbox.faults.add(fault, "hits")
        decided |= dict.fromkeys(decides, fault)
        rows.append(_row(fault, hit=True, decides=decides))
    return Strikes(decided.get("delay"), decided.get("answer"), decided.get("wire"), tuple(rows))


async def hostile(sandbox: Sandbox, asked: Asked, state: str, born: list[Fault]) -> list[Fault]:
    """The faults that strike this delivery, first things first; `born` are those its order was born with."""

    async def state_of() -> str:
        return state

    found = list(born)
    for fault in sandbox.faults.in_force():
        if fault.webhook is None or any(fault.key == one.key for one in found):
            continue
        if await _spared(sandbox, fault, asked, state_of) == "":
            found.append(fault)
    for fault in found:
        sandbox.faults.add(fault, "hits")
    return found


def fault_named(sandbox: Sandbox, provider: str, name: str) -> Fault | None:
    """The fault of this name: one in force for the provider, one of its library, or a name that speaks for itself.

    The latter are `reset`, `empty`, `garbage`, `cut`, `drip`, a mistake (`RateLimited`), or a status (`503`).
    """
    for fault in sandbox.faults.in_force():
        if fault.label == name and fault.provider in (None, provider):
            return fault
    for fault in _of_library(sandbox, provider):
        if fault.label == name:
            return fault
    data: dict[str, Any] | None = None
    if name in _ON_THE_WIRE:
        data = {"wire": _ON_THE_WIRE[name]}
    elif name in MISTAKE_NAMES:
        data = {"answer": {"mistake": name}}
    elif name.isascii() and name.isdecimal() and 400 <= int(name[:4]) <= 599:
        data = {"answer": {"status": int(name), "body": ""}}
    if data is None:
        return None
    from mockserver.engine.fault_data import fault_from_data

    return fault_from_data(data, key=name, refuse=lambda place, message: None)


def names_known(sandbox: Sandbox, provider: str) -> list[str]:
    """Every name that `fault_named` knows, statuses aside."""
    found = [fault.label for fault in sandbox.faults.in_force() if fault.provider in (None, provider)]
    found += [fault.label for fault in _of_library(sandbox, provider)]
    return list(dict.fromkeys([*found, *_ON_THE_WIRE, *MISTAKE_NAMES]))


def _of_library(sandbox: Sandbox, provider: str) -> Iterator[Fault]:
    for scenario in sandbox.library.names(provider):
        with suppress(ScenarioProblems):  # one file that cannot be used keeps nobody from the others
            yield from sandbox.library.get(provider, scenario).faults


async def _spared(sandbox: Sandbox, fault: Fault, asked: Asked, state_of: StateOf) -> str | None:
    """None when the fault does not match, "" when it strikes, else why it does not though it matches."""
    faults = sandbox.faults
    if fault.on_demand or faults.spent(fault, sandbox.clock.now()) or differences(fault, asked):
        return None
    if fault.state is not None:
        state = await state_of()
        if not fault.state.holds(state, present=state is not None):
            return None
    number = faults.add(fault, "matched")
    if fault.chance is None:
        return ""
    fell = sandbox.dice.fraction("fault", fault.label, number)
    return "" if fell < fault.chance else f"chance {fault.chance:g}, and the dice said {fell:.4f}"


def _row(fault: Fault, *, hit: bool, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"fault": fault.label, "id": fault.key, "hit": hit, **more}
    if hit:
        row |= {aspect: _shown(fault, aspect) for aspect in more["decides"]}
        row["stage"] = "after" if fault.after else "before"
    return row


def _shown(fault: Fault, aspect: str) -> Any:
    written = fault.data[aspect]
    # The answer's own words are in the entry's response.
    return {key: written[key] for key in written if key != "body"} if aspect == "answer" else written

"""`/_mock/machines` and `/_mock/magic`."""

from typing import Any

from mockserver.control.operation import Answer, ControlCall, Operation, list_of
from mockserver.domain.mistakes import Invalid, NotFound
from mockserver.domain.moments import span_text
from mockserver.engine.delays import Delay, Fixed, FromFact, FromSetting, LogNormal, Uniform
from mockserver.engine.machine import Machine, Transition


def delay_text(delay: Delay) -> str:
    """A delay as people read it."""
    match delay:
        case Fixed():
            return span_text(delay.span)
        case Uniform():
            return f"{delay_text(delay.low)} to {delay_text(delay.high)}"
        case LogNormal():
            return f"about {delay_text(delay.median)}"
        case FromFact():
            return f"the order's {delay.name}"
        case FromSetting():
            return f"setting {delay.name}"


def machine_data(machine: Machine) -> dict[str, Any]:
    """A machine as JSON data."""
    return {
        "key": machine.key,
        "provider": machine.provider,
        "kind": machine.kind,
        "start": machine.start,
        "states": {
            name: {
                "shown_as": machine.shown(name),
                "final": state.final,
                "effects": [_effect(effect.name, effect.argument) for effect in state.effects],
                "transitions": [_transition(move) for move in state.transitions],
            }
            for name, state in machine.states.items()
        },
    }


def mermaid(machine: Machine) -> str:
    """A machine as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {machine.start}"]
    for name, state in machine.states.items():
        for move in state.transitions:
            label = move.on
            if move.after is not None:
                label += f" (after {delay_text(move.after)})"
            if move.not_before is not None:
                label += f" (not before {delay_text(move.not_before)})"
            if move.not_after is not None:
                label += f" (before {delay_text(move.not_after)})"
            lines += [f"    {name} --> {target}: {label}" for target, _ in move.to]
        if state.final:
            lines.append(f"    {name} --> [*]")
    return "\n".join(lines) + "\n"


async def show(call: ControlCall) -> Answer:
    """The machine in force for new orders of this kind."""
    sandbox, provider = await call.sandbox(), call.provider()
    try:
        machine = sandbox.machine(provider.name, call.path_fields["kind"])
    except KeyError:
        raise NotFound("machine", call.path_fields["kind"]) from None
    match call.query.get("format", "json"):
        case "json":
            return Answer(machine_data(machine))
        case "mermaid":
            return Answer(mermaid(machine), media="text/plain; charset=utf-8")
        case other:
            raise Invalid({"format": [f"must be json or mermaid: {other!r}"]})


async def magic(call: ControlCall) -> Answer:
    """Every magic value of the scenarios in force."""
    sandbox = await call.sandbox()
    rows = [
        {
            "provider": provider,
            "where": one.where,
            "value": one.value,
            "effect": one.effect,
            "provenance": one.provenance,
        }
        for provider, one in sandbox.force.magic()
    ]
    return Answer({"magic": rows})


def _effect(name: str, argument: str) -> Any:
    return {name: argument} if argument else name


def _transition(move: Transition) -> dict[str, Any]:
    data: dict[str, Any] = {"on": move.on, "to": move.to[0][0] if len(move.to) == 1 else dict(move.to)}
    for key, delay in (("after", move.after), ("not_before", move.not_before), ("not_after", move.not_after)):
        if delay is not None:
            data[key] = delay_text(delay)
    if move.since != "entered":
        data["since"] = move.since
    if move.stay:
        data["stay"] = True
    if move.sends is not None:
        data["sends"] = {"event": move.sends.event, "after": delay_text(move.sends.after)}
    if move.effects:
        data["effects"] = [_effect(effect.name, effect.argument) for effect in move.effects]
    return data


OPERATIONS = (
    Operation(
        "GET",
        "/machines/{provider}/{kind}",
        show,
        name="machine",
        summary="The state machine in force",
        query={"format": "json (default) or mermaid"},
    ),
    Operation("GET", "/magic", magic, name="magic", summary="Every magic value", gives=list_of("magic")),
)

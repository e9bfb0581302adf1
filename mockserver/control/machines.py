"""`/_mock/machines` and `/_mock/magic`: state machines and magic values in force."""

from typing import Any

from mockserver.control.operation import Answer, ControlCall, Operation, list_of
from mockserver.domain.errors import Invalid, NotFound, ProviderMistake
from mockserver.domain.suggestions import did_you_mean
from mockserver.engine.machine import Machine, Transition
from mockserver.engine.weights import weight_data
from mockserver.scenario.drawing import delay_text, dot, mermaid
from mockserver.scenario.placeholders import with_settings


def machine_data(machine: Machine) -> dict[str, Any]:
    """Return a machine as JSON data."""
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


async def show(call: ControlCall) -> Answer:
    """Show the machine in force for new orders of this kind, as JSON or as a drawing (`format`)."""
    sandbox, provider = await call.sandbox(), call.provider()
    try:
        machine = sandbox.state.active_scenarios.machine(provider.name, call.path_fields["kind"])
    except ProviderMistake:
        kind = call.path_fields["kind"]
        raise NotFound("machine", kind, hint=did_you_mean(kind, provider.rules.kinds)) from None
    settings = sandbox.state.settings.values
    match call.query.get("format", "json"):
        case "json":
            return Answer(machine_data(machine))
        case "mermaid":
            return Answer(mermaid(machine, settings), media="text/plain; charset=utf-8")
        case "dot":
            return Answer(dot(machine, settings), media="text/vnd.graphviz; charset=utf-8")
        case other:
            raise Invalid({"format": [f"must be json, mermaid or dot: {other!r}"]})


async def magic(call: ControlCall) -> Answer:
    """List every magic value of the scenarios in force."""
    sandbox = await call.sandbox()
    rows = [
        {
            "provider": provider,
            "where": magic_value.where,
            "value": magic_value.value,
            "effect": with_settings(magic_value.effect, sandbox.state.settings.values),
            "provenance": magic_value.provenance,
        }
        for provider, magic_value in sandbox.state.active_scenarios.magic()
    ]
    return Answer({"magic": rows})


def _effect(name: str, argument: str) -> Any:
    return {name: argument} if argument else name


def _transition(move: Transition) -> dict[str, Any]:
    targets = {state: weight_data(weight) for state, weight in move.to}
    data: dict[str, Any] = {"on": move.on, "to": targets if len(targets) > 1 else move.to[0][0]}
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
        query={
            "format": {"type": "string", "enum": ["json", "mermaid", "dot"], "description": "How it is drawn (json)."}
        },
        produces=("application/json", "text/plain", "text/vnd.graphviz"),
    ),
    Operation("GET", "/magic", magic, name="magic", summary="Every magic value", gives=list_of("magic")),
)

"""Machines and delays for people: in words, as Mermaid, as DOT."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mockserver.domain.moments import span_text
from mockserver.engine.delays import Delay, Fixed, FromFact, FromSetting, LogNormal, Uniform
from mockserver.engine.effects import Effect
from mockserver.engine.machine import Machine, State, Transition
from mockserver.engine.weights import FactWeight, SettingWeight, Weight

#: Words that Mermaid reads as keywords where a state's name is expected.
_MERMAID_WORDS = frozenset({"state", "end", "note", "class", "classdef", "direction", "default", "style", "as"})


_NO_SETTINGS: Mapping[str, Any] = MappingProxyType({})


def delay_text(delay: Delay, settings: Mapping[str, Any] = _NO_SETTINGS) -> str:
    """Return a delay as people read it, with the values of these settings: `60s, setting shop.cancel_after`."""
    match delay:
        case Fixed():
            return span_text(delay.span)
        case Uniform():
            return f"{delay_text(delay.low, settings)} to {delay_text(delay.high, settings)}"
        case LogNormal():
            return f"about {delay_text(delay.median, settings)}"
        case FromFact():
            return f"the order's {delay.name}"
        case FromSetting():
            value = f"{settings[delay.name]}, " if delay.name in settings else ""
            return f"{value}setting {delay.name}"


def weight_text(weight: Weight) -> str:
    """Return a weight in words."""
    match weight:
        case FactWeight():
            return f"as likely as the order's {weight.name} says"
        case SettingWeight():
            return f"where {weight.name} is {weight.value}"
    return f"weight {weight}"


def effect_text(effect: Effect) -> str:
    """Return an effect in words: `refund`, or `webhook code.received`."""
    return f"{effect.name} {effect.argument}" if effect.argument else effect.name


def mermaid(machine: Machine, settings: Mapping[str, Any], *, notes: bool = False) -> str:
    """Return a machine as a Mermaid state diagram, with the values of settings; with `notes`, with all effects."""
    lines = ["stateDiagram-v2"]
    lines += [f'    state "{name}" as {_mermaid(name)}' for name in machine.states if _mermaid(name) != name]
    lines.append(f"    [*] --> {_mermaid(machine.start)}")
    for name, state in machine.states.items():
        for move in state.transitions:
            lines += [
                f"    {_mermaid(name)} --> {_mermaid(target)}: {_label(move, settings, effects=notes)}{odds}"
                for target, odds in _odds(move)
            ]
        if state.final:
            lines.append(f"    {_mermaid(name)} --> [*]")
    if notes:
        lines += [
            f"    note right of {_mermaid(name)}: {', '.join(texts)}"
            for name, state in machine.states.items()
            if (texts := _follows(machine, state))
        ]
    return "\n".join(lines) + "\n"


def dot(machine: Machine, settings: Mapping[str, Any]) -> str:
    """Return a machine as a DOT digraph, for Graphviz, with the values of settings."""
    lines = [f"digraph {_quoted(f'{machine.provider}/{machine.kind}')} {{", "    rankdir=LR;"]
    lines += ["    node [shape=box, style=rounded];", '    "" [shape=point];']
    for name, state in machine.states.items():
        text = "\n".join([name, *_follows(machine, state)])
        lines.append(f"    {_quoted(name)} [label={_quoted(text)}{', peripheries=2' if state.final else ''}];")
    lines.append(f'    "" -> {_quoted(machine.start)};')
    for name, state in machine.states.items():
        for move in state.transitions:
            # Timers have solid lines, events that somebody must send dashed ones.
            style = "" if move.after is not None else ", style=dashed"
            label = _label(move, settings, effects=True)
            lines += [
                f"    {_quoted(name)} -> {_quoted(target)} [label={_quoted(label + odds)}{style}];"
                for target, odds in _odds(move)
            ]
    return "\n".join([*lines, "}"]) + "\n"


def _label(move: Transition, settings: Mapping[str, Any], *, effects: bool) -> str:
    label = move.on
    if move.after is not None:
        label += f" (after {delay_text(move.after, settings)})"
    if move.not_before is not None:
        label += f" (not before {delay_text(move.not_before, settings)})"
    if move.not_after is not None:
        label += f" (before {delay_text(move.not_after, settings)})"
    if effects and move.sends is not None:
        label += f" (sends {move.sends.event} after {delay_text(move.sends.after, settings)})"
    if effects and move.effects:
        label += f" / {', '.join(map(effect_text, move.effects))}"
    return label


def _odds(move: Transition) -> list[tuple[str, str]]:
    if len(move.to) == 1:
        return [(move.to[0][0], "")]
    weights = [weight for _, weight in move.to]
    whole = sum(weight for weight in weights if isinstance(weight, int))
    if all(isinstance(weight, int) for weight in weights):
        return [(target, f", {weight} in {whole}") for target, weight in move.to]
    return [(target, f", {weight_text(weight)}") for target, weight in move.to]


def _follows(machine: Machine, state: State) -> list[str]:
    """Return the word that clients read for the state, where it differs, and the effects of entering it."""
    public_state = machine.shown(state.name)
    return [*([] if public_state == state.name else [f"shown as {public_state}"]), *map(effect_text, state.effects)]


def _mermaid(name: str) -> str:
    """Return a name for Mermaid, which would read hyphens and its own keywords otherwise."""
    if name.lower() in _MERMAID_WORDS or "-" in name:
        return re.sub("-", "_", name) + "_"
    return name


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'

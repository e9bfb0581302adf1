"""Weights: how likely each target of a transition is, as a number, from a fact or from a setting."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class FactWeight(NamedTuple):
    """The whole number that the order's fact `name` holds; 0 where it holds none."""

    name: str


class SettingWeight(NamedTuple):
    """The weight 1 where the sandbox's setting `name` has this value, else 0."""

    name: str
    value: Any


Weight = int | FactWeight | SettingWeight
Targets = tuple[tuple[str, Weight], ...]
"""States to go to, each with its weight."""


def resolved_weights(
    targets: Targets, *, facts: Mapping[str, Any], settings: Mapping[str, Any]
) -> tuple[tuple[str, int], ...]:
    """Return the targets with weights as whole numbers; where all of them are 0, the first target has 1."""
    weights = tuple((state, _resolved_weight(weight, facts, settings)) for state, weight in targets)
    if any(weight for _, weight in weights):
        return weights
    return ((weights[0][0], 1), *weights[1:])


def _resolved_weight(weight: Weight, facts: Mapping[str, Any], settings: Mapping[str, Any]) -> int:
    match weight:
        case FactWeight():
            value = facts.get(weight.name)
            return value if isinstance(value, int) and value > 0 else 0
        case SettingWeight():
            return int(settings.get(weight.name) == weight.value)
    return weight


def weight_from_data(data: object) -> Weight:
    """Return the weight that this JSON data describes; raises ValueError with a sentence when it describes none.

    A whole number from 1, `{fact: name}`, or `{setting: name, is: value}`.
    """
    if isinstance(data, int) and not isinstance(data, bool) and data >= 1:
        return data
    if isinstance(data, Mapping):
        match dict(data):
            case {"fact": str() as name, **rest} if name and not rest:
                return FactWeight(name)
            case {"setting": str() as name, "is": str() | int() | float() as value, **rest} if name and not rest:
                return SettingWeight(name, value)
    raise ValueError("a weight is a whole number from 1, {fact: NAME} or {setting: NAME, is: VALUE}")


def weight_data(weight: Weight) -> Any:
    """Return the weight as JSON data, as a scenario file writes it."""
    match weight:
        case FactWeight():
            return {"fact": weight.name}
        case SettingWeight():
            return {"setting": weight.name, "is": weight.value}
    return weight

"""Which scenarios are in force: the active ones over each provider's default."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mockserver.domain.errors import Invalid
from mockserver.domain.suggestions import did_you_mean
from mockserver.engine.machine import Machine
from mockserver.engine.matching import Subject, matches
from mockserver.engine.rules import Aspect, Rule
from mockserver.faults.model import Fault
from mockserver.scenario.library import Library
from mockserver.scenario.model import AccountSeed, Magic, Scenario


@dataclass(frozen=True, slots=True)
class ActiveScenarios:
    """`names` are the active scenarios, first things first.

    `layers` maps a provider to its scenarios: the active ones that speak of it, then its default.
    """

    names: tuple[str, ...]
    layers: Mapping[str, tuple[Scenario, ...]]
    rules: Mapping[str, tuple[Rule, ...]]
    _speaking: dict[tuple[Aspect, str, object], tuple[Rule, ...]] = field(default_factory=dict)
    _come_before: dict[tuple[str, str], bool] = field(default_factory=dict)

    def machine(self, provider: str, kind: str) -> Machine:
        """The first machine of this kind; raises KeyError when the default has none either."""
        for scenario in self.layers[provider]:
            if kind in scenario.machines:
                return scenario.machines[kind]
        raise KeyError(f"no scenario of {provider} has a machine of kind {kind!r}")

    def scenarios(self) -> Iterable[Scenario]:
        """Return every scenario of every layer."""
        return (scenario for layer in self.layers.values() for scenario in layer)

    def machines(self) -> Iterable[Machine]:
        """Return every machine of every layer."""
        return (machine for scenario in self.scenarios() for machine in scenario.machines.values())

    def accounts(self, provider: str) -> list[AccountSeed]:
        """The accounts of all layers; of two with the same id the upper one."""
        found: dict[str, AccountSeed] = {}
        for scenario in self.layers[provider]:
            for seed in scenario.accounts:
                found.setdefault(seed.id, seed)
        return list(found.values())

    def magic(self) -> list[tuple[str, Magic]]:
        """Every magic value with its provider."""
        return [(name, magic) for name, layer in self.layers.items() for one in layer for magic in one.magic]

    def faults(self) -> list[Fault]:
        """The faults of all layers, first things first."""
        return [fault for layer in self.layers.values() for scenario in layer for fault in scenario.faults]

    def settings(self) -> dict[str, Any]:
        """What the layers set; the upper ones win."""
        merged: dict[str, Any] = {}
        for layer in self.layers.values():
            for scenario in reversed(layer):
                merged |= scenario.settings
        return merged

    def candidates(self, aspect: Aspect, provider: str, subject: Subject) -> list[Rule]:
        """The rules that decide this aspect of this subject, first things first; `times` is not counted."""
        speaking = self.speaking(aspect, provider, subject.get("operation"))
        return [rule for rule in speaking if matches(rule.when, subject)]

    def come_before(self, provider: str, operation: str) -> bool:
        """Whether a rule could let calls of this operation take time or refuse them before they are worked on."""
        key = (provider, operation)
        found = self._come_before.get(key)
        if found is None:
            found = any(self.speaking(aspect, provider, operation) for aspect in ("takes", "refuse"))
            self._come_before[key] = found
        return found

    def speaking(self, aspect: Aspect, provider: str, operation: object) -> tuple[Rule, ...]:
        """The rules that could decide this aspect of this operation; found once for each."""
        key = (aspect, provider, operation)
        found = self._speaking.get(key)
        if found is None:
            found = tuple(rule for rule in self.rules[provider] if rule.could_decide(aspect, operation))
            self._speaking[key] = found
        return found


def _rules(layer: tuple[Scenario, ...]) -> tuple[Rule, ...]:
    """All rules, first things first; raises Invalid when an active scenario's leads into a state that nobody has.

    A default's rule that does speaks of the default's own machine, which another one lies over: it is left out.
    """
    machines: dict[str, Machine] = {}
    for scenario in layer:
        machines = {**scenario.machines, **machines}
    states = {state for machine in machines.values() for state in machine.states}
    found = []
    for scenario in layer:
        for rule in scenario.rules:
            unknown = [name for name in rule.leads_into() if name not in states]
            if not unknown:
                found.append(rule)
            elif scenario is not layer[-1]:
                text = f"rule {rule.name!r} of scenario {scenario.name!r} leads into unknown state {unknown[0]!r}"
                raise Invalid({"scenarios": [f"{text} (the machines in force have {', '.join(sorted(states))})"]})
    return tuple(found)


def in_force(library: Library, names: Sequence[str], providers: Iterable[str]) -> ActiveScenarios:
    """Lay the named scenarios over the defaults; raises Invalid for names nobody has and states nobody knows."""
    found: list[Scenario] = []
    unknown = [name for name in names if not library.find(name)]
    if unknown:
        known = library.names()
        raise Invalid({"scenarios": [f"unknown scenario: {name!r}{did_you_mean(name, known)}" for name in unknown]})
    for name in dict.fromkeys(names):
        found += library.find(name)
    layers = {}
    for provider in providers:
        default = library.default(provider)
        above = [one for one in found if one.provider == provider and one is not default]
        layers[provider] = (*above, default)
    rules = {provider: _rules(layer) for provider, layer in layers.items()}
    return ActiveScenarios(tuple(dict.fromkeys(names)), layers, rules)

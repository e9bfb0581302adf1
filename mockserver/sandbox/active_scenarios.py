"""The scenarios in force: the active ones over each provider's default."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mockserver.domain.errors import Invalid, ProviderMistake
from mockserver.domain.suggestions import suggestion
from mockserver.engine.machine import Machine
from mockserver.engine.matching import Subject, matches
from mockserver.engine.rules import Aspect, Rule
from mockserver.faults.model import Fault
from mockserver.scenario.library import Library
from mockserver.scenario.model import AccountSeed, Magic, Scenario


@dataclass(frozen=True, slots=True)
class ActiveScenarios:
    """The scenarios in force. `names` are the active scenarios, in the order in which they decide.

    `layers` maps a provider to its scenarios: its active ones, then its default.
    """

    names: tuple[str, ...]
    layers: Mapping[str, tuple[Scenario, ...]]
    rules: Mapping[str, tuple[Rule, ...]]
    _speaking: dict[tuple[Aspect, str, object], tuple[Rule, ...]] = field(default_factory=dict)
    _come_before: dict[tuple[str, str], bool] = field(default_factory=dict)

    def machine(self, provider: str, kind: str) -> Machine:
        """Return the first machine of this kind; raises ProviderMistake where there is none, even in the default."""
        for scenario in self.layers[provider]:
            if kind in scenario.machines:
                return scenario.machines[kind]
        kinds = dict.fromkeys(kind for scenario in self.layers[provider] for kind in scenario.machines)
        raise ProviderMistake(f"no scenario of {provider} has a machine of kind {kind!r} ({suggestion(kind, kinds)})")

    def scenarios(self) -> Iterable[Scenario]:
        """Return every scenario of every layer."""
        return (scenario for layer in self.layers.values() for scenario in layer)

    def machines(self) -> Iterable[Machine]:
        """Return every machine of every layer."""
        return (machine for scenario in self.scenarios() for machine in scenario.machines.values())

    def accounts(self, provider: str) -> list[AccountSeed]:
        """Return the accounts of all layers; of two with the same id, the one of the upper layer."""
        seeds: dict[str, AccountSeed] = {}
        for scenario in self.layers[provider]:
            for seed in scenario.accounts:
                seeds.setdefault(seed.id, seed)
        return list(seeds.values())

    def magic(self) -> list[tuple[str, Magic]]:
        """Return every magic value with its provider."""
        return [(name, magic) for name, layer in self.layers.items() for scenario in layer for magic in scenario.magic]

    def faults(self) -> list[Fault]:
        """Return the faults of all layers, in the order in which they decide."""
        return [fault for layer in self.layers.values() for scenario in layer for fault in scenario.faults]

    def settings(self) -> dict[str, Any]:
        """Return the settings of all layers; upper layers win."""
        merged: dict[str, Any] = {}
        for layer in self.layers.values():
            for scenario in reversed(layer):
                merged |= scenario.settings
        return merged

    def candidates(self, aspect: Aspect, provider: str, subject: Subject) -> list[Rule]:
        """Return the rules that match the subject and decide this aspect, first to last; `times` is not counted."""
        speaking = self.speaking(aspect, provider, subject.get("operation"))
        return [rule for rule in speaking if matches(rule.when, subject)]

    def come_before(self, provider: str, operation: str) -> bool:
        """Return whether a rule could delay calls of this operation or refuse them, before they are worked on."""
        key = (provider, operation)
        answer = self._come_before.get(key)
        if answer is None:
            answer = any(self.speaking(aspect, provider, operation) for aspect in ("takes", "refuse"))
            self._come_before[key] = answer
        return answer

    def speaking(self, aspect: Aspect, provider: str, operation: object) -> tuple[Rule, ...]:
        """Return the rules that could decide this aspect of this operation; searched once and then kept."""
        key = (aspect, provider, operation)
        rules = self._speaking.get(key)
        if rules is None:
            rules = tuple(rule for rule in self.rules[provider] if rule.could_decide(aspect, operation))
            self._speaking[key] = rules
        return rules


def _rules(layer: tuple[Scenario, ...]) -> tuple[Rule, ...]:
    """Return all rules, first to last; raises Invalid when a rule of an active scenario names an unknown state.

    A rule of the default may name states of the default's own machine, which an active machine hides: then it is left
    out.
    """
    machines: dict[str, Machine] = {}
    for scenario in layer:
        machines = {**scenario.machines, **machines}
    states = {state for machine in machines.values() for state in machine.states}
    rules = []
    for scenario in layer:
        for rule in scenario.rules:
            unknown = [name for name in rule.leads_into() if name not in states]
            if not unknown:
                rules.append(rule)
            elif scenario is not layer[-1]:
                text = f"rule {rule.name!r} of scenario {scenario.name!r} leads into unknown state {unknown[0]!r}"
                raise Invalid({"scenarios": [f"{text} (the machines in force have {', '.join(sorted(states))})"]})
    return tuple(rules)


def in_force(library: Library, names: Sequence[str], providers: Iterable[str]) -> ActiveScenarios:
    """Return the named scenarios over the defaults; raises Invalid for unknown names, and for unknown states."""
    scenarios: list[Scenario] = []
    unknown = [name for name in names if not library.find(name)]
    if unknown:
        known = library.names()
        raise Invalid({"scenarios": [f"unknown scenario: {name!r} ({suggestion(name, known)})" for name in unknown]})
    for name in dict.fromkeys(names):
        scenarios += library.find(name)
    layers = {}
    for provider in providers:
        default = library.default(provider)
        above = [scenario for scenario in scenarios if scenario.provider == provider and scenario is not default]
        layers[provider] = (*above, default)
    rules = {provider: _rules(layer) for provider, layer in layers.items()}
    return ActiveScenarios(tuple(dict.fromkeys(names)), layers, rules)

"""Every rule, fault, setting, machine and magic value that comes with a provider takes effect over HTTP."""

from functools import lru_cache

import pytest

from mockserver.engine.faults import Fault
from mockserver.engine.rules import Rule
from mockserver.http.provider import Provider
from mockserver.providers import PROVIDERS
from mockserver.resources import bundled
from mockserver.scenario.check import load_file
from mockserver.scenario.model import Magic, Scenario
from tests.conformance.proofs import prove_fault, prove_magic, prove_rule, prove_the_rest

pytestmark = pytest.mark.anyio


@lru_cache(maxsize=1)
def library() -> tuple[tuple[Provider, Scenario], ...]:
    """Every bundled scenario with its provider."""
    return tuple(
        (provider, load_file(file, place=(provider.name, file.stem)))
        for provider in PROVIDERS
        for file in sorted((bundled("scenarios") / provider.name).glob("*.yaml"))
    )


def _named(provider: Provider, scenario: Scenario, what: str) -> str:
    return f"{provider.name}.{scenario.name}.{what}"


RULES = [
    pytest.param(provider, scenario, rule, id=_named(provider, scenario, rule.name))
    for provider, scenario in library()
    for rule in scenario.rules
]
FAULTS = [
    pytest.param(provider, scenario, fault, id=_named(provider, scenario, fault.label))
    for provider, scenario in library()
    for fault in scenario.faults
]
OTHERS = [
    pytest.param(provider, scenario, id=_named(provider, scenario, "file"))
    for provider, scenario in library()
    if scenario.settings or scenario.machines
]
MAGIC = [
    pytest.param(provider, magic, id=_named(provider, scenario, f"{magic.where}-{magic.value}"))
    for provider, scenario in library()
    for magic in scenario.magic
]


@pytest.mark.parametrize(("provider", "scenario", "rule"), RULES)
async def test_each_rule_takes_effect(provider: Provider, scenario: Scenario, rule: Rule) -> None:
    await prove_rule(provider, scenario, rule)


@pytest.mark.parametrize(("provider", "scenario", "fault"), FAULTS)
async def test_each_fault_strikes(provider: Provider, scenario: Scenario, fault: Fault) -> None:
    await prove_fault(provider, scenario, fault)


@pytest.mark.parametrize(("provider", "scenario"), OTHERS)
async def test_each_scenarios_settings_and_machines_are_in_force(provider: Provider, scenario: Scenario) -> None:
    await prove_the_rest(provider, scenario)


@pytest.mark.parametrize(("provider", "magic"), MAGIC)
async def test_each_magic_value_does_what_its_text_says(provider: Provider, magic: Magic) -> None:
    await prove_magic(provider, magic)

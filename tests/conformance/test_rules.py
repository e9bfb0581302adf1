"""Every rule, fault, setting, machine and magic value that comes with a provider takes effect over HTTP."""

from contextlib import suppress
from functools import lru_cache

import pytest

from mockserver.engine.rules import Rule
from mockserver.faults.model import Fault
from mockserver.http.provider import Endpoint, Provider
from mockserver.scenario.check import load_file
from mockserver.scenario.model import Magic, Scenario
from mockserver.scenario.problems import ScenarioProblems
from tests.conformance.client import Client
from tests.conformance.proofs import prove_orders_obey, prove_rule, prove_the_rest
from tests.conformance.proofs_of_faults import prove_fault
from tests.conformance.proofs_of_magic import prove_magic
from tests.served import asked, missing, scenario_files

pytestmark = pytest.mark.anyio


@lru_cache(maxsize=1)
def library() -> tuple[tuple[Provider, Scenario], ...]:
    """Every scenario that comes with a provider; a file that cannot be read fails a test of its own."""
    found = []
    for provider in asked():
        for file in scenario_files(provider):
            with suppress(ScenarioProblems):
                found.append((provider, load_file(file, place=(provider.name, file.stem))))
    return tuple(found)


RULES = [(provider, scenario, rule) for provider, scenario in library() for rule in scenario.rules]
FAULTS = [(provider, scenario, fault) for provider, scenario in library() for fault in scenario.faults]
OTHERS = [(provider, scenario) for provider, scenario in library() if scenario.settings or scenario.machines]
MAGIC = [(provider, scenario, magic) for provider, scenario in library() for magic in scenario.magic]


def _name(value: Provider | Scenario | Rule | Fault | Magic) -> str:
    if isinstance(value, Magic):
        return f"{value.where}-{value.value}"
    return value.label if isinstance(value, Fault) else value.name


@pytest.mark.parametrize(("provider", "scenario", "rule"), RULES, ids=_name)
async def test_each_rule_takes_effect(provider: Provider, scenario: Scenario, rule: Rule) -> None:
    await prove_rule(provider, scenario, rule)


@pytest.mark.core
@pytest.mark.parametrize(("provider", "scenario", "fault"), FAULTS, ids=_name)
async def test_each_fault_strikes(provider: Provider, scenario: Scenario, fault: Fault) -> None:
    await prove_fault(provider, scenario, fault)


@pytest.mark.parametrize(("provider", "scenario"), OTHERS, ids=_name)
async def test_each_scenarios_settings_and_machines_are_in_force(provider: Provider, scenario: Scenario) -> None:
    await prove_the_rest(provider, scenario)


@pytest.mark.parametrize(("provider", "scenario", "magic"), MAGIC, ids=_name)
async def test_each_magic_value_does_what_its_text_says(provider: Provider, scenario: Scenario, magic: Magic) -> None:
    await prove_magic(provider, scenario, magic)


async def test_the_samples_name_the_operations_that_place_orders(client: Client, acting: Endpoint) -> None:
    ask = await client.ask(acting)
    orders = f"/orders?provider={client.provider.name}&limit=1000"
    before = len((await client.world.steer("GET", orders))["orders"])
    await client.sent(acting, ask)
    places = len((await client.world.steer("GET", orders))["orders"]) > before
    if places and acting.name not in client.samples.placing:
        missing(client.provider, "placing", f"{acting.name} places an order")
    assert places == (acting.name in client.samples.placing), f"{acting.name} places no order"


async def test_operations_that_place_orders_obey_any_scenario(client: Client, acting: Endpoint) -> None:
    if acting.name in client.samples.placing:
        await prove_orders_obey(client, acting)

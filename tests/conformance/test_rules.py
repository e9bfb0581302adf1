"""Every rule, fault, setting, machine and magic value that comes with a provider takes effect over HTTP."""

from dataclasses import replace
from functools import lru_cache

import pytest

from mockserver.domain.orders import Order
from mockserver.engine.machine import Circumstances, begin
from mockserver.engine.matching import matcher_from_data
from mockserver.engine.rules import Rule
from mockserver.faults.model import Fault
from mockserver.http.call import Call
from mockserver.http.provider import Provider
from mockserver.http.replies import Reply
from mockserver.providers.daisysim.rules import RULES as DAISY_RULES
from mockserver.providers.daisysim.shop import Shop
from mockserver.resources import bundled
from mockserver.sandbox.orders import keep_order, keep_timers
from mockserver.scenario.check import load_file
from mockserver.scenario.model import Magic, Scenario
from tests.conformance.client import client_of
from tests.conformance.proofs import prove_rule, prove_the_rest
from tests.conformance.proofs_of_faults import prove_fault
from tests.conformance.proofs_of_magic import prove_magic
from tests.served import PROVIDERS

pytestmark = pytest.mark.anyio


@lru_cache(maxsize=1)
def library() -> tuple[tuple[Provider, Scenario], ...]:
    """Every bundled scenario with its provider."""
    return tuple(
        (provider, load_file(file, place=(provider.name, file.stem)))
        for provider in PROVIDERS
        for file in sorted((bundled("scenarios") / provider.name).glob("*.yaml"))
    )


RULES = [(provider, scenario, rule) for provider, scenario in library() for rule in scenario.rules]
FAULTS = [(provider, scenario, fault) for provider, scenario in library() for fault in scenario.faults]
OTHERS = [(provider, scenario) for provider, scenario in library() if scenario.settings or scenario.machines]
MAGIC = [(provider, magic) for provider, scenario in library() for magic in scenario.magic]
_DAISY = next(provider for provider in PROVIDERS if provider.name == "daisysim")


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


@pytest.mark.parametrize(("provider", "magic"), MAGIC, ids=_name)
async def test_each_magic_value_does_what_its_text_says(provider: Provider, magic: Magic) -> None:
    await prove_magic(provider, magic)


# -- the proofs fail where handlers go their own way -------------------------------------------------------


async def careless_purchase(call: Call) -> Reply:
    """Sell a number as if there were no scenarios: neither `place` nor `take_stock` is asked, and no order noted."""
    async with call.sandbox.work("careless") as work:
        sequence = await work.next_number("daisysim/activation")
        machine = work.state.active_scenarios.machine("daisysim", "activation")
        country = work.state.catalogue("daisysim", Shop).catalogue.country(call.fields["country"])
        assert country is not None
        order = Order(
            provider="daisysim",
            kind="activation",
            id=DAISY_RULES.order_id(work.dice, "activation", sequence),
            account=call.account.id,
            sequence=sequence,
            state="",
            visit=0,
            created_at=work.now,
            entered_at=work.now,
            amount=0,
            machine=machine.key,
            facts={
                "country": country.id,
                "country_name": country.name,
                "service": call.fields["service"],
                "label": "a label",
                "phone_number": "+15550100",
                "discount_pct": 0,
            },
            history=(),
            rule=None,
            plan=None,
        )
        step = begin(machine, order, Circumstances(work.now, work.dice, work.settings))
        await keep_order(work.tx, step.order, was=None, machine=machine)
        await keep_timers(work.tx, step, void=0)
        work.touched_due = True
    return Reply(
        {
            "activation_id": step.order.id,
            "phone_number": "+15550100",
            "amount_charged": 0,
            "balance_after": 100,
            "service": "a label",
            "country": country.name,
        },
        status=201,
    )


def careless() -> Provider:
    """DaisySIM with a handler that ignores scenarios."""
    endpoints = tuple(
        one._replace(handler=careless_purchase) if one.name == "purchase" else one for one in _DAISY.endpoints
    )
    return replace(_DAISY, endpoints=endpoints)


async def test_the_broken_provider_sells_nevertheless() -> None:
    async with client_of(careless()) as client:
        answer = await client.good(next(one for one in client.provider.endpoints if one.name == "purchase"))
        assert answer.status_code == 201


@pytest.mark.parametrize(
    ("scenario", "rule"),
    [(scenario, rule) for provider, scenario, rule in RULES if provider is _DAISY and not rule.speaks_of("refuse")],
    ids=_name,
)
async def test_no_proof_of_a_rule_holds_where_a_handler_ignores_it(scenario: Scenario, rule: Rule) -> None:
    with pytest.raises(AssertionError):
        await prove_rule(careless(), scenario, rule)


@pytest.mark.parametrize(
    "magic",
    # That a purchase is refused, or goes as any does, needs no handler.
    [magic for provider, magic in MAGIC if provider is _DAISY and magic.value not in ("pe", "999")],
    ids=_name,
)
async def test_no_proof_of_a_magic_value_holds_where_a_handler_ignores_it(magic: Magic) -> None:
    with pytest.raises(AssertionError):
        await prove_magic(careless(), magic)


async def test_a_rule_that_no_request_can_match_is_found() -> None:
    quick = next(scenario for provider, scenario in library() if (provider, scenario.name) == (_DAISY, "quick"))
    lost = quick.rules[0]._replace(when=(("operation", matcher_from_data("purchas")),))
    with pytest.raises(AssertionError, match="can't be reached"):
        await prove_rule(_DAISY, quick, lost)

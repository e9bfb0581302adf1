"""No proof of a rule or of a magic value holds where a handler goes its own way."""

from dataclasses import replace

import pytest

from mockserver.domain.orders import Order
from mockserver.engine.machine import Circumstances, begin
from mockserver.engine.matching import matcher_from_data
from mockserver.engine.rules import Rule
from mockserver.http.call import Call
from mockserver.http.provider import Provider
from mockserver.http.replies import Reply
from mockserver.providers.daisysim.rules import RULES as DAISY_RULES
from mockserver.providers.daisysim.shop import Shop
from mockserver.sandbox.orders import keep_order, keep_timers
from mockserver.scenario.check import load_file
from mockserver.scenario.model import Magic, Scenario
from tests.conformance.client import client_of
from tests.conformance.proofs import prove_rule
from tests.conformance.proofs_of_magic import prove_magic
from tests.served import PROVIDERS, asked, scenario_files

_DAISY = next(provider for provider in PROVIDERS if provider.name == "daisysim")
pytestmark = [pytest.mark.anyio, pytest.mark.skipif(_DAISY not in asked(), reason="another provider is asked")]
SCENARIOS = [load_file(file, place=(_DAISY.name, file.stem)) for file in scenario_files(_DAISY)]
RULES = [(scenario, rule) for scenario in SCENARIOS for rule in scenario.rules if not rule.speaks_of("refuse")]
# That a purchase is refused, or goes as any does, needs no handler.
MAGIC = [(scenario, magic) for scenario in SCENARIOS for magic in scenario.magic if magic.value not in ("pe", "999")]


def _name(value: Scenario | Rule | Magic) -> str:
    return f"{value.where}-{value.value}" if isinstance(value, Magic) else value.name


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


@pytest.mark.parametrize(("scenario", "rule"), RULES, ids=_name)
async def test_no_proof_of_a_rule_holds_where_a_handler_ignores_it(scenario: Scenario, rule: Rule) -> None:
    with pytest.raises(AssertionError):
        await prove_rule(careless(), scenario, rule)


@pytest.mark.parametrize(("scenario", "magic"), MAGIC, ids=_name)
async def test_no_proof_of_a_magic_value_holds_where_a_handler_ignores_it(scenario: Scenario, magic: Magic) -> None:
    with pytest.raises(AssertionError):
        await prove_magic(careless(), scenario, magic)


async def test_a_rule_that_no_request_can_match_is_found() -> None:
    quick = next(scenario for scenario in SCENARIOS if scenario.name == "quick")
    lost = quick.rules[0]._replace(when=(("operation", matcher_from_data("purchas")),))
    with pytest.raises(AssertionError, match="can't be reached"):
        await prove_rule(_DAISY, quick, lost)

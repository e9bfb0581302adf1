"""The state of a sandbox is one plain value: how it begins, what is in force, which rule decides."""

from collections import Counter
from dataclasses import fields
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.errors import Invalid
from mockserver.engine.dice import Dice
from mockserver.sandbox import counters
from mockserver.sandbox.config import Population
from mockserver.sandbox.state import SandboxState
from tests.sandbox.support import HASTE, QUICK, SHOP, new_state, scenario, server
from tests.support import START

LIMITED = """\
scenario: limited
provider: shop
about: Two for each account, then one for all; after that the rule below decides.
rules:
  - {name: two-each, when: {operation: order}, then: {stock: 2}, times: 2, per: [account]}
  - {name: one-for-all, when: {operation: order}, then: {stock: 1}, times: 1}
  - {name: always, then: {stock: 9}}
"""


def subject(account: str = "demo", **more: Any) -> dict[str, Any]:
    return {"operation": "order", "account": account, **more}


def parts(state: SandboxState) -> dict[str, Any]:
    """Everything that the state holds, as it is by now."""
    found = {one.name: getattr(state, one.name) for one in fields(state)}
    found |= {"settings": dict(state.settings.values), "faults": [one.key for one in state.faults.in_force()]}
    return found | {name: dict(found[name]) for name in ("machines", "sources", "counters", "catalogues")}


# -- how it begins ---------------------------------------------------------------------------------------------------


def test_it_begins_as_it_is_told() -> None:
    state = new_state(seed=7, settings={"rate_limits": "off"}, per_poll=timedelta(seconds=3))
    assert (state.identity, state.born_at, state.clock.now(), state.clock.rate) == ("here", START, START, Decimal(0))
    assert (state.dice.seed, state.dice.cast("x")) == (7, Dice(7).cast("x"))
    assert (state.settings.values["rate_limits"], state.settings.values["shop.patience"]) == ("off", "60s")
    assert state.per_poll == timedelta(seconds=3)
    assert (state.counters, state.order_faults, state.quiet_until, state.faults.in_force()) == ({}, (), None, [])
    (machine,) = state.machines.values()
    assert (machine.kind, state.machine_named(machine.key)) == ("parcel", machine)
    assert state.source_of(machine.key).name == "quick"


def test_a_past_to_live_through_begins_earlier_and_stands_meanwhile() -> None:
    past = Population(orders=3, over=timedelta(days=2))
    state = new_state(rate=Decimal(5), population=past)
    assert (state.clock.now(), state.clock.rate) == (START - timedelta(days=2), Decimal(0))


@pytest.mark.parametrize(
    ("birth", "field"),
    [
        ({"scenarios": ("nowhere",)}, "scenarios"),
        ({"settings": {"shop.patience": "soon"}}, "shop.patience"),
        ({"settings": {"shop.colour": "red"}}, "shop.colour"),
    ],
)
def test_it_does_not_begin_with_what_nobody_knows(birth: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        new_state(**birth)
    assert list(refused.value.errors) == [field]


def test_a_setting_that_it_begins_with_lies_over_what_scenarios_set() -> None:
    state = new_state(scenarios=("haste",), settings={"shop.patience": "7s"})
    assert state.settings.values["shop.patience"] == "7s"
    state.activate([])
    assert state.settings.values["shop.patience"] == "7s"


def test_two_states_of_one_server_share_nothing_that_changes() -> None:
    shared = server()
    one, other = new_state(shared), new_state(shared)
    before = parts(other)
    one.activate(["haste"])
    one.settings.patch({"rate_limits": "off"})
    one.library.add(scenario(LIMITED))
    one.decide("stock", SHOP, subject(**{"order.size": "rare"}))
    one.catalogue(SHOP, lambda dice: dice.seed)
    one.clock.move_to(START + timedelta(hours=1))
    assert parts(other) == before
    assert (other.clock.now(), other.library.names()) == (START, ["haste", "quick"])


# -- what is in force ------------------------------------------------------------------------------------------------


def test_to_activate_puts_settings_faults_and_machines_in_force_and_takes_them_back() -> None:
    state = new_state()
    before = parts(state)
    state.activate(["haste"])
    assert state.active_scenarios.names == ("haste",)
    assert state.settings.values["shop.patience"] == "5s"
    assert [one.name for one in state.faults.in_force()] == ["lost-note"]
    state.activate([])
    after = parts(state)
    assert {name for name in before if after[name] != before[name]} <= {"active_scenarios"}
    assert (after["active_scenarios"].names, after["active_scenarios"].layers) == (
        before["active_scenarios"].names,
        before["active_scenarios"].layers,
    )


@pytest.mark.parametrize("names", [["nowhere"], ["haste", "nowhere"], ["nowhere", "haste"]])
def test_names_that_nobody_has_change_nothing(names: list[str]) -> None:
    state = new_state(scenarios=("haste",))
    before = parts(state)
    with pytest.raises(Invalid, match="unknown scenario"):
        state.activate(names)
    assert parts(state) == before


def test_machines_stay_known_for_the_orders_that_were_born_with_them() -> None:
    slow = QUICK.replace("scenario: quick", "scenario: slow").replace("after: 10s", "after: 90s")
    state = new_state(server(QUICK, slow))
    (born,) = state.machines
    state.activate(["slow"])
    assert state.active_scenarios.machine(SHOP, "parcel").key != born
    assert state.machine_named(born).key == born
    assert {one.key for one in state.machines_of([SHOP])} == set(state.machines)
    assert state.machines_of([]) == []
    assert {state.source_of(key).name for key in state.machines} == {"quick", "slow"}


def test_to_know_a_scenario_puts_nothing_in_force() -> None:
    slow = scenario(QUICK.replace("scenario: quick", "scenario: slow").replace("after: 10s", "after: 90s"))
    state = new_state()
    before = parts(state)
    state.know([slow])
    (key,) = (machine.key for machine in slow.machines.values())
    assert (state.machine_named(key).states, state.source_of(key)) == (slow.machines["parcel"].states, slow)
    after = parts(state)
    assert {name for name in before if after[name] != before[name]} == {"machines", "sources"}


def test_a_catalogue_is_built_once_with_the_sandbox_s_dice() -> None:
    state, other = new_state(), new_state(seed="other")
    built: list[object] = []

    def build(dice: Dice) -> list[int]:
        built.append(dice)
        return [dice.cast("price")]

    assert state.catalogue(SHOP, build) is state.catalogue(SHOP, build)
    assert state.catalogue(SHOP, build) != other.catalogue(SHOP, build)
    assert built == [state.dice, other.dice]


# -- which rule decides ----------------------------------------------------------------------------------------------


def decided(state: SandboxState, *accounts: str) -> list[str]:
    found = [state.decide("stock", SHOP, subject(account)) for account in accounts]
    return [rule.name if rule else "none" for rule in found]


def test_a_rule_decides_so_often_for_each_value_and_then_the_next_does() -> None:
    state = new_state(server(QUICK, LIMITED), scenarios=("limited",))
    assert decided(state, "a", "a", "b", "a", "b", "a", "b") == [
        *("two-each", "two-each", "two-each", "one-for-all", "two-each", "always", "always"),
    ]


def test_aspects_are_counted_apart() -> None:
    both = "scenario: both\nprovider: shop\nabout: Both.\n"
    both += "rules: [{name: both, then: {refuse: ProviderError, stock: 0}, times: 1}]\n"
    state = new_state(server(QUICK, both), scenarios=("both",))
    refuse = [state.decide("refuse", SHOP, subject()) for _ in range(2)]
    assert [rule.name if rule else None for rule in refuse] == ["both", None]
    assert decided(state, "a", "a") == ["both", "none"]


def test_what_does_not_match_or_concerns_another_aspect_is_not_counted() -> None:
    state = new_state(server(QUICK, LIMITED), scenarios=("limited",))
    assert state.decide("life", SHOP, subject()) is None
    assert state.decide("reprice", SHOP, subject()) is None
    state.decide("stock", SHOP, {"operation": "look", "account": "a"})
    assert state.counters == {}


@given(st.lists(st.sampled_from("abc"), max_size=20))
def test_times_and_per_are_kept_whoever_asks_in_whatever_order(askers: list[str]) -> None:
    state = new_state(server(QUICK, LIMITED), scenarios=("limited",))
    seen: Counter[str] = Counter()
    expected = []
    for one in askers:
        seen[one] += 1
        left = ["two-each"] if seen[one] <= 2 else ["one-for-all"] if "one-for-all" not in expected else ["always"]
        expected += left
    assert decided(state, *askers) == expected


def test_counts_are_bounded_and_the_oldest_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "MOST_COUNTERS", 3)
    state = new_state(server(QUICK, LIMITED), scenarios=("limited",))
    decided(state, "a", "a", "b", "c", "d")
    assert len(state.counters) == 3
    assert decided(state, "a") == ["two-each"]


def test_a_word_for_clients_is_the_machine_s_own() -> None:
    state = new_state()
    machine = state.active_scenarios.machine(SHOP, "parcel")
    assert [machine.shown(name) for name in ("waiting", "held", "done")] == ["Open", "Open", "Done"]


def test_a_scenario_that_leads_where_no_machine_goes_is_not_put_in_force() -> None:
    odd = "scenario: odd\nprovider: shop\nabout: Odd.\nrules: [{name: r, then: {start: nowhere}}]\n"
    state = new_state(server(QUICK, HASTE, odd))
    before = parts(state)
    with pytest.raises(Invalid, match="leads into unknown state 'nowhere'"):
        state.activate(["odd"])
    assert parts(state) == before

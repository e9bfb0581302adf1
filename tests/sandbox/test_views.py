"""A view replaces a few parts of the state; all other parts are the state's, even after the state was replaced."""

from dataclasses import fields
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.errors import Invalid
from mockserver.faults.model import Fault
from mockserver.faults.parse import fault_from_data
from mockserver.sandbox.refusals import WorldReplaced
from mockserver.sandbox.state import SandboxState
from mockserver.sandbox.view import PastView, RequestView
from tests.sandbox.support import HASTE, QUICK, SHOP, new_state, server
from tests.support import START


def fault(**data: object) -> Fault:
    def refuse(place: tuple[str, ...], message: str) -> None:
        raise AssertionError((place, message))

    return fault_from_data(data, key="own", refuse=refuse)


LATE = fault(webhook={"delay": "5s"})
BROKEN = fault(answer={"status": 503})


def differing(one: SandboxState, other: SandboxState) -> set[str]:
    """The parts that are not the very same."""
    return {part.name for part in fields(one) if getattr(one, part.name) is not getattr(other, part.name)}


@pytest.mark.parametrize(
    ("scenarios", "own", "parts"),
    [
        ([], None, set()),
        ([], BROKEN, set()),
        ([], LATE, {"order_faults"}),
        (["haste"], None, {"active_scenarios", "settings", "faults", "order_faults"}),
        (["haste"], LATE, {"active_scenarios", "settings", "faults", "order_faults"}),
        (["quick"], None, {"active_scenarios", "settings", "faults"}),
    ],
)
def test_a_request_s_view_differs_in_what_it_asked_for_alone(
    scenarios: list[str], own: Fault | None, parts: set[str]
) -> None:
    state = new_state()
    assert differing(RequestView(state, scenarios, own)(state), state) == parts


def test_a_request_s_scenarios_lie_over_those_in_force() -> None:
    state = new_state()
    seen = RequestView(state, ["haste"], None)(state)
    assert (seen.active_scenarios.names, state.active_scenarios.names) == (("haste",), ())
    assert (seen.settings.values["shop.patience"], state.settings.values["shop.patience"]) == ("5s", "60s")
    assert [one.name for one in seen.faults.in_force()] == ["lost-note"]
    assert [one.name for one in seen.order_faults] == ["lost-note"]
    rule = seen.decide("life", SHOP, {"operation": "order"})
    assert rule is not None
    assert rule.name == "haste"
    assert state.decide("life", SHOP, {"operation": "order"}) is None


def test_what_happens_under_a_view_happens_to_the_sandbox() -> None:
    state = new_state()
    seen = RequestView(state, ["haste"], None)(state)
    seen.decide("stock", SHOP, {"operation": "order", "account": "demo", "order.size": "rare"})
    seen.clock.move_to(START + timedelta(seconds=9))
    seen.faults.add(seen.faults.in_force()[0], "hits")
    assert state.clock.now() == START + timedelta(seconds=9)
    assert list(state.counters.values()) == [1]
    assert list(state.faults.counts.values()) == [{"hits": 1, "matched": 0}]


def test_orders_born_under_a_view_find_their_machine_afterwards() -> None:
    state = new_state()
    seen = RequestView(state, ["haste"], None)(state)
    key = seen.active_scenarios.machine(SHOP, "parcel").key
    assert state.machine_named(key).kind == "parcel"


def test_a_fault_that_is_armed_meanwhile_strikes_under_the_view_too() -> None:
    state = new_state()
    view = RequestView(state, ["haste"], None)
    state.faults.arm({"name": "down", "answer": {"status": 503}}, now=START)
    assert [one.name for one in view(state).faults.in_force()] == ["down", "lost-note"]


def test_unknown_scenarios_are_refused_and_change_nothing() -> None:
    state = new_state()
    machines = dict(state.machines)
    with pytest.raises(Invalid, match="unknown scenario"):
        RequestView(state, ["haste", "nowhere"], None)
    assert state.machines == machines


@given(st.lists(st.integers(0, 2), min_size=1, max_size=8))
def test_the_base_may_become_another_and_its_parts_with_it(places: list[int]) -> None:
    shared = server()
    bases = [new_state(shared, seed=number) for number in range(3)]
    request = RequestView(bases[0], ["haste"], LATE)
    for place in places:
        base = bases[place]
        seen = request(base)
        assert seen is request(base)
        assert differing(seen, base) == {"active_scenarios", "settings", "faults", "order_faults"}


def test_invented_customers_are_quiet_up_to_their_moment() -> None:
    state = new_state()
    seen = PastView(state, quiet_until=START + timedelta(days=1))(state)
    assert (seen.quiet_until, state.quiet_until) == (START + timedelta(days=1), None)
    assert differing(seen, state) == {"quiet_until"}
    assert PastView(state, quiet_until=None)(state) is state


def test_invented_customers_act_in_no_world_but_their_own() -> None:
    shared = server()
    view = PastView(new_state(shared), quiet_until=START)
    with pytest.raises(WorldReplaced):
        view(new_state(shared))


def test_a_scenario_that_asks_for_a_setting_that_is_none_is_refused() -> None:
    state = new_state(server(QUICK, HASTE.replace("arrive: 1s", "arrive: {setting: nosuch}")))
    for try_it in (lambda: RequestView(state, ["haste"], None), lambda: state.activate(["haste"])):
        with pytest.raises(Invalid, match="scenario 'haste' cannot be used: unknown setting: 'nosuch'"):
            try_it()
    assert state.active_scenarios.names == ()

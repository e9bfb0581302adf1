"""Laws of money and final states, whatever happens to an order and whenever."""

from typing import Any

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.providers.doctorsim_v1.client import V1, serving

FINAL = {"available", "notavailable", "error", "canceled"}
WAITS = st.sampled_from(["0s", "1s", "9.999s", "10s", "49s", "50s", "1m", "9m", "599.999s", "10m", "1d", "30d"])
EVENTS = st.sampled_from(["process", "ready", "nowait", "fail", "break", "cancel"])
DEEDS = st.one_of(
    st.tuples(st.just("wait"), WAITS),
    st.tuples(st.just("event"), EVENTS),
    st.tuples(st.just("cancel"), st.just("")),
    st.tuples(st.just("nowait"), st.just("")),
)
SCENARIOS = st.sampled_from([[], ["guaranteed-times"], ["no-cancel-window"], ["always-notavailable"], ["error"]])
TOOLS = st.sampled_from([("1697", "3"), ("15910", "1"), ("15531", "1"), ("15429", "5815")])


async def do(v1: V1, ticket: str, deed: tuple[str, str]) -> None:
    """One thing that may happen; whether it is refused does not matter here."""
    match deed:
        case ("wait", span):
            await v1.world.advance(span)
        case ("event", event):
            await v1.world.control("POST", f"/orders/doctorsim_v1/{ticket}/events", {"event": event})
        case ("cancel", _):
            await v1.call("DELETE", f"/cancel_order/{ticket}")
        case _:
            await v1.call("POST", f"/update_order/{ticket}", data={"force": "nowait"})


async def story(scenarios: list[str], pair: tuple[str, str], which: int, deeds: list[tuple[str, str]]) -> None:
    """An order, what happens to it, and what must hold after each step."""
    async with serving(rate_limits="off") as v1:
        await v1.scenario(*scenarios)
        tools = await v1.tools(*pair)
        tool: dict[str, Any] = tools[which % len(tools)]
        ticket = await v1.order(device=pair[0], network=pair[1], tool=tool["id_tool"])
        final = ""
        for deed in [("wait", "0s"), *deeds, ("wait", "200d")]:
            await do(v1, ticket, deed)
            status = await v1.status(ticket)
            assert not final or status == final
            final = status if status in FINAL else ""
            paid = 0 if status in ("canceled", "notavailable") else round(tool["price"] * 100)
            assert round(float(await v1.balance()) * 100) == 100_000 - paid
            howto = await v1.call("GET", f"/retrieve_order_instructions/{ticket}")
            assert (howto.status_code == 200) is (status == "available")
        assert final
        entries = (await v1.world.steer("GET", "/ledger/doctorsim_v1/sandbox"))["entries"]
        assert len(entries) == (3 if final in ("canceled", "notavailable") else 2)


@given(SCENARIOS, TOOLS, st.integers(0, 3), st.lists(DEEDS, max_size=8))
@settings(max_examples=40)
def test_an_order_is_paid_for_once_and_refunded_once_at_most(
    scenarios: list[str], pair: tuple[str, str], which: int, deeds: list[tuple[str, str]]
) -> None:
    anyio.run(story, scenarios, pair, which, deeds)

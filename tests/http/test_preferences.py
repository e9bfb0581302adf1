"""Prefer: mock-scenario and mock-fault apply only to the request that carries them."""

import httpx
import pytest

from tests.support import World, code_of, running

pytestmark = pytest.mark.anyio

SHELF = """
scenario: shelf
provider: daisysim
about: Faults for whoever asks.
settings: {daisysim.cancel_after: 0s}
faults:
  - {name: teapot, on_demand: true, answer: {status: 418, body: short and stout}}
  - {path: /balance, times: 1, answer: {mistake: ProviderError}}
rules:
  - {name: instant, when: {operation: purchase}, then: {delays: {sms: 1s}}}
"""


async def post(world: World, text: str) -> None:
    answer = await world.control("POST", "/scenarios", content=text, headers={"Content-Type": "application/yaml"})
    assert answer.status_code == 201, answer.text


async def balance(world: World, prefer: str) -> httpx.Response:
    return await world.daisy("GET", "/balance", headers={"Prefer": prefer})


async def entry_of(world: World, answer: httpx.Response) -> dict[str, object]:
    entry: dict[str, object] = await world.steer("GET", f"/requests/{answer.headers['x-mock-request-id']}")
    return entry


async def test_a_scenario_holds_for_one_request_and_its_order_keeps_what_it_was_born_with() -> None:
    async with running() as world:
        body = {"country": 6, "service": "wa", "price": await world.price()}
        silent = await world.daisy("POST", "/purchase", body, headers={"Prefer": "mock-scenario=no-sms"})
        assert silent.headers["preference-applied"] == "mock-scenario=no-sms"
        usual = await world.daisy("POST", "/purchase", body)
        await world.advance("60s")
        states = [(await world.order(one.json()["data"]["activation_id"]))["state"] for one in (silent, usual)]
        assert states == ["waiting", "completed"]
        assert await world.steer("GET", "/scenarios/active") == []
        assert (await entry_of(world, silent))["scenarios"] == ["no-sms"]


async def test_a_scenarios_refusals_settings_and_faults_hold_too() -> None:
    async with running() as world:
        await post(world, SHELF)
        refused = await world.daisy("GET", "/countries", headers={"Prefer": 'mock-scenario="provider-down"'})
        assert code_of(refused) == (502, "PROVIDER_ERROR")
        assert (await world.daisy("GET", "/countries")).status_code == 200
        order = (await world.buy())["activation_id"]
        assert code_of(await world.daisy("POST", f"/cancel/{order}"))[1] == "TOO_EARLY"
        soon = await world.daisy("POST", f"/cancel/{order}", headers={"Prefer": "mock-scenario=shelf"})
        assert soon.status_code == 200
        assert [(await balance(world, "mock-scenario=shelf")).status_code for _ in range(2)] == [502, 200]
        assert (await world.daisy("GET", "/balance")).status_code == 200


async def test_several_scenarios_lie_over_each_other_in_the_order_of_the_header() -> None:
    async with running() as world:
        await post(world, SHELF)
        body = {"country": 6, "service": "wa", "price": await world.price()}
        for prefer, state in (("no-sms,shelf", "waiting"), ("shelf,no-sms", "completed")):
            header = ", ".join(f"mock-scenario={one}" for one in prefer.split(","))
            bought = await world.daisy("POST", "/purchase", body, headers={"Prefer": f"return=minimal, {header}"})
            await world.advance("30s")
            assert (await world.order(bought.json()["data"]["activation_id"]))["state"] == state


async def test_what_was_due_before_happens_under_the_scenarios_in_force() -> None:
    async with running() as world:
        order = (await world.buy())["activation_id"]
        await world.advance("8s")
        seen = await world.daisy("GET", f"/check/{order}", headers={"Prefer": "mock-scenario=no-sms"})
        assert seen.json()["data"]["status"] == "Completed"


@pytest.mark.parametrize(
    ("name", "status"), [("RateLimited", 429), ("OutOfStock", 503), ("503", 503), ("404", 404), ("teapot", 418)]
)
async def test_a_fault_is_asked_for_by_the_name_of_a_fault_a_mistake_or_a_status(name: str, status: int) -> None:
    async with running() as world:
        await post(world, SHELF)
        answer = await balance(world, f"mock-fault={name}")
        assert (answer.status_code, answer.headers["preference-applied"]) == (status, f"mock-fault={name}")
        entry = await entry_of(world, answer)
        assert (entry["fault"], entry["faults"][0]["by"]) == (name, "the caller")  # type: ignore[index]
        assert (await world.daisy("GET", "/balance")).status_code == 200


@pytest.mark.parametrize("name", ["reset", "empty", "garbage", "cut"])
async def test_a_fault_of_the_wire_is_asked_for_by_its_kind(name: str) -> None:
    async with running() as world:
        with pytest.raises(httpx.TransportError):
            await balance(world, f"mock-fault={name}")
        assert (await world.daisy("GET", "/balance")).status_code == 200


async def test_an_armed_fault_that_strikes_on_demand_only_strikes_who_names_it() -> None:
    async with running() as world:
        fault = {"name": "maybe", "on_demand": True, "path": "/prices", "times": 1, "answer": {"status": 500}}
        await world.steer("POST", "/faults", fault)
        assert (await world.daisy("GET", "/balance")).status_code == 200
        assert [(await balance(world, "mock-fault=maybe")).status_code for _ in range(2)] == [500, 500]
        assert (await world.steer("GET", "/faults"))["faults"][0]["hits"] == 2


async def test_what_nobody_knows_is_said_in_the_providers_words() -> None:
    async with running() as world:
        for prefer, word in (
            ("mock-fault=nope", "Unknown fault: 'nope'"),
            ("mock-scenario=nope", "Unknown scenario: 'nope'"),
            ("mock-fault=reset, mock-fault=empty", "one fault only"),
        ):
            answer = await balance(world, prefer)
            assert code_of(answer) == (422, "VALIDATION_ERROR")
            assert word in answer.json()["errors"]["Prefer"][0]


async def test_other_preferences_are_not_for_us() -> None:
    async with running() as world:
        for prefer in ("respond-async", "return=minimal; foo", "x-mock-fault=reset", ""):
            answer = await balance(world, prefer)
            assert answer.status_code == 200
            assert "preference-applied" not in answer.headers

"""Prefer: mock-scenario and mock-fault apply only to the request that carries them."""

import httpx
import pytest

from tests.outside import AcmeWorld, acme_running

pytestmark = pytest.mark.anyio

SHELF = """
scenario: shelf
provider: acme
about: Faults for whoever asks.
settings: {acme.cancel_after: 0s}
faults:
  - {name: teapot, on_demand: true, answer: {status: 418, body: short and stout}}
  - {path: /balance, times: 1, answer: {mistake: OutOfStock}}
rules:
  - {name: instant, when: {operation: buy}, then: {delays: {sms: 1s}}}
  - {name: shut, when: {operation: services}, then: {refuse: InsufficientBalance}}
"""


async def post(world: AcmeWorld, text: str) -> None:
    answer = await world.control("POST", "/scenarios", content=text, headers={"Content-Type": "application/yaml"})
    assert answer.status_code == 201, answer.text


async def balance(world: AcmeWorld, prefer: str) -> httpx.Response:
    return await world.ask("GET", "/balance", headers={"Prefer": prefer})


async def entry_of(world: AcmeWorld, answer: httpx.Response) -> dict[str, object]:
    entry: dict[str, object] = await world.steer("GET", f"/requests/{answer.headers['x-mock-request-id']}")
    return entry


async def test_a_scenario_holds_for_one_request_and_its_order_keeps_what_it_was_born_with() -> None:
    async with acme_running() as world:
        body = {"service": "chat"}
        silent = await world.ask("POST", "/orders", body, headers={"Prefer": "mock-scenario=no-sms"})
        assert silent.headers["preference-applied"] == "mock-scenario=no-sms"
        usual = await world.ask("POST", "/orders", body)
        await world.advance("60s")
        states = [(await world.order(one.json()["id"]))["state"] for one in (silent, usual)]
        assert states == ["waiting", "completed"]
        assert await world.steer("GET", "/scenarios/active") == []
        assert (await entry_of(world, silent))["scenarios"] == ["no-sms"]


async def test_a_scenarios_refusals_settings_and_faults_hold_too() -> None:
    async with acme_running() as world:
        await post(world, SHELF)
        refused = await world.ask(
            "POST", "/orders", {"service": "chat"}, headers={"Prefer": 'mock-scenario="sold-out"'}
        )
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "sold_out")
        refused = await world.ask("GET", "/services", headers={"Prefer": "mock-scenario=shelf"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (402, "no_money")
        assert (await world.ask("GET", "/services")).status_code == 200
        order = await world.rent()
        early = await world.ask("POST", f"/orders/{order}/cancel")
        assert early.json()["error"]["code"] == "too_early"
        soon = await world.ask("POST", f"/orders/{order}/cancel", headers={"Prefer": "mock-scenario=shelf"})
        assert soon.status_code == 200
        assert [(await balance(world, "mock-scenario=shelf")).status_code for _ in range(2)] == [409, 200]
        assert (await world.ask("GET", "/balance")).status_code == 200


async def test_several_scenarios_lie_over_each_other_in_the_order_of_the_header() -> None:
    async with acme_running() as world:
        await post(world, SHELF)
        body = {"service": "chat"}
        for prefer, state in (("no-sms,shelf", "waiting"), ("shelf,no-sms", "completed")):
            header = ", ".join(f"mock-scenario={one}" for one in prefer.split(","))
            bought = await world.ask("POST", "/orders", body, headers={"Prefer": f"return=minimal, {header}"})
            await world.advance("30s")
            assert (await world.order(bought.json()["id"]))["state"] == state


async def test_what_was_due_before_happens_under_the_scenarios_in_force() -> None:
    async with acme_running() as world:
        order = await world.rent()
        await world.advance("8s")
        seen = await world.ask("GET", f"/orders/{order}", headers={"Prefer": "mock-scenario=no-sms"})
        assert seen.json()["state"] == "completed"


@pytest.mark.parametrize(
    ("name", "status"), [("RateLimited", 429), ("OutOfStock", 409), ("503", 503), ("404", 404), ("teapot", 418)]
)
async def test_a_fault_is_asked_for_by_the_name_of_a_fault_a_mistake_or_a_status(name: str, status: int) -> None:
    async with acme_running() as world:
        await post(world, SHELF)
        answer = await balance(world, f"mock-fault={name}")
        assert (answer.status_code, answer.headers["preference-applied"]) == (status, f"mock-fault={name}")
        entry = await entry_of(world, answer)
        assert (entry["fault"], entry["faults"][0]["by"]) == (name, "the caller")  # type: ignore[index]
        assert (await world.ask("GET", "/balance")).status_code == 200


@pytest.mark.parametrize("name", ["reset", "empty", "garbage", "cut"])
async def test_a_fault_of_the_wire_is_asked_for_by_its_kind(name: str) -> None:
    async with acme_running() as world:
        with pytest.raises(httpx.TransportError):
            await balance(world, f"mock-fault={name}")
        assert (await world.ask("GET", "/balance")).status_code == 200


async def test_an_armed_fault_that_strikes_on_demand_only_strikes_who_names_it() -> None:
    async with acme_running() as world:
        fault = {"name": "maybe", "on_demand": True, "path": "/orders", "times": 1, "answer": {"status": 500}}
        await world.steer("POST", "/faults", fault)
        assert (await world.ask("GET", "/balance")).status_code == 200
        assert [(await balance(world, "mock-fault=maybe")).status_code for _ in range(2)] == [500, 500]
        assert (await world.steer("GET", "/faults"))["faults"][0]["hits"] == 2


async def test_what_nobody_knows_is_said_in_the_providers_words() -> None:
    async with acme_running() as world:
        for prefer, word in (
            ("mock-fault=nope", "Unknown fault: 'nope'"),
            ("mock-scenario=nope", "Unknown scenario: 'nope'"),
            ("mock-fault=reset, mock-fault=empty", "one fault only"),
        ):
            answer = await balance(world, prefer)
            error = answer.json()["error"]
            assert (answer.status_code, error["code"]) == (422, "invalid")
            assert word in error["fields"]["Prefer"][0]


async def test_other_preferences_are_not_for_us() -> None:
    async with acme_running() as world:
        for prefer in ("respond-async", "return=minimal; foo", "x-mock-fault=reset", ""):
            answer = await balance(world, prefer)
            assert answer.status_code == 200
            assert "preference-applied" not in answer.headers


GHOST = """\
scenario: ghosts
provider: acme
about: An account of its own, and any key.
settings: {accept_any_key: true}
accounts: [{id: ghost, credentials: {key: acme-ghost}, balance: "5.00"}]
"""


async def test_accounts_of_a_scenario_for_one_request_are_gone_after_it() -> None:
    async with acme_running() as world:
        await post(world, GHOST)
        before = await world.steer("GET", "/state")
        for path, status in (("/balance", 200), ("/orders/none", 404)):
            for key in ("acme-ghost", "acme-stranger"):
                headers = {"Authorization": f"Bearer {key}"}
                answer = await world.ask("GET", path, headers={**headers, "Prefer": "mock-scenario=ghosts"})
                assert answer.status_code == status
                assert (await world.ask("GET", path, headers=headers)).status_code == 401
        after = await world.steer("GET", "/state")
        assert {**after, "requests": 0, "limits": {}} == {**before, "requests": 0, "limits": {}}


async def test_an_account_that_bought_in_one_request_opens_only_under_its_scenario() -> None:
    async with acme_running() as world:
        await post(world, GHOST)
        headers = {"Authorization": "Bearer acme-ghost"}
        ghostly = {**headers, "Prefer": "mock-scenario=ghosts"}
        bought = await world.ask("POST", "/orders", {"service": "chat"}, headers=ghostly)
        path = f"/orders/{bought.json()['id']}"
        assert (await world.ask("GET", path, headers=headers)).status_code == 401
        assert (await world.ask("GET", path, headers=ghostly)).status_code == 200
        data = await world.control("GET", "/state")
        assert (await world.control("PUT", "/state", content=data.content)).status_code == 200
        assert (await world.ask("GET", path, headers=headers)).status_code == 401
        assert (await world.ask("GET", path, headers=ghostly)).status_code == 200
        await world.steer("PUT", "/scenarios/active", ["ghosts"])
        await world.steer("PUT", "/scenarios/active", [])
        assert (await world.ask("GET", path, headers=headers)).status_code == 200

"""Histories: what invented customers do, and the orders and money that remain.

Each provider of the package has customers of its own, and Acme has none: so those providers are asked.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from mockserver.app import App
from mockserver.clockwork.clock import machine_now
from mockserver.config import Settings
from mockserver.domain.moments import parse_moment
from mockserver.providers import daisysim
from tests.control.problems import fields_of, problem_of
from tests.costs import MOST_STICKS, stick
from tests.support import DEMO, World, frozen_settings, heartbeat, running, started
from tests.webhooks.receivers import Visit, receiving

pytestmark = pytest.mark.anyio

PROVIDERS = ("daisysim", "doctorsim_v1", "doctorsim_v2", "hidsim")
#: States that the default scenario leads to, save those that last for seconds only.
STATES = {
    "daisysim": {"completed", "cancelled"},
    "doctorsim_v1": {"available", "canceled", "notavailable"},
    "doctorsim_v2": {"fulfilled", "failed", "manual_revision"},
    "hidsim": {"completed", "no_number_refunded", "system_refunded", "user_refunded"},
}
BUYERS = {
    "daisysim": ["demo", "poor"],
    "doctorsim_v1": ["live", "poor", "sandbox"],
    "doctorsim_v2": ["live_demo", "live_poor", "test_demo"],
    "hidsim": ["partner", "poor"],
}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as made:
        yield made


async def populate(world: World, orders: int = 60, **more: Any) -> dict[str, Any]:
    done: dict[str, Any] = await world.steer("POST", "/populate", {"orders": orders, **more})
    return done


async def orders_of(world: World, provider: str) -> list[dict[str, Any]]:
    return await world.pages(f"/orders?provider={provider}", "orders")


async def accounts_of(world: World) -> dict[tuple[str, str], tuple[str, str]]:
    rows = (await world.steer("GET", "/accounts"))["accounts"]
    return {(one["provider"], one["id"]): (one["balance"], one["total_spent"]) for one in rows}


async def test_the_answer_tells_how_many_orders_there_are_how_they_stand_and_from_when_to_when(world: World) -> None:
    done = await populate(world, 80, over="4w2d")
    assert done["placed"] == 80
    assert (done["from"], done["to"]) == ("2026-01-31T12:00:00Z", "2026-03-02T12:00:00Z")
    assert (await world.steer("GET", "/clock")) == {"mode": "frozen", "now": "2026-03-02T12:00:00Z", "rate": 0}
    assert list(done["states"]) == list(PROVIDERS)
    for provider in PROVIDERS:
        counts: dict[str, int] = {}
        for order in await orders_of(world, provider):
            counts[order["state"]] = counts.get(order["state"], 0) + 1
            assert done["from"] <= order["created_at"] < done["to"]
        assert counts == done["states"][provider]
    assert sum(sum(counts.values()) for counts in done["states"].values()) == 80


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_all_ends_of_the_default_scenario_occur_and_the_money_adds_up(world: World, provider: str) -> None:
    before = await accounts_of(world)
    done = await populate(world, 400, providers=[provider])
    assert done["placed"] == 400
    assert STATES[provider] <= set(done["states"][provider])
    assert done["refused"][provider]["InsufficientBalance"] > 0
    assert await accounts_of(world) == before
    orders = await orders_of(world, provider)
    assert sorted({one["account"] for one in orders}) == BUYERS[provider]
    for account in BUYERS[provider]:
        await check_ledger(world, provider, account, orders)


async def check_ledger(world: World, provider: str, account: str, orders: list[dict[str, Any]]) -> None:
    """Entries lead from one balance to the next, and each paid order stands in them as it ended."""
    ledger = await world.steer("GET", f"/ledger/{provider}/{account}?limit=1")
    held = Decimal(0)
    by_order: dict[str, Decimal] = {}
    for entry in await world.pages(f"/ledger/{provider}/{account}", "entries"):
        held += Decimal(entry["amount"])
        assert Decimal(entry["balance_after"]) == held >= 0
        if entry["order"] is not None and "cashback" not in entry["cause"]:
            by_order[entry["order"]] = by_order.get(entry["order"], Decimal(0)) + Decimal(entry["amount"])
    assert Decimal(ledger["balance"]) == held
    refunded = {"cancelled", "canceled", "notavailable", "failed", "refunded"}
    for order in orders:
        if order["account"] == account and Decimal(order["amount"]):
            back = order["state"] in refunded or order["state"].endswith("_refunded")
            assert by_order[order["id"]] == (0 if back else -Decimal(order["amount"])), order


async def test_the_providers_own_lists_show_the_orders(world: World) -> None:
    await populate(world, 200)
    stories = {name: await orders_of(world, name) for name in PROVIDERS}

    def ids(provider: str, *accounts: str) -> set[str]:
        return {one["id"] for one in stories[provider] if one["account"] in accounts}

    daisy = (await world.call("GET", "/daisysim.com/api/v1/virtual/history?per_page=100", headers=DEMO)).json()["data"]
    assert daisy["pagination"]["total"] == len(ids("daisysim", "demo"))
    assert {one["activation_id"] for one in daisy["orders"]} == ids("daisysim", "demo")

    pair = {"DSIM_KEY": "live-key", "DSIM_SECRET": "live-secret"}
    unlocks = await world.call("GET", "/api.doctorsim.com/check_order_status", headers=pair)
    assert set(unlocks.json()["res"]) == ids("doctorsim_v1", "live")

    key = {"Authorization": "Bearer test_demo:sk_demo"}
    ended = await world.call("GET", "/api.doctorsim.com/v2/orders?limit=100", headers=key)
    final = {
        one["id"]
        for one in stories["doctorsim_v2"]
        if one["account"] == "test_demo" and one["state"] in ("fulfilled", "failed")
    }
    assert {one["order_id"] for one in ended.json()["data"]} == final

    login = {"identifier": "partner@example.com", "password": "secret-password"}
    token = (await world.call("POST", "/api.hidsim.com/auth/login", json=login)).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    rows = (await world.call("GET", "/api.hidsim.com/operations?limit=100", headers=bearer)).json()["data"]
    assert {one["_id"] for one in rows} == ids("hidsim", "partner")


async def test_customers_have_names_and_addresses_that_belong_to_nobody(world: World) -> None:
    await populate(world, 40)
    people = [one["facts"]["customer"] for provider in PROVIDERS for one in await orders_of(world, provider)]
    assert len(people) == 40
    assert all(one["email"].rpartition("@")[2].startswith("example.") for one in people)
    assert 1 < len({one["name"] for one in people}) < 40


async def told(world: World) -> list[Any]:
    accounts = [("daisysim", "demo"), ("doctorsim_v1", "live"), ("doctorsim_v2", "live_demo"), ("hidsim", "partner")]
    found: list[Any] = [await orders_of(world, provider) for provider in PROVIDERS]
    return found + [await world.steer("GET", f"/ledger/{provider}/{account}") for provider, account in accounts]


async def test_the_same_seed_gives_the_same_history_and_another_seed_another_one(world: World) -> None:
    for name, seed in (("one", "a"), ("two", "a"), ("three", "b")):
        body = {"name": name, "seed": seed, "populate": {"orders": 60}}
        assert (await world.control("POST", "/sandboxes", body)).status_code == 201
    one, two, three = [await told(world.beside(name)) for name in ("one", "two", "three")]
    assert one == two
    assert one != three


async def test_a_second_history_goes_on_from_the_first_and_is_another(world: World) -> None:
    first = await populate(world, 30, over="10d")
    second = await populate(world, 30, over="10d")
    assert second["from"] == first["to"]
    moments = [one["created_at"] for provider in PROVIDERS for one in await orders_of(world, provider)]
    assert len(moments) == 60
    spans = sorted(moment[8:] for moment in moments)
    assert len(set(spans)) == 60


def is_ordinary(order: dict[str, Any]) -> bool:
    """Whether no magic value decides how the order goes."""
    facts = order["facts"]
    match order["provider"]:
        case "daisysim":
            return bool(facts["country"] != 999)
        case "doctorsim_v1":
            return facts["tool_type"] != "check" and facts["imei"] not in ("123456789876543", "355710060480006")
        case "doctorsim_v2":
            return not (facts["phone"] or "").endswith(("0000", "0001", "0002", "0003", "0004"))
    return bool(facts["country"] != "ZZ")


@pytest.mark.parametrize(
    ("provider", "scenario", "states"),
    [
        ("daisysim", "no-sms", {"cancelled", "waiting"}),
        ("doctorsim_v1", "always-notavailable", {"notavailable", "canceled", "open", "pending"}),
        ("doctorsim_v2", "failing", {"failed", "pending", "processing"}),
        ("hidsim", "no-numbers", {"no_number_refunded", "creating"}),
    ],
)
async def test_the_scenarios_in_force_decide(world: World, provider: str, scenario: str, states: set[str]) -> None:
    await world.steer("PUT", "/scenarios/active", [scenario])
    await populate(world, 80, providers=[provider])
    ends = [one["state"] for one in await orders_of(world, provider) if is_ordinary(one)]
    assert len(ends) > 40
    assert set(ends) <= states


async def test_where_everything_is_sold_out_customers_are_refused_and_nothing_is_placed(world: World) -> None:
    await world.steer("PUT", "/scenarios/active", ["sold-out"])
    done = await populate(world, 20, providers=["daisysim"])
    assert (done["placed"], done["states"]) == (0, {"daisysim": {}})
    assert done["refused"]["daisysim"]["OutOfStock"] > 0


async def test_accounts_that_are_named_buy_and_no_others(world: World) -> None:
    await world.steer("POST", "/accounts/daisysim", {"id": "shop", "balance": "7.50", "total_spent": "3"})
    done = await populate(world, 30, accounts=["shop", "poor"], providers=["daisysim"])
    assert done["placed"] == 30
    assert {one["account"] for one in await orders_of(world, "daisysim")} == {"shop", "poor"}
    held = await accounts_of(world)
    assert held["daisysim", "shop"] == ("7.5000", "3.0000")
    assert held["daisysim", "poor"] == ("0.1000", "0.0000")


async def test_accounts_can_be_named_by_the_public_part_of_their_credential(world: World) -> None:
    await populate(world, 20, accounts=["poor@example.com", "daisy-demo", "demo"])
    bought = {(one["provider"], one["account"]) for one in (await world.steer("GET", "/orders"))["orders"]}
    assert bought == {("hidsim", "poor"), ("daisysim", "demo")}


async def test_an_account_that_a_test_spent_from_ends_at_its_documented_balance_too(world: World) -> None:
    await world.steer("PATCH", "/accounts/daisysim/demo", {"balance": "250", "total_spent": "1"})
    await populate(world, 10, accounts=["demo"])
    assert (await accounts_of(world))["daisysim", "demo"] == ("100.0000", "45.2000")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "orders"),
        ({"orders": 0}, "orders"),
        ({"orders": 10_001}, "orders"),
        ({"orders": 1.5}, "orders"),
        ({"orders": 1, "over": "0s"}, "over"),
        ({"orders": 1, "over": "a while"}, "over"),
        ({"orders": 1, "over": "4000d"}, "over"),
        ({"orders": 1, "providers": ["nobody"]}, "providers"),
        ({"orders": 1, "providers": "daisysim"}, "providers"),
        ({"orders": 1, "accounts": ["nobody"]}, "accounts"),
        ({"orders": 1, "accounts": ["locked"]}, "accounts"),
        ({"orders": 1, "accounts": ["test_readonly"]}, "accounts"),
        ({"orders": 1, "accounts": ["live_noip"]}, "accounts"),
        ({"orders": 1, "accounts": ["demo"], "providers": ["hidsim"]}, "accounts"),
        ({"orders": 1, "webhooks": "yes"}, "webhooks"),
        ({"orders": 1, "colour": "red"}, "colour"),
    ],
)
async def test_what_cannot_be_is_422_names_the_field_and_changes_nothing(
    world: World, body: dict[str, Any], field: str
) -> None:
    assert fields_of(await world.control("POST", "/populate", body)) == [field]
    assert (await world.steer("GET", "/clock"))["now"] == "2026-01-31T12:00:00Z"
    assert (await world.steer("GET", "/orders"))["orders"] == []


async def test_a_second_history_at_the_same_time_is_409(world: World) -> None:
    answers = await asyncio.gather(*(world.control("POST", "/populate", {"orders": 20}) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]


async def accept(visit: Visit) -> None:
    await visit.answer(b"HTTP/1.1 204 No Content\r\n\r\n")


@pytest.mark.parametrize("sent", [False, True])
async def test_webhooks_are_sent_only_where_they_are_asked_for(world: World, *, sent: bool) -> None:
    async with receiving(accept) as receiver:
        await world.steer("PATCH", "/accounts/daisysim/demo", {"webhook_url": receiver.url()})
        done = await populate(world, 20, accounts=["demo"], webhooks=sent)
        assert bool(receiver.visits) == sent
        assert len(receiver.visits) == (done["states"]["daisysim"]["completed"] if sent else 0)
        assert bool((await world.steer("GET", "/webhooks/deliveries"))["deliveries"]) == sent


async def test_what_is_under_way_in_the_end_sends_its_webhook_afterwards(world: World) -> None:
    """And so does what others had bought before, whose code comes while the history is made."""
    async with receiving(accept) as receiver:
        await world.steer("PATCH", "/accounts/daisysim/demo", {"webhook_url": receiver.url()})
        await world.buy()
        await populate(world, 100, accounts=["demo"], over="60s")
        assert len(receiver.visits) == 1
        waiting = {one["id"] for one in await orders_of(world, "daisysim") if one["state"] == "waiting"}
        await world.advance("9s")
        completed = {one["id"] for one in await orders_of(world, "daisysim") if one["state"] == "completed"}
        assert waiting & completed
        assert len(receiver.visits) == 1 + len(waiting & completed)


async def test_a_sandbox_made_with_a_history_begins_earlier_and_is_ready_at_its_now(world: World) -> None:
    body = {"name": "mine", "clock": {"now": "2030-05-05T05:05:05Z"}, "populate": {"orders": 40, "over": "30d"}}
    made = await world.steer("POST", "/sandboxes", body)
    assert made["clock"]["now"] == "2030-05-05T05:05:05Z"
    wanted = {"orders": 40, "over": "30d", "providers": [], "accounts": [], "webhooks": False}
    assert made["populate"] == wanted
    mine = world.beside("mine")
    ledger = await mine.steer("GET", "/ledger/daisysim/demo")
    assert ledger["entries"][0]["at"] == "2030-04-05T05:05:05Z"
    assert ledger["balance"] == "100.0000"
    found = await told(mine)
    assert sum(len(orders) for orders in found[:4]) == 40
    await mine.buy()
    assert (await mine.steer("POST", "/reset"))["clock"]["now"] == "2030-05-05T05:05:05Z"
    assert await told(mine) == found


async def test_a_sandbox_whose_history_cannot_be_made_is_not_there(world: World) -> None:
    body = {"name": "mine", "populate": {"orders": 5, "accounts": ["nobody"]}}
    assert fields_of(await world.control("POST", "/sandboxes", body)) == ["accounts"]
    assert (await world.control("GET", "/sandboxes/mine")).status_code == 404
    assert (await world.beside("mine").steer("GET", "/orders"))["orders"] == []


async def test_while_a_sandbox_is_made_nobody_meets_it_half_done(world: World) -> None:
    body = {"name": "mine", "populate": {"orders": 40}}
    making = asyncio.ensure_future(world.control("POST", "/sandboxes", body))
    await asyncio.sleep(0)
    second = await world.control("POST", "/sandboxes", {"name": "mine"})
    assert "already taken" in problem_of(second, 409)["detail"]
    found, ensured = await asyncio.gather(
        world.beside("mine").steer("GET", "/orders"),
        world.control("PUT", "/sandboxes/mine", {"populate": {"orders": 40}}),
    )
    assert (await making).status_code == 201
    assert len(found["orders"]) == 40
    assert ensured.status_code == 200


async def test_a_snapshot_of_such_a_sandbox_knows_how_it_was_made(world: World) -> None:
    await world.steer("POST", "/sandboxes", {"name": "mine", "populate": {"orders": 20, "over": "10d"}})
    mine, other = world.beside("mine"), world.beside("other")
    state = await mine.steer("GET", "/state")
    await other.steer("PUT", "/state", state)
    assert await told(other) == await told(mine)
    await other.buy()
    await other.steer("POST", "/reset")
    found = await told(other)
    assert sum(len(orders) for orders in found[:4]) == 20
    state["birth"]["population"]["over"] = "0s"
    assert fields_of(await other.control("PUT", "/state", state)) == ["birth.population.over"]


async def test_the_server_can_begin_with_a_history() -> None:
    async with running(frozen_settings(populate=50)) as world:
        assert sum([len(await orders_of(world, provider)) for provider in PROVIDERS]) == 50
        assert (await world.steer("GET", "/clock"))["now"] == "2026-01-31T12:00:00Z"
        assert (await world.beside("other").steer("GET", "/orders"))["orders"] == []


@pytest.mark.timed
@pytest.mark.slow
async def test_the_loop_is_never_held_for_long(world: World) -> None:
    async with heartbeat() as waits:
        await populate(world, 300)
    assert max(waits) < MOST_STICKS * stick()


async def test_a_history_leaves_no_trace_in_the_journal(world: World) -> None:
    await populate(world, 20)
    assert (await world.steer("GET", "/requests"))["requests"] == []


async def test_a_provider_without_customers_has_none() -> None:
    async with started(App(frozen_settings(), [replace(daisysim.PROVIDER, customers=None)])) as world:
        answer = await world.control("POST", "/populate", {"orders": 1})
        assert fields_of(answer) == ["accounts"]
        assert (await world.steer("GET", "/clock"))["now"] == "2026-01-31T12:00:00Z"


async def test_an_invented_order_explains_itself(world: World) -> None:
    await populate(world, 20)
    for provider in PROVIDERS:
        order = (await orders_of(world, provider))[0]
        told = await world.steer("GET", f"/orders/{provider}/{order['id']}")
        assert told["explanation"]["story"][0]["at"] == order["created_at"]


async def test_while_the_clock_runs_the_sandbox_ends_at_the_present_moment_and_runs_on() -> None:
    async with running(Settings(populate=10)) as world:
        clock = await world.steer("GET", "/clock")
        assert (clock["mode"], clock["rate"]) == ("real", 1)
        assert abs(parse_moment(clock["now"]) - machine_now()) < timedelta(minutes=1)
        made = await world.steer("POST", "/sandboxes", {"clock": {"rate": 60}, "populate": {"orders": 5}})
        assert made["clock"]["mode"] == "scaled"


async def test_a_whole_number_may_be_written_with_a_point(world: World) -> None:
    body = b'{"orders": 5.0, "over": 86400.0}'
    assert (await world.steer("POST", "/populate", content=body))["placed"] == 5

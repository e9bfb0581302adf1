"""Expiry after twenty minutes without a code, which is assumed, marked so, and a setting."""

import pytest

from tests.providers.daisysim.judged import Daisy
from tests.support import code_of

pytestmark = pytest.mark.anyio


def is_assumed(answer: object) -> bool:
    """Whether the answer says that it rests on an assumption."""
    return getattr(answer, "headers", {}).get("x-mock-assumed") == "true"


async def expired(world: Daisy) -> str:
    """An activation that nobody cancelled within its twenty minutes."""
    bought: str = (await world.bought())["activation_id"]
    await world.advance("20m")
    return bought


async def waiting_for_cancel(world: Daisy) -> None:
    await world.steer("PATCH", "/settings", {"daisysim.expiry": "wait_for_cancel"})


async def test_by_default_the_refund_comes_by_itself_and_a_later_cancel_is_refused(world: Daisy) -> None:
    bought = await expired(world)
    assert await world.wallet() == 100
    assert await world.status(bought) == "Cancelled"
    for _ in range(2):
        answer = await world.daisy("POST", f"/cancel/{bought}")
        assert code_of(answer) == (422, "ALREADY_REFUNDED")
        assert is_assumed(answer)
    assert await world.wallet() == 100


@pytest.mark.parametrize(("scenarios", "state"), [([], "cancelled"), (["late-refund"], "refunding")])
async def test_when_a_number_expires_is_a_setting(world: Daisy, scenarios: list[str], state: str) -> None:
    await world.steer("PUT", "/scenarios/active", scenarios)
    await world.steer("PATCH", "/settings", {"daisysim.sms_after": "9m", "daisysim.expire_after": "5m"})
    bought = (await world.bought())["activation_id"]
    await world.advance("299s")
    assert await world.status(bought) == "Waiting"
    await world.advance("1s")
    assert (await world.steer("GET", f"/orders/daisysim/{bought}"))["state"] == state


async def test_what_is_refunded_by_a_cancel_is_refused_as_documented(world: Daisy) -> None:
    bought = (await world.bought())["activation_id"]
    await world.advance("60s")
    assert not is_assumed(await world.daisy("POST", f"/cancel/{bought}"))
    answer = await world.daisy("POST", f"/cancel/{bought}")
    assert code_of(answer) == (422, "ALREADY_REFUNDED")
    assert not is_assumed(answer)


async def test_where_it_waits_for_a_cancel_that_refunds_once(world: Daisy) -> None:
    await waiting_for_cancel(world)
    bought = await expired(world)
    await world.advance("3d")
    assert await world.status(bought) == "Waiting"
    assert await world.wallet() != 100
    answer = await world.daisy("POST", f"/cancel/{bought}")
    assert (answer.status_code, answer.json()["data"]["balance_after"]) == (200, 100)
    assert is_assumed(answer)
    assert await world.status(bought) == "Cancelled"
    assert await world.refused("POST", f"/cancel/{bought}") == (422, "ALREADY_REFUNDED")
    assert await world.wallet() == 100


async def test_until_its_twenty_minutes_are_over_it_is_cancelled_as_ever(world: Daisy) -> None:
    await waiting_for_cancel(world)
    bought = (await world.bought())["activation_id"]
    assert await world.refused("POST", f"/cancel/{bought}") == (422, "TOO_EARLY")
    await world.advance("1199s")
    answer = await world.daisy("POST", f"/cancel/{bought}")
    assert answer.status_code == 200
    assert not is_assumed(answer)


async def test_what_expired_gets_no_code_any_more(world: Daisy) -> None:
    await waiting_for_cancel(world)
    bought = await expired(world)
    assert (await world.control("POST", f"/orders/daisysim/{bought}/events", {"event": "sms"})).status_code == 409
    assert await world.status(bought) == "Waiting"


@pytest.mark.parametrize("mode", ["refund", "wait_for_cancel"])
async def test_answers_that_rest_on_an_expiry_say_so_and_no_others(world: Daisy, mode: str) -> None:
    await world.steer("PATCH", "/settings", {"daisysim.expiry": mode})
    bought = (await world.bought())["activation_id"]
    for path in (f"/check/{bought}", "/history"):
        assert not is_assumed(await world.daisy("GET", path))
    await world.advance("20m")
    fresh = (await world.bought())["activation_id"]
    for path in (f"/check/{bought}", "/history"):
        assert is_assumed(await world.daisy("GET", path))
    for path in (f"/check/{fresh}", "/history?per_page=1"):
        assert not is_assumed(await world.daisy("GET", path))


async def test_a_balance_with_the_money_of_an_expired_number_in_it_is_assumed(world: Daisy) -> None:
    bought = (await world.bought())["activation_id"]
    assert not is_assumed(await world.daisy("GET", "/balance"))
    await world.advance("20m")
    assert is_assumed(await world.daisy("GET", "/balance"))
    await world.steer("PUT", "/scenarios/active", ["quick"])
    order = await world.order_of(6, "wa")
    purchase = await world.daisy("POST", "/purchase", order)
    assert (purchase.status_code, is_assumed(purchase)) == (201, True), "balance_after"
    await world.advance("60s")
    assert is_assumed(await world.daisy("GET", "/balance"))
    refused = await world.daisy("POST", "/purchase", {**order, "price": 99})
    assert not is_assumed(refused), "a refusal shows no balance"
    assert not is_assumed(await world.daisy("POST", "/prices", {"country": 6, "service": "wa"}))
    assert not is_assumed(await world.daisy("GET", "/balance", key="daisy-poor")), "another wallet"
    assert await world.status(bought) == "Cancelled"


async def test_a_balance_is_assumed_from_the_refund_on_where_that_waits_for_a_cancel(world: Daisy) -> None:
    await waiting_for_cancel(world)
    bought = await expired(world)
    assert not is_assumed(await world.daisy("GET", "/balance")), "nothing was given back"
    assert is_assumed(await world.daisy("POST", f"/cancel/{bought}"))
    assert is_assumed(await world.daisy("GET", "/balance"))


async def test_a_balance_that_a_cancel_in_time_gave_back_is_documented(world: Daisy) -> None:
    bought = (await world.bought())["activation_id"]
    await world.advance("60s")
    for method, path in (("POST", f"/cancel/{bought}"), ("GET", "/balance")):
        assert not is_assumed(await world.daisy(method, path))


@pytest.mark.parametrize("balance", ["100.0000", "12.50"])
async def test_a_balance_that_a_test_sets_rests_on_nothing_else(world: Daisy, balance: str) -> None:
    await expired(world)
    await world.steer("PATCH", "/accounts/daisysim/demo", {"balance": balance})
    assert not is_assumed(await world.daisy("GET", "/balance"))
    assert await world.wallet() == float(balance)


async def test_a_snapshot_keeps_that_a_balance_is_assumed_and_a_reset_forgets_it(world: Daisy) -> None:
    await expired(world)
    snapshot = await world.steer("GET", "/state")
    await world.steer("POST", "/reset")
    assert not is_assumed(await world.daisy("GET", "/balance"))
    await world.steer("PUT", "/state", snapshot)
    assert is_assumed(await world.daisy("GET", "/balance"))
    assert (await world.steer("GET", "/state"))["tables"]["wallets"] == snapshot["tables"]["wallets"]


async def test_an_invented_past_leaves_balances_that_are_documented(world: Daisy) -> None:
    await world.steer("PUT", "/scenarios/active", ["no-sms"])
    await world.steer("POST", "/populate", {"orders": 60, "over": "30d"})
    orders = (await world.steer("GET", "/orders?provider=daisysim&state=cancelled"))["orders"]
    assert any(row["cause"] == "timer expire" for order in orders for row in order["history"]), "some expired"
    assert not is_assumed(await world.daisy("GET", "/balance"))


@pytest.mark.parametrize("mode", ["refund", "wait_for_cancel"])
async def test_the_setting_holds_for_every_scenario_in_which_numbers_expire(world: Daisy, mode: str) -> None:
    for name in ("quick", "flaky-sms", "late-refund"):
        other = Daisy(world.app, world.client, f"{name}-{mode.replace('_', '-')}")
        await other.steer("PUT", "/scenarios/active", [name, "no-sms"])
        await other.steer("PATCH", "/settings", {"daisysim.expiry": mode})
        order = await other.order_of(6, "wa")
        bought = (await other.data("POST", "/purchase", order))["activation_id"]
        await other.steer("POST", "/clock/advance", {"by": "20m"})
        await other.steer("POST", "/clock/advance", {"by": "10m"})
        waits = mode == "wait_for_cancel"
        assert await other.status(bought) == ("Waiting" if waits else "Cancelled"), name
        assert (await other.wallet() == 100) is not waits
        answer = await other.daisy("POST", f"/cancel/{bought}")
        assert answer.status_code == (200 if waits else 422)
        assert is_assumed(answer)
        await other.steer("POST", "/clock/advance", {"by": "10m"})
        assert await other.wallet() == 100


async def test_the_two_ways_are_told_by_the_machine_and_the_settings(world: Daisy) -> None:
    machine = await world.steer("GET", "/machines/daisysim/activation")
    (expire,) = [move for move in machine["states"]["waiting"]["transitions"] if move["on"] == "expire"]
    assert expire["to"] == {
        "cancelled": {"setting": "daisysim.expiry", "is": "refund"},
        "overdue": {"setting": "daisysim.expiry", "is": "wait_for_cancel"},
    }
    settings = await world.steer("GET", "/settings?help=1")
    assert settings["daisysim.expiry"]["choices"] == ["refund", "wait_for_cancel"]

"""The life of an activation, through /check and /cancel."""

import re
from decimal import Decimal

import pytest

from tests.providers.daisysim.judged import Daisy
from tests.support import code_of

pytestmark = pytest.mark.anyio


async def push(world: Daisy, activation_id: str, **event: str) -> int:
    """Sends an event through the control API; the status of its answer."""
    answer = await world.control("POST", f"/orders/daisysim/{activation_id}/events", event)
    return answer.status_code


async def test_an_activation_waits_after_the_purchase(world: Daisy) -> None:
    bought = await world.bought(6, "wa")
    assert await world.data("GET", f"/check/{bought['activation_id']}") == {
        "activation_id": bought["activation_id"],
        "status": "Waiting",
        "code": None,
        "phone_number": bought["phone_number"],
    }


async def test_the_answer_of_check_says_success(world: Daisy) -> None:
    bought = await world.bought(6, "wa")
    assert (await world.daisy("GET", f"/check/{bought['activation_id']}")).json()["success"] is True


async def test_the_code_comes_eight_seconds_after_the_purchase(world: Daisy) -> None:
    bought = await world.bought(6, "wa")
    await world.advance("7.999s")
    assert await world.status(bought["activation_id"]) == "Waiting"
    await world.advance("0.001s")
    checked = await world.data("GET", f"/check/{bought['activation_id']}")
    assert checked["status"] == "Completed"
    assert re.fullmatch(r"[0-9]{6}", checked["code"])
    assert checked["phone_number"] == bought["phone_number"]


async def test_polling_changes_nothing(world: Daisy) -> None:
    bought = await world.bought(6, "wa")
    for second in range(8):
        assert await world.status(bought["activation_id"]) == "Waiting", second
        await world.advance("1s")
    first = await world.data("GET", f"/check/{bought['activation_id']}")
    assert await world.data("GET", f"/check/{bought['activation_id']}") == first


async def test_a_code_can_be_pushed(world: Daisy) -> None:
    bought = await world.bought()
    assert await push(world, bought["activation_id"], event="sms", code="00 42-AB") == 200
    checked = await world.data("GET", f"/check/{bought['activation_id']}")
    assert (checked["status"], checked["code"]) == ("Completed", "00 42-AB")


async def test_a_second_code_is_refused(world: Daisy) -> None:
    bought = await world.bought()
    assert await push(world, bought["activation_id"], event="sms", code="111111") == 200
    assert await push(world, bought["activation_id"], event="sms", code="222222") == 409
    assert (await world.data("GET", f"/check/{bought['activation_id']}"))["code"] == "111111"


@pytest.mark.parametrize("given", ["0", "abc", "%00", "%ff", "9" * 1000, "123456789", "%20"])
async def test_an_unknown_activation_is_not_found(world: Daisy, given: str) -> None:
    assert await world.refused("GET", f"/check/{given}") == (404, "NOT_FOUND")
    assert await world.refused("POST", f"/cancel/{given}") == (404, "NOT_FOUND")


async def test_the_activation_of_another_account_is_not_found(world: Daisy) -> None:
    bought = (await world.bought())["activation_id"]
    key = await world.open_account("other", balance="10")
    await world.advance("60s")
    assert await world.refused("GET", f"/check/{bought}", key=key) == (404, "NOT_FOUND")
    assert await world.refused("POST", f"/cancel/{bought}", key=key) == (404, "NOT_FOUND")
    assert await world.status(bought) == "Waiting"


async def test_ids_may_arrive_url_encoded(world: Daisy) -> None:
    bought = (await world.bought())["activation_id"]
    encoded = "".join(f"%{ord(one):02x}" for one in bought)
    assert (await world.data("GET", f"/check/{encoded}"))["activation_id"] == bought
    await world.advance("60s")
    assert (await world.data("POST", f"/cancel/{encoded}"))["activation_id"] == bought


async def test_a_cancel_gives_everything_back(world: Daisy) -> None:
    bought = await world.bought()
    await world.advance("60s")
    assert await world.data("POST", f"/cancel/{bought['activation_id']}") == {
        "activation_id": bought["activation_id"],
        "refund": bought["amount_charged"],
        "balance_after": Decimal(100),
    }
    assert await world.wallet() == 100
    assert await world.data("GET", f"/check/{bought['activation_id']}") == {
        "activation_id": bought["activation_id"],
        "status": "Cancelled",
        "code": None,
        "phone_number": bought["phone_number"],
    }


@pytest.mark.parametrize(
    ("age", "left"), [("0s", 60), ("0.001s", 60), ("1s", 59), ("17.5s", 43), ("59s", 1), ("59.001s", 1), ("59.999s", 1)]
)
async def test_a_cancel_in_the_first_minute_is_too_early(world: Daisy, age: str, left: int) -> None:
    bought = await world.bought()
    await world.advance(age)
    answer = await world.daisy("POST", f"/cancel/{bought['activation_id']}")
    assert code_of(answer) == (422, "TOO_EARLY")
    assert re.findall(r"[0-9]+", answer.json()["error"]) == [str(left)]
    assert await world.wallet() == 100 - bought["amount_charged"]
    assert await world.status(bought["activation_id"]) == "Waiting"


async def test_at_sixty_seconds_a_cancel_is_taken(world: Daisy) -> None:
    bought = (await world.bought())["activation_id"]
    await world.advance("59.999s")
    assert await world.refused("POST", f"/cancel/{bought}") == (422, "TOO_EARLY")
    await world.advance("0.001s")
    assert (await world.daisy("POST", f"/cancel/{bought}")).status_code == 200


@pytest.mark.parametrize(("setting", "early", "rest"), [("120s", "119.999s", "0.001s"), ("3m", "179s", "1s")])
async def test_when_a_cancel_is_taken_is_a_setting(world: Daisy, setting: str, early: str, rest: str) -> None:
    await world.steer("PATCH", "/settings", {"daisysim.cancel_after": setting})
    bought = (await world.bought())["activation_id"]
    await world.advance(early)
    assert await world.refused("POST", f"/cancel/{bought}") == (422, "TOO_EARLY")
    await world.advance(rest)
    assert (await world.daisy("POST", f"/cancel/{bought}")).status_code == 200


async def test_a_cancel_may_be_allowed_at_once(world: Daisy) -> None:
    await world.steer("PATCH", "/settings", {"daisysim.cancel_after": 0})
    assert (await world.daisy("POST", f"/cancel/{(await world.bought())['activation_id']}")).status_code == 200


async def test_a_second_cancel_is_already_refunded(world: Daisy) -> None:
    bought = (await world.bought())["activation_id"]
    await world.advance("60s")
    await world.data("POST", f"/cancel/{bought}")
    assert await world.refused("POST", f"/cancel/{bought}") == (422, "ALREADY_REFUNDED")
    assert await world.wallet() == 100
    assert [entry["amount"][0] for entry in await world.ledger()] == ["-", *[(await world.ledger())[1]["amount"][0]]]
    assert len(await world.ledger()) == 2


async def test_already_refunded_comes_before_too_early(world: Daisy) -> None:
    await world.steer("PATCH", "/settings", {"daisysim.cancel_after": "0s"})
    bought = (await world.bought())["activation_id"]
    await world.data("POST", f"/cancel/{bought}")
    await world.steer("PATCH", "/settings", {"daisysim.cancel_after": "60s"})
    assert await world.refused("POST", f"/cancel/{bought}") == (422, "ALREADY_REFUNDED")


async def test_a_received_code_comes_before_too_early_and_is_told(world: Daisy) -> None:
    bought = (await world.bought(6, "wa"))["activation_id"]
    await world.advance("10s")
    answer = await world.daisy("POST", f"/cancel/{bought}")
    assert code_of(answer) == (422, "CODE_RECEIVED")
    code = (await world.data("GET", f"/check/{bought}"))["code"]
    assert answer.json()["data"] == {"activation_id": bought, "code": code}


async def test_a_completed_activation_is_never_cancelled(world: Daisy) -> None:
    bought = (await world.bought(6, "wa"))["activation_id"]
    for _ in range(3):
        await world.advance("1h")
        assert await world.refused("POST", f"/cancel/{bought}") == (422, "CODE_RECEIVED")
    assert await world.status(bought) == "Completed"


async def test_after_twenty_minutes_without_a_code_the_money_comes_back(world: Daisy) -> None:
    bought = await world.bought()
    await world.advance("19m")
    await world.advance("59.999s")
    assert await world.status(bought["activation_id"]) == "Waiting"
    assert await world.wallet() == 100 - bought["amount_charged"]
    await world.advance("0.001s")
    assert await world.status(bought["activation_id"]) == "Cancelled"
    assert await world.wallet() == 100
    assert await world.refused("POST", f"/cancel/{bought['activation_id']}") == (422, "ALREADY_REFUNDED")
    assert len(await world.ledger()) == 2


async def test_a_cancelled_activation_does_not_expire_as_well(world: Daisy) -> None:
    bought = (await world.bought())["activation_id"]
    await world.advance("60s")
    await world.data("POST", f"/cancel/{bought}")
    await world.advance("1d")
    assert await world.wallet() == 100
    assert len(await world.ledger()) == 2


async def test_a_code_after_the_cancel_never_arrives(world: Daisy) -> None:
    bought = (await world.bought(999, "sl"))["activation_id"]
    await world.advance("60s")
    await world.data("POST", f"/cancel/{bought}")
    await world.advance("30s")
    assert await world.status(bought) == "Cancelled"
    assert await push(world, bought, event="sms", code="123456") == 409
    assert await world.wallet() == 100


async def test_of_a_code_and_a_cancel_at_one_moment_the_code_is_first(world: Daisy) -> None:
    bought = (await world.bought(999, "sl"))["activation_id"]
    await world.advance("90s")
    assert await world.refused("POST", f"/cancel/{bought}") == (422, "CODE_RECEIVED")


@pytest.mark.parametrize("service", ["ic", "wa", "ns"])
async def test_the_end_of_a_life_is_the_end(world: Daisy, service: str) -> None:
    bought = (await world.bought(999, service))["activation_id"]
    await world.advance("20m")
    last = await world.data("GET", f"/check/{bought}")
    before = await world.wallet()
    for event in ("sms", "expire", "cancel"):
        assert await push(world, bought, event=event) == 409
    await world.advance("30d")
    assert await world.data("GET", f"/check/{bought}") == last
    assert await world.wallet() == before


async def test_the_machine_is_the_life_table(world: Daisy) -> None:
    machine = await world.steer("GET", "/machines/daisysim/activation")
    moves = {
        (name, move["on"], " or ".join([move["to"]] if isinstance(move["to"], str) else move["to"]), move.get("after"))
        for name, state in machine["states"].items()
        for move in state["transitions"]
    }
    assert moves == {
        ("waiting", "sms", "completed", "setting daisysim.sms_after"),
        ("waiting", "expire", "cancelled or overdue", "setting daisysim.expire_after"),
        ("overdue", "cancel", "cancelled", None),
        ("waiting", "cancel", "cancelled", None),
    }
    assert machine["start"] == "waiting"
    assert machine["states"]["completed"]["effects"] == ["cashback", "spend", {"webhook": "code.received"}]
    assert machine["states"]["cancelled"]["effects"] == ["refund"]


async def test_big_and_small_steps_lead_to_the_same_end(world: Daisy) -> None:
    small = world.beside("small")
    for one in (world, small):
        for service in ("wa", "sl", "ns"):
            await one.buy(999, service)
    await world.advance("25m")
    for _ in range(25 * 6):
        await small.advance("10s")
    for path in ("/orders", "/accounts", "/ledger/daisysim/demo"):
        assert await small.steer("GET", path) == await world.steer("GET", path)

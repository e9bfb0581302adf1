"""What the control API tells of purchases of DaisySIM: prices that were right, cashback, codes that a test gives."""

import asyncio

import pytest

from tests.control.problems import fields_of
from tests.support import running

pytestmark = pytest.mark.anyio


async def test_an_invalid_price_is_explained_by_those_that_were_right_then() -> None:
    async with running() as world:
        right = await world.price()
        refused = await world.daisy("POST", "/purchase", {"country": 6, "service": "wa", "price": 0.01})
        assert refused.json()["code"] == "INVALID_PRICE"
        await world.advance("1h")
        entry = await world.steer("GET", f"/requests/{refused.headers['x-mock-request-id']}")
    assert entry["explanation"]["because"]["prices"][0] == {"tier": 1, "price": right}


async def test_an_order_tells_its_cashback_where_its_code_came() -> None:
    async with running() as world:
        bought = (await world.buy())["activation_id"]
        await world.advance("8s")
        _, done = (await world.order(bought))["explanation"]["story"]
    assert done["effects"] == [{"message": "sms"}, "cashback", "spend", {"webhook": "code.received"}]
    assert [move["kind"] for move in done["money"]] == ["cashback"]


async def test_of_twenty_codes_at_once_one_is_taken_and_pays_cashback_once() -> None:
    async with running() as world:
        events = f"/orders/daisysim/{(await world.buy())['activation_id']}/events"
        pushes = [world.control("POST", events, {"event": "sms", "code": str(number)}) for number in range(20)]
        answers = await asyncio.gather(*pushes)
        entries = (await world.steer("GET", "/ledger/daisysim/demo"))["entries"]
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19
    assert sum(entry["cause"].startswith("cashback") for entry in entries) == 1


@pytest.mark.parametrize(("name", "text"), [("code", "x" * 33), ("text", "x" * 1001)])
async def test_a_message_that_is_too_long_is_422(name: str, text: str) -> None:
    async with running() as world:
        order = (await world.buy())["activation_id"]
        pushed = await world.control("POST", f"/orders/daisysim/{order}/events", {"event": "sms", name: text})
        assert fields_of(pushed) == [name]
        assert (await world.order(order))["state"] == "waiting"

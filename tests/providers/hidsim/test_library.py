"""The scenarios that come with the server: each does what its sentence says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from mockserver.providers.hidsim.catalogue import catalogue
from mockserver.resources import bundled
from mockserver.scenario.check import check_file, load_file
from tests.providers.hidsim.hid import Hid, hidsim, refusal

pytestmark = pytest.mark.anyio
FILES = sorted((bundled("scenarios") / "hidsim").glob("*.yaml"))
#: Sold in Great Britain, so that scenarios decide how it goes.
REAL = next(one.id for one in catalogue().by_service["wa"] if one.country == "GB")
BY_PRODUCT, BY_SERVICE = "/products/nosms001/purchase", "/services/nosms001/purchase"


@asynccontextmanager
async def under(*names: str) -> AsyncIterator[Hid]:
    async with hidsim() as hid:
        await hid.world.steer("PUT", "/scenarios/active", list(names))
        yield hid


async def state(hid: Hid, operation: dict[str, Any]) -> str:
    word: str = (await hid.poll(operation))["state"]
    return word


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_each_tells_what_happens_and_what_it_teaches(file: Any) -> None:
    assert check_file(file, ["hidsim"]) == []
    scenario = load_file(file, place=("hidsim", file.stem))
    assert scenario.about.endswith(".")
    assert scenario.teaches.endswith(".")
    assert scenario.about != scenario.teaches


async def test_sold_out() -> None:
    async with under("sold-out") as hid:
        refusal(await hid.call("POST", BY_SERVICE), 406)
        operation = await hid.buy("nosms001")
        assert await hid.balance() == 24.5
        await hid.world.advance("5s")
        assert await state(hid, operation) == "no_number_refunded"
        assert await hid.balance() == 25


async def test_price_moves() -> None:
    async with under("price-moves") as hid:
        await hid.buy("nosms001")
        refusal(await hid.call("POST", BY_PRODUCT, {"maxPrice": 1}), 400)
        assert await hid.balance() == 24.5
        assert (await hid.buy("nosms001", maxPrice=1))["price"] == 0.5


async def test_code_while_closing() -> None:
    async with under("code-while-closing") as hid:
        operation = await hid.buy(REAL)
        await hid.world.advance("119s")
        refusal(await hid.act(operation, "close"), 425)
        await hid.world.advance("1s")
        refusal(await hid.act(operation, "close"), 400)
        assert (await hid.poll(operation))["code"]


async def test_code_at_the_last_second() -> None:
    async with under("code-at-the-last-second") as hid:
        operation = await hid.buy(REAL)
        await hid.world.advance("1198s")
        assert await state(hid, operation) == "pending"
        await hid.world.advance("1s")
        assert await state(hid, operation) == "completed"
        assert (await hid.poll(operation))["code"]


async def test_operation_stuck() -> None:
    async with under("operation-stuck") as hid:
        operation, testland = await hid.buy(REAL), await hid.buy("nosms001")
        await hid.world.advance("19h")
        assert await state(hid, operation) == "pending"
        assert await state(hid, testland) == "system_refunded"
        assert (await hid.act(operation, "close")).json()["state"] == "user_refunded"
        assert await hid.balance() == 25


async def test_slow_start() -> None:
    async with under("slow-start") as hid:
        operations = [await hid.buy(REAL) for _ in range(6)]
        await hid.world.advance("181s")
        assert [await state(hid, one) for one in operations] == ["pending"] * 5 + ["completed"]
        await hid.world.advance("121s")
        assert {await state(hid, one) for one in operations} == {"completed"}


async def test_short_tokens() -> None:
    async with under("short-tokens") as hid:
        operation = await hid.buy("nosms001")
        await hid.world.advance("61s")
        refusal(await hid.call("GET", f"/operations/{operation['_id']}"), 401)
        await hid.login()
        assert await state(hid, operation) == "pending"


async def test_token_rejected_once() -> None:
    async with under("token-rejected-once") as hid:
        operation = await hid.buy("nosms001")
        refusal(await hid.call("GET", f"/operations/{operation['_id']}"), 401)
        assert await state(hid, operation) == "creating"


async def test_disabled_midway() -> None:
    async with under("disabled-midway") as hid:
        operation = await hid.buy("nosms001")
        refusal(await hid.call("GET", "/operations"), 403)
        refusal(await hid.call("GET", f"/operations/{operation['_id']}"), 403)
        for action in ("refetch", "close", "refund"):
            refusal(await hid.act(operation, action), 403)


@pytest.mark.parametrize(("name", "status"), [("balance-just-too-small", 400), ("error-on-purchase", 500)])
@pytest.mark.parametrize("path", [BY_PRODUCT, BY_SERVICE])
async def test_the_first_purchase_is_refused_and_costs_nothing(name: str, status: int, path: str) -> None:
    async with under(name) as hid:
        told = refusal(await hid.call("POST", path), status)["message"]
        assert "0.0000 USD" not in told  # the wallet holds 25
        assert (await hid.get("/operations"))["total"] == 0
        assert await hid.balance() == 25
        assert (await hid.call("POST", path)).status_code == 201


async def test_rate_limit_storm() -> None:
    async with under("rate-limit-storm") as hid:
        for path in ("/auth/me", "/countries"):
            for _ in range(3):
                answer = await hid.call("GET", path)
                assert refusal(answer, 429)["retryAfter"] == int(answer.headers["retry-after"]) > 0
            assert (await hid.call("GET", path)).status_code == 200


async def test_gateway_burst() -> None:
    async with under("gateway-burst") as hid:
        for path in (BY_PRODUCT, BY_SERVICE, BY_PRODUCT):
            answer = await hid.call("POST", path)
            assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html")
            assert answer.text.startswith("<html>")
        assert await hid.balance() == 25
        assert await hid.buy("nosms001")


@pytest.mark.parametrize("path", [BY_PRODUCT, BY_SERVICE])
@pytest.mark.parametrize(("name", "left"), [("answer-lost", 24.5), ("connection-reset", 25)])
async def test_a_purchase_without_an_answer_is_told_by_the_operations(name: str, left: float, path: str) -> None:
    async with under(name) as hid:
        with pytest.raises(httpx.TransportError):
            await hid.call("POST", path)
        assert await hid.balance() == left
        assert (await hid.get("/operations"))["total"] == (0 if left == 25 else 1)
        assert (await hid.call("POST", path)).status_code == 201


async def test_cut_answer() -> None:
    async with under("cut-answer") as hid:
        operation = await hid.buy("nosms001")
        with pytest.raises(httpx.TransportError):
            await hid.poll(operation)
        assert await state(hid, operation) == "creating"


@pytest.mark.parametrize("way", ["products/leadzero", "services/leadzero"])
async def test_slow_answer(way: str) -> None:
    async with under("slow-answer") as hid:
        answer = await hid.call("POST", f"/{way}/purchase")
        assert answer.headers["date"].endswith("12:00:30 GMT")
        assert (answer.json()["state"], answer.json()["number"]) == ("creating", None)
        assert await state(hid, answer.json()) == "completed"


@pytest.mark.parametrize(
    ("product", "moment", "word"),
    [
        ("nonumber", "5s", "no_number_refunded"),
        ("errlater", "12s", "system_refunded"),
        ("nosms001", "120s", "user_refunded"),
    ],
)
async def test_late_refund(product: str, moment: str, word: str) -> None:
    async with under("late-refund") as hid:
        operation = await hid.buy(product)
        paid = await hid.balance()
        await hid.world.advance(moment)
        if word == "user_refunded":
            assert (await hid.act(operation, "close")).json()["state"] == word
        await hid.world.advance("599s")
        assert await state(hid, operation) == word
        assert await hid.balance() == paid < 25
        await hid.world.advance("1s")
        assert await state(hid, operation) == word
        assert await hid.balance() == 25


async def test_flaky_sms() -> None:
    async with under("flaky-sms") as hid:
        operations = [await hid.buy("tier0020") for _ in range(20)]
        await hid.world.advance("17s")
        found = [await hid.poll(one) for one in operations]
        assert all(one["number"] for one in found)
        words = [one["state"] for one in found]
        assert set(words) == {"pending", "completed"}
        assert 1 <= words.count("pending") <= 10
        lost = operations[words.index("pending")]
        await hid.world.advance("103s")
        assert (await hid.act(lost, "refetch")).json()["state"] == "pending"
        assert (await hid.act(lost, "close")).json()["state"] == "user_refunded"

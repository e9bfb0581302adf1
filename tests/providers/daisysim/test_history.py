"""GET /history: order, pages, filter."""

import pytest

from tests.providers.daisysim.judged import Daisy
from tests.support import code_of

pytestmark = pytest.mark.anyio


async def buy_many(world: Daisy, count: int, *, key: str = "daisy-demo") -> list[str]:
    """Silent activations, a second apart, oldest first."""
    await world.unlimited()
    order = await world.order_of()
    ids = []
    for _ in range(count):
        ids.append((await world.data("POST", "/purchase", order, key=key))["activation_id"])
        await world.advance("1s")
    return ids


async def test_without_orders_there_is_one_empty_page(world: Daisy) -> None:
    assert await world.data("GET", "/history") == {
        "orders": [],
        "pagination": {"current_page": 1, "per_page": 20, "total": 0, "last_page": 1},
    }


async def test_an_order_is_listed_with_all_that_is_known(world: Daisy) -> None:
    await world.advance("1.5s")
    bought = await world.bought(6, "wa", service_name="Label")
    row = {
        "activation_id": bought["activation_id"],
        "phone_number": bought["phone_number"],
        "service": "Label",
        "country": "Russia",
        "status": "Waiting",
        "code": None,
        "amount_charged": bought["amount_charged"],
        "created_at": "2026-01-31T12:00:01Z",
        "completed_at": None,
    }
    assert (await world.data("GET", "/history"))["orders"] == [row]
    await world.advance("8s")
    code = (await world.data("GET", f"/check/{bought['activation_id']}"))["code"]
    done = {**row, "status": "Completed", "code": code, "completed_at": "2026-01-31T12:00:09Z"}
    assert (await world.data("GET", "/history"))["orders"] == [done]


async def test_cancelled_and_expired_orders_stay(world: Daisy) -> None:
    cancelled, expired = (await world.bought())["activation_id"], (await world.bought())["activation_id"]
    await world.advance("60s")
    await world.data("POST", f"/cancel/{cancelled}")
    await world.advance("1d")
    rows = (await world.data("GET", "/history"))["orders"]
    assert [(row["activation_id"], row["status"]) for row in rows] == [(expired, "Cancelled"), (cancelled, "Cancelled")]
    assert [(row["code"], row["completed_at"]) for row in rows] == [(None, None)] * 2


async def test_the_newest_order_comes_first(world: Daisy) -> None:
    ids = await buy_many(world, 12)
    assert [row["activation_id"] for row in (await world.data("GET", "/history"))["orders"]] == ids[::-1]


async def test_pages_follow_each_other_without_gap_or_overlap(world: Daisy) -> None:
    ids = await buy_many(world, 25)
    seen = []
    for page, size in ((1, 10), (2, 10), (3, 5), (4, 0), (1000, 0)):
        data = await world.data("GET", f"/history?page={page}&per_page=10")
        assert data["pagination"] == {"current_page": page, "per_page": 10, "total": 25, "last_page": 3}
        assert len(data["orders"]) == size
        seen += [row["activation_id"] for row in data["orders"]]
    assert seen == ids[::-1]


async def test_a_page_has_twenty_orders_unless_asked_otherwise(world: Daisy) -> None:
    await buy_many(world, 21)
    data = await world.data("GET", "/history")
    assert len(data["orders"]) == 20
    assert data["pagination"] == {"current_page": 1, "per_page": 20, "total": 21, "last_page": 2}
    assert len((await world.data("GET", "/history?per_page=100"))["orders"]) == 21
    assert len((await world.data("GET", "/history?per_page=1&page=21"))["orders"]) == 1


async def test_a_full_last_page_is_the_last(world: Daisy) -> None:
    await buy_many(world, 4)
    assert (await world.data("GET", "/history?per_page=2"))["pagination"]["last_page"] == 2


async def test_orders_can_be_filtered_by_status(world: Daisy) -> None:
    await world.unlimited()
    completed = (await world.bought(6, "wa"))["activation_id"]
    cancelled = (await world.bought())["activation_id"]
    await world.advance("60s")
    await world.data("POST", f"/cancel/{cancelled}")
    waiting = [(await world.bought())["activation_id"] for _ in range(3)][::-1]
    for word, ids in (("completed", [completed]), ("cancelled", [cancelled]), ("waiting", waiting)):
        data = await world.data("GET", f"/history?status={word}")
        assert [row["activation_id"] for row in data["orders"]] == ids
        assert {row["status"] for row in data["orders"]} == {word.capitalize()}
        assert data["pagination"]["total"] == len(ids)
    paged = await world.data("GET", "/history?status=waiting&per_page=2&page=2")
    assert [row["activation_id"] for row in paged["orders"]] == waiting[2:]
    assert paged["pagination"] == {"current_page": 2, "per_page": 2, "total": 3, "last_page": 2}
    assert (await world.data("GET", "/history"))["pagination"]["total"] == 5


async def test_an_order_moves_from_one_filter_to_the_other(world: Daisy) -> None:
    await world.bought(6, "wa")
    for by, totals in (("0s", (1, 0)), ("8s", (0, 1))):
        await world.advance(by)
        found = [await world.data("GET", f"/history?status={word}") for word in ("waiting", "completed")]
        assert tuple(one["pagination"]["total"] for one in found) == totals


async def test_nobody_sees_the_orders_of_others(world: Daisy) -> None:
    key = await world.open_account("other", balance="10")
    await world.bought()
    order = await world.order_of()
    theirs = (await world.data("POST", "/purchase", order, key=key))["activation_id"]
    data = await world.data("GET", "/history", key=key)
    assert [row["activation_id"] for row in data["orders"]] == [theirs]
    assert data["pagination"]["total"] == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        *[(f"per_page={text}", "per_page") for text in ("101", "0", "-1", "abc", "", "1.5", "9" * 30)],
        *[(f"page={text}", "page") for text in ("0", "-1", "abc", "", "2.0", "1e1", "%00")],
        *[(f"status={text}", "status") for text in ("unknown", "", "Waiting", "waiting,completed", "%ff")],
    ],
)
async def test_what_cannot_be_is_refused_and_named(world: Daisy, query: str, field: str) -> None:
    answer = await world.daisy("GET", f"/history?{query}")
    assert code_of(answer) == (422, "VALIDATION_ERROR")
    assert list(answer.json()["errors"]) == [field]


async def test_all_that_is_wrong_is_named_at_once(world: Daisy) -> None:
    answer = await world.daisy("GET", "/history?page=0&per_page=101&status=x")
    assert set(answer.json()["errors"]) == {"page", "per_page", "status"}


async def test_of_a_repeated_value_the_last_counts_and_unknown_ones_do_not(world: Daisy) -> None:
    data = await world.data("GET", "/history?page=0&page=2&per_page=7&offset=9&per_page[]=500&x=%ff")
    assert data["pagination"] == {"current_page": 2, "per_page": 7, "total": 0, "last_page": 1}


async def test_a_page_far_beyond_the_end_is_empty(world: Daisy) -> None:
    data = await world.data("GET", "/history?page=999999999999999999&per_page=100")
    assert data["orders"] == []

"""Balance, loyalty tiers, cashback, and what counts as spent."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from tests.providers.daisysim.judged import Daisy

pytestmark = pytest.mark.anyio

PERCENTS = [("0", 0), ("24.9999", 0), ("25", 10), ("99.9999", 10), ("100", 15), ("499.9999", 15), ("500", 20)]


async def test_the_demo_account_is_as_documented(world: Daisy) -> None:
    answer = await world.daisy("GET", "/balance")
    assert answer.text == (
        '{"success":true,"data":{"balance":100.0000,"currency":"USD","email":"demo@example.com",'
        '"total_spent":45.2000,"discount":{"tier":"Silver","percent":10,"next_tier":"Gold","next_at":100,'
        '"needed":54.8000}}}'
    )


@pytest.mark.parametrize(
    ("spent", "tier", "percent", "next_tier", "next_at", "needed"),
    [
        ("0", "Bronze", 0, "Silver", 25, "25"),
        ("24.9999", "Bronze", 0, "Silver", 25, "0.0001"),
        ("25", "Silver", 10, "Gold", 100, "75"),
        ("99.9999", "Silver", 10, "Gold", 100, "0.0001"),
        ("100", "Gold", 15, "Platinum", 500, "400"),
        ("499.9999", "Gold", 15, "Platinum", 500, "0.0001"),
        ("500", "Platinum", 20, None, None, None),
        ("123456.7890", "Platinum", 20, None, None, None),
    ],
)
async def test_the_tier_follows_what_was_spent(
    world: Daisy, spent: str, tier: str, percent: int, next_tier: str | None, next_at: int | None, needed: str | None
) -> None:
    await world.change(total_spent=spent)
    data = await world.data("GET", "/balance")
    assert data["total_spent"] == Decimal(spent)
    assert data["discount"] == {
        "tier": tier,
        "percent": percent,
        "next_tier": next_tier,
        "next_at": next_at,
        "needed": needed if needed is None else Decimal(needed),
    }
    quote = await world.data("POST", "/prices", {"country": 6, "service": "wa"})
    assert (quote["discount_tier"], quote["discount_pct"]) == (tier, percent)
    assert {one["discount_pct"] for one in quote["tiers"]} == {percent}


async def test_a_completed_activation_counts_as_spent(world: Daisy) -> None:
    bought = await world.bought(6, "wa")
    assert await world.spent() == Decimal("45.2")
    await world.advance("8s")
    assert await world.spent() == Decimal("45.2") + bought["amount_charged"]


async def test_a_cancelled_and_an_expired_activation_do_not_count_as_spent(world: Daisy) -> None:
    cancelled = await world.bought()
    await world.bought()
    await world.advance("60s")
    await world.data("POST", f"/cancel/{cancelled['activation_id']}")
    await world.advance("1d")
    assert await world.spent() == Decimal("45.2")
    assert await world.wallet() == 100


@pytest.mark.parametrize(("spent", "percent"), PERCENTS)
async def test_cashback_is_the_tiers_percentage_of_the_price(world: Daisy, spent: str, percent: int) -> None:
    await world.change(total_spent=spent)
    price = (await world.bought(6, "wa"))["amount_charged"]
    assert await world.wallet() == 100 - price
    await world.advance("8s")
    assert await world.wallet() == 100 - price + cashback(price, percent)
    causes = [entry["amount"] for entry in await world.ledger()]
    assert len(causes) == (2 if percent else 1)


async def test_the_discount_is_never_taken_off_the_price(world: Daisy) -> None:
    await world.change(total_spent="500")
    order = await world.order_of(6, "wa")
    bought = await world.data("POST", "/purchase", order)
    assert bought["amount_charged"] == Decimal(str(order["price"]))
    assert bought["balance_after"] == 100 - bought["amount_charged"]
    history = await world.data("GET", "/history")
    assert history["orders"][0]["amount_charged"] == bought["amount_charged"]


async def test_half_a_ten_thousandth_of_cashback_is_rounded_up(world: Daisy) -> None:
    await world.unlimited()
    await world.advance("300s")
    order, price = await _order_with_half(world, percent=10)
    await world.data("POST", "/purchase", order)
    before = await world.wallet()
    await world.advance("8s")
    exact = price / 10
    assert exact % Decimal("0.0001") == Decimal("0.00005")
    assert await world.wallet() - before == exact + Decimal("0.00005")


async def test_cashback_is_at_the_tier_that_held_at_the_purchase(world: Daisy) -> None:
    price = (await world.bought(6, "wa"))["amount_charged"]
    await world.change(total_spent="500")
    await world.advance("8s")
    assert await world.wallet() == 100 - price + cashback(price, 10)


async def test_crossing_a_threshold_lifts_the_next_purchase_only(world: Daisy) -> None:
    await world.change(total_spent="24.9999")
    first = (await world.bought(6, "wa"))["amount_charged"]
    await world.advance("8s")
    assert await world.wallet() == 100 - first
    second = (await world.bought(6, "wa"))["amount_charged"]
    await world.advance("8s")
    assert await world.wallet() == 100 - first - second + cashback(second, 10)


async def test_cashback_comes_once(world: Daisy) -> None:
    bought = await world.bought(6, "wa")
    await world.advance("8s")
    refused = await world.control(
        "POST", f"/orders/daisysim/{bought['activation_id']}/events", {"event": "sms", "code": "111111"}
    )
    assert refused.status_code == 409
    await world.advance("1d")
    assert len(await world.ledger()) == 2


async def test_every_movement_adds_up_to_the_balance(world: Daisy) -> None:
    for country, service in ((6, "wa"), (999, "ns"), (999, "ic"), (187, "go")):
        await world.bought(country, service)
    await world.advance("1h")
    total = 100 + sum(Decimal(entry["amount"]) for entry in await world.ledger())
    assert total == await world.wallet()
    assert (await world.data("GET", "/balance"))["balance"] == total


def cashback(price: Decimal, percent: int) -> Decimal:
    """Rounded half up to four decimals."""
    return (price * percent / 100).quantize(Decimal("0.0001"), ROUND_HALF_UP)


async def _order_with_half(world: Daisy, *, percent: int) -> tuple[dict[str, Any], Decimal]:
    """A purchase at a price whose cashback lies exactly between two ten-thousandths."""
    for country in (6, 36, 187, 4):
        for service in (one["code"] for one in (await world.data("GET", f"/services/{country}"))["services"]):
            for tier in await world.tiers(country, service):
                if (tier["price"] * percent * 10_000) % 100 == 50:
                    return {"country": country, "service": service, "price": float(tier["price"])}, tier["price"]
    raise AssertionError("no price has half a ten-thousandth of cashback")

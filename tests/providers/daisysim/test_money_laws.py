"""Whatever clients and tests do, the money adds up, cashback and loyalty tiers included."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mockserver.domain.money import share
from mockserver.providers.daisysim.settings import LOYALTY_TIERS, USD
from mockserver.providers.daisysim.wire import tier_of
from tests.support import World, running

pytestmark = pytest.mark.anyio
Result = TypeVar("Result")
SPENT_BEFORE = 452_000
NUMBER = st.integers(0, 50)
AMOUNTS = st.integers(0, 3_000_000).map(USD.text)


class Wallet(RuleBasedStateMachine):
    """One account under random purchases, cancels, codes, passing time and top-ups."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.world: World = self.run(self.stack.enter_async_context(running(rate_limits="off")))
        self.bought: list[str] = []
        self.percent: dict[str, int] = {}

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.loop.close()

    def account(self) -> dict[str, Any]:
        data: dict[str, Any] = self.run(self.world.steer("GET", "/accounts/daisysim/demo"))
        return data

    @rule(country=st.sampled_from([6, 999]), service=st.sampled_from(["wa", "tg"]))
    def place(self, country: int, service: str) -> None:
        before = self.account()
        price = self.run(self.world.price(country, service))
        wanted = {"country": country, "service": service, "price": price}
        answer = self.run(self.world.daisy("POST", "/purchase", wanted))
        if answer.status_code == 201:
            order = answer.json()["data"]["activation_id"]
            self.bought.append(order)
            self.percent[order] = LOYALTY_TIERS[tier_of(USD.minor(before["total_spent"]))][1]
        else:
            assert answer.json()["code"] == "INSUFFICIENT_BALANCE"
            assert Decimal(before["balance"]) < Decimal(str(price))
            assert self.account() == before

    @rule()
    def place_at_a_wrong_price(self) -> None:
        before = self.account()
        wanted = {"country": 6, "service": "wa", "price": 0.0001}
        assert self.run(self.world.daisy("POST", "/purchase", wanted)).status_code == 422
        assert self.account() == before

    @precondition(lambda self: self.bought)
    @rule(number=NUMBER)
    def cancel(self, number: int) -> None:
        order = self.bought[number % len(self.bought)]
        before = self.account()
        answer = self.run(self.world.daisy("POST", f"/cancel/{order}"))
        if answer.status_code != 200:
            assert answer.json()["code"] in ("TOO_EARLY", "ALREADY_REFUNDED", "CODE_RECEIVED")
            assert self.account() == before

    @precondition(lambda self: self.bought)
    @rule(number=NUMBER)
    def sms(self, number: int) -> None:
        order = self.bought[number % len(self.bought)]
        answer = self.run(self.world.control("POST", f"/orders/daisysim/{order}/events", {"event": "sms", "code": "1"}))
        assert answer.status_code in (200, 409)

    @rule(span=st.sampled_from(["0s", "1s", "8s", "30s", "60s", "20m"]))
    def advance(self, span: str) -> None:
        self.run(self.world.advance(span))

    @rule(balance=AMOUNTS)
    def top_up(self, balance: str) -> None:
        self.run(self.world.steer("PATCH", "/accounts/daisysim/demo", {"balance": balance}))
        assert self.account()["balance"] == balance

    @invariant()
    def the_balance_is_what_the_movements_fold_to(self) -> None:
        ledger = self.run(self.world.steer("GET", "/ledger/daisysim/demo"))
        folded = 0
        for entry in ledger["entries"]:
            folded += USD.minor(entry["amount"])
            assert folded == USD.minor(entry["balance_after"])
            assert folded >= 0
        assert ledger["entries"][0]["cause"] == "opening balance"
        assert USD.text(folded) == ledger["balance"] == self.account()["balance"]

    @invariant()
    def all_books_together_hold_nothing(self) -> None:
        books: defaultdict[str, int] = defaultdict(int)
        for entry in self.run(self.world.steer("GET", "/ledger/daisysim/demo"))["entries"]:
            amount = abs(USD.minor(entry["amount"]))
            books[entry["debit"]] -= amount
            books[entry["credit"]] += amount
        assert sum(books.values()) == 0
        assert USD.text(books["wallet"]) == self.account()["balance"]

    @invariant()
    def each_order_moved_what_its_state_says(self) -> None:
        moved: defaultdict[str, Counter[str]] = defaultdict(Counter)
        cashback: dict[str, int] = {}
        for entry in self.run(self.world.steer("GET", "/ledger/daisysim/demo"))["entries"]:
            if entry["order"] is not None:
                word = entry["cause"].partition(":")[0]
                kind = word if word in ("refund", "cashback") else "charge"
                moved[entry["order"]][kind] += 1
                if kind == "cashback":
                    cashback[entry["order"]] = USD.minor(entry["amount"])
        orders = {one["id"]: one for one in self.run(self.world.steer("GET", "/orders"))["orders"]}
        assert set(orders) == set(self.bought) == set(moved)
        spent = SPENT_BEFORE
        for order_id, order in orders.items():
            completed, cancelled = order["state"] == "completed", order["state"] == "cancelled"
            due = share(USD.minor(order["amount"]), self.percent[order_id]) if completed else 0
            assert moved[order_id]["charge"] == 1
            assert moved[order_id]["refund"] == int(cancelled)
            assert cashback.get(order_id, 0) == due
            spent += USD.minor(order["amount"]) if completed else 0
        assert self.account()["total_spent"] == USD.text(spent)


@pytest.mark.slow
class TestWallet(Wallet.TestCase):  # type: ignore[misc, valid-type]
    """Runs the machine."""

    settings = settings(max_examples=15, stateful_step_count=15, deadline=None)


async def test_a_price_equal_to_the_balance_can_be_paid_to_the_last_unit() -> None:
    async with running() as world:
        price = await world.price()
        await world.steer("PATCH", "/accounts/daisysim/demo", {"balance": str(price)})
        assert (await world.buy())["balance_after"] == 0
        assert (await world.steer("GET", "/accounts/daisysim/demo"))["balance"] == "0.0000"


async def test_every_movement_names_its_books_its_cause_and_its_order() -> None:
    async with running() as world:
        order = (await world.buy())["activation_id"]
        await world.steer("PATCH", "/accounts/daisysim/demo", {"balance": "5"})
        await world.advance("8s")
        entries = (await world.steer("GET", "/ledger/daisysim/demo"))["entries"]
        told = [(one["debit"], one["credit"], one["cause"], one["order"]) for one in entries]
        request = (await world.steer("POST", "/requests/find", {"operation": "purchase"}))["requests"][0]["id"]
        assert told == [
            ("opening", "wallet", "opening balance", None),
            ("wallet", "sales", f"purchase {request}", order),
            ("wallet", "adjustments", "balance set by a test", None),
            ("cashback", "wallet", "cashback: timer sms", order),
        ]

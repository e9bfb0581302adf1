"""Double-entry money adds up, whether units of work succeed or fail."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mockserver.domain.errors import InsufficientBalance, NotTaken, OutOfStock
from mockserver.domain.ledger import OPENING, TOP_UPS, Movement
from mockserver.domain.money import share
from mockserver.domain.orders import Order
from mockserver.sandbox import accounts, ledger
from mockserver.sandbox.unit_of_work import UnitOfWork
from mockserver.stores.memory import MemoryStore
from tests.sandbox.support import SHOP, Inside, everything, inside
from tests.support import START

Result = TypeVar("Result")
ACCOUNTS = st.sampled_from(["demo", "poor"])
OPENINGS = {"demo": 10_000, "poor": 100}
PLACES = st.integers(0, 30)
STOCK = 3


class Broken(Exception):
    """What lets a unit fail after all it did."""


class Books(RuleBasedStateMachine):
    """Two wallets under orders, events, time, adjustments, and units that fail at their end."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world: Inside = self.run(inside())
        self.placed: list[Order] = []
        self.adjusted = Counter[str]()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.loop.close()

    async def rows(self) -> dict[str, list[Any]]:
        async with self.world.turns.begin("a look") as unit:
            return await everything(unit.tx)

    async def place(self, unit: UnitOfWork, account: str, amount: int, percent: int) -> Order:
        await unit.take_stock("row", stock=STOCK)
        facts = {"discount_pct": percent}
        return await self.world.place(unit, account=account, amount=amount, facts=facts, stock="row")

    @rule(account=ACCOUNTS, amount=st.integers(0, 4_000), percent=st.sampled_from([0, 5, 33]))
    def buy(self, account: str, amount: int, percent: int) -> None:
        async def do() -> None:
            before, rows, sold = await self.world.balance(account), await self.rows(), await self.sold()
            try:
                async with self.world.turns.begin("order") as unit:
                    order = await self.place(unit, account, amount, percent)
            except OutOfStock:
                assert (sold, await self.rows()) == (STOCK, rows)
            except InsufficientBalance:
                assert before < amount
                assert await self.rows() == rows
            else:
                self.placed.append(order)
                assert await self.world.balance(account) == before - amount

        self.run(do())

    @rule(account=ACCOUNTS, amount=st.integers(0, 100), event=st.sampled_from(["arrive", "hold", "ask"]))
    def fail_at_the_end(self, account: str, amount: int, event: str) -> None:
        async def do() -> None:
            async with self.world.turns.begin("order") as unit:
                await unit.send(await self.place(unit, account, amount, 50), event)
                raise Broken

        rows = self.run(self.rows())
        with pytest.raises((Broken, InsufficientBalance, OutOfStock)):
            self.run(do())
        assert self.run(self.rows()) == rows

    @precondition(lambda self: self.placed)
    @rule(place=PLACES, event=st.sampled_from(["arrive", "cancel", "hold", "ask", "expire"]))
    def send(self, place: int, event: str) -> None:
        async def do() -> None:
            key, rows = self.placed[place % len(self.placed)].id, await self.rows()
            try:
                async with self.world.turns.begin("a test") as unit:
                    await unit.send(await unit.order(SHOP, key), event)
            except NotTaken:
                assert await self.rows() == rows

        self.run(do())

    @rule(seconds=st.sampled_from([0, 1, 5, 10, 60]))
    def pass_by(self, seconds: int) -> None:
        self.world.pass_by(seconds)

    @rule(account=ACCOUNTS, wanted=st.integers(0, 20_000))
    def set_balance(self, account: str, wanted: int) -> None:
        async def do() -> None:
            before = await self.world.balance(account)
            async with self.world.turns.begin("a test") as unit:
                text = f"{wanted // 100}.{wanted % 100:02d}"
                held = await unit.account(SHOP, account)
                await accounts.change_account(unit, self.world.state.provider_rules[SHOP], held, {"balance": text})
            self.adjusted[account] += wanted - before
            assert await self.world.balance(account) == wanted

        self.run(do())

    async def moved(self) -> dict[str, list[Movement]]:
        async with self.world.turns.begin("a look") as unit:
            return {account: await ledger.movements(unit.tx, SHOP, account) for account in OPENINGS}

    @invariant()
    def a_wallet_is_what_its_movements_fold_to_and_never_below_nought(self) -> None:
        for account, moves in self.run(self.moved()).items():
            held = 0
            for number, move in enumerate(moves, 1):
                held += move.signed
                assert (move.sequence, move.balance_after) == (number, held)
                assert held >= 0
                assert move.amount >= 0
            assert held == self.run(self.world.balance(account))
            assert moves[0].signed == OPENINGS[account]

    @invariant()
    def all_books_together_hold_nothing(self) -> None:
        books: defaultdict[str, int] = defaultdict(int)
        moves = self.run(self.moved())
        for move in [one for row in moves.values() for one in row]:
            books[move.debit] -= move.amount
            books[move.credit] += move.amount
        assert sum(books.values()) == 0
        assert books["adjustments"] == -self.adjusted.total()
        assert books["opening"] == -sum(OPENINGS.values())

    @invariant()
    def each_order_moved_what_its_state_says_and_once(self) -> None:
        orders = [self.run(self.world.order(one.id)) for one in self.placed]
        spent = Counter[str]()
        taken = 0
        moves = [one for row in self.run(self.moved()).values() for one in row if one.order is not None]
        for order in orders:
            done, gone = order.state == "done", order.state == "gone"
            back = share(order.amount, order.facts["discount_pct"]) if done else 0
            expected = [-order.amount, order.amount if gone else 0, back]
            found = [one.signed for one in moves if one.order == order.id]
            assert sorted(found) == sorted(amount for amount in expected if amount)
            assert {one.account for one in moves if one.order == order.id} <= {order.account}
            spent[order.account] += order.amount if done else 0
            taken += not gone
        assert {one.order for one in moves} <= {order.id for order in orders}
        for account in OPENINGS:
            assert self.run(self.world.account(account)).total_spent == spent[account]
        assert self.run(self.sold()) == taken

    async def sold(self) -> int:
        async with self.world.turns.begin("a look") as unit:
            return await unit.sold("row")


class TestBooks(Books.TestCase):  # type: ignore[misc, valid-type]
    """Runs the machine."""

    settings = settings(max_examples=60, stateful_step_count=20, deadline=None)


@given(st.lists(st.integers(-50, 50), max_size=25), st.integers(1, 7))
def test_pages_from_either_end_are_all_movements(changes: list[int], size: int) -> None:
    async def do() -> None:
        async with MemoryStore().transaction() as tx:
            await ledger.give(tx, SHOP, "a", 40, of=OPENING, at=START, cause="opening", order=None)
            await ledger.give(tx, SHOP, "ab", 1, of=OPENING, at=START, cause="another's", order=None)
            held = 40
            for change in changes:
                if held + change >= 0:
                    held = await ledger.adjust(tx, SHOP, "a", change, at=START, cause="a test")
                    continue
                with pytest.raises(InsufficientBalance) as refused:
                    await ledger.adjust(tx, SHOP, "a", change, at=START, cause="a test")
                assert (refused.value.balance, refused.value.needed) == (held, -change)
            every = await ledger.movements(tx, SHOP, "a")
            assert held == await ledger.balance_of(tx, SHOP, "a") == sum(one.signed for one in every)
            up: list[Movement] = []
            while page := await ledger.movements_after(tx, SHOP, "a", up[-1].sequence if up else 0, limit=size):
                up += page
            down: list[Movement] = []
            while page := await ledger.page_movements(
                tx, SHOP, "a", before=down[-1].sequence if down else None, limit=size
            ):
                down += page
            assert up == down[::-1] == every
            assert await ledger.first_and_last(tx, SHOP, "a") == (every[0], every[-1])
            assert await ledger.newest(tx, SHOP, "a", skip=1, limit=size) == (every[::-1][1 : size + 1], len(every))

    asyncio.run(do())


def test_a_movement_names_both_books() -> None:
    async def do() -> None:
        async with MemoryStore().transaction() as tx:
            assert await ledger.balance_of(tx, SHOP, "a") == 0
            assert await ledger.give(tx, SHOP, "a", 5, of=TOP_UPS, at=START, cause="in", order=None) == 5
            assert await ledger.take(tx, SHOP, "a", 2, to="sales", at=START, cause="out", order="P1") == 3
            found = await ledger.movements(tx, SHOP, "a")
            assert [(one.debit, one.credit, one.amount, one.order) for one in found] == [
                ("top-ups", "wallet", 5, None),
                ("wallet", "sales", 2, "P1"),
            ]

    asyncio.run(do())

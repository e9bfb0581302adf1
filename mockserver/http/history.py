"""Fills a sandbox with a history: invented customers buy, wait, cancel and top up while its time moves on."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from heapq import heapify, heappop, heappush
from typing import Any

from mockserver.domain.accounts import Account
from mockserver.domain.errors import ApiError, InsufficientBalance, Invalid
from mockserver.domain.suggestions import suggestion
from mockserver.events.facts import SandboxChanged
from mockserver.http.asking import asking
from mockserver.http.customers import Customer, Customers, CustomerVisit, Purchase, invented
from mockserver.http.provider import Provider
from mockserver.sandbox.accounts import list_accounts
from mockserver.sandbox.config import Population
from mockserver.sandbox.counters import count_one
from mockserver.sandbox.naming import account_id_of
from mockserver.sandbox.refusals import HistoryUnderWay
from mockserver.sandbox.sandbox import Sandbox
from mockserver.sandbox.state import SandboxState
from mockserver.sandbox.transactions import UnitOfWorkContext
from mockserver.sandbox.view import PastView
from mockserver.sandbox.wallets import Wallet, book_difference, documented_wallet, top_up

#: After how many refusals a customer gives up, and how many times one looks for something to buy.
_MOST_REFUSALS, _MOST_LOOKS = 3, 12
#: The percentage of orders placed within the last minute, so that some are still under way at the end.
_LATE_PERCENT, _LATE = 2, timedelta(seconds=60)
#: How many orders a customer places, about.
_ORDERS_EACH = 5
_MICROSECOND = timedelta(microseconds=1)


@dataclass(slots=True)
class History:
    """The result: how many orders were placed, and by provider their states and the refusals of customers."""

    begin: datetime
    end: datetime
    placed: int = 0
    states: dict[str, dict[str, int]] = field(default_factory=dict)
    refused: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Buyer:
    """An account that buys, with the wallet that it ends with."""

    provider: Provider
    customers: Customers
    wallet: Wallet


async def populate(
    sandbox: Sandbox, population: Population, providers: Mapping[str, Provider], *, until: datetime
) -> History:
    """Let customers place `population.orders` orders from now until `until`, where the clock then stands.

    Raises Invalid before anything is changed, and HistoryUnderWay where a history is made already. Each call of a
    customer commits whole: should the server fail meanwhile, the orders so far stay, and the accounts
    hold what they should. Raises WorldReplaced where the sandbox is reset, restored or deleted meanwhile, and then
    leaves the new state alone.
    """
    state = sandbox.state
    if state.populating:
        raise HistoryUnderWay
    state.populating = True
    try:
        return await _populate(sandbox, population, providers, until=until)
    except Exception:
        # An error after the sandbox was reset or deleted comes from that: raise WorldReplaced in its place.
        sandbox.check_still(state)
        raise
    finally:
        state.populating = False
        if sandbox.state is state:
            sandbox.announcer.announce(SandboxChanged("populated"))


async def _populate(
    sandbox: Sandbox, population: Population, providers: Mapping[str, Provider], *, until: datetime
) -> History:
    state = sandbox.state
    buyers = await _buyers(sandbox, population, providers)
    sandbox.check_still(state)
    number = count_one(state.counters, "populations")
    rate = state.clock.rate
    # Frozen meanwhile, so that the history depends on the seed alone and not on the speed of the machine.
    await sandbox.set_clock(rate=Decimal(0))
    try:
        return await _Past(sandbox, state, population, buyers, until=until, number=number).live()
    finally:
        if sandbox.state is state:
            await sandbox.set_clock(rate=rate)


class _Past:
    """One run: a queue of errands by their moments, earliest first."""

    def __init__(
        self,
        sandbox: Sandbox,
        state: SandboxState,
        population: Population,
        buyers: Sequence[_Buyer],
        *,
        until: datetime,
        number: int,
    ) -> None:
        self._sandbox = sandbox
        self._state = state
        self._population = population
        self._buyers = buyers
        self._number = number
        self._view = PastView(state, quiet_until=None if population.webhooks else until)
        self._history = History(state.clock.now(), until)
        self._orders: list[tuple[str, str]] = []
        self._todo: list[tuple[datetime, int, Callable[[], Awaitable[None]]]] = []
        self._turn = 0

    async def live(self) -> History:
        # In a thread, since the moments alone of ten thousand orders take a while.
        moments, people = await asyncio.to_thread(self._prepared)
        self._todo = [(moment, order, partial(self._shop, order, people)) for order, moment in enumerate(moments)]
        self._turn = len(moments)
        heapify(self._todo)
        try:
            while self._todo:
                moment, _, do = heappop(self._todo)
                if moment >= self._history.end:
                    break
                await self._reach(moment)
                await do()
                await asyncio.sleep(0)
            await self._reach(self._history.end)
        finally:
            for buyer in self._buyers:
                async with self._work() as work:
                    await book_difference(work, buyer.wallet)
        await self._count()
        self._sandbox.check_still(self._state)
        return self._history

    def _work(self) -> UnitOfWorkContext:
        """Begin a unit of work on the state that this history began with; refused once the state was replaced."""
        return self._sandbox.work("populate", view=self._view)

    async def _reach(self, moment: datetime) -> None:
        self._sandbox.check_still(self._state)
        await self._sandbox.advance(to=max(moment, self._state.clock.now()))
        self._sandbox.check_still(self._state)

    def _prepared(self) -> tuple[list[datetime], list[Customer]]:
        for customers in {id(buyer.customers): buyer.customers for buyer in self._buyers}.values():
            customers.prepare()
        count = max(1, self._population.orders // _ORDERS_EACH)
        people = invented(self._state.dice.cast("populate", self._number, "customers"), count)
        return [self._moment(order) for order in range(self._population.orders)], people

    def _moment(self, order: int) -> datetime:
        begin, end = self._history.begin, self._history.end
        dice, purpose = self._state.dice, ("populate", self._number, order)
        if dice.below(100, *purpose, "late") < _LATE_PERCENT:
            begin = max(begin, end - _LATE)
        return begin + dice.below(max((end - begin) // _MICROSECOND, 1), *purpose, "moment") * _MICROSECOND

    async def _shop(self, order: int, people: Sequence[Customer]) -> None:
        """Let one customer try to buy something, a few times where it is refused."""
        refusals = 0
        for attempt in range(_MOST_LOOKS):
            purpose = ("populate", self._number, order, attempt)
            buyer = self._state.dice.choice(self._buyers, *purpose[:3], "account")
            customer = self._state.dice.choice(people, *purpose[:3], "customer")
            visit = await self._visit(buyer, customer, purpose)
            try:
                purchase = await buyer.customers.choose(visit)
                if purchase is not None and await self._buy(visit, buyer, purchase):
                    return
            except ApiError as refusal:
                self._count_refusal(buyer, refusal)
                refusals += 1
                if refusals == _MOST_REFUSALS:
                    return

    async def _buy(self, visit: CustomerVisit, buyer: _Buyer, purchase: Purchase) -> bool:
        try:
            answer = await visit.calls(purchase.operation, purchase.fields)
        except InsufficientBalance as error:
            self._count_refusal(buyer, error)
            async with self._work() as work:
                await top_up(work, buyer.wallet, needed=error.needed)
            answer = await visit.calls(purchase.operation, purchase.fields)
        if answer.order is None:
            return False
        await self._note_customer(visit, buyer, answer.order)
        for span, errand in purchase.later:
            self._turn += 1
            do = self._errand(visit, buyer, errand, answer.order)
            heappush(self._todo, (self._state.clock.now() + span, self._turn, do))
        return True

    async def _note_customer(self, visit: CustomerVisit, buyer: _Buyer, order_id: str) -> None:
        """Count the order, and put its customer into the order's facts."""
        self._history.placed += 1
        self._orders.append((buyer.provider.name, order_id))
        customer = visit.customer
        async with self._work() as work:
            order = await work.order(buyer.provider.name, order_id)
            await work.amend(
                order, {"customer": {"name": customer.name, "email": customer.email, "label": customer.label}}
            )

    def _errand(self, visit: CustomerVisit, buyer: _Buyer, errand: Any, order: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            try:
                await errand(visit, order)
            except ApiError as refusal:
                self._count_refusal(buyer, refusal)

        return run

    async def _visit(self, buyer: _Buyer, customer: Customer, purpose: tuple[object, ...]) -> CustomerVisit:
        account = await self._account_of(buyer)
        name = "inv_" + "_".join(map(str, purpose[1:]))
        identity = buyer.customers.identity(account)
        ask = asking(buyer.provider, self._sandbox, account, identity, name=name, view=self._view)
        return CustomerVisit(self._sandbox, account, customer, purpose, ask)

    async def _account_of(self, buyer: _Buyer) -> Account:
        """Return the account with its documented total spent, so that the history does not change its loyalty tier."""
        wallet = buyer.wallet
        account = await self._sandbox.account(wallet.rules.provider, wallet.account)
        assert account is not None, "accounts are never taken away"
        if account.total_spent != wallet.total_spent:
            async with self._work() as work:
                # Read again: another unit of work may have changed something else in between.
                account = await work.account(wallet.rules.provider, wallet.account)
                account = replace(account, total_spent=wallet.total_spent)
                await work.keep_account(account)
        return account

    def _count_refusal(self, buyer: _Buyer, refusal: ApiError) -> None:
        counts = self._history.refused.setdefault(buyer.provider.name, {})
        counts[type(refusal).__name__] = counts.get(type(refusal).__name__, 0) + 1

    async def _count(self) -> None:
        counts: dict[str, Counter[str]] = {buyer.provider.name: Counter() for buyer in self._buyers}
        for place, (provider, order_id) in enumerate(self._orders):
            order = await self._sandbox.order(provider, order_id)
            counts[provider][order.state] += 1
            self._sandbox.check_still(self._state)
            if place % 64 == 0:
                await asyncio.sleep(0)
        self._history.states = {name: dict(sorted(counter.items())) for name, counter in counts.items()}


async def _buyers(sandbox: Sandbox, population: Population, providers: Mapping[str, Provider]) -> list[_Buyer]:
    """Return the accounts that buy; raises Invalid for unknown providers and accounts, and for accounts that cannot."""
    unknown = [name for name in population.providers if name not in providers]
    if unknown:
        problems = [f"unknown provider: {name!r} ({suggestion(name, providers)})" for name in unknown]
        raise Invalid({"providers": problems})
    buyers: list[_Buyer] = []
    hindrances: dict[str, str] = {}
    buyer_names: set[str] = set()
    async with sandbox.work("populate") as work:
        accounts = await list_accounts(work)
        for provider in providers.values():
            if provider.customers is None or provider.name not in (population.providers or providers):
                continue
            customers = provider.customers()
            ids = {name: await account_id_of(work, provider.rules, name) for name in population.accounts}
            for account in (candidate for candidate in accounts if candidate.provider == provider.name):
                names = [name for name, account_id in ids.items() if account_id == account.id]
                hindrance = f"it is {account.status}" if account.status != "active" else customers.hindrance(account)
                if hindrance is not None:
                    hindrances |= dict.fromkeys(names, hindrance)
                    continue
                wallet = await documented_wallet(work, provider.rules, account)
                if names if population.accounts else wallet.documented:
                    buyers.append(_Buyer(provider, customers, wallet))
                    buyer_names |= set(names)
    _check_names(population.accounts, buyer_names, hindrances)
    if not buyers:
        raise Invalid({"accounts": ["none of these providers has an account that could buy"]})
    return buyers


def _check_names(names: Sequence[str], buyers: set[str], hindrances: Mapping[str, str]) -> None:
    missing = [
        f"{name!r} cannot buy: {hindrances[name]}" if name in hindrances else f"unknown account: {name!r}"
        for name in names
        if name not in buyers
    ]
    if missing:
        raise Invalid({"accounts": missing})

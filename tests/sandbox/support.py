"""An invented provider without HTTP, and the inside of a sandbox for it: state, rows, units of work, deliveries."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from mockserver.domain.accounts import Account
from mockserver.domain.money import Currency
from mockserver.domain.orders import Order
from mockserver.engine.dice import Dice
from mockserver.engine.rules import Aspect, Rule
from mockserver.events.feed import Feed
from mockserver.journal.budget import Budget
from mockserver.sandbox import accounts
from mockserver.sandbox.config import Population, SandboxConfig, ServerContext
from mockserver.sandbox.deliveries import Deliveries
from mockserver.sandbox.opening import open_seeds
from mockserver.sandbox.provider_rules import ProviderRules, UnitOfWorkPort
from mockserver.sandbox.settings import COMMON, Setting
from mockserver.sandbox.state import SandboxState
from mockserver.sandbox.transactions import Transactions
from mockserver.sandbox.unit_of_work import UnitOfWork
from mockserver.scenario.check import load_scenario
from mockserver.scenario.library import Library
from mockserver.scenario.model import Scenario
from mockserver.stores.base import Transaction
from mockserver.stores.memory import MemoryStore
from mockserver.webhooks.backoff import RetryPolicy
from mockserver.webhooks.model import Delivery, Notice, Outcome, Sender
from tests.support import START

SHOP = "shop"
EUR = Currency("EUR", 2)
HOOK = "http://127.0.0.1:1/hook"
PAUSE = timedelta(seconds=30)
PATIENCE = Setting("shop.patience", "60s", "duration", "how long a parcel is waited for")

QUICK = """\
scenario: quick
provider: shop
about: A parcel arrives after ten seconds.
settings: {shop.patience: 60s}
machine:
  kind: parcel
  start: waiting
  states:
    waiting:
      shows: Open
      transitions:
        - {on: arrive, after: 10s, to: done, effects: [{message: note}]}
        - {on: expire, after: {setting: shop.patience}, to: gone}
        - {on: cancel, not_before: 2s, to: gone}
        - {on: hold, to: held}
        - {on: ask, to: waiting, stay: true, sends: {event: note, after: 5s}}
        - {on: note, to: waiting, stay: true, effects: [{message: note}]}
    held:
      shows: Open
      transitions:
        - {on: cancel, to: gone}
        - {on: arrive, to: done}
    done: {shows: Done, final: true, effects: [spend, cashback, {webhook: parcel.done}]}
    gone: {shows: Gone, final: true, effects: [refund, restock, {webhook: parcel.gone}]}
rules:
  - {name: never-there, when: {order.size: lost}, then: {never: [arrive]}}
  - {name: two-sold-out, when: {operation: order, order.size: rare}, then: {stock: 0}, times: 2, per: [account]}
accounts:
  - {id: demo, credentials: {key: shop-demo}, balance: "100.00", total_spent: "0.00", about: Rich, details: {}}
  - {id: poor, credentials: {key: shop-poor}, balance: "1.00", total_spent: "0.00", about: Poor, details: {}}
"""
HASTE = """\
scenario: haste
provider: shop
about: Everything is there at once, and nobody waits for long.
settings: {shop.patience: 5s}
rules:
  - {name: haste, then: {delays: {arrive: 1s}}}
faults:
  - {name: lost-note, webhook: {drop: true}, event: parcel.done}
"""


@cache
def scenario(text: str) -> Scenario:
    """Return the scenario that the text writes, checked as posted ones are; read once."""
    return load_scenario(text, source="a test", providers=[SHOP])


def order_id(dice: Dice, kind: str, number: int) -> str:
    """Return `P000001` and so on."""
    return f"P{number:06d}"


def compose(unit: UnitOfWorkPort, order: Order, kind: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """A message is a text, and the number of the message."""
    return {"text": given.get("text", "your parcel is here"), "notes": order.facts.get("notes", 0) + 1}


async def notices(unit: UnitOfWorkPort, order: Order, event: str) -> list[Notice]:
    """One for the account's webhook, which says the order's word."""
    account = await unit.account(order.provider, order.account)
    body = f"{order.id} {unit.shown(order)}".encode()
    return [Notice(event, account.webhook_url, body, {})] if account.webhook_url else []


def shop(**changes: Any) -> ProviderRules:
    """Return the invented provider, which tries a webhook twice."""
    rules = ProviderRules(
        provider=SHOP,
        currency=EUR,
        kinds=("parcel",),
        order_id=order_id,
        compose=compose,
        notices=notices,
        credential=("key",),
        new_credential=lambda dice, account: {"key": dice.letters("abc", 8, account)},
        account_details=lambda account: {},
        retries=RetryPolicy((PAUSE,)),
    )
    return rules._replace(**changes)


def library(*texts: str) -> Library:
    """Return a library of these scenarios."""
    made = Library((), providers=[SHOP])
    for text in texts or (QUICK, HASTE):
        made.add(scenario(text))
    return made


async def _no_past(sandbox: Any, population: Population, until: datetime) -> None:
    raise AssertionError("nobody asked for a past")


@dataclass
class Receiver:
    """Stands in for the network: keeps what is sent, answers what is next, the last answer again and again."""

    answers: list[Outcome] = field(default_factory=lambda: [Outcome("delivered", 200)])
    got: list[Delivery] = field(default_factory=list)

    async def __call__(self, delivery: Delivery) -> Outcome:
        self.got.append(delivery)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    @property
    def events(self) -> list[tuple[str, str]]:
        """What arrived: event and body."""
        return [(one.event, one.body) for one in self.got]


def server(*texts: str, rules: ProviderRules | None = None, sender: Sender | None = None) -> ServerContext:
    """Return what the sandboxes of a server share that has the shop alone."""
    return ServerContext(
        provider_rules={SHOP: rules or shop()},
        library=library(*texts),
        rows=(*COMMON, PATIENCE),
        sender=sender or Receiver(),
        populate=_no_past,
        budget=Budget(),
        feed=Feed(),
    )


def new_state(shared: ServerContext | None = None, **birth: Any) -> SandboxState:
    """Return a state that begins at `START` and whose clock stands."""
    told = SandboxConfig(start=START, rate=Decimal(0), seed="shop")._replace(**birth)
    return SandboxState.begin("here", told, shared or server())


@dataclass
class Request:
    """Who asks. Keeps what it was asked and the orders it was told of."""

    state: SandboxState
    operation: str = "order"
    account: str = "demo"
    asked: list[Aspect] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)

    def decide(self, aspect: Aspect, facts: Mapping[str, Any] | None = None) -> Rule | None:
        """Ask the state in this request's name."""
        self.asked.append(aspect)
        subject = {"operation": self.operation, "account": self.account}
        return self.state.decide(
            aspect, SHOP, subject | {f"order.{name}": value for name, value in (facts or {}).items()}
        )

    def assume(self) -> None:
        """Note nothing."""

    def touched(self, order: Order) -> Order:
        """Note the order."""
        self.orders.append(order.id)
        return order


@dataclass
class Inside:
    """A sandbox without its owner: nothing wakes by itself, nothing is served."""

    turns: Transactions
    deliveries: Deliveries
    expected: list[datetime | None]

    @property
    def state(self) -> SandboxState:
        """What is in place by now."""
        return self.turns.state

    async def place(self, unit: UnitOfWork, *, amount: int = 500, account: str = "demo", **more: Any) -> Order:
        """Place an order for a parcel in this unit."""
        facts = {"size": "small", **more.pop("facts", {})}
        rules = self.state.provider_rules[SHOP]
        return await unit.place(rules, kind="parcel", account=account, amount=amount, facts=facts, **more)

    async def order(self, key: str) -> Order:
        """Return the order as it stands once everything due was applied."""
        async with self.turns.begin("a look") as unit:
            return await unit.order(SHOP, key)

    async def account(self, key: str = "demo") -> Account:
        """Return the account."""
        async with self.turns.begin("a look") as unit:
            return await unit.account(SHOP, key)

    async def balance(self, key: str = "demo") -> int:
        """Return what the account holds, in minor units."""
        async with self.turns.begin("a look") as unit:
            return await unit.balance(await unit.account(SHOP, key))

    async def hook(self, url: str | None = HOOK, account: str = "demo") -> None:
        """Set the account's webhook."""
        async with self.turns.begin("a test") as unit:
            before = await unit.account(SHOP, account)
            await accounts.change_account(unit, self.state.provider_rules[SHOP], before, {"webhook_url": url})

    def pass_by(self, seconds: float) -> None:
        """Let time pass; what is due then is applied when somebody begins a unit."""
        self.state.clock.move_to(self.state.clock.now() + timedelta(seconds=seconds))

    async def send_due(self) -> tuple[int, int]:
        """Attempt what is due and wait for it: how many were delivered, how many failed."""
        async with self.turns.begin("clock") as unit:
            await self.deliveries.start_due(unit)
            unit.touched_due = True
        ran = await self.deliveries.wait()
        return ran.delivered, ran.failed


async def everything(tx: Transaction) -> dict[str, list[Any]]:
    """Return all rows, with the moments at which they are due."""
    found = {}
    for table in await tx.tables():
        rows = await tx.scan(table, limit=100_000)
        found[table] = [(row.key, row.data, await tx.due_at(table, row.key)) for row in rows]
    return found


async def inside(
    *texts: str,
    rules: ProviderRules | None = None,
    sender: Sender | None = None,
    expect: Callable[[datetime | None], None] | None = None,
    scenarios: Sequence[str] = (),
) -> Inside:
    """Return the inside of a sandbox with its accounts opened."""
    sender = sender or Receiver()
    state = new_state(server(*texts, rules=rules, sender=sender), scenarios=tuple(scenarios))
    expected: list[datetime | None] = []
    turns = Transactions(state, MemoryStore(), expect or expected.append)
    made = Inside(turns, Deliveries(turns, sender), expected)
    async with turns.begin("opening") as unit:
        await open_seeds(unit)
    return made

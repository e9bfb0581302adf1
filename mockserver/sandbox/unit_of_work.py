"""A unit of work: all changes of one use case, at one moment, in one transaction."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from mockserver.domain.accounts import Account
from mockserver.domain.errors import NotFound, OutOfStock
from mockserver.domain.ledger import CASHBACK, SALES
from mockserver.domain.moments import to_micros
from mockserver.domain.money import share
from mockserver.domain.orders import Order, event_of
from mockserver.engine.effects import Effect, Timer
from mockserver.engine.machine import Circumstances, Machine, Step, begin, ring, send
from mockserver.engine.rules import Rule
from mockserver.events.facts import order_fact, webhook_fact
from mockserver.sandbox import ledger, orders
from mockserver.sandbox.codec import (
    decode_account,
    decode_json,
    decode_order,
    encode_account,
    encode_delivery,
    encode_json,
)
from mockserver.sandbox.provider_rules import Caller, ProviderRules
from mockserver.sandbox.state import SandboxState
from mockserver.stores.base import Transaction
from mockserver.webhooks.model import Delivery, Notice


class UnitOfWork:
    """The changes of one use case, which commit together or not at all; made by `Sandbox.work()`.

    `now` is one moment for the whole unit. `cause` names what started it, for histories and the ledger. Where a
    request opened it (`caller`), rules that match the request decide about new orders and stock, and the request
    notes the orders that it places, sends an event or reads as its account's own.
    """

    __slots__ = ("_limits", "caller", "cause", "dice", "now", "origin", "state", "touched_due", "tx")

    def __init__(
        self, state: SandboxState, tx: Transaction, now: datetime, cause: str, *, caller: Caller | None = None
    ) -> None:
        self.state = state
        self.tx = tx
        self.now = now
        self.cause = cause
        self.origin: str | None = None
        """The id of the timer or delivery that started this, for events; None for others."""
        self.dice = state.dice
        self.touched_due = False
        self.caller = caller
        self._limits: dict[object, int | None] = {}
        """The limits that rules set for a stock, by the facts that the rules were matched with."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The present values of the sandbox's settings, by name."""
        return self.state.settings.values

    @property
    def identity(self) -> str:
        """The name that the sandbox had when its world began; ids and tokens are made from it."""
        return self.state.identity

    def shown(self, order: Order) -> str:
        """Return the word that clients read as the order's state."""
        return self.state.shown(order)

    # -- orders ------------------------------------------------------------------------------------

    async def place(
        self,
        rules: ProviderRules,
        *,
        kind: str,
        account: str,
        amount: int,
        facts: Mapping[str, Any],
        about: Mapping[str, Any] | None = None,
        amend: Callable[[Rule | None], Rule | None] | None = None,
        stock: str | None = None,
        order_id: str | None = None,
    ) -> Order:
        """Charge the wallet and begin an order; the first rule that matches decides its life.

        `about` are circumstances that rules may match besides the facts; `amend` changes the rule that decides.
        `stock` is the row that `take_stock` took from, kept for a restock. `order_id` is an unused id, where
        `ProviderRules.order_id` cannot make it from kind and number. Raises InsufficientBalance.
        """
        rule = self.caller.decide("life", {**facts, **(about or {})}) if self.caller is not None else None
        if amend is not None:
            rule = amend(rule)
        sequence = await self.next_number(f"{rules.provider}/{kind}")
        machine = self.state.active_scenarios.machine(rules.provider, kind)
        order = Order(
            provider=rules.provider,
            kind=kind,
            id=order_id or rules.order_id(self.dice, kind, sequence),
            account=account,
            sequence=sequence,
            state="",
            visit=0,
            created_at=self.now,
            entered_at=self.now,
            amount=amount,
            machine=machine.key,
            facts=facts if stock is None else {**facts, "stock": stock},
            history=(),
            rule=rule.name if rule else None,
            plan=self._plan(rule),
        )
        if amount:
            await ledger.take(
                self.tx,
                rules.provider,
                account,
                amount,
                to=SALES,
                at=self.now,
                cause=self.cause,
                order=order.id,
            )
        return self._noted(await self._commit_step(begin(machine, order, self._circumstances()), None, machine, {}))

    def _plan(self, rule: Rule | None) -> dict[str, Any] | None:
        order_faults, quiet_until = self.state.order_faults, self.state.quiet_until
        if quiet_until is not None:
            return {**(rule.life() if rule else {}), "quiet_until": to_micros(quiet_until)}
        if not order_faults:
            return rule.life() if rule else None
        faults = [{"key": fault.key, "provider": fault.provider, "data": fault.data} for fault in order_faults]
        return {**(rule.life() if rule else {}), "faults": faults}

    async def order(self, provider: str, order_id: str) -> Order:
        """Return the order by its id or another spelling of it; raises NotFound."""
        read_id = self.state.provider_rules[provider].read_id
        return await orders.find_order(self.tx, provider, read_id(self.dice, order_id) if read_id else order_id)

    async def own_order(self, account: Account, order_id: str) -> Order:
        """Return the order if it is this account's; raises NotFound."""
        order = await self.order(account.provider, order_id)
        if order.account != account.id:
            raise NotFound("order", order_id)
        return self._noted(order)

    async def send(self, order: Order, event: str, data: Mapping[str, Any] | None = None) -> Order:
        """Send the order an event; raises NotTaken, TooEarly or TooLate, or Invalid for bad `data` of a message."""
        machine = self.state.machine_named(order.machine)
        step = send(machine, order, event, f"{event} by {self.cause}", self._circumstances())
        return self._noted(await self._commit_step(step, order, machine, data or {}))

    async def ring(self, provider: str, order_id: str, timer: Timer) -> None:
        """Send an order the event of a due timer; a stale timer does nothing."""
        row = await self.tx.get("orders", f"{provider}/{order_id}")
        if row is None:
            return
        order = decode_order(row)
        machine = self.state.machine_named(order.machine)
        step = ring(machine, order, timer, self._circumstances())
        if step is not None:
            await self._commit_step(step, order, machine, {})

    async def amend(self, order: Order, facts: Mapping[str, Any]) -> Order:
        """Change facts of the order without an event."""
        amended = order._replace(facts={**order.facts, **facts})
        await orders.keep_order(self.tx, amended, was=order, machine=self.state.machine_named(order.machine))
        return amended

    # -- stock, numbers, money, accounts -----------------------------------------------------------

    async def sold(self, key: str) -> int:
        """Return how many were taken from this stock."""
        row = await self.tx.get("stock", key)
        return decode_json(row) if row is not None else 0

    def stock_of(self, stock: int, about: Mapping[str, Any] | None = None) -> int:
        """Return how many a stock has in all: `stock`, or fewer where a rule says so."""
        most = self.most_in_stock(about)
        return stock if most is None else min(stock, most)

    def most_in_stock(self, about: Mapping[str, Any] | None = None) -> int | None:
        """Return the limit that a rule sets for this stock, or None; rules are matched once per unit and `about`."""
        if self.caller is None:
            return None
        subject = tuple(about.items()) if about is not None else None
        if subject not in self._limits:
            rule = self.caller.decide("stock", about)
            self._limits[subject] = None if rule is None else rule.then["stock"]
        return self._limits[subject]

    async def take_stock(self, key: str, *, stock: int, about: Mapping[str, Any] | None = None) -> None:
        """Take one of `stock`, or of fewer where a rule says so; raises OutOfStock when all are taken."""
        sold = await self.sold(key)
        if sold >= self.stock_of(stock, about):
            raise OutOfStock
        await self.tx.put("stock", key, encode_json(sold + 1))

    async def next_number(self, name: str) -> int:
        """Return the next number of a sequence: 1, 2, 3 ... for each name."""
        row = await self.tx.get("counters", name)
        number = (decode_json(row) if row is not None else 0) + 1
        await self.tx.put("counters", name, encode_json(number))
        return number

    async def balance(self, account: Account) -> int:
        """Return the account's balance in minor units; where that rests on an assumed event, mark the answer so."""
        minor_units, is_assumed = await ledger.wallet_of(self.tx, account.provider, account.id)
        if is_assumed and self.caller is not None:
            self.caller.assume()
        return minor_units

    async def account(self, provider: str, account_id: str) -> Account:
        """Return the account; raises NotFound."""
        row = await self.tx.get("accounts", f"{provider}/{account_id}")
        if row is None:
            raise NotFound("account", account_id)
        return decode_account(row)

    async def keep_account(self, account: Account) -> None:
        """Write the account."""
        await self.tx.put("accounts", f"{account.provider}/{account.id}", encode_account(account))

    def _noted(self, order: Order) -> Order:
        return order if self.caller is None else self.caller.touched(order)

    # -- steps -------------------------------------------------------------------------------------

    def _circumstances(self) -> Circumstances:
        return Circumstances(self.now, self.dice, self.state.settings.values)

    async def _commit_step(self, step: Step, was: Order | None, machine: Machine, data: Mapping[str, Any]) -> Order:
        order = step.order
        for effect in step.effects:
            order = await self._carry_out(effect, order, data)
        await orders.keep_order(self.tx, order, was=was, machine=machine)
        entered = was is None or order.visit != was.visit
        if entered:
            void = len(machine.states[step.was].transitions) if was is not None else 0
            await orders.keep_timers(self.tx, step, void=void)
        if step.reminders:
            await orders.keep_reminders(self.tx, step, number=await self.next_number("reminders"))
        self.tx.facts.append(order_fact(order, was, self.now))
        self.touched_due = True
        return order

    async def _carry_out(self, effect: Effect, order: Order, data: Mapping[str, Any]) -> Order:
        rules = self.state.provider_rules[order.provider]
        match effect.name:
            case "message":
                facts = rules.compose(self, order, effect.argument, data)
                return order._replace(facts={**order.facts, **facts})
            case "refund":
                await self._credit(order, order.amount, SALES, "refund")
            case "cashback":
                await self._credit(order, share(order.amount, order.facts.get("discount_pct", 0)), CASHBACK, "cashback")
            case "spend":
                account = await self.account(order.provider, order.account)
                await self.keep_account(replace(account, total_spent=account.total_spent + order.amount))
            case "restock":
                if "stock" in order.facts:
                    key = order.facts["stock"]
                    await self.tx.put("stock", key, encode_json(max(0, await self.sold(key) - 1)))
            case "webhook" if not self._is_quiet(order):
                for notice in await rules.notices(self, order, effect.argument):
                    await self.post(order, notice)
        return order

    def _is_quiet(self, order: Order) -> bool:
        """Return whether the order is of an invented history that sends no webhooks."""
        plan = order.plan
        return plan is not None and "quiet_until" in plan and to_micros(self.now) <= plan["quiet_until"]

    async def _credit(self, order: Order, amount: int, book: str, why: str) -> None:
        if amount:
            assumed = self.state.provider_rules[order.provider].assumed_events
            await ledger.give(
                self.tx,
                order.provider,
                order.account,
                amount,
                of=book,
                at=self.now,
                cause=f"{why}: {order.history[-1].cause}",
                order=order.id,
                is_assumed=bool(assumed) and any(event_of(entry.cause) in assumed for entry in order.history),
            )

    async def post(self, order: Order, notice: Notice) -> Delivery:
        """Put a notice in the outbox, due now unless a fault says otherwise."""
        number = await self.next_number("deliveries")
        delivery = Delivery(
            id=f"dlv_{number:08d}",
            provider=order.provider,
            account=order.account,
            order=order.id,
            event=notice.event,
            url=notice.url,
            body=notice.body.decode(),
            headers=notice.headers,
            created_at=self.now,
            cause=order.history[-1].cause,
            receiver=notice.receiver,
        )
        due: datetime | None = self.now
        if (
            self.state.faults.any_in_force
            or self.state.order_faults
            or (order.plan is not None and "faults" in order.plan)
        ):
            from mockserver.sandbox.delivery_faults import with_delivery_faults

            delivery, due = await with_delivery_faults(self.state, self.tx, self.now, order, delivery)
        if due is not None and (reason := await self.state.delivery_log.refusal(self)) is not None:
            delivery, due = (
                replace(delivery, state="dropped", hostile={**delivery.hostile, "outbox_full": reason}),
                None,
            )
        await self.tx.put("deliveries", delivery.id, encode_delivery(delivery))
        self.tx.facts.append(
            webhook_fact(delivery, self.now, "posted" if delivery.state == "pending" else delivery.state)
        )
        if due is not None:
            await self.tx.put("outbox", delivery.id, b"", due=due)
        else:
            await self.state.delivery_log.add(self, delivery.id)
        self.touched_due = True
        return delivery

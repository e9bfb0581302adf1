"""Webhook deliveries of one sandbox: started when due, awaited when time is moved, kept in a log."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

from mockserver.clockwork.clock import machine_now
from mockserver.clockwork.timeline import Ran
from mockserver.domain.errors import ApiError, NotFound
from mockserver.domain.orders import Order
from mockserver.events.facts import webhook_fact
from mockserver.faults.model import Posting
from mockserver.journal.names import SECRET_NAMES
from mockserver.journal.redact import HIDDEN
from mockserver.sandbox.codec import decode_delivery, encode_delivery
from mockserver.sandbox.delivery_log import LOG_SIZE, MOST_ATTEMPTS, MOST_PENDING
from mockserver.sandbox.transactions import Transactions
from mockserver.sandbox.unit_of_work import UnitOfWork
from mockserver.webhooks.backoff import next_try
from mockserver.webhooks.model import Attempt, Delivery, Outcome, Sender, State

_GONE = 410
log = logging.getLogger("mockserver")


class Deliveries:
    """Attempts the deliveries of the outbox. A row with a due moment waits; a row without is attempted now."""

    def __init__(self, turns: Transactions, sender: Sender) -> None:
        self._turns = turns
        self.sender = sender
        self._running: dict[str, asyncio.Task[bool]] = {}
        self._recording: set[asyncio.Task[bool]] = set()
        #: The attempts that an answer waits for, by delivery, each with its order.
        self._urgent: dict[str, tuple[str | None, asyncio.Task[bool]]] = {}
        self._awaited: set[str] = set()
        self.failures = turns.failures

    @property
    def unawaited(self) -> bool:
        """Whether an attempt is under way that no `wait` awaits yet."""
        return len(self._running) > len(self._awaited)

    async def start_due(self, work: UnitOfWork) -> list[asyncio.Task[bool]]:
        """Claim every delivery due by `work.now` and attempt them, in order for each receiver."""
        claimed: dict[str, list[Delivery]] = {}
        hostile = False
        for row in await work.tx.due("outbox", until=work.now, limit=10_000):
            await work.tx.put("outbox", row.key, b"")
            try:
                delivery = await self.find(work, row.key)
            except Exception as error:
                await work.tx.delete("outbox", row.key)
                self.failures.add_dropped("delivery", row.key, error)
                continue
            claimed.setdefault(_receiver(delivery.url), []).append(delivery)
            hostile = hostile or bool(delivery.hostile)
        started: list[asyncio.Task[bool]] = []
        for group in claimed.values():
            before: asyncio.Task[bool] | None = None
            if hostile:
                _put_overtaken_last(group)
            for delivery in group:
                before = asyncio.ensure_future(self._attempt(delivery, after=before))
                self._running[delivery.id] = before
                if delivery.hostile and _before_answer(delivery):
                    self._urgent[delivery.id] = (delivery.order, before)
                before.add_done_callback(partial(self._ended, delivery.id))
                started.append(before)
        return started

    async def wait(self) -> Ran:
        """Await all attempts under way that no other call awaits, and return their counts.

        A receiver may therefore move time while its webhook is delivered: it waits for the other deliveries only.
        """
        mine = self._running.keys() - self._awaited
        running = [task for key, task in self._running.items() if key in mine]
        self._awaited |= mine
        try:
            # A client that leaves ends this wait but not the attempts; a reset ends the attempts but not this wait.
            if running:
                await asyncio.wait(running)
        finally:
            self._awaited -= mine
        delivered = sum(not task.cancelled() and task.exception() is None and task.result() for task in running)
        return Ran(delivered=delivered, failed=len(running) - delivered)

    async def before_answer(self, order: str) -> None:
        """Await the attempts about this order that must arrive before the answer to its client.

        Only one answer awaits each attempt, so that a receiver may call back meanwhile.
        """
        urgent = [key for key, (about, _) in self._urgent.items() if about == order]
        tasks = [self._urgent.pop(key)[1] for key in urgent]
        if tasks:
            await asyncio.wait(tasks)

    async def cancel(self) -> None:
        """Cancel every attempt; their deliveries stay claimed."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        # Attempts that have their answer are recorded before the rows are replaced.
        await asyncio.gather(*self._recording, return_exceptions=True)

    async def find(self, work: UnitOfWork, delivery_id: str) -> Delivery:
        """Return the delivery; raises NotFound."""
        row = await work.tx.get("deliveries", delivery_id)
        if row is None:
            raise NotFound("delivery", delivery_id)
        return decode_delivery(row)

    async def listing(self, work: UnitOfWork, *, limit: int = 1000) -> list[tuple[Delivery, datetime | None]]:
        """Return the newest deliveries with the moments of their next attempts, newest first."""
        rows = await work.tx.scan("deliveries", limit=limit, reverse=True)
        return [await self.with_next(work, decode_delivery(row.data)) for row in rows]

    async def about(self, work: UnitOfWork, order: Order) -> list[tuple[Delivery, datetime | None]]:
        """Return every delivery about the order with the moment of its next attempt, oldest first."""
        # Most rows are of other orders: only rows whose bytes contain the id are decoded.
        trace = order.id.encode()
        rows = await work.tx.scan("deliveries", limit=LOG_SIZE + MOST_PENDING)
        deliveries = [decode_delivery(row.data) for row in rows if trace in row.data]
        return [
            await self.with_next(work, delivery)
            for delivery in deliveries
            if (delivery.provider, delivery.order) == (order.provider, order.id)
        ]

    async def with_next(self, work: UnitOfWork, delivery: Delivery) -> tuple[Delivery, datetime | None]:
        """Return the delivery and the moment at which its next attempt is due."""
        return delivery, await work.tx.due_at("outbox", delivery.id)

    async def redeliver(self, work: UnitOfWork, delivery_id: str) -> Delivery:
        """Attempt the delivery once more, now; raises NotFound."""
        delivery = replace(await self.find(work, delivery_id), state="pending")
        await work.tx.put("deliveries", delivery.id, encode_delivery(delivery))
        work.tx.facts.append(webhook_fact(delivery, work.now, "redelivered"))
        if delivery.id not in self._running:
            await work.tx.put("outbox", delivery.id, b"", due=work.now)
            work.touched_due = True
        return delivery

    def _ended(self, delivery_id: str, task: asyncio.Task[bool]) -> None:
        self._running.pop(delivery_id, None)
        self._urgent.pop(delivery_id, None)

    async def _attempt(self, delivery: Delivery, *, after: asyncio.Task[bool] | None) -> bool:
        if after is not None:
            await asyncio.wait([after])
        try:
            posting = _posting(delivery)
            signed = await self._signed(delivery, posting)
        except ApiError as refusal:
            signed, outcome = {}, Outcome("refused_target", detail=str(refusal))
        except Exception as error:
            log.error("delivery %s could not be attempted", delivery.id, exc_info=error)
            signed, outcome = {}, Outcome("refused_target", detail=f"could not be made: {type(error).__name__}")
        else:
            headers = {**delivery.headers, **signed}
            outcome = await self.sender(replace(delivery, body=posting.body, headers=headers))
        # A finished attempt is recorded even while the server stops.
        recording = asyncio.ensure_future(self._recorded(delivery.id, outcome, signed))
        self._recording.add(recording)
        recording.add_done_callback(self._recording.discard)
        return await asyncio.shield(recording)

    async def _signed(self, delivery: Delivery, posting: Posting) -> Mapping[str, str]:
        sign = self._turns.state.provider_rules[delivery.provider].sign
        if sign is None:
            return {}
        async with self._turns.begin("delivery", settle=False) as work:
            return await sign(work, replace(delivery, body=posting.signed_body), posting.signed_at)

    async def _recorded(self, delivery_id: str, outcome: Outcome, signed: Mapping[str, str]) -> bool:
        """Record the attempt; a delivery of which that is impossible is dropped."""
        try:
            return await self._record(delivery_id, outcome, signed)
        except Exception as error:
            async with self._turns.begin("delivery", settle=False) as work:
                await work.tx.delete("outbox", delivery_id)
                with suppress(Exception):
                    failed = replace(await self.find(work, delivery_id), state="failed")
                    await work.tx.put("deliveries", delivery_id, encode_delivery(failed))
            self.failures.add_dropped("delivery", delivery_id, error)
            return False

    async def _record(self, delivery_id: str, outcome: Outcome, signed: Mapping[str, str]) -> bool:
        async with self._turns.begin("delivery", settle=False) as work:
            row = await work.tx.get("deliveries", delivery_id)
            if row is None:
                # The sandbox was deleted, reset or restored before the receiver answered.
                return outcome.verdict == "delivered"
            delivery = decode_delivery(row)
            attempts = (*delivery.attempts, Attempt(work.now, _without_secrets(outcome), signed))[-MOST_ATTEMPTS:]
            rules = self._turns.state.provider_rules[delivery.provider]
            again = next_try(rules.retries, len(attempts), outcome, work.now)
            if outcome.status == _GONE and rules.gone is not None:
                await rules.gone(work, delivery)
            delivered = outcome.verdict == "delivered"
            if not delivered:
                self.failures.add(delivery, outcome)
            if delivered and _copies_left(delivery, attempts):
                again = work.now
            state: State = "pending" if again is not None else "delivered" if delivered else "failed"
            delivery = replace(delivery, state=state, attempts=attempts)
            what = "delivered" if delivered else "retried" if state == "pending" else "failed"
            work.origin = delivery_id
            work.tx.facts.append(webhook_fact(delivery, work.now, what, str(outcome.status or outcome.verdict)))
            await work.tx.put("deliveries", delivery.id, encode_delivery(delivery))
            if again is None:
                await work.tx.delete("outbox", delivery.id)
                await work.state.delivery_log.add(work, delivery.id)
            else:
                await work.tx.put("outbox", delivery.id, b"", due=again)
                work.touched_due = True
        return delivered


def _without_secrets(outcome: Outcome) -> Outcome:
    """Return the outcome without secrets in the receiver's headers, such as cookies."""
    headers = tuple((name, HIDDEN if name in SECRET_NAMES else value) for name, value in outcome.headers)
    return outcome._replace(headers=headers)


# The functions below import the table of faults late: most servers never need it.


def _posting(delivery: Delivery) -> Posting:
    """Return an attempt at this moment, changed by the delivery's faults."""
    posting = Posting(delivery.body, delivery.body, machine_now())
    if not delivery.hostile:
        return posting
    from mockserver.faults import webhook_kinds

    return webhook_kinds.altered(delivery.hostile, posting)


def _put_overtaken_last(deliveries: list[Delivery]) -> None:
    from mockserver.faults import webhook_kinds

    deliveries.sort(key=lambda delivery: bool(webhook_kinds.overtaken(delivery.hostile)) and not delivery.attempts)


def _before_answer(delivery: Delivery) -> bool:
    from mockserver.faults import webhook_kinds

    return webhook_kinds.before_answer(delivery.hostile)


def _copies_left(delivery: Delivery, attempts: tuple[Attempt, ...]) -> bool:
    """Return whether a fault wants the same delivery sent once more."""
    if not delivery.hostile:
        return False
    from mockserver.faults import webhook_kinds

    copies = webhook_kinds.copies(delivery.hostile)
    return copies > 0 and sum(attempt.outcome.verdict == "delivered" for attempt in attempts) <= copies


def _receiver(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])

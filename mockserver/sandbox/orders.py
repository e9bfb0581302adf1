"""Orders as rows: kept by id, and listed by account and by state without reading other orders."""

from mockserver.domain.errors import NotFound
from mockserver.domain.orders import Order
from mockserver.engine.effects import Timer
from mockserver.engine.machine import Machine, Step
from mockserver.sandbox.codec import decode_order, decode_timer, encode_order, encode_timer
from mockserver.stores.base import Transaction


async def find_order(tx: Transaction, provider: str, order_id: str) -> Order:
    """Return the order; raises NotFound."""
    row = await tx.get("orders", f"{provider}/{order_id}")
    if row is None:
        raise NotFound("order", order_id)
    return decode_order(row)


async def keep_order(tx: Transaction, order: Order, *, was: Order | None, machine: Machine) -> None:
    """Write the order and its rows in the lists; `was` is the order before, None for a new one."""
    await tx.put("orders", f"{order.provider}/{order.id}", encode_order(order))
    word = machine.shown(order.state)
    if was is None:
        await tx.put("by_account", listed(order, ""), order.id.encode())
    else:
        word_before = machine.shown(was.state)
        if word_before == word:
            return
        await tx.delete("by_word", listed(was, word_before))
    await tx.put("by_word", listed(order, word), order.id.encode())


async def list_orders(
    tx: Transaction, provider: str, account: str, *, shown: str = "", skip: int = 0, limit: int = 100
) -> list[Order]:
    """Return the account's orders, newest first; with `shown`, only those whose state clients read as this word."""
    table, prefix = _list(provider, account, shown)
    rows = await tx.scan(table, prefix=prefix, skip=skip, limit=limit, reverse=True)
    return [await find_order(tx, provider, row.data.decode()) for row in rows]


async def page_orders(
    tx: Transaction, provider: str, account: str, *, shown: str = "", before: int | None = None, limit: int = 100
) -> list[Order]:
    """Return what `list_orders` does, but only orders whose sequence is below `before`.

    New orders do not change such a page.
    """
    table, prefix = _list(provider, account, shown)
    after = "" if before is None else f"{prefix}{before:010d}"
    rows = await tx.scan(table, prefix=prefix, after=after, limit=limit, reverse=True)
    return [await find_order(tx, provider, row.data.decode()) for row in rows]


async def count_orders(tx: Transaction, provider: str, account: str, *, shown: str = "") -> int:
    """Return how many orders the account has; with `shown`, only in the state of this word."""
    table, prefix = _list(provider, account, shown)
    return await tx.count(table, prefix=prefix)


async def keep_timers(tx: Transaction, step: Step, *, void: int) -> None:
    """Set the step's timers, and delete the `void` timers that the state before could have set."""
    order = step.order
    prefix = f"{order.provider}/{order.id}/"
    for place in range(void):
        await tx.delete("timers", f"{prefix}{place}")
    for timer in step.timers:
        data = encode_timer(order.provider, order.id, timer)
        await tx.put("timers", f"{prefix}{timer.place}", data, due=timer.due)


async def keep_reminders(tx: Transaction, step: Step, *, number: int) -> None:
    """Set the step's reminders, which stay until they are due; `number` makes their keys distinct."""
    order = step.order
    for timer in step.reminders:
        data = encode_timer(order.provider, order.id, timer)
        await tx.put("timers", f"{order.provider}/{order.id}/sent-{number:010d}", data, due=timer.due)


async def timers_of(tx: Transaction, order: Order) -> list[Timer]:
    """Return the present timers of the order, sorted by the moment at which they are due."""
    rows = await tx.scan("timers", prefix=f"{order.provider}/{order.id}/", limit=1000)
    timers = [decode_timer(row.data)[2] for row in rows]
    return sorted(timers, key=lambda timer: (timer.due, timer.place))


def _list(provider: str, account: str, word: str) -> tuple[str, str]:
    return ("by_word", f"{provider}/{account}/{word}/") if word else ("by_account", f"{provider}/{account}/")


def listed(order: Order, word: str) -> str:
    """Return the key of an order's row in the list of its account, or with a word in that of the word."""
    return f"{_list(order.provider, order.account, word)[1]}{order.sequence:010d}"

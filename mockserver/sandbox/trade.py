"""What the use cases need to know of a provider: its money, its ids, its messages, its webhooks."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from mockserver.domain.money import Currency
from mockserver.domain.orders import Order
from mockserver.engine.dice import Dice
from mockserver.webhooks.backoff import RetryPolicy
from mockserver.webhooks.model import Delivery, Notice

if TYPE_CHECKING:
    from mockserver.sandbox.work import Work


class Trade(NamedTuple):
    """`order_id` writes the n-th id of a kind. `compose` gives the facts that a message adds to an order.

    `compose(work, order, kind, given)`: `given` is what a test pushed (`code`, `text` ...), checked by it;
    raises Invalid. `notices(work, order, event)` tells what is to be sent where. `credential` names the
    parts of a credential; `new_credential` makes one for an account opened through the control API.
    """

    provider: str
    currency: Currency
    kinds: tuple[str, ...]
    order_id: Callable[[Dice, str, int], str]
    compose: Callable[["Work", Order, str, Mapping[str, Any]], Mapping[str, Any]]
    notices: Callable[["Work", Order, str], Awaitable[list[Notice]]]
    credential: tuple[str, ...]
    new_credential: Callable[[Dice, str], dict[str, str]]
    account_details: Callable[[str], dict[str, Any]]
    choices: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """What some of an account's details may be."""
    new_balance: str = "100"
    """What an account opened by `accept_any_key` holds."""
    retries: RetryPolicy = RetryPolicy()
    read_id: Callable[[Dice, str], str] | None = None
    """The order id that another way of writing it means, where a provider has two."""
    sign: Callable[["Work", Delivery, datetime], Awaitable[Mapping[str, str]]] | None = None
    """The headers that only one attempt has, made when it is sent; gets real time, which honest receivers check.
    Raises a mistake when there is nobody to send to any more; the attempt then fails without a request."""
    gone: Callable[["Work", Delivery], Awaitable[None]] | None = None
    """What follows when a receiver answers 410."""
    public: str | None = None
    """The part of a credential that is no secret, so that it may name the account; None where all of it is one."""

"""What the use cases need to know of a provider: its money, its ids, its messages, its webhooks."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from mockserver.domain.accounts import Account
from mockserver.domain.money import Currency
from mockserver.domain.orders import Order
from mockserver.engine.dice import Dice
from mockserver.engine.rules import Aspect, Rule
from mockserver.stores.base import Transaction
from mockserver.webhooks.backoff import RetryPolicy
from mockserver.webhooks.model import Delivery, Notice


class UnitOfWorkPort(Protocol):
    """What a provider's callbacks need of the unit of work that calls them: its rows, its moment, its chance."""

    @property
    def tx(self) -> Transaction:
        """The transaction that everything is read and written in."""

    @property
    def now(self) -> datetime:
        """The one moment of the whole unit."""

    @property
    def dice(self) -> Dice:
        """The sandbox's dice."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The sandbox's settings as they stand."""

    @property
    def identity(self) -> str:
        """The name under which the sandbox's world began."""

    def shown(self, order: Order) -> str:
        """Return the word that clients read as the order's state."""

    async def account(self, provider: str, account_id: str) -> Account:
        """Return the account; raises NotFound."""

    async def balance(self, account: Account) -> int:
        """Return the account's balance in minor units."""

    async def next_number(self, name: str) -> int:
        """Return 1, 2, 3 ... for each name."""


class Caller(Protocol):
    """The request that a unit of work is opened for: rules are asked in its name, and it notes orders."""

    def decide(self, aspect: Aspect, facts: Mapping[str, Any] | None = None) -> Rule | None:
        """Return the rule that decides this aspect of the request; `facts` are matched as `order.*`."""

    def touched(self, order: Order) -> Order:
        """Note which order the request was about."""

    def assume(self) -> None:
        """Note that the request's answer rests on an assumed event."""


class ProviderRules(NamedTuple):
    """`order_id` writes the n-th id of a kind. `compose` gives the facts that a message adds to an order.

    `compose(unit, order, kind, given)`: `given` is what a test pushed (`code`, `text` ...), checked by it;
    raises Invalid. `notices(unit, order, event)` tells what is to be sent where. `credential` names the
    parts of a credential; `new_credential` makes one for an account opened through the control API.
    """

    provider: str
    currency: Currency
    kinds: tuple[str, ...]
    order_id: Callable[[Dice, str, int], str]
    compose: Callable[[UnitOfWorkPort, Order, str, Mapping[str, Any]], Mapping[str, Any]]
    notices: Callable[[UnitOfWorkPort, Order, str], Awaitable[list[Notice]]]
    credential: tuple[str, ...]
    new_credential: Callable[[Dice, str], dict[str, str]]
    account_details: Callable[[str], dict[str, Any]]
    choices: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """What some of an account's details may be."""
    new_balance: str = "100"
    """What an account opened by `accept_any_key` holds."""
    fold: Callable[[Sequence[str]], Sequence[str]] | None = None
    """How the parts of a credential are written before they are compared, where several ways mean the same."""
    secret_of: Callable[[str, Sequence[str]], Sequence[str]] | None = None
    """What opens the account with this id, of a credential that has other names for the account than its own."""
    retries: RetryPolicy = RetryPolicy()
    read_id: Callable[[Dice, str], str] | None = None
    """The order id that another way of writing it means, where a provider has two."""
    sign: Callable[[UnitOfWorkPort, Delivery, datetime], Awaitable[Mapping[str, str]]] | None = None
    """The headers that only one attempt has, made when it is sent; gets real time, which honest receivers check.
    Raises a mistake when there is nobody to send to any more; the attempt then fails without a request."""
    gone: Callable[[UnitOfWorkPort, Delivery], Awaitable[None]] | None = None
    """What follows when a receiver answers 410."""
    assumed_events: frozenset[str] = frozenset()
    """Events that no source speaks of although the endpoints that show what came of them are documented: answers with
    a balance that holds money given back by one carry `X-Mock-Assumed`."""
    public: str | None = None
    """The part of a credential that is no secret, so that it may name the account; None where all of it is one."""

"""The parts of a provider that use cases need: its money, ids, messages and webhooks."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from mockserver.domain.accounts import Account
from mockserver.domain.money import Currency
from mockserver.domain.orders import Order
from mockserver.engine.dice import Dice
from mockserver.engine.rules import Aspect, Rule
from mockserver.sandbox.row_forms import RowForms
from mockserver.stores.base import Transaction
from mockserver.webhooks.backoff import RetryPolicy
from mockserver.webhooks.model import Delivery, Notice


class UnitOfWorkPort(Protocol):
    """The part of a unit of work that a provider's callbacks use: its rows, its moment, its dice."""

    @property
    def tx(self) -> Transaction:
        """The transaction of all its reads and writes."""

    @property
    def now(self) -> datetime:
        """The one moment of the whole unit."""

    @property
    def dice(self) -> Dice:
        """The sandbox's dice."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The present values of the sandbox's settings, by name."""

    @property
    def identity(self) -> str:
        """The name that the sandbox had when its world began; ids and tokens are made from it."""

    def shown(self, order: Order) -> str:
        """Return the word that clients read as the order's state."""

    async def account(self, provider: str, account_id: str) -> Account:
        """Return the account; raises NotFound."""

    async def balance(self, account: Account) -> int:
        """Return the account's balance in minor units."""

    async def next_number(self, name: str) -> int:
        """Return the next number of a sequence: 1, 2, 3 ... for each name."""


class Caller(Protocol):
    """The request that a unit of work is opened for: rules are matched with it, and it notes its orders."""

    def decide(self, aspect: Aspect, facts: Mapping[str, Any] | None = None) -> Rule | None:
        """Return the rule that decides this aspect of the request; `facts` are matched as `order.*`."""

    def touched(self, order: Order) -> Order:
        """Note the order as one that the request was about, and return it."""

    def assume(self) -> None:
        """Note that the request's answer rests on an assumed event."""


class ProviderRules(NamedTuple):
    """A provider's part in the use cases.

    `order_id(dice, kind, number)` returns the id of the n-th order of a kind. `compose(unit, order, kind, data)`
    returns the facts that a message adds to an order; `data` is what a test pushed (`code`, `text` ...), which
    `compose` checks; raises Invalid. `notices(unit, order, event)` returns the webhooks to send. `credential` names
    the parts of a credential; `new_credential` makes one for an account opened through the control API.
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
    """The allowed values of some of an account's details."""
    new_balance: str = "100"
    """The opening balance of an account that `accept_any_key` opens."""
    fold: Callable[[Sequence[str]], Sequence[str]] | None = None
    """Returns the parts of a credential in one spelling, where several spellings mean the same."""
    secret_of: Callable[[str, Sequence[str]], Sequence[str]] | None = None
    """Returns the parts that open the account with this id, where a credential may name the account differently."""
    retries: RetryPolicy = RetryPolicy()
    read_id: Callable[[Dice, str], str] | None = None
    """Returns the order id for another spelling of it, where a provider has two."""
    sign: Callable[[UnitOfWorkPort, Delivery, datetime], Awaitable[Mapping[str, str]]] | None = None
    """Returns the headers of one attempt, made when it is sent; gets real time, because receivers check it.
    Raises an ApiError when the receiver no longer exists; the attempt then fails without a request."""
    gone: Callable[[UnitOfWorkPort, Delivery], Awaitable[None]] | None = None
    """What follows when a receiver answers 410."""
    assumed_events: frozenset[str] = frozenset()
    """Events that no source speaks of although the endpoints that show what came of them are documented: answers with
    a balance that holds money given back by one carry `X-Mock-Assumed`."""
    forms: Callable[[], RowForms] | None = None
    """Returns the types of orders' facts and of the provider's own rows; a function, to keep start-up fast."""
    public: str | None = None
    """The part of a credential that is no secret, so that it may name the account; None where there is none."""

"""Invented customers, and the protocol by which a provider says what they do."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple, Protocol, TypeVar

from mockserver.domain.accounts import Account
from mockserver.engine.dice import Dice
from mockserver.sandbox.sandbox import Sandbox
from mockserver.sandbox.state import SandboxState

T = TypeVar("T")


class Customer(NamedTuple):
    """An invented person. `label` is their name for an order."""

    name: str
    email: str
    label: str


class ApiAnswer(NamedTuple):
    """An answer of the API: its data with numbers as Decimal, and the id of the order that it was about."""

    data: Any
    order: str | None


#: Calls an operation with these fields; raises the ApiError with which the call is refused.
Ask = Callable[[str, Mapping[str, Any]], Awaitable[ApiAnswer]]


@dataclass(frozen=True, slots=True)
class CustomerVisit:
    """A customer who uses an account: makes the calls of a client, with dice for this visit alone.

    `purpose` is different for every visit of the sandbox.
    """

    sandbox: Sandbox
    account: Account
    customer: Customer
    purpose: tuple[object, ...]
    calls: Ask

    @property
    def state(self) -> SandboxState:
        """The sandbox's state."""
        return self.sandbox.state

    @property
    def dice(self) -> Dice:
        """The sandbox's dice."""
        return self.state.dice

    async def ask(self, operation: str, **fields: Any) -> Any:
        """Return the data of the API's answer; raises the ApiError with which the call is refused."""
        return (await self.calls(operation, fields)).data

    def below(self, limit: int, purpose: str) -> int:
        """Return a whole number from 0 to below `limit`."""
        return self.dice.below(limit, *self.purpose, purpose)

    def choice(self, options: Sequence[T], purpose: str) -> T:
        """Return one of the options."""
        return options[self.below(len(options), purpose)]

    def seconds(self, low: int, high: int, purpose: str) -> timedelta:
        """Return a span of `low` to `high` seconds."""
        return timedelta(seconds=low + self.below(high - low + 1, purpose))


#: What a customer does later; gets the visit and the id of the order.
Errand = Callable[[CustomerVisit, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Purchase:
    """A call that buys, with its fields; `later` holds what the customer does about the order, each after a span."""

    operation: str
    fields: Mapping[str, Any]
    later: Sequence[tuple[timedelta, Errand]] = ()


class Customers(Protocol):
    """How invented customers use one API; implemented by each provider that takes part."""

    def prepare(self) -> None:
        """Load ahead what the first purchase would load; called in a thread."""
        ...

    def hindrance(self, account: Account) -> str | None:
        """Return why this active account cannot buy; None where it can."""
        ...

    def identity(self, account: Account) -> Any:
        """Return what the provider's `identify` would put into `Call.identity`."""
        ...

    async def choose(self, visit: CustomerVisit) -> Purchase | None:
        """Return what the customer of this visit buys; None where nothing is available."""
        ...


def invented(seed: int, count: int) -> list[Customer]:
    """Return `count` customers, the same for the same seed; takes a while, so call it in a thread."""
    from faker import Faker

    fake = Faker("en_US")
    fake.seed_instance(seed)
    customers = []
    for _ in range(count):
        name = f"{fake.first_name()} {fake.last_name()}"
        address = "".join(letter for letter in name.lower().replace(" ", ".") if letter.isalpha() or letter == ".")
        customers.append(Customer(name, f"{address}@{fake.safe_domain_name()}", fake.bs()[:60]))
    return customers

"""Invented customers: who they are, and how a provider says what they do."""

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
    """A person who never was. `label` is what they call an order of theirs."""

    name: str
    email: str
    label: str


class Heard(NamedTuple):
    """What the API answered, numbers as decimals, and the id of the order that it was about."""

    data: Any
    order: str | None


#: Calls an operation with these fields; raises what the call is refused with.
Ask = Callable[[str, Mapping[str, Any]], Awaitable[Heard]]


@dataclass(frozen=True, slots=True)
class Visit:
    """A customer at an account: asks what a client would ask, and casts dice for this visit alone.

    `purpose` tells the visit from all others of the sandbox.
    """

    sandbox: Sandbox
    account: Account
    customer: Customer
    purpose: tuple[object, ...]
    calls: Ask

    @property
    def state(self) -> SandboxState:
        """What the sandbox is."""
        return self.sandbox.state

    @property
    def dice(self) -> Dice:
        """The sandbox's dice."""
        return self.state.dice

    async def ask(self, operation: str, **fields: Any) -> Any:
        """What the API answers; raises what the call is refused with."""
        return (await self.calls(operation, fields)).data

    def below(self, limit: int, purpose: str) -> int:
        """A whole number from 0 to below `limit`."""
        return self.dice.below(limit, *self.purpose, purpose)

    def choice(self, options: Sequence[T], purpose: str) -> T:
        """One of the options."""
        return options[self.below(len(options), purpose)]

    def seconds(self, low: int, high: int, purpose: str) -> timedelta:
        """From `low` to `high` seconds."""
        return timedelta(seconds=low + self.below(high - low + 1, purpose))


#: Something a customer does later, once the id of the order is known.
Errand = Callable[[Visit, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Purchase:
    """A call that buys, with its fields, and what the customer does about the order so long after it."""

    operation: str
    fields: Mapping[str, Any]
    later: Sequence[tuple[timedelta, Errand]] = ()


class Customers(Protocol):
    """How invented customers use one API; each provider says it in its own folder."""

    def prepare(self) -> None:
        """Load what the first purchase would load; called in a thread."""
        ...

    def hindrance(self, account: Account) -> str | None:
        """Why this account, which is active, cannot buy; None when it can."""
        ...

    def identity(self, account: Account) -> Any:
        """What the provider's `identify` lets handlers know of a credential."""
        ...

    async def choose(self, visit: Visit) -> Purchase | None:
        """What the customer of this visit wants; None when there is nothing to be had."""
        ...


def invented(seed: int, count: int) -> list[Customer]:
    """So many customers, the same for the same seed; takes a while, so call it in a thread."""
    from faker import Faker

    fake = Faker("en_US")
    fake.seed_instance(seed)
    found = []
    for _ in range(count):
        name = f"{fake.first_name()} {fake.last_name()}"
        address = "".join(letter for letter in name.lower().replace(" ", ".") if letter.isalpha() or letter == ".")
        found.append(Customer(name, f"{address}@{fake.safe_domain_name()}", fake.bs()[:60]))
    return found

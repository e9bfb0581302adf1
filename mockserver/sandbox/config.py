"""The inputs of a new sandbox: its own configuration, and the context that all sandboxes of a server share."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from mockserver.config import DEFAULT_SEED, JOURNAL_SIZE, MOST_PAST_ORDERS, PAST_DAYS
from mockserver.domain.errors import Invalid
from mockserver.domain.moments import moment_text, span_text
from mockserver.events.feed import Feed
from mockserver.journal.budget import Budget
from mockserver.sandbox.provider_rules import ProviderRules
from mockserver.sandbox.settings import Setting
from mockserver.scenario.library import Library
from mockserver.webhooks.model import Sender

#: How many orders an invented history may have, and how long before the start it may begin.
MOST_ORDERS, LONGEST_PAST = MOST_PAST_ORDERS, timedelta(days=3_660)
#: How many characters a seed may have, and how large a number it may be: every JSON parser keeps that exactly.
LONGEST_SEED, LARGEST_SEED = 1_000, 2**53 - 1


class Population(NamedTuple):
    """An invented history for a new sandbox: so many orders within the time `over` before its start.

    `providers` and `accounts` limit it; empty ones mean all. `webhooks`: whether the orders' webhooks are sent.
    """

    orders: int
    over: timedelta = timedelta(days=PAST_DAYS)
    providers: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    webhooks: bool = False


def begin_of(start: datetime, population: Population) -> datetime:
    """Return when a history begins that ends at `start`; raises Invalid where that is before the year 1."""
    try:
        return start - population.over
    except OverflowError:
        over, now = span_text(population.over), moment_text(start)
        raise Invalid({"populate.over": [f"must begin in the year 1 or later: {over} before {now}"]}) from None


class SandboxConfig(NamedTuple):
    """The configuration that a sandbox is made from, and that a reset brings back.

    `start` None means the machine's time. `rate` is in sandbox seconds per real second. With a `population` the
    sandbox begins earlier, by the time of that history, and is ready at `start`.
    """

    seed: int | str = DEFAULT_SEED
    start: datetime | None = None
    rate: Decimal = Decimal(1)
    scenarios: tuple[str, ...] = ()
    settings: Mapping[str, Any] | None = None
    per_poll: timedelta | None = None
    population: Population | None = None


#: Lets invented customers act in a new sandbox until its clock shows the given moment; raises Invalid.
Populate = Callable[[Any, Population, datetime], Awaitable[object]]


class ServerContext(NamedTuple):
    """The parts that all sandboxes of a server share."""

    provider_rules: Mapping[str, ProviderRules]
    library: Library
    rows: tuple[Setting, ...]
    sender: Sender
    populate: Populate
    budget: Budget
    feed: Feed
    journal_size: int = JOURNAL_SIZE

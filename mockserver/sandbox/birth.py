"""What a sandbox is made from: its own beginning, and what all sandboxes of a server share."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from mockserver.sandbox.settings import Setting
from mockserver.sandbox.trade import Trade
from mockserver.scenario.library import Library
from mockserver.webhooks.model import Sender


class Birth(NamedTuple):
    """How a sandbox is made, and what a reset brings back. `start` None: the machine's time at that moment."""

    seed: int | str = "mockserver"
    start: datetime | None = None
    rate: Decimal = Decimal(1)
    scenarios: tuple[str, ...] = ()
    settings: Mapping[str, Any] | None = None
    per_poll: timedelta | None = None


class Surroundings(NamedTuple):
    """What all sandboxes of a server share."""

    trades: Mapping[str, Trade]
    library: Library
    rows: tuple[Setting, ...]
    sender: Sender
    journal_size: int = 5_000

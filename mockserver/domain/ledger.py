"""Movements of money in double entry: each takes an amount from one book and gives it to another."""

from datetime import datetime
from typing import NamedTuple

#: Books that are not wallets: where a wallet's money comes from and goes to.
OPENING, TOP_UPS, ADJUSTMENTS, SALES, CASHBACK = "opening", "top-ups", "adjustments", "sales", "cashback"


class Movement(NamedTuple):
    """A movement of `amount` minor units, always positive, from the book `debit` to the book `credit`.

    One of the two is always the wallet of `account` (written `wallet`). `balance_after` is that wallet's
    balance, so the last movement has the present balance, and the sum of all movements must equal it.
    """

    provider: str
    account: str
    sequence: int
    at: datetime
    debit: str
    credit: str
    amount: int
    cause: str
    order: str | None
    balance_after: int

    @property
    def signed(self) -> int:
        """The amount from the wallet's side: negative where money leaves it."""
        return self.amount if self.credit == "wallet" else -self.amount

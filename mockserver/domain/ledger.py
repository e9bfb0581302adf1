"""Movements of money in double entry: each takes from one book what it gives to another."""

from datetime import datetime
from typing import NamedTuple

#: Books that are not wallets: where a wallet's money comes from and goes to.
OPENING, TOP_UPS, ADJUSTMENTS, SALES, CASHBACK = "opening", "top-ups", "adjustments", "sales", "cashback"


class Movement(NamedTuple):
    """`amount` minor units, positive, from the book `debit` to the book `credit`.

    One of the two is always the wallet of `account` (written `wallet`). `balance_after` is that wallet's
    balance, so that the last movement tells the balance and folding all of them proves it.
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
        """The amount as the wallet sees it."""
        return self.amount if self.credit == "wallet" else -self.amount

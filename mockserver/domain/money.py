"""Money as whole minor units of a currency; decimals appear only at the edges."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import NamedTuple

#: Amounts stay below 10 ** 14, so that minor units fit into 64 bits, which is what rows hold.
_MOST_DIGITS = 13
#: What is longer would be rounded by decimal's own arithmetic before anybody could refuse it.
_LONGEST = 28
_MOST_SHOWN = 100


class Currency(NamedTuple):
    """A currency and how many decimals its minor unit has (4: ten-thousandths)."""

    code: str
    digits: int

    def minor(self, amount: Decimal | str | int) -> int:
        """Whole minor units; raises ValueError when `amount` is no number or has more decimals than fit."""
        exact = self._scaled(amount)
        whole = int(exact)
        if exact != whole or (len(str(amount)) > _LONGEST and len(Decimal(amount).as_tuple().digits) > _LONGEST):
            raise ValueError(f"{str(amount)[:_LONGEST]} has more than {self.digits} decimals")
        return whole

    def rounded(self, amount: Decimal | str | int) -> int:
        """Whole minor units, rounded half up; raises ValueError when `amount` is no number."""
        return int(self._scaled(amount).to_integral_value(rounding=ROUND_HALF_UP))

    def text(self, minor: int) -> str:
        """All decimals: 11400 ten-thousandths are `1.1400`."""
        if not self.digits:
            return str(minor)
        sign = "-" if minor < 0 else ""
        whole, rest = divmod(abs(minor), 10**self.digits)
        return f"{sign}{whole}.{rest:0{self.digits}d}"

    def decimal(self, minor: int) -> Decimal:
        """The amount as an exact decimal."""
        return Decimal(minor).scaleb(-self.digits)

    def _scaled(self, amount: Decimal | str | int) -> Decimal:
        try:
            exact = Decimal(amount)
        except InvalidOperation:
            raise ValueError(f"not an amount: {_shown(amount)}") from None
        if not exact.is_finite() or exact.adjusted() > _MOST_DIGITS:
            raise ValueError(f"not an amount: {_shown(amount)}")
        return exact.scaleb(self.digits)


def _shown(amount: Decimal | str | int) -> str:
    """As it was written, and no more of it than is read."""
    text = amount[:_MOST_SHOWN] if isinstance(amount, str) else str(Decimal(amount))[:_MOST_SHOWN]
    return repr(text) if isinstance(amount, str) else text


def share(minor: int, percent: int) -> int:
    """`percent` of an amount, rounded half up to the minor unit; both non-negative."""
    return (minor * percent + 50) // 100

"""Money as whole minor units of a currency; decimals appear only at the edges."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import NamedTuple

#: Amounts stay below 10 ** 14, so that minor units fit into the 64 bits of a row's integers.
_MOST_DIGITS = 13
#: The decimal module rounds longer numbers by itself, before anything could refuse them.
_LONGEST = 28
_MOST_SHOWN = 100


class Currency(NamedTuple):
    """A currency and how many decimals its minor unit has (4: ten-thousandths).

    >>> Currency("EUR", 2).minor("12.50"), Currency("EUR", 2).text(1250)
    (1250, '12.50')
    """

    code: str
    digits: int

    def minor(self, amount: Decimal | str | int) -> int:
        """Return an amount in whole minor units; raises ValueError when it is no number or has too many decimals."""
        exact = self._scaled(amount)
        whole = int(exact)
        if exact != whole or (len(str(amount)) > _LONGEST and len(Decimal(amount).as_tuple().digits) > _LONGEST):
            raise ValueError(f"{str(amount)[:_LONGEST]} has more than {self.digits} decimals")
        return whole

    def rounded(self, amount: Decimal | str | int) -> int:
        """Return an amount in whole minor units, rounded half up; raises ValueError when it is no number."""
        return int(self._scaled(amount).to_integral_value(rounding=ROUND_HALF_UP))

    def text(self, minor: int) -> str:
        """Return minor units as a decimal text with all decimals: 11400 ten-thousandths are `1.1400`."""
        if not self.digits:
            return str(minor)
        sign = "-" if minor < 0 else ""
        whole, rest = divmod(abs(minor), 10**self.digits)
        return f"{sign}{whole}.{rest:0{self.digits}d}"

    def decimal(self, minor: int) -> Decimal:
        """Return minor units as an exact decimal."""
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
    """Return the amount as it was written, cut to the length that a message shows."""
    text = amount[:_MOST_SHOWN] if isinstance(amount, str) else str(Decimal(amount))[:_MOST_SHOWN]
    return repr(text) if isinstance(amount, str) else text


def share(minor: int, percent: int) -> int:
    """Return `percent` of an amount in minor units, rounded half up to a whole one; both are non-negative."""
    return (minor * percent + 50) // 100

"""What HidSim counts in: dollars with at most four decimals (assumed)."""

from mockserver.domain.money import Currency

#: Ten-thousandths of a dollar: at most four decimals.
USD = Currency("USD", 4)

"""What a recipient's money is worth: rounded rates of our own, fixed, so that prices never move by themselves."""

from collections.abc import Mapping
from typing import NamedTuple

from mockserver.catalogue.data_files import once, read_csv


class Currency(NamedTuple):
    """`per_euro` is what a euro is worth, in hundredths of the currency; `countries` are priced in it."""

    code: str
    per_euro: int
    countries: tuple[str, ...]


@once
def _currencies() -> tuple[Currency, ...]:
    return read_csv(__file__, "currencies.csv", Currency)


@once
def per_euro() -> Mapping[str, int]:
    """Return what a euro is worth in each currency, in hundredths of it."""
    return {row.code: row.per_euro for row in _currencies()}


@once
def _by_country() -> Mapping[str, str]:
    return {iso2: row.code for row in _currencies() for iso2 in row.countries}


def currency_of(iso2: str) -> str:
    """The currency that a country's products are priced in; US dollars where the table has none."""
    return _by_country().get(iso2, "USD")


def local_amount(cents: int, currency: str) -> int:
    """About that many euro cents as a round sum of the currency, in hundredths of it."""
    exact = cents * per_euro()[currency] // 100
    step = 100
    while exact >= step * 40:
        step *= 5 if str(step)[0] == "1" else 2
    return max(step, (exact + step // 2) // step * step)


def euro_cents(amount: int, currency: str) -> int:
    """What an amount in hundredths of the currency is worth, rounded up to the cent."""
    return -(-amount * 100 // per_euro()[currency])


def dollar_cents(cents: int) -> int:
    """Euro cents in US cents, rounded up."""
    return -(-cents * per_euro()["USD"] // 100)

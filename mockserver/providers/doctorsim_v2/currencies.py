"""The currencies of recipients: fixed, rounded rates of our own, so that prices never move by themselves."""

from collections.abc import Mapping
from typing import NamedTuple

from mockserver.catalogue.data_files import once, read_csv


class Currency(NamedTuple):
    """A currency. `per_euro` is the worth of a euro in hundredths of it; products of `countries` are priced in it."""

    code: str
    per_euro: int
    countries: tuple[str, ...]


@once
def _currencies() -> tuple[Currency, ...]:
    return read_csv(__file__, "currencies.csv", Currency)


@once
def per_euro() -> Mapping[str, int]:
    """Return the worth of a euro in each currency, in hundredths of it."""
    return {row.code: row.per_euro for row in _currencies()}


@once
def _by_country() -> Mapping[str, str]:
    return {iso2: row.code for row in _currencies() for iso2 in row.countries}


def currency_of(iso2: str) -> str:
    """Return the currency that a country's products are priced in; US dollars where the table has none."""
    return _by_country().get(iso2, "USD")


def local_amount(cents: int, currency: str) -> int:
    """Return about that many euro cents as a round sum of the currency, in hundredths of it."""
    exact = cents * per_euro()[currency] // 100
    step = 100
    while exact >= step * 40:
        step *= 5 if str(step)[0] == "1" else 2
    return max(step, (exact + step // 2) // step * step)


def euro_cents(amount: int, currency: str) -> int:
    """Return the worth in euro cents of an amount in hundredths of the currency, rounded up."""
    return -(-amount * 100 // per_euro()[currency])


def dollar_cents(cents: int) -> int:
    """Return euro cents in US cents, rounded up."""
    return -(-cents * per_euro()["USD"] // 100)

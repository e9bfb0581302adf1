"""Countries and territories with the codes that the providers use for them."""

from collections.abc import Mapping
from typing import NamedTuple

from mockserver.catalogue.data_files import once, read_csv


class Country(NamedTuple):
    """A country: `iso2` and `iso3` as in ISO 3166-1, `name` in plain ASCII English, `calling_code` digits without `+`.

    Kosovo has no ISO codes: it has XK and XKX here, which are in common use.
    """

    iso2: str
    iso3: str
    name: str
    calling_code: str


#: Invented, for tests that must not depend on a real country: ISO leaves ZZ to private use, and nobody holds
#: calling code 999.
TESTLAND = Country("ZZ", "ZZZ", "Testland", "999")


@once
def countries() -> tuple[Country, ...]:
    """Return the real countries by `iso2`; those of the North American plan share calling code 1."""
    return read_csv(__file__, "countries.csv", Country)


@once
def _by_iso2() -> Mapping[str, Country]:
    return {country.iso2: country for country in (*countries(), TESTLAND)}


def country_of(iso2: str) -> Country | None:
    """Return the country with these two capital letters, Testland included; None where there is none."""
    return _by_iso2().get(iso2)

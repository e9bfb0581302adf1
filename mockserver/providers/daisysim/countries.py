"""DaisySIM's countries: their numbers and how dear they are."""

from collections.abc import Mapping
from typing import NamedTuple

from mockserver.catalogue.countries import TESTLAND, country_of
from mockserver.catalogue.data_files import once, read_csv
from mockserver.catalogue.sorting import alphabetical


class Country(NamedTuple):
    """A country on sale. `level` is what its numbers cost against the average country, in percent."""

    id: int
    name: str
    iso2: str
    level: int


class CountryRow(NamedTuple):
    """A line of `countries.csv`. A number, once given, stays: clients keep them in their settings.

    `own_name` is where DaisySIM calls a country by another name than the common table. `provenance` is that of
    number and name; those assumed are close to the numbering that such shops share. All levels are assumed.
    """

    id: int
    iso2: str
    level: int
    own_name: str | None
    provenance: str


#: Its services decide the outcome of an order.
TESTLAND_ID = 999


@once
def countries_by_id() -> Mapping[int, Country]:
    """Return every country by its number, Testland included."""
    table = {}
    for row in read_csv(__file__, "countries.csv", CountryRow):
        country = country_of(row.iso2)
        if country is None:
            raise KeyError(f"no country {row.iso2!r} in the common table")
        table[row.id] = Country(row.id, row.own_name or country.name, row.iso2, row.level)
    table[TESTLAND_ID] = Country(TESTLAND_ID, TESTLAND.name, TESTLAND.iso2, 100)
    return table


@once
def countries_by_name() -> tuple[Country, ...]:
    """Return them sorted by name, without regard to case: USA comes after Uruguay."""
    return tuple(sorted(countries_by_id().values(), key=lambda country: alphabetical(country.name)))

"""DaisySIM's countries: their ids and price levels."""

from collections.abc import Mapping
from typing import NamedTuple

from mockserver.catalogue.countries import TESTLAND, country_of
from mockserver.catalogue.data_files import once, read_csv
from mockserver.catalogue.sorting import alphabetical


class Country(NamedTuple):
    """A country on sale. `level` is the price of its numbers, in percent of the average country's."""

    id: int
    name: str
    iso2: str
    level: int


class CountryRow(NamedTuple):
    """A line of `countries.csv`. A country's id never changes: clients keep ids in their settings.

    `own_name` is DaisySIM's name for the country where it differs from the common table. `provenance` is that of
    id and name; assumed ids are close to the numbering that such shops share. All levels are assumed.
    """

    id: int
    iso2: str
    level: int
    own_name: str | None
    provenance: str


#: The id of Testland, whose services decide the outcome of an order.
TESTLAND_ID = 999


@once
def countries_by_id() -> Mapping[int, Country]:
    """Return every country by its id, Testland included."""
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
    """Return all countries sorted by name, without regard to case: USA comes after Uruguay."""
    return tuple(sorted(countries_by_id().values(), key=lambda country: alphabetical(country.name)))

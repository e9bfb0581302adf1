"""Countries and their network operators, with the ids that clients know them by.

Real ids come first (documented or observed); the others are counted up from there and are the same in every
sandbox. Names of operators as people know them, past ones included: old phones are locked to them.
"""

from collections.abc import Iterator
from typing import NamedTuple

from mockserver.catalogue.data_files import read_csv

_FIRST_COUNTRY_ID = 1025
_FIRST_NETWORK_ID = 5007
_NETWORK_STEP = 3


class NetworkRow(NamedTuple):
    """A line of `networks.csv`: a country with one of its operators; without one, no phone is locked there.

    Ids are those of the real API; None is replaced by a number that is counted up.
    """

    country: str
    country_id: int | None
    name: str | None
    id: int | None


def countries() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return each country's id, name and networks (id and name), real ids first; ids are texts of digits."""
    rows = read_csv(__file__, "networks.csv", NetworkRow)
    country_ids = _free_ids(_FIRST_COUNTRY_ID, 1, {row.country_id for row in rows})
    network_ids = _free_ids(_FIRST_NETWORK_ID, _NETWORK_STEP, {row.id for row in rows})
    by_country: dict[str, list[NetworkRow]] = {}
    for row in rows:
        by_country.setdefault(row.country, []).append(row)
    result = []
    for name, country_rows in by_country.items():
        country_id = country_rows[0].country_id or next(country_ids)
        networks = [(str(row.id or next(network_ids)), row.name) for row in country_rows if row.name is not None]
        result.append((str(country_id), name, networks))
    return result


def _free_ids(first: int, step: int, used_ids: set[int | None]) -> Iterator[int]:
    number = first
    while True:
        if number not in used_ids:
            yield number
        number += step

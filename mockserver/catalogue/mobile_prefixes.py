"""Beginnings of invented mobile numbers, for countries whose regulators reserve none for fiction."""

from collections.abc import Mapping
from typing import NamedTuple

from mockserver.catalogue.data_files import once, read_csv


class MobilePrefix(NamedTuple):
    """The national number without its last four digits: a mobile prefix of the country, then zeros.

    With four digits more it is as long as the country's mobile numbers are. Where the public numbering data says
    which prefixes operators hold, the prefix is none of those; elsewhere only the zeros make an owner unlikely.
    """

    iso2: str
    prefix: str


@once
def mobile_prefixes() -> Mapping[str, str]:
    """Return the prefixes by the `iso2` of their countries."""
    return {row.iso2: row.prefix for row in read_csv(__file__, "mobile_prefixes.csv", MobilePrefix)}

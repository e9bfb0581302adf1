"""The operators of every country, from the carrier metadata of `phonenumbers`, and the operator of a number.

Computed at the first use, once for the process: it depends on nothing but the installed metadata.
"""

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import NamedTuple

from mockserver.catalogue.countries import Country as Place
from mockserver.catalogue.countries import countries
from mockserver.catalogue.data_files import once, read_csv


class NamedOperator(NamedTuple):
    """An operator that keeps its id whatever the metadata says; `prefix` is added to the metadata's.

    The metadata has no operators of Mexico, the United States and Canada, whose numbers move between operators.
    """

    iso2: str
    name: str
    id: int
    prefix: str | None


@once
def named_operators() -> Mapping[tuple[str, str], NamedOperator]:
    """Return the named operators by country and name."""
    return {(row.iso2, row.name): row for row in read_csv(__file__, "operators.csv", NamedOperator)}


@once
def _territories() -> tuple[Place, ...]:
    """Return territories that the common table of countries lacks, since few sell telephone numbers of theirs."""
    return read_csv(__file__, "territories.csv", Place)


_FIRST_FREE, _LAST_FREE = 1_000, 899_999
#: Digits that complete a prefix to a number that the pattern of a country may match.
_FILLINGS = ("0000000000", "2345678901", "5551234567", "9999999999")


@dataclass(frozen=True, slots=True)
class Country:
    """A country. `id` is the calling code (Spain: 34); of countries that share one, all but the first have 1000 up."""

    id: int
    iso2: str
    name: str
    calling_code: str


@dataclass(frozen=True, slots=True)
class Operator:
    """A mobile operator in one country."""

    id: int
    name: str
    country: Country


class Carriers:
    """Countries and operators, each sorted by id, and the prefixes that lead to operators."""

    def __init__(self) -> None:
        self.countries: Mapping[int, Country] = {row.id: row for row in sorted(_countries(), key=lambda row: row.id)}
        self.by_iso: Mapping[str, Country] = {row.iso2: row for row in self.countries.values()}
        names = _names_by_prefix(self.by_iso)
        self._longest = max(map(len, names))
        self._prefixes = names
        ids = operator_ids(
            {pair for by_country in names.values() for pair in by_country.items()} | named_operators().keys()
        )
        rows = [Operator(ids[key], key[1], self.by_iso[key[0]]) for key in ids]
        self.operators: Mapping[int, Operator] = {row.id: row for row in sorted(rows, key=lambda row: row.id)}
        self._by_name = {(row.country.iso2, row.name): row for row in rows}
        by_country: dict[int, list[Operator]] = {country: [] for country in self.countries}
        for operator in self.operators.values():
            by_country[operator.country.id].append(operator)
        self.of_country: Mapping[int, tuple[Operator, ...]] = {key: tuple(value) for key, value in by_country.items()}

    def owner(self, iso2: str, digits: str) -> Operator | None:
        """Return the operator with the longest prefix that these digits (calling code first) begin with, or None."""
        for length in range(min(self._longest, len(digits)), 0, -1):
            names = self._prefixes.get(digits[:length])
            if names is not None and iso2 in names:
                return self._by_name[iso2, names[iso2]]
        return None

    def of_mobile(self, iso2: str, digits: str) -> Operator | None:
        """Return the operator of a mobile number of this country, by its prefix, else cast; None where it has none."""
        return self.owner(iso2, digits) or self.cast(iso2, digits)

    def cast(self, iso2: str, digits: str) -> Operator | None:
        """Return one of the country's operators, always the same for a number; None where the country has none.

        For numbers whose prefix tells no operator: the real service asks the networks, which know of every number.
        """
        country = self.by_iso.get(iso2)
        operators = self.of_country[country.id] if country is not None else ()
        if not operators:
            return None
        digest = blake2b(f"{iso2}/{digits}".encode(), digest_size=8).digest()
        return operators[int.from_bytes(digest, "big") % len(operators)]


@cache
def carriers() -> Carriers:
    """Return all countries and operators; the first call takes some tenths of a second."""
    return Carriers()


def operator_ids(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Return an id for each operator (country, name): that of `named_operators`, else a digest of the two.

    So an operator keeps its id when others come and go, but for the rare ones whose digests meet.
    """
    ids: dict[tuple[str, str], int] = {}
    operators = named_operators()
    used_ids = {row.id for row in operators.values()}
    span = _LAST_FREE - _FIRST_FREE + 1
    for key in sorted(keys):
        if key in operators:
            ids[key] = operators[key].id
            continue
        digest = blake2b("/".join(key).encode(), digest_size=8).digest()
        number = int.from_bytes(digest, "big") % span
        while number + _FIRST_FREE in used_ids:
            number = (number + 1) % span
        ids[key] = number + _FIRST_FREE
        used_ids.add(ids[key])
    return ids


def _countries() -> list[Country]:
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    def country(place: Place) -> Country:
        first = COUNTRY_CODE_TO_REGION_CODE.get(int(place.calling_code), ("",))[0] == place.iso2
        high, low = (ord(letter) - ord("A") for letter in place.iso2)
        number = int(place.calling_code) if first else 1000 + high * 26 + low
        return Country(number, place.iso2, place.name, place.calling_code)

    return [country(place) for place in (*countries(), *_territories())]


def _names_by_prefix(countries: Container[str]) -> dict[str, dict[str, str]]:
    """Return operator names by prefix (calling code first) and country; countries can share a numbering plan."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE
    from phonenumbers.carrierdata import CARRIER_DATA

    regions = {str(code): places for code, places in COUNTRY_CODE_TO_REGION_CODE.items()}
    accepts = {code: _acceptors(places) for code, places in regions.items() if len(places) > 1}
    by_prefix: dict[str, dict[str, str]] = {}
    for prefix, names in CARRIER_DATA.items():
        code = next(prefix[:length] for length in (1, 2, 3) if prefix[:length] in regions)
        name = _clean(names.get("en") or next(iter(names.values())))
        places: Iterable[str] = regions[code]
        if code in accepts:
            national = prefix[len(code) :]
            places = [acceptor.iso2 for acceptor in accepts[code] if acceptor.takes(national)] or regions[code][:1]
        by_prefix[prefix] = {iso2: name for iso2 in places if iso2 in countries}
    for row in named_operators().values():
        if row.prefix is not None:
            by_prefix.setdefault(row.prefix, {})[row.iso2] = row.name
    return by_prefix


@dataclass(frozen=True, slots=True)
class _Acceptor:
    """The form of a country's numbers: their leading digits where those tell, and the pattern of mobile numbers."""

    iso2: str
    leading: re.Pattern[str] | None
    mobile: re.Pattern[str]
    lengths: tuple[int, ...]

    def takes(self, national: str) -> bool:
        if self.leading is not None and self.leading.match(national):
            return True
        texts = ((national + filling)[: max(size, len(national))] for size in self.lengths for filling in _FILLINGS)
        return any(self.mobile.fullmatch(text) for text in texts)


def _acceptors(places: Iterable[str]) -> list[_Acceptor]:
    from phonenumbers import PhoneMetadata

    acceptors = []
    for iso2 in places:
        data = PhoneMetadata.metadata_for_region(iso2)
        if data is None or data.mobile is None or not data.mobile.national_number_pattern:
            continue
        general = data.general_desc.possible_length if data.general_desc else ()
        lengths = data.mobile.possible_length or general
        leading = re.compile(data.leading_digits) if data.leading_digits else None
        acceptors.append(_Acceptor(iso2, leading, re.compile(data.mobile.national_number_pattern), tuple(lengths)))
    return acceptors


def _clean(name: str) -> str:
    """Return a name, decoded once more where it was encoded twice."""
    try:
        return name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return name

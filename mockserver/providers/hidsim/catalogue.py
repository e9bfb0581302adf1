"""The countries, services and products that HidSim sells: the same in every sandbox, save for the stock left."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Any

import orjson

from mockserver.catalogue.countries import TESTLAND, Country, country_of
from mockserver.providers.hidsim.ids import OBJECT_ID, both_ids, object_id, short_id
from mockserver.providers.hidsim.magic import MAGIC_SERVICES, MagicProduct, Style
from mockserver.providers.hidsim.services import SOLD_IN, ServiceSeed, services
from mockserver.providers.hidsim.settings import CATALOGUE_MOMENT, FEWEST_TIERS

_BEGAN = {"createdAt": CATALOGUE_MOMENT, "updatedAt": CATALOGUE_MOMENT}
_CENT = 100


@dataclass(frozen=True, slots=True)
class Item:
    """A country or a service. `row` is its object as clients of any sandbox see it, `encoded` is that as JSON."""

    id: str
    short: str
    row: Mapping[str, Any]
    encoded: bytes


@dataclass(frozen=True, slots=True)
class Product:
    """Numbers of one country for one service at one price (in minor units); `stock` is that at first."""

    id: str
    short: str
    service: str
    country: str
    price: int
    stock: int
    active: bool
    style: Style
    second_sms: str | None


class Catalogue:
    """Countries by `iso2`, services by code, and products; each can also be looked up by either of its ids."""

    def __init__(self) -> None:
        countries = [country for iso2 in SOLD_IN if (country := country_of(iso2))]
        self.countries = {country.iso2: _country(country) for country in sorted([*countries, TESTLAND], key=_by_name)}
        self.products = sorted(_products(countries), key=lambda product: (product.price, product.id))
        self.by_service: dict[str, list[Product]] = {}
        for product in self.products:
            self.by_service.setdefault(product.service, []).append(product)
        self.services = {seed.code: self._service(seed) for seed in sorted(_seeds(), key=_by_name)}
        #: Name, slug and code in lower case, for searches.
        self.words = [
            (item.row["name"].casefold(), item.row["slug"], code, item) for code, item in self.services.items()
        ]
        #: The products that lists show, by price, and their prices alone.
        self.active = [product for product in self.products if product.active]
        self.prices = [product.price for product in self.active]
        self.shapes = {seed.code: seed for seed in _seeds()}
        self._countries = _by_either_id((item.id, item.short, iso2) for iso2, item in self.countries.items())
        self._services = _by_either_id((item.id, item.short, code) for code, item in self.services.items())
        self._products = _by_either_id((item.id, item.short, item) for item in self.products)

    def country_by_id(self, text: str) -> str | None:
        """Return the `iso2` of the country with this `_id` or short id, or None."""
        return self._countries.get(_read(text))

    def service_by_id(self, text: str) -> str | None:
        """Return the code of the service with this `_id` or short id, or None."""
        return self._services.get(_read(text))

    def product_by_id(self, text: str) -> Product | None:
        """Return the product with this `_id` or short id, or None."""
        return self._products.get(_read(text))

    def sold_in(self, code: str) -> list[str]:
        """Return the `iso2` of every country in which the service has an active product."""
        return list(dict.fromkeys(item.country for item in self.by_service.get(code, ()) if item.active))

    def _service(self, seed: ServiceSeed) -> Item:
        countries = set(self.sold_in(seed.code))
        row = {
            "_id": object_id("service", seed.code),
            "id": _service_short(seed),
            "name": seed.name,
            "code": seed.code,
            "slug": seed.slug,
            "category": seed.category,
            "isActive": True,
            "_countryIds": [item.id for iso2, item in self.countries.items() if iso2 in countries],
            **_BEGAN,
        }
        return _item(row)


@cache
def catalogue() -> Catalogue:
    """Return the catalogue, built at the first call and never changed."""
    return Catalogue()


def _by_name(item: Country | ServiceSeed) -> tuple[str, str]:
    """Return a sort key: the name without regard to case, which decides only between names that are else equal."""
    return item.name.casefold(), item.name


def _read(text: str) -> str:
    return text.lower() if OBJECT_ID.fullmatch(text) else text


def _by_either_id(rows: Iterable[tuple[str, str, Any]]) -> dict[str, Any]:
    by_id: dict[str, Any] = {}
    for identifier, short, value in rows:
        if identifier in by_id or short in by_id:
            raise ValueError(f"two objects have the id {identifier} or {short}")
        by_id[identifier] = by_id[short] = value
    return by_id


def _item(row: Mapping[str, Any]) -> Item:
    return Item(row["_id"], row["id"], row, orjson.dumps(row))


def _country(country: Country) -> Item:
    row = {
        "_id": object_id("country", country.iso2),
        "id": short_id("country", country.iso2),
        "name": country.name,
        "iso2": country.iso2,
        "iso3": country.iso3,
        "callingCode": f"+{country.calling_code}",
        "flag": "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in country.iso2),
        "isActive": True,
        **_BEGAN,
    }
    return _item(row)


def _service_short(seed: ServiceSeed) -> str:
    return seed.code if len(seed.code) == 8 else short_id("service", seed.code)


def _seeds() -> list[ServiceSeed]:
    testing = [ServiceSeed(item.id, item.name, "testing", "HidSim Test", "dddddd", 50, 0) for item in MAGIC_SERVICES]
    return [*services(), *testing]


def _products(countries: Iterable[Country]) -> list[Product]:
    products = [_magic(service.id, product) for service in MAGIC_SERVICES for product in service.products]
    for country in countries:
        level = 60 + _cast("level", country.iso2)[0] % 120
        for seed in services():
            products += _tiers(seed, country.iso2, level)
    for seed in services():
        if seed.share == 100:
            products += _tiers(seed, TESTLAND.iso2, 100)
    return products


def _magic(service: str, product: MagicProduct) -> Product:
    identifier = object_id("product", product.id)
    price = product.price * _CENT
    return Product(
        identifier,
        product.id,
        service,
        TESTLAND.iso2,
        price,
        product.stock,
        product.active,
        product.style,
        product.second_sms,
    )


def _tiers(seed: ServiceSeed, iso2: str, level: int) -> list[Product]:
    """Return two or three products of rising price, or none where the service is not sold."""
    cast = _cast("pair", iso2, seed.code)
    if cast[0] % 100 >= seed.share:
        return []
    products = []
    cents = max(seed.price * level // 100, 5)
    for tier in range(max(FEWEST_TIERS, 1 + cast[1] % 3)):
        if tier:
            cents = cents * (130 + cast[1 + tier] % 40) // 100 + 1
        # Every twentieth tier is out of stock, save for what is sold everywhere.
        stock = 0 if cast[4 + tier] % 20 == 0 and seed.share < 100 else 5 + cast[7 + tier] * (1 + cast[10 + tier] % 6)
        name = ("product", iso2, seed.code, tier)
        identifier, short = both_ids(*name)
        products.append(Product(identifier, short, seed.code, iso2, cents * _CENT, stock, True, "plain", None))
    return products


def _cast(*parts: object) -> bytes:
    return blake2b("/".join(("hidsim", *map(str, parts))).encode(), digest_size=16).digest()

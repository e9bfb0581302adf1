"""The products on sale: top-ups of every operator in up to three kinds, and gift cards, mostly of invented brands.

They are the same for every sandbox and seed: ids, names and prices never change, so answers are encoded once.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

from mockserver.catalogue.data_files import once, read_csv
from mockserver.engine.dice import Dice
from mockserver.providers.doctorsim_v2.carriers import Carriers, Country, Operator, carriers
from mockserver.providers.doctorsim_v2.currencies import currency_of, dollar_cents, euro_cents, local_amount
from mockserver.providers.doctorsim_v2.settings import (
    AIRTIME_CENTS,
    BUNDLE_PERCENT,
    BUNDLE_PLANS,
    CARD_CENTS,
    DATA_PERCENT,
    DATA_PLANS,
    FEE_PERCENT,
    FEE_STEP_CENTS,
    FIRST_BRAND_ID,
    FIRST_CHILD_ID,
    LEAST_FEE_CENTS,
)

Kind = Literal["topup", "giftcard"]


@dataclass(frozen=True, slots=True)
class ServiceType:
    """A kind of top-up. `id` is the `topup_type`: data 5 and bundle 6 are the vendor's word, airtime 1 is ours."""

    id: int
    name: str
    about: str


AIRTIME = ServiceType(1, "airtime", "Credit in the currency of the recipient")
DATA = ServiceType(5, "data", "A volume of mobile data for some days")
BUNDLE = ServiceType(6, "bundle", "Calls, messages and data together")
SERVICE_TYPES = (AIRTIME, DATA, BUNDLE)


class Card(NamedTuple):
    """A brand of gift cards: its use, whether it needs the recipient's phone, and the countries where it is sold.

    An empty `sold_in` means every country. The vendor's agent documents search for Steam and Spotify; the
    others are invented.
    """

    name: str
    about: str
    needs_phone: bool
    sold_in: tuple[str, ...]


@once
def _cards() -> tuple[Card, ...]:
    return read_csv(__file__, "gift_cards.csv", Card)


@dataclass(frozen=True, slots=True)
class Brand:
    """A gift card in one country; clients use its `id` like that of an operator."""

    id: int
    name: str
    about: str
    needs_phone: bool
    country: Country


@dataclass(frozen=True, slots=True)
class Product:
    """A product with a price list: an operator's airtime, data or bundles (`service` set), or a gift card.

    `id` is the `tool_id` and a child's `id_operator`; `parent` is the id in lookup and /operators.
    """

    id: int
    parent: int
    kind: Kind
    name: str
    country: Country
    service: ServiceType | None = None
    about: str = ""
    needs_phone: bool = True

    @property
    def currency(self) -> str:
        """The currency of its amounts."""
        return currency_of(self.country.iso2)


@dataclass(frozen=True, slots=True, eq=False)
class Rate:
    """One price point; there is one object for each, compared by identity.

    `amount` is in hundredths of `product.currency`, the rest in cents.
    """

    product: Product
    denomination: int
    name: dict[str, str]
    about: dict[str, str]
    amount: int
    fee_eur: int
    total_eur: int

    @property
    def fee_usd(self) -> int:
        """The fee in US cents."""
        return dollar_cents(self.fee_eur)

    @property
    def total_usd(self) -> int:
        """The total in US cents."""
        return dollar_cents(self.total_eur)


class Catalogue:
    """The products and their rates by id, each of which is built at its first use."""

    def __init__(self, carriers: Carriers) -> None:
        self.carriers = carriers
        self._dice = Dice("doctorSIM v2 catalogue")
        self._products: dict[int, tuple[Product, ...]] = {}
        self._price_lists: dict[int, tuple[Rate, ...]] = {}

    def country(self, text: str) -> Country | None:
        """Return the country with this ISO code (in any case) or numeric id, or None."""
        if text.isascii() and text.isdigit() and len(text) < 9:
            return self.carriers.countries.get(int(text))
        return self.carriers.by_iso.get(text.upper())

    def products(self, owner: int) -> tuple[Product, ...]:
        """Return all products of a parent operator or brand, or the one of a child id; none for an unknown id."""
        products = self._products.get(owner)
        if products is None:
            products = self._build(owner)
            if products:
                self._products[owner] = products
        return products

    def _build(self, owner: int) -> tuple[Product, ...]:
        if owner >= FIRST_CHILD_ID:
            parent, service = divmod(owner - FIRST_CHILD_ID, 10)
            return tuple(item for item in self.products(parent) if item.service and item.service.id == service)
        operator = self.carriers.operators.get(owner)
        if operator is not None:
            return self._top_ups(operator)
        brand = self.brand(owner)
        return (_card(brand),) if brand is not None else ()

    def brand(self, number: int) -> Brand | None:
        """Return the gift card with this id, or None."""
        place, country_id = divmod(number - FIRST_BRAND_ID, 10_000)
        country = self.carriers.countries.get(country_id)
        if country is None or not 0 <= place < len(_cards()):
            return None
        card = _cards()[place]
        if card.sold_in and country.iso2 not in card.sold_in:
            return None
        return Brand(number, card.name, card.about, card.needs_phone, country)

    def brands(self, country: Country) -> tuple[Brand, ...]:
        """Return the gift cards sold in a country, by id."""
        ids = (FIRST_BRAND_ID + place * 10_000 + country.id for place in range(len(_cards())))
        return tuple(brand for number in ids if (brand := self.brand(number)) is not None)

    def rates(self, product: Product) -> tuple[Rate, ...]:
        """Return the price list of a product, cheapest first."""
        rates = self._price_lists.get(product.id)
        if rates is None:
            rates = self._price_lists[product.id] = tuple(self._rates(product))
        return rates

    def rate(self, product_id: int, denomination: int) -> Rate | None:
        """Return the price point with the ids that a token or a legacy order names, or None."""
        for product in self.products(product_id):
            if product.id == product_id:
                return next((rate for rate in self.rates(product) if rate.denomination == denomination), None)
        return None

    def _top_ups(self, operator: Operator) -> tuple[Product, ...]:
        """Return airtime always; data and bundles where the dice say so, and always for `named_operators`."""
        services = [AIRTIME]
        for service, percent in ((DATA, DATA_PERCENT), (BUNDLE, BUNDLE_PERCENT)):
            if operator.id < 1000 or self._dice.below(100, "offers", operator.id, service.id) < percent:
                services.append(service)
        return tuple(
            Product(
                FIRST_CHILD_ID + operator.id * 10 + service.id,
                operator.id,
                "topup",
                operator.name,
                operator.country,
                service,
            )
            for service in services
        )

    def _rates(self, product: Product) -> Iterator[Rate]:
        highest = 0
        for place, (cents, name, about) in enumerate(_offers(product), start=1):
            amount = local_amount(cents, product.currency)
            if amount <= highest:
                continue
            highest = amount
            step = self._dice.below(3, "fee", product.parent)
            fee = LEAST_FEE_CENTS + step * FEE_STEP_CENTS + cents * FEE_PERCENT // 100
            names = {lang: text.format(amount=_plain(amount), currency=product.currency) for lang, text in name.items()}
            yield Rate(product, place, names, about, amount, fee, euro_cents(amount, product.currency) + fee)


@cache
def catalogue() -> Catalogue:
    """Return the one catalogue; the first call reads the carrier metadata."""
    return Catalogue(carriers())


async def ready() -> Catalogue:
    """Return the catalogue, built in a thread the first time: reading the metadata takes too long for the event loop.

    Handlers await this before they use the catalogue, and before they hold a lock. Two first calls at once may both
    build it, with the same contents.
    """
    if not catalogue.cache_info().currsize:
        await asyncio.to_thread(catalogue)
    return catalogue()


def _card(brand: Brand) -> Product:
    return Product(brand.id, brand.id, "giftcard", brand.name, brand.country, None, brand.about, brand.needs_phone)


def _plain(hundredths: int) -> str:
    whole, rest = divmod(hundredths, 100)
    return f"{whole}.{rest:02d}" if rest else str(whole)


def _offers(product: Product) -> Iterator[tuple[int, dict[str, str], dict[str, str]]]:
    """Yield the worth of each price point in euro cents, its name and its description, in English and Spanish."""
    owner = product.name
    if product.service is DATA:
        for volume, days, cents in DATA_PLANS:
            yield cents, *_texts(
                f"{volume} GB, {days} days", f"{owner}: {volume} GB of mobile data for {days} days",
                f"{volume} GB, {days} días", f"{owner}: {volume} GB de datos móviles para {days} días",
            )  # fmt: skip
    elif product.service is BUNDLE:
        for minutes, volume, days, cents in BUNDLE_PLANS:
            yield cents, *_texts(
                f"{minutes} min + {volume} GB, {days} days",
                f"{owner}: {minutes} minutes, {volume} GB and WhatsApp for {days} days",
                f"{minutes} min + {volume} GB, {days} días",
                f"{owner}: {minutes} minutos, {volume} GB y WhatsApp durante {days} días",
            )  # fmt: skip
    elif product.service is AIRTIME:
        for cents in AIRTIME_CENTS:
            yield cents, *_texts(
                f"{owner} {{amount}} {{currency}}", f"Airtime for {owner} in {product.country.name}",
                f"{owner} {{amount}} {{currency}}", f"Saldo para {owner} en {product.country.name}",
            )  # fmt: skip
    else:
        for cents in CARD_CENTS:
            yield cents, *_texts(
                f"{owner} {{amount}} {{currency}}", f"Gift card for {product.about}",
                f"{owner} {{amount}} {{currency}}", f"Tarjeta regalo {owner}",
            )  # fmt: skip


def _texts(name: str, about: str, nombre: str, descripcion: str) -> tuple[dict[str, str], dict[str, str]]:
    return {"en": name, "es": nombre}, {"en": about, "es": descripcion}

"""What is sold: top-ups of every operator in up to three kinds, and gift cards, most of brands that we made up.

The same for every sandbox and seed: ids, names and prices never change, so answers are encoded once for all.
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

Kind = Literal["topup", "giftcard"]


@dataclass(frozen=True, slots=True)
class ServiceType:
    """`id` is the `topup_type`: that data is 5 and bundle 6 is the vendor's word, airtime 1 is ours."""

    id: int
    name: str
    about: str


AIRTIME = ServiceType(1, "airtime", "Credit in the currency of the recipient")
DATA = ServiceType(5, "data", "A volume of mobile data for some days")
BUNDLE = ServiceType(6, "bundle", "Calls, messages and data together")
SERVICE_TYPES = (AIRTIME, DATA, BUNDLE)

_CHILDREN = 10_000_000
_BRANDS = 2_000_000
_AIRTIME_CENTS = (300, 500, 1000, 1500, 2000, 3000, 5000)
_DATA_PLANS = ((1, 7, 400), (3, 15, 800), (5, 30, 1200), (10, 30, 1900), (20, 30, 2900))
_BUNDLE_PLANS = ((100, 2, 7, 600), (300, 5, 15, 1100), (1000, 10, 30, 2100))
_CARD_CENTS = (1000, 1500, 2500, 5000, 10000)


class Card(NamedTuple):
    """A brand of gift cards: what it is for, whether the recipient's phone is asked for, and where it is sold.

    Sold in every country where `sold_in` names none. Steam and Spotify are what the vendor's agent documents search
    for; the others are made up.
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
    """A gift card in one country; `id` stands where a top-up has its operator."""

    id: int
    name: str
    about: str
    needs_phone: bool
    country: Country


@dataclass(frozen=True, slots=True)
class Product:
    """One thing with a price list: an operator's airtime, data or bundles (`service` set), or a gift card.

    `id` is what `tool_id` and a child's `id_operator` say; `parent` what lookup and /operators say.
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
    """One price point, made once and so equal to itself alone.

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
    """Found by id; nothing is made before it is asked for."""

    def __init__(self, known: Carriers) -> None:
        self.carriers = known
        self._dice = Dice("doctorSIM v2 catalogue")
        self._products: dict[int, tuple[Product, ...]] = {}
        self._price_lists: dict[int, tuple[Rate, ...]] = {}

    def country(self, text: str) -> Country | None:
        """By ISO code in any case, or by numeric id."""
        if text.isascii() and text.isdigit() and len(text) < 9:
            return self.carriers.countries.get(int(text))
        return self.carriers.by_iso.get(text.upper())

    def products(self, owner: int) -> tuple[Product, ...]:
        """All products of a parent operator or brand, or the one of a child; nothing for an unknown id."""
        found = self._products.get(owner)
        if found is None:
            found = self._made(owner)
            if found:
                self._products[owner] = found
        return found

    def _made(self, owner: int) -> tuple[Product, ...]:
        if owner >= _CHILDREN:
            parent, service = divmod(owner - _CHILDREN, 10)
            return tuple(one for one in self.products(parent) if one.service and one.service.id == service)
        operator = self.carriers.operators.get(owner)
        if operator is not None:
            return self._top_ups(operator)
        brand = self.brand(owner)
        return (_card(brand),) if brand is not None else ()

    def brand(self, number: int) -> Brand | None:
        """The gift card with this id."""
        place, country_id = divmod(number - _BRANDS, 10_000)
        country = self.carriers.countries.get(country_id)
        if country is None or not 0 <= place < len(_cards()):
            return None
        card = _cards()[place]
        if card.sold_in and country.iso2 not in card.sold_in:
            return None
        return Brand(number, card.name, card.about, card.needs_phone, country)

    def brands(self, country: Country) -> tuple[Brand, ...]:
        """The gift cards sold in a country, by id."""
        ids = (_BRANDS + place * 10_000 + country.id for place in range(len(_cards())))
        return tuple(found for number in ids if (found := self.brand(number)) is not None)

    def rates(self, product: Product) -> tuple[Rate, ...]:
        """The price list, cheapest first."""
        found = self._price_lists.get(product.id)
        if found is None:
            found = self._price_lists[product.id] = tuple(self._rates(product))
        return found

    def rate(self, product_id: int, denomination: int) -> Rate | None:
        """One price point by the ids that a token or a legacy order names."""
        for product in self.products(product_id):
            if product.id == product_id:
                return next((one for one in self.rates(product) if one.denomination == denomination), None)
        return None

    def _top_ups(self, operator: Operator) -> tuple[Product, ...]:
        """Airtime always; data and bundles where the dice have it, and always where we name the operator."""
        offered = [AIRTIME]
        for service, percent in ((DATA, 60), (BUNDLE, 35)):
            if operator.id < 1000 or self._dice.below(100, "offers", operator.id, service.id) < percent:
                offered.append(service)
        return tuple(
            Product(
                _CHILDREN + operator.id * 10 + service.id,
                operator.id,
                "topup",
                operator.name,
                operator.country,
                service,
            )
            for service in offered
        )

    def _rates(self, product: Product) -> Iterator[Rate]:
        seen = 0
        for place, (cents, name, about) in enumerate(_offers(product), start=1):
            amount = local_amount(cents, product.currency)
            if amount <= seen:
                continue
            seen = amount
            fee = 29 + self._dice.below(3, "fee", product.parent) * 20 + cents * 3 // 100
            names = {lang: text.format(amount=_plain(amount), currency=product.currency) for lang, text in name.items()}
            yield Rate(product, place, names, about, amount, fee, euro_cents(amount, product.currency) + fee)


@cache
def catalogue() -> Catalogue:
    """The one catalogue; the first call reads the carrier metadata."""
    return Catalogue(carriers())


async def ready() -> Catalogue:
    """The catalogue, made in a thread the first time: reading the metadata takes too long for the event loop.

    Handlers await this before anything of the catalogue is asked for, and before they hold a lock. Two first calls
    at once may both make it, the same one.
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
    """Worth in euro cents, name and description, in English and Spanish."""
    owner = product.name
    if product.service is DATA:
        for volume, days, cents in _DATA_PLANS:
            yield cents, *_texts(
                f"{volume} GB, {days} days", f"{owner}: {volume} GB of mobile data for {days} days",
                f"{volume} GB, {days} días", f"{owner}: {volume} GB de datos móviles para {days} días",
            )  # fmt: skip
    elif product.service is BUNDLE:
        for minutes, volume, days, cents in _BUNDLE_PLANS:
            yield cents, *_texts(
                f"{minutes} min + {volume} GB, {days} days",
                f"{owner}: {minutes} minutes, {volume} GB and WhatsApp for {days} days",
                f"{minutes} min + {volume} GB, {days} días",
                f"{owner}: {minutes} minutos, {volume} GB y WhatsApp durante {days} días",
            )  # fmt: skip
    elif product.service is AIRTIME:
        for cents in _AIRTIME_CENTS:
            yield cents, *_texts(
                f"{owner} {{amount}} {{currency}}", f"Airtime for {owner} in {product.country.name}",
                f"{owner} {{amount}} {{currency}}", f"Saldo para {owner} en {product.country.name}",
            )  # fmt: skip
    else:
        for cents in _CARD_CENTS:
            yield cents, *_texts(
                f"{owner} {{amount}} {{currency}}", f"Gift card for {product.about}",
                f"{owner} {{amount}} {{currency}}", f"Tarjeta regalo {owner}",
            )  # fmt: skip


def _texts(name: str, about: str, nombre: str, descripcion: str) -> tuple[dict[str, str], dict[str, str]]:
    return {"en": name, "es": nombre}, {"en": about, "es": descripcion}

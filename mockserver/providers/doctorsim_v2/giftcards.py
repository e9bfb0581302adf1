"""The handlers of the gift cards' own paths, as the vendor has them now: the same catalogue with brands alone."""

from functools import cache

import orjson

from mockserver.http.call import Call
from mockserver.http.replies import Reply
from mockserver.providers.doctorsim_v2 import wire
from mockserver.providers.doctorsim_v2.catalogue import Product, catalogue, ready
from mockserver.providers.doctorsim_v2.discovery import country_of, detail, price_list, products_of, search_page
from mockserver.providers.doctorsim_v2.errors import OperatorNotFound


async def countries(call: Call) -> Reply:
    """Return every country with gift cards by its id, with how many brands it has."""
    await ready()
    return Reply(orjson.Fragment(_countries()))


async def brands(call: Call) -> Reply:
    """Return the brands of a country, by id."""
    await ready()
    return search_page(call, [brand.id for brand in catalogue().brands(country_of(call))])


async def brand_products(call: Call) -> Reply:
    """Return the price list of a brand."""
    await ready()
    return price_list(call, _brand(call))


async def product(call: Call) -> Reply:
    """Return everything about one gift card, with its price list."""
    await ready()
    return detail(call, _brand(call))


def _brand(call: Call) -> tuple[Product, ...]:
    products = products_of(call)
    if products[0].kind != "giftcard":
        raise OperatorNotFound("gift card", str(call.fields["id"]))
    return products


@cache
def _countries() -> bytes:
    goods = catalogue()
    counts = ((country, len(goods.brands(country))) for country in goods.carriers.countries.values())
    return orjson.dumps({str(country.id): wire.country_row(country, count) for country, count in counts if count})

"""The gift cards under paths of their own, as the vendor has them now: the same catalogue with brands alone."""

from functools import cache

import orjson

from mockserver.http.call import Call
from mockserver.http.replies import Reply
from mockserver.providers.doctorsim_v2 import wire
from mockserver.providers.doctorsim_v2.catalogue import Product, catalogue, ready
from mockserver.providers.doctorsim_v2.discovery import country_of, detail, found_page, price_list, products_of
from mockserver.providers.doctorsim_v2.errors import OperatorNotFound


async def countries(call: Call) -> Reply:
    """Every country with gift cards by its id, with how many brands it has."""
    await ready()
    return Reply(orjson.Fragment(_countries()))


async def brands(call: Call) -> Reply:
    """The brands of a country, by id."""
    await ready()
    return found_page(call, [one.id for one in catalogue().brands(country_of(call))])


async def brand_products(call: Call) -> Reply:
    """What a brand sells: its price list."""
    await ready()
    return price_list(call, _brand(call))


async def product(call: Call) -> Reply:
    """Everything about one gift card, with its price list."""
    await ready()
    return detail(call, _brand(call))


def _brand(call: Call) -> tuple[Product, ...]:
    products = products_of(call)
    if products[0].kind != "giftcard":
        raise OperatorNotFound("gift card", str(call.fields["id"]))
    return products


@cache
def _countries() -> bytes:
    known = catalogue()
    counts = ((country, len(known.brands(country))) for country in known.carriers.countries.values())
    return orjson.dumps({str(country.id): wire.country_row(country, count) for country, count in counts if count})

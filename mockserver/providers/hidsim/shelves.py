"""The handlers of the catalogue: countries, services and products."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from mockserver.domain.errors import Invalid, NotFound
from mockserver.http.call import Call
from mockserver.http.replies import Reply
from mockserver.providers.hidsim import wire
from mockserver.providers.hidsim.catalogue import Item, Product, catalogue
from mockserver.providers.hidsim.listing import (
    Relations,
    any_id,
    any_of,
    check_window,
    encoded,
    in_slices,
    listed,
    ordered,
    paged,
    populating,
    sort_keys,
    wants_populated,
)
from mockserver.providers.hidsim.settings import USD
from mockserver.providers.hidsim.stock import left_of, stocks_left

#: The fields that may hold a search text; the first that is present counts.
_SEARCH_NAMES = ("q", "query", "search", "keyword", "name")
_PRODUCT_FIELDS = ("_id", "id", "_service", "_country", "price", "currency", "count", "isActive")


def country_row(identifier: str) -> Any:
    """Return the country with this `_id`, encoded, or None."""
    iso2 = catalogue().country_by_id(identifier)
    return None if iso2 is None else encoded(catalogue().countries[iso2].encoded)


def service_row(identifier: str) -> Any:
    """Return the service with this `_id`, encoded, or None."""
    code = catalogue().service_by_id(identifier)
    return None if code is None else encoded(catalogue().services[code].encoded)


SERVICE_RELATIONS: Relations = {"_countryIds": country_row}
PRODUCT_RELATIONS: Relations = {"_service": service_row, "_country": country_row}


async def countries(call: Call) -> Reply:
    """Return all countries by name, narrowed by `iso2` and by parts of names."""
    matches = list(catalogue().countries.items())
    codes, names = any_of(call, "iso2"), any_of(call, "name")
    if codes is not None:
        iso2_codes = {code.upper() for code in codes}
        matches = [(iso2, item) for iso2, item in matches if iso2 in iso2_codes]
    if names is not None:
        parts = [name.casefold() for name in names]
        matches = [(iso2, item) for iso2, item in matches if any(part in item.row["name"].casefold() for part in parts)]
    return await _items(call, [item for _, item in matches], {})


async def country(call: Call) -> Reply:
    """Return one country."""
    iso2 = catalogue().country_by_id(call.fields["countryId"])
    if iso2 is None:
        raise NotFound("country")
    return Reply(catalogue().countries[iso2].encoded)


async def services(call: Call) -> Reply:
    """Return all services by name, narrowed by code and by the countries that have them."""
    matches = _in_countries(call, list(catalogue().services.items()))
    codes = any_of(call, "code")
    if codes is not None:
        matches = [(code, item) for code, item in matches if code in codes]
    return await _items(call, [item for _, item in matches], SERVICE_RELATIONS)


async def search(call: Call) -> Reply:
    """Return services by a part of their name or slug, or by their whole code; what fits best comes first."""
    text = next((call.fields[name] for name in _SEARCH_NAMES if name in call.fields), "").strip().casefold()
    if not text:
        raise Invalid({"q": ["The q field is required."]})
    exact, prefixed, others = [], [], []
    for name, slug, code, item in catalogue().words:
        if text in name or text in slug or text == code:
            if text in (name, slug, code):
                exact.append((code, item))
            elif name.startswith(text) or slug.startswith(text):
                prefixed.append((code, item))
            else:
                others.append((code, item))
    matches = _in_countries(call, [*exact, *prefixed, *others])
    return await _items(call, [item for _, item in matches], SERVICE_RELATIONS)


async def service(call: Call) -> Reply:
    """Return one service."""
    code = catalogue().service_by_id(call.fields["serviceId"])
    if code is None:
        raise NotFound("service")
    item = catalogue().services[code]
    return Reply(populating(call, SERVICE_RELATIONS)(item.row) if wants_populated(call) else item.encoded)


async def products(call: Call) -> Reply:
    """Return active products by price, those out of stock included."""
    check_window(call)
    keys = sort_keys(call, _PRODUCT_FIELDS)
    by_count = any(name == "count" for name, _ in keys)
    matches = candidates(call, any_id(call, "_service"))
    if not by_count:
        matches = await ordered(matches, keys, _fields)
    async with call.work() as work:
        left = await stocks_left(call, work, matches if by_count else paged(call, matches))
    if by_count:
        matches = await ordered(matches, keys, lambda item: {**_fields(item), "count": left[item.id]})
    page = paged(call, matches)
    populate = populating(call, PRODUCT_RELATIONS)
    rows: list[Any] = []
    async for part in in_slices(page):
        rows += [populate(wire.product(item, left=left[item.id])) for item in part]
    return listed(call, rows, len(matches))


async def product(call: Call) -> Reply:
    """Return one product, be it active or not."""
    item = known_product(call)
    async with call.work() as work:
        row = wire.product(item, left=await left_of(work, item))
    return Reply(populating(call, PRODUCT_RELATIONS)(row))


def known_product(call: Call) -> Product:
    """Return the product that the path names; raises NotFound."""
    item = catalogue().product_by_id(call.fields["productId"])
    if item is None:
        raise NotFound("product")
    return item


def candidates(call: Call, services: set[str] | None) -> Sequence[Product]:
    """Return the active products of these services (None: all) in the call's countries and price window, by price."""
    goods = catalogue()
    least, most = _bound(call, "minPrice"), _bound(call, "maxPrice")
    if services is None:
        low = 0 if least is None else bisect_left(goods.prices, least)
        matches: Sequence[Product] = goods.active[low : None if most is None else bisect_right(goods.prices, most)]
        least = most = None
    else:
        codes = sorted({code for name in services if (code := goods.service_by_id(name)) is not None})
        matches = [item for code in codes for item in goods.by_service.get(code, ())]
        if len(codes) > 1:
            matches = sorted(matches, key=lambda item: (item.price, item.id))
    country_ids = any_id(call, "_country", "_countryIds")
    countries = None if country_ids is None else {goods.country_by_id(name) for name in country_ids}
    if services is None and countries is None:
        return matches
    return [
        item
        for item in matches
        if item.active
        and (countries is None or item.country in countries)
        and (least is None or item.price >= least)
        and (most is None or item.price <= most)
    ]


def _in_countries(call: Call, matches: list[tuple[str, Item]]) -> list[tuple[str, Item]]:
    country_ids = any_id(call, "_country", "_countryIds")
    if country_ids is None:
        return matches
    return [(code, item) for code, item in matches if not country_ids.isdisjoint(item.row["_countryIds"])]


async def _items(call: Call, matches: Sequence[Item], relations: Relations) -> Reply:
    if matches and "sort" in call.fields:
        scalars = [name for name, value in matches[0].row.items() if not isinstance(value, list)]
        matches = await ordered(matches, sort_keys(call, scalars), lambda item: item.row)
    page = paged(call, matches)
    if wants_populated(call):
        populate = populating(call, relations)
        return listed(call, [populate(item.row) for item in page], len(matches))
    return listed(call, [encoded(item.encoded) for item in page], len(matches))


def _bound(call: Call, name: str) -> Decimal | None:
    """Return a price field of the call in minor units, whole or not; None when it is absent."""
    price: Decimal | None = call.fields.get(name)
    return None if price is None else price.scaleb(USD.digits)


def _fields(item: Product) -> dict[str, Any]:
    """Return the fields by which lists of products are sorted, save for the count."""
    goods = catalogue()
    return {
        "_id": item.id,
        "id": item.short,
        "_service": goods.services[item.service].id,
        "_country": goods.countries[item.country].id,
        "price": item.price,
        "currency": USD.code,
        "isActive": item.active,
    }

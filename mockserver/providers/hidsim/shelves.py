"""Countries, services and products: what there is to buy."""

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

#: The names under which a search may come; the first that is given counts.
_SEARCH_NAMES = ("q", "query", "search", "keyword", "name")
_PRODUCT_FIELDS = ("_id", "id", "_service", "_country", "price", "currency", "count", "isActive")


def country_row(identifier: str) -> Any:
    """The country with this `_id`, encoded, or None."""
    iso2 = catalogue().country_by_id(identifier)
    return None if iso2 is None else encoded(catalogue().countries[iso2].encoded)


def service_row(identifier: str) -> Any:
    """The service with this `_id`, encoded, or None."""
    code = catalogue().service_by_id(identifier)
    return None if code is None else encoded(catalogue().services[code].encoded)


SERVICE_RELATIONS: Relations = {"_countryIds": country_row}
PRODUCT_RELATIONS: Relations = {"_service": service_row, "_country": country_row}


async def countries(call: Call) -> Reply:
    """All countries by name, narrowed by `iso2` and by parts of names."""
    found = list(catalogue().countries.items())
    codes, names = any_of(call, "iso2"), any_of(call, "name")
    if codes is not None:
        wanted = {code.upper() for code in codes}
        found = [(iso2, item) for iso2, item in found if iso2 in wanted]
    if names is not None:
        parts = [name.casefold() for name in names]
        found = [(iso2, item) for iso2, item in found if any(part in item.row["name"].casefold() for part in parts)]
    return await _items(call, [item for _, item in found], {})


async def country(call: Call) -> Reply:
    """One country."""
    iso2 = catalogue().country_by_id(call.fields["countryId"])
    if iso2 is None:
        raise NotFound("country")
    return Reply(catalogue().countries[iso2].encoded)


async def services(call: Call) -> Reply:
    """All services by name, narrowed by code and by the countries that have them."""
    found = _in_countries(call, list(catalogue().services.items()))
    codes = any_of(call, "code")
    if codes is not None:
        found = [(code, item) for code, item in found if code in codes]
    return await _items(call, [item for _, item in found], SERVICE_RELATIONS)


async def search(call: Call) -> Reply:
    """Services by a part of their name or slug, or by their whole code; what fits best comes first."""
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
    found = _in_countries(call, [*exact, *prefixed, *others])
    return await _items(call, [item for _, item in found], SERVICE_RELATIONS)


async def service(call: Call) -> Reply:
    """One service."""
    code = catalogue().service_by_id(call.fields["serviceId"])
    if code is None:
        raise NotFound("service")
    item = catalogue().services[code]
    return Reply(populating(call, SERVICE_RELATIONS)(item.row) if wants_populated(call) else item.encoded)


async def products(call: Call) -> Reply:
    """Active products by price, those out of stock included."""
    check_window(call)
    keys = sort_keys(call, _PRODUCT_FIELDS)
    by_count = any(name == "count" for name, _ in keys)
    found = candidates(call, any_id(call, "_service"))
    if not by_count:
        found = await ordered(found, keys, _fields)
    async with call.work() as work:
        left = await stocks_left(call, work, found if by_count else paged(call, found))
    if by_count:
        found = await ordered(found, keys, lambda one: {**_fields(one), "count": left[one.id]})
    shown = paged(call, found)
    populate = populating(call, PRODUCT_RELATIONS)
    rows: list[Any] = []
    async for some in in_slices(shown):
        rows += [populate(wire.product(one, left=left[one.id])) for one in some]
    return listed(call, rows, len(found))


async def product(call: Call) -> Reply:
    """One product, be it active or not."""
    found = known_product(call)
    async with call.work() as work:
        row = wire.product(found, left=await left_of(work, found))
    return Reply(populating(call, PRODUCT_RELATIONS)(row))


def known_product(call: Call) -> Product:
    """The product that the path names; raises NotFound."""
    found = catalogue().product_by_id(call.fields["productId"])
    if found is None:
        raise NotFound("product")
    return found


def candidates(call: Call, services: set[str] | None) -> Sequence[Product]:
    """Active products of these services in the call's countries and price window, by price."""
    known = catalogue()
    least, most = _bound(call, "minPrice"), _bound(call, "maxPrice")
    if services is None:
        low = 0 if least is None else bisect_left(known.prices, least)
        found: Sequence[Product] = known.active[low : None if most is None else bisect_right(known.prices, most)]
        least = most = None
    else:
        codes = sorted({code for one in services if (code := known.service_by_id(one)) is not None})
        found = [one for code in codes for one in known.by_service.get(code, ())]
        if len(codes) > 1:
            found = sorted(found, key=lambda one: (one.price, one.id))
    wanted = any_id(call, "_country", "_countryIds")
    where = None if wanted is None else {known.country_by_id(one) for one in wanted}
    if services is None and where is None:
        return found
    return [
        one
        for one in found
        if one.active
        and (where is None or one.country in where)
        and (least is None or one.price >= least)
        and (most is None or one.price <= most)
    ]


def _in_countries(call: Call, found: list[tuple[str, Item]]) -> list[tuple[str, Item]]:
    wanted = any_id(call, "_country", "_countryIds")
    if wanted is None:
        return found
    return [(code, item) for code, item in found if not wanted.isdisjoint(item.row["_countryIds"])]


async def _items(call: Call, found: Sequence[Item], relations: Relations) -> Reply:
    if found and "sort" in call.fields:
        scalars = [name for name, value in found[0].row.items() if not isinstance(value, list)]
        found = await ordered(found, sort_keys(call, scalars), lambda item: item.row)
    shown = paged(call, found)
    if wants_populated(call):
        populate = populating(call, relations)
        return listed(call, [populate(item.row) for item in shown], len(found))
    return listed(call, [encoded(item.encoded) for item in shown], len(found))


def _bound(call: Call, name: str) -> Decimal | None:
    """A price of the call in minor units, however many decimals it has."""
    given: Decimal | None = call.fields.get(name)
    return None if given is None else given.scaleb(USD.digits)


def _fields(one: Product) -> dict[str, Any]:
    """What lists of products are sorted by, save for the count."""
    known = catalogue()
    return {
        "_id": one.id,
        "id": one.short,
        "_service": known.services[one.service].id,
        "_country": known.countries[one.country].id,
        "price": one.price,
        "currency": USD.code,
        "isActive": one.active,
    }

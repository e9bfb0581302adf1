"""Countries, operators, prices, search and lookup: the same for every account and sandbox, but for price tokens."""

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import Any

import orjson

from mockserver.domain.errors import Invalid
from mockserver.http.call import Call
from mockserver.http.replies import Reply
from mockserver.providers.doctorsim_v2 import wire
from mockserver.providers.doctorsim_v2.carriers import Country
from mockserver.providers.doctorsim_v2.catalogue import AIRTIME, SERVICE_TYPES, Product, Rate, catalogue, ready
from mockserver.providers.doctorsim_v2.errors import CarrierNotFound, OperatorNotFound, Page
from mockserver.providers.doctorsim_v2.keywords import finder
from mockserver.providers.doctorsim_v2.paging import cursor_of, place_of
from mockserver.providers.doctorsim_v2.phones import line_of
from mockserver.providers.doctorsim_v2.tokens import Signer


async def status(call: Call) -> Reply:
    """Whether the API is up (public)."""
    return Reply({"status": "operational", "version": "2"})


async def countries(call: Call) -> Reply:
    """Every country by its id."""
    await ready()
    return Reply(orjson.Fragment(_countries()))


async def operators(call: Call) -> Reply:
    """The operators of a country by their ids."""
    await ready()
    return Reply(orjson.Fragment(_operators(country_of(call).id)))


async def service_types(call: Call) -> Reply:
    """All definitions."""
    return Reply(Page([wire.service_definition(one) for one in SERVICE_TYPES], None))


async def operator_services(call: Call) -> Reply:
    """What one operator offers; a gift card offers no services."""
    await ready()
    return Reply(Page([wire.service_row(one) for one in products_of(call) if one.service is not None], None))


async def rates(call: Call) -> Reply:
    """The price list of an operator (all its services), of one service, or of a gift card."""
    await ready()
    return price_list(call, products_of(call))


async def product(call: Call) -> Reply:
    """Everything about one operator or gift card, with its price list."""
    await ready()
    return detail(call, products_of(call))


def price_list(call: Call, products: tuple[Product, ...]) -> Reply:
    """The rates of these products of one operator or gift card."""
    return Reply(
        {
            "id_operator": call.fields["id"],
            "operator_name": products[0].name,
            "country_name": products[0].country.name,
            "iso_short_code": products[0].country.iso2.lower(),
            "rates": _rate_rows(call, _offered(call, products)),
        }
    )


def detail(call: Call, products: tuple[Product, ...]) -> Reply:
    """All that these products of one operator or gift card say, with their rates."""
    return Reply({**wire.product_row(products), "rates": _rate_rows(call, _offered(call, products))})


async def search(call: Call) -> Reply:
    """Operators and gift cards of a country, by id; with `operator_id` and `q` that operator's matching rates."""
    await ready()
    return found_page(call, _owners(country_of(call)))


def found_page(call: Call, owners: Iterable[int]) -> Reply:
    """A page of those operators and gift cards, whose ids come in ascending order, that the query asks for."""
    limit, after = call.fields["limit"], place_of("product", call.fields.get("cursor"))
    keyword = call.fields.get("q")
    finds = finder(keyword) if keyword else None
    found = []
    for number in owners:
        products = catalogue().products(number)
        if (after is None or number > after) and _wanted(call, products, finds):
            found.append((number, products))
            if len(found) > limit:
                break
    more = len(found) > limit
    rows = [{**wire.product_row(products), **_matching(call, products)} for _, products in found[:limit]]
    return Reply(Page(rows, cursor_of("product", found[limit - 1][0]) if more else None))


async def lookup(call: Call) -> Reply:
    """Whose number it is, by its real prefix, else cast; raises CarrierNotFound for what no operator can have.

    A rule that says `stock: 0` makes it unknown as well: no carrier is there for the number.
    """
    known = (await ready()).carriers
    phone = call.fields["phone"]
    line = line_of(phone)
    if line is None:
        raise Invalid(
            {"phone": ["The phone field must be a valid number in international form, such as +34612345678."]}
        )
    operator = known.of_mobile(line.iso2, phone[1:]) if line.mobile else None
    if operator is None or _is_unknown_by_rule(call):
        raise CarrierNotFound("carrier", phone)
    return Reply({"phone": phone, **wire.operator_row(operator), "topup_type": AIRTIME.id})


def _is_unknown_by_rule(call: Call) -> bool:
    rule = call.decide("stock")
    return rule is not None and rule.then["stock"] == 0


def signer_of(call: Call) -> Signer:
    """What signs the price tokens of the call's sandbox."""
    state = call.state
    signer: Signer = state.catalogue("doctorsim_v2", lambda dice: Signer(dice, state.identity))
    return signer


@cache
def _countries() -> bytes:
    known = catalogue().carriers
    rows = {str(key): wire.country_row(one, len(known.of_country[key])) for key, one in known.countries.items()}
    return orjson.dumps(rows)


@cache
def _operators(country: int) -> bytes:
    found = catalogue().carriers.of_country[country]
    # An empty keyed list is `[]`, as PHP writes it (the vendor's).
    return orjson.dumps({str(one.id): wire.operator_row(one) for one in found} or [])


def country_of(call: Call) -> Country:
    """The country that the query names; raises Invalid for an unknown one."""
    found = catalogue().country(call.fields["country"])
    if found is None:
        raise Invalid({"country": ["The country field must be the ISO code or the id of a country."]})
    return found


def products_of(call: Call) -> tuple[Product, ...]:
    """All products of the operator or gift card in the path; raises OperatorNotFound."""
    products = catalogue().products(call.fields["id"])
    if not products:
        raise OperatorNotFound("operator", str(call.fields["id"]))
    return products


def _offered(call: Call, products: tuple[Product, ...]) -> tuple[Product, ...]:
    wanted = call.fields.get("service_type")
    return products if wanted is None else tuple(one for one in products if one.service and one.service.id == wanted)


def _rate_rows(call: Call, products: tuple[Product, ...]) -> list[orjson.Fragment]:
    signer, now, lang = signer_of(call), call.state.clock.now(), wire.language(call.fields)
    keyword = call.fields.get("q")
    found = [rate for one in products for rate in catalogue().rates(one)]
    if keyword:
        finds = finder(keyword)
        found = [rate for rate in found if _says(rate, finds)]
    issue = signer.issuer(now)
    return [orjson.Fragment(b'{"token":"%b",%b' % (issue(rate), _told(rate, lang))) for rate in found]


@lru_cache(maxsize=65_536)
def _told(rate: Rate, lang: str) -> bytes:
    """What a price list says of a rate after its token, which alone differs between two answers."""
    return orjson.dumps(wire.rate_row(rate, lang)).removeprefix(b"{")


def _says(rate: Rate, finds: Callable[[str], bool]) -> bool:
    return any(finds(f"{rate.name[lang]} {rate.about[lang]}") for lang in rate.name)


def _owners(country: Country) -> list[int]:
    known = catalogue()
    return [one.id for one in known.carriers.of_country[country.id]] + [one.id for one in known.brands(country)]


def _wanted(call: Call, products: tuple[Product, ...], finds: Callable[[str], bool] | None) -> bool:
    """Whether a search asks for an operator or a gift card; the latter is found by its denominations as well."""
    fields = call.fields
    offered = _offered(call, products)
    asked = fields.get("operator_id")
    if not offered or (asked is not None and asked not in {products[0].parent, *(one.id for one in products)}):
        return False
    if finds is None:
        return True
    first = products[0]
    by_rates = asked is not None or first.kind == "giftcard"
    if by_rates and any(_says(rate, finds) for one in offered for rate in catalogue().rates(one)):
        return True
    return asked is None and finds(f"{first.name} {first.about}")


def _matching(call: Call, products: tuple[Product, ...]) -> dict[str, Any]:
    """With `operator_id` and `q` the rates that the keyword was found in."""
    fields = call.fields
    if fields.get("operator_id") is None or not fields.get("q"):
        return {}
    asked = tuple(one for one in products if fields["operator_id"] in (one.parent, one.id))
    return {"rates": _rate_rows(call, _offered(call, asked))}

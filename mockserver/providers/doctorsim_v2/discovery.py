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
    """Return the status of the API; needs no credential."""
    return Reply({"status": "operational", "version": "2"})


async def countries(call: Call) -> Reply:
    """Return every country by its id."""
    await ready()
    return Reply(orjson.Fragment(_countries()))


async def operators(call: Call) -> Reply:
    """Return the operators of a country by their ids."""
    await ready()
    return Reply(orjson.Fragment(_operators(country_of(call).id)))


async def service_types(call: Call) -> Reply:
    """Return the definitions of all service types."""
    return Reply(Page([wire.service_definition(service) for service in SERVICE_TYPES], None))


async def operator_services(call: Call) -> Reply:
    """Return the services that one operator offers; a gift card offers none."""
    await ready()
    return Reply(Page([wire.service_row(item) for item in products_of(call) if item.service is not None], None))


async def rates(call: Call) -> Reply:
    """Return the price list of an operator (all its services), of one service, or of a gift card."""
    await ready()
    return price_list(call, products_of(call))


async def product(call: Call) -> Reply:
    """Return everything about one operator or gift card, with its price list."""
    await ready()
    return detail(call, products_of(call))


def price_list(call: Call, products: tuple[Product, ...]) -> Reply:
    """Return the rates of these products of one operator or gift card."""
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
    """Return all details of these products of one operator or gift card, with their rates."""
    return Reply({**wire.product_row(products), "rates": _rate_rows(call, _offered(call, products))})


async def search(call: Call) -> Reply:
    """Return a country's operators and gift cards, by id; with `operator_id` and `q` that operator's matching rates."""
    await ready()
    return search_page(call, _owners(country_of(call)))


def search_page(call: Call, owners: Iterable[int]) -> Reply:
    """Return a page of the operators and gift cards (ids in ascending order) that match the call's query."""
    limit, after = call.fields["limit"], place_of("product", call.fields.get("cursor"))
    keyword = call.fields.get("q")
    matcher = finder(keyword) if keyword else None
    matches = []
    for number in owners:
        products = catalogue().products(number)
        if (after is None or number > after) and _is_match(call, products, matcher):
            matches.append((number, products))
            if len(matches) > limit:
                break
    more = len(matches) > limit
    rows = [{**wire.product_row(products), **_matching(call, products)} for _, products in matches[:limit]]
    return Reply(Page(rows, cursor_of("product", matches[limit - 1][0]) if more else None))


async def lookup(call: Call) -> Reply:
    """Return a number's operator, by its real prefix, else cast; raises CarrierNotFound for numbers that have none.

    A rule that says `stock: 0` makes the operator unknown, too.
    """
    carriers = (await ready()).carriers
    phone = call.fields["phone"]
    line = line_of(phone)
    if line is None:
        raise Invalid(
            {"phone": ["The phone field must be a valid number in international form, such as +34612345678."]}
        )
    operator = carriers.of_mobile(line.iso2, phone[1:]) if line.mobile else None
    if operator is None or _is_unknown_by_rule(call):
        raise CarrierNotFound("carrier", phone)
    return Reply({"phone": phone, **wire.operator_row(operator), "topup_type": AIRTIME.id})


def _is_unknown_by_rule(call: Call) -> bool:
    rule = call.decide("stock")
    return rule is not None and rule.then["stock"] == 0


def signer_of(call: Call) -> Signer:
    """Return the signer of the price tokens of the call's sandbox."""
    state = call.state
    signer: Signer = state.catalogue("doctorsim_v2", lambda dice: Signer(dice, state.identity))
    return signer


@cache
def _countries() -> bytes:
    known = catalogue().carriers
    rows = {str(key): wire.country_row(country, len(known.of_country[key])) for key, country in known.countries.items()}
    return orjson.dumps(rows)


@cache
def _operators(country: int) -> bytes:
    operators = catalogue().carriers.of_country[country]
    # An empty keyed list is `[]`, as PHP writes it (the vendor's word).
    return orjson.dumps({str(operator.id): wire.operator_row(operator) for operator in operators} or [])


def country_of(call: Call) -> Country:
    """Return the country that the query names; raises Invalid for an unknown one."""
    country = catalogue().country(call.fields["country"])
    if country is None:
        raise Invalid({"country": ["The country field must be the ISO code or the id of a country."]})
    return country


def products_of(call: Call) -> tuple[Product, ...]:
    """Return all products of the operator or gift card in the path; raises OperatorNotFound."""
    products = catalogue().products(call.fields["id"])
    if not products:
        raise OperatorNotFound("operator", str(call.fields["id"]))
    return products


def _offered(call: Call, products: tuple[Product, ...]) -> tuple[Product, ...]:
    kind = call.fields.get("service_type")
    return products if kind is None else tuple(item for item in products if item.service and item.service.id == kind)


def _rate_rows(call: Call, products: tuple[Product, ...]) -> list[orjson.Fragment]:
    signer, now, lang = signer_of(call), call.state.clock.now(), wire.language(call.fields)
    keyword = call.fields.get("q")
    rates = [rate for product in products for rate in catalogue().rates(product)]
    if keyword:
        matcher = finder(keyword)
        rates = [rate for rate in rates if _matches(rate, matcher)]
    issue = signer.issuer(now)
    return [orjson.Fragment(b'{"token":"%b",%b' % (issue(rate), _rate_members(rate, lang))) for rate in rates]


@lru_cache(maxsize=65_536)
def _rate_members(rate: Rate, lang: str) -> bytes:
    """Return the members of a rate after its token, which alone differs between two answers."""
    return orjson.dumps(wire.rate_row(rate, lang)).removeprefix(b"{")


def _matches(rate: Rate, matcher: Callable[[str], bool]) -> bool:
    return any(matcher(f"{rate.name[lang]} {rate.about[lang]}") for lang in rate.name)


def _owners(country: Country) -> list[int]:
    goods = catalogue()
    return [owner.id for owner in goods.carriers.of_country[country.id]] + [brand.id for brand in goods.brands(country)]


def _is_match(call: Call, products: tuple[Product, ...], matcher: Callable[[str], bool] | None) -> bool:
    """Return whether a search matches an operator or a gift card; the latter by its denominations as well."""
    fields = call.fields
    items = _offered(call, products)
    number = fields.get("operator_id")
    if not items or (number is not None and number not in {products[0].parent, *(item.id for item in products)}):
        return False
    if matcher is None:
        return True
    first = products[0]
    by_rates = number is not None or first.kind == "giftcard"
    if by_rates and any(_matches(rate, matcher) for item in items for rate in catalogue().rates(item)):
        return True
    return number is None and matcher(f"{first.name} {first.about}")


def _matching(call: Call, products: tuple[Product, ...]) -> dict[str, Any]:
    """Return, with `operator_id` and `q` in the query, the rates that match the keyword; else nothing."""
    fields = call.fields
    if fields.get("operator_id") is None or not fields.get("q"):
        return {}
    items = tuple(item for item in products if fields["operator_id"] in (item.parent, item.id))
    return {"rates": _rate_rows(call, _offered(call, items))}

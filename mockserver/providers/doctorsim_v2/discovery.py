"""Countries, operators, prices, search and lookup: the same for every account and sandbox, but for price tokens."""

from functools import cache, lru_cache
from typing import Any

import orjson

from mockserver.domain.mistakes import Invalid
from mockserver.http.call import Call
from mockserver.http.provider import Reply
from mockserver.providers.doctorsim_v2 import wire
from mockserver.providers.doctorsim_v2.carriers import Country, country_of_number
from mockserver.providers.doctorsim_v2.catalogue import AIRTIME, SERVICE_TYPES, Product, Rate, catalogue
from mockserver.providers.doctorsim_v2.errors import CarrierNotFound, OperatorNotFound, Page
from mockserver.providers.doctorsim_v2.paging import cursor_of, place_of
from mockserver.providers.doctorsim_v2.tokens import Signer


async def status(call: Call) -> Reply:
    """Whether the API is up (public)."""
    return Reply({"status": "operational", "version": "2"})


async def countries(call: Call) -> Reply:
    """Every country by its id."""
    return Reply(orjson.Fragment(_countries()))


async def operators(call: Call) -> Reply:
    """The operators of a country by their ids."""
    return Reply(orjson.Fragment(_operators(_country(call).id)))


async def service_types(call: Call) -> Reply:
    """All definitions."""
    return Reply(Page([wire.service_definition(one) for one in SERVICE_TYPES], None))


async def operator_services(call: Call) -> Reply:
    """What one operator offers; a gift card offers no services."""
    return Reply(Page([wire.service_row(one) for one in _products(call) if one.service is not None], None))


async def rates(call: Call) -> Reply:
    """The price list of an operator (all its services), of one service, or of a gift card."""
    products = _products(call)
    return Reply(
        {
            "id_operator": call.fields["id"],
            "operator_name": products[0].name,
            "country_name": products[0].country.name,
            "iso_short_code": products[0].country.iso2.lower(),
            "rates": _rate_rows(call, _offered(call, products)),
        }
    )


async def product(call: Call) -> Reply:
    """Everything about one operator or gift card, with its price list."""
    products = _products(call)
    return Reply({**wire.product_row(products), "rates": _rate_rows(call, _offered(call, products))})


async def search(call: Call) -> Reply:
    """Operators and gift cards of a country, by id; with `operator_id` and `q` that operator's matching rates."""
    fields = call.fields
    country, after = _country(call), place_of("product", fields.get("cursor"))
    found = []
    for number in _owners(country):
        products = catalogue().products(number)
        if (after is None or number > after) and _wanted(call, products):
            found.append((number, products))
            if len(found) > fields["limit"]:
                break
    more = len(found) > fields["limit"]
    found = found[: fields["limit"]]
    rows = [{**wire.product_row(products), **_matching(call, products)} for _, products in found]
    return Reply(Page(rows, cursor_of("product", found[-1][0]) if more else None))


async def lookup(call: Call) -> Reply:
    """Whose number it is, by its real prefix; raises CarrierNotFound for a valid number of nobody we know."""
    phone = call.fields["phone"]
    iso2 = country_of_number(phone)
    if iso2 is None:
        raise Invalid(
            {"phone": ["The phone field must be a valid number in international form, such as +34612345678."]}
        )
    operator = catalogue().carriers.owner(iso2, phone[1:])
    if operator is None:
        raise CarrierNotFound("carrier", phone)
    return Reply({"phone": phone, **wire.operator_row(operator), "topup_type": AIRTIME.id})


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


def _country(call: Call) -> Country:
    found = catalogue().country(call.fields["country"])
    if found is None:
        raise Invalid({"country": ["The country field must be the ISO code or the id of a country."]})
    return found


def _products(call: Call) -> tuple[Product, ...]:
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
    found = [rate for one in products for rate in catalogue().rates(one) if not keyword or _says(rate, keyword)]
    issue = signer.issuer(now)
    return [orjson.Fragment(b'{"token":"%b",%b' % (issue(rate), _told(rate, lang))) for rate in found]


@lru_cache(maxsize=65_536)
def _told(rate: Rate, lang: str) -> bytes:
    """What a price list says of a rate after its token, which alone differs between two answers."""
    return orjson.dumps(wire.rate_row(rate, lang)).removeprefix(b"{")


def _says(rate: Rate, keyword: str) -> bool:
    texts = (*rate.name.values(), *rate.about.values())
    return any(keyword.casefold() in text.casefold() for text in texts)


def _owners(country: Country) -> list[int]:
    known = catalogue()
    return [one.id for one in known.carriers.of_country[country.id]] + [one.id for one in known.brands(country)]


def _wanted(call: Call, products: tuple[Product, ...]) -> bool:
    fields = call.fields
    offered = _offered(call, products)
    asked = fields.get("operator_id")
    if not offered or (asked is not None and asked not in {products[0].parent, *(one.id for one in products)}):
        return False
    keyword = (fields.get("q") or "").casefold()
    if asked is not None and keyword:
        return any(_says(rate, keyword) for one in offered for rate in catalogue().rates(one))
    return keyword in f"{products[0].name} {products[0].about}".casefold()


def _matching(call: Call, products: tuple[Product, ...]) -> dict[str, Any]:
    """With `operator_id` and `q` the rates that the keyword was found in."""
    fields = call.fields
    if fields.get("operator_id") is None or not fields.get("q"):
        return {}
    asked = tuple(one for one in products if fields["operator_id"] in (one.parent, one.id))
    return {"rates": _rate_rows(call, _offered(call, asked))}

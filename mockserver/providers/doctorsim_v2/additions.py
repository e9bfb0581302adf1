"""The paths that the vendor has today beside those of its reference page: gift cards, and aliases.

The profile `documented` hides all of it.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from mockserver.http.endpoint_tables import group, lazy_handlers
from mockserver.http.provider import Endpoint
from mockserver.providers.doctorsim_v2.errors import OperatorNotFound

if TYPE_CHECKING:
    from mockserver.providers.doctorsim_v2 import giftcards
else:
    (giftcards,) = lazy_handlers(__name__, "giftcards")

_OPERATOR = "doctorsim_v2/operator.path"

GIFT_CARDS = group(
    Endpoint(
        "GET",
        "/giftcards/countries",
        giftcards.countries,
        name="giftcard_countries",
        summary="Every country where gift cards are sold, with how many brands it has",
        gives="doctorsim_v2/countries",
    ),
    Endpoint(
        "GET",
        "/giftcards/brands",
        giftcards.brands,
        name="giftcard_brands",
        summary="The gift cards of a country",
        gives="doctorsim_v2/search",
        query="doctorsim_v2/brands.query",
    ),
    Endpoint(
        "GET",
        "/giftcards/brands/{id}/products",
        giftcards.brand_products,
        name="giftcard_brand_products",
        summary="The price list of a gift card",
        gives="doctorsim_v2/rates",
        path_fields=_OPERATOR,
        query="doctorsim_v2/rates.query",
        mistakes=(OperatorNotFound,),
    ),
    Endpoint(
        "GET",
        "/giftcards/products/{id}",
        giftcards.product,
        name="giftcard_product",
        summary="One gift card with its price list",
        gives="doctorsim_v2/product",
        path_fields=_OPERATOR,
        query="doctorsim_v2/rates.query",
        mistakes=(OperatorNotFound,),
    ),
    provenance="observed",
)

#: The names of operations by the prefix under which the vendor has them today, beside their documented paths.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "/topup": (
        *("countries", "operators", "operator_services", "service_types", "rates", "search", "product", "lookup"),
        *("create_order", "orders", "order"),
    ),
}


def aliases(endpoints: tuple[Endpoint, ...]) -> Iterator[Endpoint]:
    """Yield each operation of `ALIASES` under its prefix; raises KeyError for a name that no endpoint has."""
    by_name = {endpoint.name: endpoint for endpoint in endpoints}
    for prefix, names in ALIASES.items():
        yield from (by_name[name].aliased(prefix, provenance="observed") for name in names)

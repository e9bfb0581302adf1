"""The endpoints of `api.doctorsim.com/v2`. Catalogue calls need any credential, others a scope."""

from typing import TYPE_CHECKING

from mockserver.domain.errors import InsufficientBalance, NotFound, OutOfStock, ProviderError
from mockserver.http.endpoint_tables import group, lazy_handlers
from mockserver.http.provider import Endpoint
from mockserver.providers.doctorsim_v2.additions import GIFT_CARDS, aliases
from mockserver.providers.doctorsim_v2.errors import (
    CarrierNotFound,
    InsufficientScope,
    OperatorNotFound,
    WebhookLimitReached,
    WebhookNotFound,
)
from mockserver.providers.doctorsim_v2.tokens import InvalidPriceToken

if TYPE_CHECKING:
    from mockserver.providers.doctorsim_v2 import credits, discovery, orders, webhooks
else:
    credits, discovery, orders, webhooks = lazy_handlers(__name__, "credits", "discovery", "orders", "webhooks")

_OPERATOR = "doctorsim_v2/operator.path"
_WEBHOOK = "doctorsim_v2/webhook.path"

CATALOGUE = (
    Endpoint(
        "GET",
        "/status",
        discovery.status,
        name="status",
        summary="Whether the API is up",
        gives="doctorsim_v2/status",
        public=True,
        provenance="observed",
    ),
    Endpoint(
        "GET",
        "/countries",
        discovery.countries,
        name="countries",
        summary="Every country, with how many operators it has",
        gives="doctorsim_v2/countries",
    ),
    Endpoint(
        "GET",
        "/operators",
        discovery.operators,
        name="operators",
        summary="The operators of a country",
        gives="doctorsim_v2/operators",
        query="doctorsim_v2/operators.query",
    ),
    Endpoint(
        "GET",
        "/operators/{id}/service-types",
        discovery.operator_services,
        name="operator_services",
        summary="What an operator offers, each with an id of its own",
        gives="doctorsim_v2/operator-services",
        path_fields=_OPERATOR,
        mistakes=(OperatorNotFound,),
    ),
    Endpoint(
        "GET",
        "/service-types",
        discovery.service_types,
        name="service_types",
        summary="All definitions of services",
        gives="doctorsim_v2/service-types",
    ),
    Endpoint(
        "GET",
        "/operators/{id}/rates",
        discovery.rates,
        name="rates",
        summary="The price list of an operator, one of its services, or a gift card",
        gives="doctorsim_v2/rates",
        path_fields=_OPERATOR,
        query="doctorsim_v2/rates.query",
        mistakes=(OperatorNotFound,),
    ),
    Endpoint(
        "GET",
        "/products/search",
        discovery.search,
        name="search",
        summary="Operators and gift cards of a country",
        gives="doctorsim_v2/search",
        query="doctorsim_v2/search.query",
    ),
    Endpoint(
        "GET",
        "/products/{id}",
        discovery.product,
        name="product",
        summary="One operator or gift card with its price list",
        gives="doctorsim_v2/product",
        path_fields=_OPERATOR,
        query="doctorsim_v2/rates.query",
        mistakes=(OperatorNotFound,),
    ),
    Endpoint(
        "GET",
        "/carriers/lookup/{phone}",
        discovery.lookup,
        name="lookup",
        summary="Whose number it is",
        gives="doctorsim_v2/lookup",
        path_fields="doctorsim_v2/phone.path",
        query="doctorsim_v2/lookup.query",
        mistakes=(CarrierNotFound,),
    ),
)

ORDERS = group(
    Endpoint(
        "POST",
        "/orders",
        orders.create,
        name="create_order",
        summary="Order a top-up or a gift card",
        gives="doctorsim_v2/order-placed",
        takes="doctorsim_v2/order.request",
        request_headers="doctorsim_v2/order.headers",
        status=201,
        replay=orders.replayed,
        scope="orders:write",
        mistakes=(InvalidPriceToken, InsufficientBalance, OutOfStock, ProviderError),
    ),
    Endpoint(
        "POST",
        "/orders/preview",
        orders.preview,
        name="preview_order",
        summary="What an order would cost",
        gives="doctorsim_v2/order-preview",
        takes="doctorsim_v2/order.request",
        scope="orders:read",
        mistakes=(InvalidPriceToken,),
        provenance="observed",
    ),
    Endpoint(
        "GET",
        "/orders",
        orders.listing,
        name="orders",
        reads_order=True,
        summary="Orders that have ended, newest first",
        gives="doctorsim_v2/orders",
        query="doctorsim_v2/orders.query",
        scope="orders:read",
    ),
    Endpoint(
        "GET",
        "/orders/{id}",
        orders.show,
        name="order",
        reads_order=True,
        summary="One order",
        gives="doctorsim_v2/order",
        path_fields="doctorsim_v2/order.path",
        scope="orders:read",
        mistakes=(NotFound,),
    ),
    Endpoint(
        "GET",
        "/balance",
        credits.balance,
        name="balance",
        summary="Credits left",
        gives="doctorsim_v2/balance",
        scope="balance:read",
    ),
    Endpoint(
        "GET",
        "/balance/history",
        credits.history,
        name="balance_history",
        summary="What moved the balance, newest first",
        gives="doctorsim_v2/balance-history",
        query="doctorsim_v2/page.query",
        scope="balance:read",
    ),
    mistakes=(InsufficientScope,),
)


def _registration(path: str, name: str) -> Endpoint:
    return Endpoint(
        "POST",
        path,
        webhooks.create,
        name=name,
        summary="Register a webhook; the only answer with its secret",
        gives="doctorsim_v2/webhook-created",
        takes="doctorsim_v2/webhook.request",
        status=201,
        scope="webhooks:write",
        mistakes=(WebhookLimitReached,),
        confidential=True,
        provenance="documented" if path == "/webhooks" else "observed",
    )


WEBHOOKS = group(
    _registration("/webhooks", "create_webhook"),
    _registration("/webhooks/orders", "create_order_webhook"),
    Endpoint(
        "GET",
        "/webhooks",
        webhooks.listing,
        name="webhooks",
        summary="All webhooks",
        gives="doctorsim_v2/webhooks",
        confidential=True,
        scope="webhooks:read",
    ),
    Endpoint(
        "GET",
        "/webhooks/{id}",
        webhooks.show,
        name="webhook",
        summary="One webhook",
        gives="doctorsim_v2/webhook",
        confidential=True,
        path_fields=_WEBHOOK,
        scope="webhooks:read",
        mistakes=(WebhookNotFound,),
    ),
    Endpoint(
        "PATCH",
        "/webhooks/{id}",
        webhooks.change,
        name="change_webhook",
        summary="Change a webhook's URL, events or status",
        gives="doctorsim_v2/webhook",
        confidential=True,
        takes="doctorsim_v2/webhook-change.request",
        path_fields=_WEBHOOK,
        scope="webhooks:write",
        mistakes=(WebhookNotFound,),
    ),
    Endpoint(
        "DELETE",
        "/webhooks/{id}",
        webhooks.delete,
        name="delete_webhook",
        summary="Delete a webhook",
        gives="doctorsim_v2/webhook-deleted",
        path_fields=_WEBHOOK,
        scope="webhooks:write",
        mistakes=(WebhookNotFound,),
    ),
    mistakes=(InsufficientScope,),
)

ENDPOINTS = (*CATALOGUE, *ORDERS, *WEBHOOKS, *GIFT_CARDS, *aliases((*CATALOGUE, *ORDERS)))

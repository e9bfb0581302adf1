"""The eight endpoints of DaisySIM."""

from typing import TYPE_CHECKING

from mockserver.domain.errors import (
    InsufficientBalance,
    InvalidPrice,
    NotFound,
    NotTaken,
    OutOfStock,
    ProviderError,
    TooEarly,
)
from mockserver.http.endpoint_tables import lazy_handlers
from mockserver.http.provider import Endpoint
from mockserver.providers.daisysim.errors import RefundedAtExpiry
from mockserver.providers.daisysim.settings import CANCEL_LIMIT, CHECK_LIMIT, PRICES_LIMIT, PURCHASE_LIMIT

if TYPE_CHECKING:
    from mockserver.providers.daisysim import handlers
else:
    (handlers,) = lazy_handlers(__name__, "handlers")

ENDPOINTS = (
    Endpoint(
        "GET",
        "/balance",
        handlers.balance,
        name="balance",
        summary="Wallet balance and loyalty tier",
        gives="daisysim/balance",
    ),
    Endpoint(
        "GET",
        "/countries",
        handlers.countries,
        name="countries",
        summary="All countries, sorted by name",
        gives="daisysim/countries",
        mistakes=(ProviderError,),
    ),
    Endpoint(
        "GET",
        "/services/{country_id}",
        handlers.services,
        name="services",
        summary="What a country sells",
        gives="daisysim/services",
        path_fields="daisysim/country.path",
        mistakes=(ProviderError,),
    ),
    Endpoint(
        "POST",
        "/prices",
        handlers.prices,
        name="prices",
        summary="Price tiers of a country and service",
        gives="daisysim/prices",
        takes="daisysim/prices.request",
        limit=PRICES_LIMIT,
        mistakes=(ProviderError,),
    ),
    Endpoint(
        "POST",
        "/purchase",
        handlers.purchase,
        name="purchase",
        summary="Buy a number",
        gives="daisysim/purchase",
        takes="daisysim/purchase.request",
        status=201,
        limit=PURCHASE_LIMIT,
        mistakes=(InvalidPrice, InsufficientBalance, OutOfStock, ProviderError),
    ),
    Endpoint(
        "GET",
        "/check/{activation_id}",
        handlers.check,
        name="check",
        reads_order=True,
        summary="Whether the code has arrived",
        gives="daisysim/check",
        path_fields="daisysim/activation.path",
        limit=CHECK_LIMIT,
        mistakes=(NotFound,),
    ),
    Endpoint(
        "POST",
        "/cancel/{activation_id}",
        handlers.cancel,
        name="cancel",
        summary="Cancel a number that has no code yet",
        gives="daisysim/cancel",
        path_fields="daisysim/activation.path",
        limit=CANCEL_LIMIT,
        mistakes=(NotFound, NotTaken, RefundedAtExpiry, TooEarly),
    ),
    Endpoint(
        "GET",
        "/history",
        handlers.history,
        name="history",
        reads_order=True,
        summary="The account's orders, newest first",
        gives="daisysim/history",
        query="daisysim/history.query",
    ),
)

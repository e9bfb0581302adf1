"""The eight endpoints."""

from typing import TYPE_CHECKING

from mockserver.domain.mistakes import (
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
from mockserver.http.replies import Limit
from mockserver.providers.daisysim.errors import RefundedAtExpiry

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
        limit=Limit(30),
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
        limit=Limit(10),
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
        limit=Limit(60),
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
        limit=Limit(10),
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

"""doctorSIM Unlocking API, v1."""

from typing import TYPE_CHECKING

from mockserver.domain.mistakes import (
    InternalError,
    MethodNotAllowed,
    MissingCredential,
    PayloadTooLarge,
    UnknownCredential,
    UnknownRoute,
)
from mockserver.http.provider import Annex, Mount, Provider, Secrets
from mockserver.providers.doctorsim_v1 import auth, endpoints, errors, trade, wire
from mockserver.sandbox.settings import Setting

if TYPE_CHECKING:
    from mockserver.http.customers import Customers


def _customers() -> "Customers":
    from mockserver.providers.doctorsim_v1.customers import UnlockCustomers

    return UnlockCustomers()


PROVIDER = Provider(
    name=auth.NAME,
    title="doctorSIM Unlocking API",
    mounts=(Mount(wire.API_HOST),),
    endpoints=endpoints.ENDPOINTS,
    identify=auth.identify,
    mistakes=errors.MISTAKES,
    wrap=errors.wrap,
    refuse=errors.refuse,
    reword=errors.reword,
    failure_schema="doctorsim_v1/error",
    trade=trade.TRADE,
    annexes=(Annex(Mount(wire.WEB_HOST, wire.REPORTS), endpoints.REPORT_ENDPOINTS, errors.wrap, errors.refuse),),
    settings=(
        Setting(
            "doctorsim_v1.limit_status",
            429,
            "choice",
            "the status of too many requests: the page's table says 429, its introduction 409",
            (429, 409),
        ),
        Setting("doctorsim_v1.require_https", False, "boolean", "refuse calls over plain HTTP, as the real API does"),
        Setting(
            "doctorsim_v1.cancel_window", "10m", "duration", "how long after its creation an order can be canceled"
        ),
        Setting(
            "doctorsim_v1.report_url",
            "mock",
            "choice",
            "where url_report leads: to this server (mock), or to the original's address (original)",
            ("mock", "original"),
        ),
    ),
    secrets=Secrets(headers=frozenset({"dsim_key", "dsim_secret"})),
    security=(
        {
            "key": {"type": "apiKey", "in": "header", "name": "DSIM_KEY"},
            "secret": {"type": "apiKey", "in": "header", "name": "DSIM_SECRET"},
        },
    ),
    customers=_customers,
    common_mistakes=(
        MissingCredential,
        UnknownCredential,
        UnknownRoute,
        errors.PlainHttp,
        MethodNotAllowed,
        PayloadTooLarge,
        InternalError,
    ),
)

"""doctorSIM Unlocking API, v1."""

from typing import TYPE_CHECKING

from mockserver.domain.mistakes import (
    MissingCredential,
    UnknownCredential,
    UnknownRoute,
)
from mockserver.http.cors import Cors
from mockserver.http.provider import Annex, Mount, Provider, Secrets, Unrouted
from mockserver.providers.doctorsim_v1 import auth, endpoints, errors, trade, wire
from mockserver.sandbox.settings import Setting

if TYPE_CHECKING:
    from mockserver.http.customers import Customers

_CORS = Cors("doctorsim_v1", ("https://www.doctorsim.com",))


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
    cors=_CORS,
    annexes=(Annex(Mount(wire.WEB_HOST, wire.REPORTS), endpoints.REPORT_ENDPOINTS, errors.wrap, errors.refuse),),
    unrouted=Unrouted(endpoints.LIMIT, auth.authenticates_first),
    settings=(
        Setting(
            "doctorsim_v1.authenticate",
            "methods",
            "choice",
            "where a bad credential answers 401: at the methods (methods), or at unknown paths and wrong methods, too,"
            " before their 404 and 405 (every_call, one way to read the page)",
            ("methods", "every_call"),
        ),
        Setting(
            "doctorsim_v1.limit_status",
            429,
            "choice",
            "the status of too many requests: the page's table says 429, its introduction 409",
            (429, 409),
        ),
        Setting("doctorsim_v1.require_https", False, "boolean", "refuse calls over plain HTTP, as the real API does"),
        Setting(
            "doctorsim_v1.cancel_window",
            "10m",
            "duration",
            "how long after its creation an order can be canceled, unless it is done earlier: under the default"
            " scenario it is done after a minute, under guaranteed-times it takes as long as its tool says",
        ),
        Setting(
            "doctorsim_v1.duplicate_imei",
            "accept",
            "choice",
            "whether create_order takes an IMEI for which the same service is open or pending (accept, assumed), or"
            " answers 400 as unlock panels do (refuse); looked at are the account's newest 1,000 of each",
            ("accept", "refuse"),
        ),
        Setting(
            "doctorsim_v1.paid_checks",
            "some",
            "choice",
            "which IMEI checks of recognised phones want payment instead of giving a free report: of some (one phone in"
            " sixteen, assumed), of all or of none; the documented test IMEIs answer as documented",
            ("some", "all", "none"),
        ),
        Setting(
            "doctorsim_v1.report_url",
            "mock",
            "choice",
            "where url_report leads: to this server (mock), or to the original's address (original)",
            ("mock", "original"),
        ),
        _CORS.setting,
    ),
    secrets=Secrets(headers=frozenset({"dsim_key", "dsim_secret"}), paths=frozenset({"hash"})),
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
    ),
)

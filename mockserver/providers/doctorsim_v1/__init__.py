"""doctorSIM Unlocking API, v1."""

from typing import TYPE_CHECKING

from mockserver.domain.errors import (
    MissingCredential,
    UnknownCredential,
    UnknownRoute,
)
from mockserver.http.provider import Annex, Mount, Provider, Secrets, Unrouted
from mockserver.providers.doctorsim_v1 import auth, endpoints, errors, rules
from mockserver.providers.doctorsim_v1.settings import (
    API_HOST,
    CORS,
    KEY_HEADER,
    LIMIT,
    NAME,
    OTHER_HOSTS,
    REPORTS,
    SECRET_HEADER,
    SETTINGS,
    WEB_HOST,
)

if TYPE_CHECKING:
    from mockserver.http.customers import Customers


def _customers() -> "Customers":
    from mockserver.providers.doctorsim_v1.customers import UnlockCustomers

    return UnlockCustomers()


PROVIDER = Provider(
    name=NAME,
    title="doctorSIM Unlocking API",
    mounts=(Mount(API_HOST),),
    other_hosts=OTHER_HOSTS,
    endpoints=endpoints.ENDPOINTS,
    identify=auth.identify,
    mistakes=errors.MISTAKES,
    wrap=errors.wrap,
    refuse=errors.refuse,
    reword=errors.reword,
    failure_schema="doctorsim_v1/error",
    rules=rules.RULES,
    cors=CORS,
    annexes=(Annex(Mount(WEB_HOST, REPORTS), endpoints.REPORT_ENDPOINTS, errors.wrap, errors.refuse),),
    unrouted=Unrouted(LIMIT, auth.authenticates_first),
    settings=SETTINGS,
    secrets=Secrets(headers=frozenset({KEY_HEADER, SECRET_HEADER}), paths=frozenset({"hash"})),
    security=(
        {
            "key": {"type": "apiKey", "in": "header", "name": KEY_HEADER.upper()},
            "secret": {"type": "apiKey", "in": "header", "name": SECRET_HEADER.upper()},
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

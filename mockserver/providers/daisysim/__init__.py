"""DaisySIM Virtual Numbers API, v1.0."""

from typing import TYPE_CHECKING

from mockserver.domain.errors import (
    AccountLocked,
    AccountSuspended,
    MissingCredential,
    UnknownCredential,
)
from mockserver.http.provider import Mount, Provider
from mockserver.providers.daisysim import auth, endpoints, errors, rules
from mockserver.providers.daisysim.settings import CORS, HOST, OTHER_HOSTS, PREFIX, SETTINGS

if TYPE_CHECKING:
    from mockserver.http.customers import Customers


def _customers() -> "Customers":
    from mockserver.providers.daisysim.customers import DaisyCustomers

    return DaisyCustomers()


PROVIDER = Provider(
    name="daisysim",
    title="DaisySIM Virtual Numbers API",
    mounts=(Mount(HOST, PREFIX),),
    other_hosts=OTHER_HOSTS,
    endpoints=endpoints.ENDPOINTS,
    identify=auth.identify,
    mistakes=errors.MISTAKES,
    wrap=errors.wrap,
    refuse=errors.refuse,
    failure_schema="daisysim/error",
    rules=rules.RULES,
    cors=CORS,
    settings=SETTINGS,
    webhooks={"code.received": "daisysim/code-received.webhook"},
    customers=_customers,
    common_mistakes=(
        MissingCredential,
        UnknownCredential,
        AccountSuspended,
        AccountLocked,
    ),
)

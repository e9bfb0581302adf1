"""DaisySIM Virtual Numbers API, v1.0."""

from typing import TYPE_CHECKING

from mockserver.domain.mistakes import (
    AccountLocked,
    AccountSuspended,
    MissingCredential,
    UnknownCredential,
)
from mockserver.http.cors import Cors
from mockserver.http.provider import Mount, Provider
from mockserver.providers.daisysim import auth, endpoints, errors, trade
from mockserver.sandbox.settings import Setting

if TYPE_CHECKING:
    from mockserver.http.customers import Customers

_CORS = Cors("daisysim", ("https://daisysim.com",))


def _customers() -> "Customers":
    from mockserver.providers.daisysim.customers import DaisyCustomers

    return DaisyCustomers()


PROVIDER = Provider(
    name="daisysim",
    title="DaisySIM Virtual Numbers API",
    mounts=(Mount("daisysim.com", "/api/v1/virtual"),),
    endpoints=endpoints.ENDPOINTS,
    identify=auth.identify,
    mistakes=errors.MISTAKES,
    wrap=errors.wrap,
    refuse=errors.refuse,
    failure_schema="daisysim/error",
    trade=trade.TRADE,
    cors=_CORS,
    settings=(
        Setting(
            "daisysim.cancel_after",
            "60s",
            "duration",
            "how old an activation must be before it can be cancelled (60 s documented, other sources say 120 or 180)",
        ),
        Setting(
            "daisysim.expiry",
            "refund",
            "choice",
            "what happens after 20 minutes without a code: the refund comes by itself (refund, assumed), or the number"
            " waits until a cancel refunds it (wait_for_cancel, as documents of a sister product say)",
            ("refund", "wait_for_cancel"),
        ),
        Setting("daisysim.price_ttl", "300s", "duration", "how long live prices stay before they are drawn anew"),
        _CORS.setting,
    ),
    webhooks={"code.received": "daisysim/code-received.webhook"},
    customers=_customers,
    common_mistakes=(
        MissingCredential,
        UnknownCredential,
        AccountSuspended,
        AccountLocked,
    ),
)

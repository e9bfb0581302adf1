"""doctorSIM API v2: top-ups and gift cards, with OAuth 2.0 and signed webhooks."""

from typing import TYPE_CHECKING

from mockserver.domain.mistakes import (
    AccountDenied,
    AccountRevoked,
    InternalError,
    MethodNotAllowed,
    MissingCredential,
    PayloadTooLarge,
    RateLimited,
    UnknownCredential,
)
from mockserver.http.provider import Mount, Provider, Secrets
from mockserver.providers.doctorsim_v2 import auth, endpoints, errors, hooks, profile, trade
from mockserver.providers.doctorsim_v2.oauth.endpoints import ANNEXES
from mockserver.sandbox.settings import Setting

if TYPE_CHECKING:
    from mockserver.http.customers import Customers

_WEBHOOK = "doctorsim_v2/order.webhook"


def _customers() -> "Customers":
    from mockserver.providers.doctorsim_v2.customers import TopUpCustomers

    return TopUpCustomers()


PROVIDER = Provider(
    name="doctorsim_v2",
    title="doctorSIM API v2",
    mounts=(Mount("api.doctorsim.com", "/v2"),),
    endpoints=endpoints.ENDPOINTS,
    identify=auth.identify,
    mistakes=errors.MISTAKES,
    wrap=errors.wrap,
    refuse=errors.refuse,
    failure_schema="doctorsim_v2/error",
    trade=trade.TRADE,
    annexes=ANNEXES,
    limit=auth.limit_of,
    headers=auth.headers,
    answer_headers="doctorsim_v2/answer.headers",
    secrets=Secrets(fields=frozenset({"code"})),
    offers=profile.offers,
    settings=(
        Setting(
            profile.SETTING,
            "all",
            "choice",
            "documented: only the paths that the vendor's reference page names; all: also those that it states"
            " elsewhere and those that are assumed (status, order preview, revocation, key set, ...)",
            ("all", "documented"),
        ),
        Setting(
            "doctorsim_v2.fulfilled_event",
            hooks.FULFILLED,
            "choice",
            "the name of the event of a fulfilled order; the page and the vendor's agent documents differ",
            (hooks.FULFILLED, hooks.COMPLETED),
        ),
        Setting(
            "doctorsim_v2.local_http_webhooks",
            True,
            "boolean",
            "whether webhooks may be http:// on loopback and private hosts",
        ),
        Setting("doctorsim_v2.token_ttl", "15m", "duration", "how long a price token is taken"),
        Setting("doctorsim_v2.access_token_lifetime", "1h", "duration", "how long an OAuth access token is taken"),
        Setting(
            "doctorsim_v2.auto_approve",
            "",
            "text",
            "the account that approves every OAuth request without the consent page; empty shows the page",
        ),
    ),
    webhooks=dict.fromkeys((*hooks.EVENTS, hooks.COMPLETED), _WEBHOOK),
    customers=_customers,
    common_mistakes=(
        MissingCredential,
        UnknownCredential,
        errors.WrongSecret,
        errors.InvalidToken,
        AccountRevoked,
        AccountDenied,
        errors.AllowlistRequired,
        errors.AddressNotAllowed,
        RateLimited,
        MethodNotAllowed,
        PayloadTooLarge,
        InternalError,
    ),
)

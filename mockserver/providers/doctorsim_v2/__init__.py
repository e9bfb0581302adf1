"""doctorSIM API v2: top-ups and gift cards, with OAuth 2.0 and signed webhooks."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mockserver.domain.errors import (
    AccountDenied,
    AccountRevoked,
    MissingCredential,
    RateLimited,
    UnknownCredential,
)
from mockserver.http.provider import Mount, Provider, ProviderEvent, Secrets, Unrouted
from mockserver.providers.doctorsim_v2 import auth, endpoints, errors, next_steps, profile, rules
from mockserver.providers.doctorsim_v2.oauth.endpoints import ANNEXES
from mockserver.providers.doctorsim_v2.settings import (
    API_HOST,
    COMPLETED,
    CORS,
    EVENTS,
    NAME,
    OTHER_HOSTS,
    PREFIX,
    RATE_TIERS,
    SETTINGS,
    STRANGERS_TIER,
)
from mockserver.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from mockserver.http.customers import Customers

_WEBHOOK = "doctorsim_v2/order.webhook"


async def _rotate_key(sandbox: Sandbox) -> Mapping[str, Any]:
    from mockserver.providers.doctorsim_v2.oauth.keyring import rotate_key

    return await rotate_key(sandbox)


def _customers() -> "Customers":
    from mockserver.providers.doctorsim_v2.customers import TopUpCustomers

    return TopUpCustomers()


PROVIDER = Provider(
    name=NAME,
    title="doctorSIM API v2",
    mounts=(Mount(API_HOST, PREFIX),),
    other_hosts=OTHER_HOSTS,
    endpoints=endpoints.ENDPOINTS,
    identify=auth.identify,
    mistakes=next_steps.with_next_steps(errors.MISTAKES),
    wrap=errors.wrap,
    refuse=errors.refuse,
    reword=next_steps.reword,
    failure_schema="doctorsim_v2/error",
    rules=rules.RULES,
    annexes=ANNEXES,
    limit=auth.limit_of,
    unrouted=Unrouted(RATE_TIERS[STRANGERS_TIER], lambda _: False),
    headers=auth.headers,
    answer_headers="doctorsim_v2/answer.headers",
    secrets=Secrets(fields=frozenset({"code"}), visible=frozenset({"price_token"})),
    offers=profile.offered_of(
        [*endpoints.ENDPOINTS, *(endpoint for annex in ANNEXES for endpoint in annex.endpoints)],
    ),
    cors=CORS,
    events={
        "rotate_key": ProviderEvent(
            "OAuth tokens are signed with a new key; the old one stays in the key set until its tokens have ended",
            _rotate_key,
        ),
    },
    settings=SETTINGS,
    webhooks=dict.fromkeys((*EVENTS, COMPLETED), _WEBHOOK),
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
    ),
)

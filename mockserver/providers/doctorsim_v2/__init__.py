"""doctorSIM API v2: top-ups and gift cards, with OAuth 2.0 and signed webhooks."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mockserver.domain.mistakes import (
    AccountDenied,
    AccountRevoked,
    MissingCredential,
    RateLimited,
    UnknownCredential,
)
from mockserver.http.cors import Cors
from mockserver.http.provider import Mount, Provider, ProviderEvent, Secrets, Unrouted
from mockserver.providers.doctorsim_v2 import auth, endpoints, errors, hooks, next_steps, profile, trade
from mockserver.providers.doctorsim_v2.oauth.endpoints import ANNEXES
from mockserver.sandbox.sandbox import Sandbox
from mockserver.sandbox.settings import Setting

if TYPE_CHECKING:
    from mockserver.http.customers import Customers

_WEBHOOK = "doctorsim_v2/order.webhook"

#: The page's own Explorer calls the API from a browser (assumed: nothing says which pages may).
_CORS = Cors(
    "doctorsim_v2",
    ("https://www.doctorsim.com",),
    exposes=("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"),
    default="documented",
)


async def _rotate_key(sandbox: Sandbox) -> Mapping[str, Any]:
    from mockserver.providers.doctorsim_v2.oauth.keyring import rotate_key

    return await rotate_key(sandbox)


def _customers() -> "Customers":
    from mockserver.providers.doctorsim_v2.customers import TopUpCustomers

    return TopUpCustomers()


PROVIDER = Provider(
    name="doctorsim_v2",
    title="doctorSIM API v2",
    mounts=(Mount("api.doctorsim.com", "/v2"),),
    endpoints=endpoints.ENDPOINTS,
    identify=auth.identify,
    mistakes=next_steps.with_next_steps(errors.MISTAKES),
    wrap=errors.wrap,
    refuse=errors.refuse,
    reword=next_steps.reword,
    failure_schema="doctorsim_v2/error",
    trade=trade.TRADE,
    annexes=ANNEXES,
    limit=auth.limit_of,
    unrouted=Unrouted(auth.TIERS["Free"], lambda _: False),
    headers=auth.headers,
    answer_headers="doctorsim_v2/answer.headers",
    secrets=Secrets(fields=frozenset({"code"}), visible=frozenset({"price_token"})),
    offers=profile.offered_of(
        [*endpoints.ENDPOINTS, *(one for annex in ANNEXES for one in annex.endpoints)],
    ),
    cors=_CORS,
    events={
        "rotate_key": ProviderEvent(
            "OAuth tokens are signed with a new key; the old one stays in the key set until its tokens have ended",
            _rotate_key,
        ),
    },
    settings=(
        _CORS.setting,
        Setting(
            profile.SETTING,
            "all",
            "choice",
            "documented: only the paths that the vendor's reference page names, and no error.next_step; all: also what"
            " it states elsewhere and what is assumed (status, order preview, /topup, /giftcards, revocation, ...)",
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
            "doctorsim_v2.refresh_grace",
            "0s",
            "duration",
            "how long a refresh token that was used is still taken, for clients that refresh twice at once; after that"
            " its return ends all tokens of the grant",
        ),
        Setting(
            "doctorsim_v2.token_clock",
            "sandbox",
            "choice",
            "the clock by which OAuth access tokens are issued and expire: the sandbox's, or real time, so that"
            " clients which check tokens themselves find them valid in a sandbox of another time",
            ("sandbox", "real"),
        ),
        Setting(
            "doctorsim_v2.private_schemes",
            False,
            "boolean",
            "whether OAuth redirect URIs may have an app's own scheme without a dot, such as cursor://",
        ),
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
    ),
)

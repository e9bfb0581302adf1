"""The credential of a call: `Bearer api_id:api_secret`, or an OAuth access token (a Bearer value without a colon)."""

from dataclasses import dataclass

from mockserver.domain.accounts import Account
from mockserver.domain.errors import UnknownCredential, whole_seconds
from mockserver.domain.moments import EPOCH
from mockserver.http.call import Call
from mockserver.http.credentials import bearer_token
from mockserver.http.replies import Limit
from mockserver.providers.doctorsim_v2.errors import (
    AddressNotAllowed,
    AllowlistRequired,
    InsufficientScope,
    InvalidToken,
    WrongSecret,
)
from mockserver.providers.doctorsim_v2.oauth.addresses import issuer_of
from mockserver.providers.doctorsim_v2.oauth.endpoints import RESOURCE_PATH
from mockserver.providers.doctorsim_v2.profile import offers_everything
from mockserver.providers.doctorsim_v2.settings import (
    DEFAULT_TIER,
    LIMIT_HEADER,
    NAME,
    PRODUCTION_PREFIX,
    RATE_TIERS,
    READ_ONLY,
    READ_WRITE,
    REMAINING_HEADER,
    RESET_HEADER,
    STRANGERS_TIER,
)


@dataclass(frozen=True, slots=True)
class Identity:
    """The environment (`sandbox` or `production`) and the scopes that a credential allows."""

    environment: str
    scopes: frozenset[str]


def environment_of(api_id: str) -> str:
    """Return `production` for `live_` keys (documented), `sandbox` for all others."""
    return "production" if api_id.startswith(PRODUCTION_PREFIX) else "sandbox"


async def identify(call: Call) -> Account:
    """Return the account of the credential; raises the error that refuses it, its scope or its address included."""
    value = bearer_token(call)
    api_id, colon, secret = value.partition(":")
    account = await (_by_key(call, api_id, secret) if colon else _by_token(call, value))
    # Set already here, so that a refusal, too, has the headers of the account's tier.
    call.identify(account)
    if account.status == "active":
        _check_address(call, account)
        scope = call.endpoint.scope if call.endpoint else None
        if scope is not None and scope not in call.identity.scopes:
            raise InsufficientScope(scope)
    return account


def limit_of(call: Call) -> Limit:
    """Return the rate limit of the account's tier."""
    return RATE_TIERS.get(call.account.details.get("tier", DEFAULT_TIER), RATE_TIERS[DEFAULT_TIER])


def headers(call: Call, status: int) -> tuple[tuple[str, str], ...]:
    """Return the three limit headers of an answer; without an account, those of the smallest tier, unused."""
    now = call.state.clock.now()
    limit = RATE_TIERS[STRANGERS_TIER]
    used, ends = 0, now + limit.window
    if call.entry.account is not None:
        limit = call.limit = limit_of(call)
        if call.state.settings.values["rate_limits"] != "off":
            used, ends = call.state.limiter.state(call.limit_name(), window=limit.window, now=now)
        else:
            ends = now + limit.window
    fields: tuple[tuple[str, str], ...] = (
        (LIMIT_HEADER, str(limit.calls)),
        (REMAINING_HEADER, str(max(0, limit.calls - used))),
        (RESET_HEADER, str(whole_seconds(ends - EPOCH))),
    )
    if status == 401:
        fields += (("WWW-Authenticate", _challenge(call)),)
    return fields


async def _by_key(call: Call, api_id: str, secret: str) -> Account:
    account = await call.find_account((api_id, secret), known_only=True)
    if account is None:
        # A known api_id with another secret is refused even where any unknown key is accepted.
        if await call.sandbox.account(NAME, api_id, view=call.view) is not None:
            raise WrongSecret
        account = await call.find_account((api_id, secret)) if api_id and secret else None
        if account is None:
            raise UnknownCredential
    writes = account.details.get("scope", "read-write") == "read-write"
    call.identity = Identity(environment_of(api_id), READ_WRITE if writes else READ_ONLY)
    return account


async def _by_token(call: Call, token: str) -> Account:
    from mockserver.providers.doctorsim_v2.oauth.tokens import claims_of_token

    claims = await claims_of_token(call, token)
    call.identity = Identity(claims["env"], frozenset(claims["scope"].split()))
    account = await call.sandbox.account(NAME, claims["sub"], view=call.view)
    if account is None:
        raise InvalidToken
    return account


def _check_address(call: Call, account: Account) -> None:
    match account.details.get("ip_allowlist"):
        case "missing":
            raise AllowlistRequired(call.client)
        case "other":
            raise AddressNotAllowed(call.client)


def _challenge(call: Call) -> str:
    """Return a challenge that leads to the metadata of this API (RFC 9728), unless the profile hides that."""
    if not offers_everything(call.state.settings.values):
        return 'Bearer realm="doctorSIM"'
    return f'Bearer resource_metadata="{issuer_of(call)}{RESOURCE_PATH}"'

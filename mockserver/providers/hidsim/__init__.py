"""HidSim Partner API. Much of it is undocumented; assumed parts are marked, and settings change most of them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mockserver.domain.accounts import Account
from mockserver.domain.errors import (
    AccountDisabled,
    MissingCredential,
)
from mockserver.http.call import Call
from mockserver.http.provider import Endpoint, Mount, Provider
from mockserver.providers.hidsim import documentation, endpoints, errors, rules
from mockserver.providers.hidsim.settings import CORS, HOST, OTHER_HOSTS, SETTINGS, UNCACHED
from mockserver.providers.hidsim.tokens import BadToken, ExpiredToken

if TYPE_CHECKING:
    from mockserver.http.customers import Customers


async def _identify(call: Call) -> Account:
    from mockserver.providers.hidsim.auth import identify

    return await identify(call)


def _headers(call: Call, status: int) -> tuple[tuple[str, str], ...]:
    """Forbid caching of sessions, operations and transactions (assumed); name the fields that a purchase ignored."""
    area = call.entry.path.lstrip("/").partition("/")[0]
    if area in UNCACHED:
        return (("Cache-Control", "no-store"),)
    if call.entry.ignored:
        from mockserver.http.ignored import header_text

        return (("X-Mock-Ignored", header_text(call.entry.ignored)),)
    return ()


def _offers(endpoint: Endpoint, settings: Mapping[str, Any]) -> bool:
    """Return whether an endpoint exists: not if it is assumed and the profile is `documented`."""
    return not (endpoint.provenance == "assumed" and settings["hidsim.profile"] == "documented")


def _customers() -> "Customers":
    from mockserver.providers.hidsim.customers import NumberCustomers

    return NumberCustomers()


PROVIDER = Provider(
    name="hidsim",
    title="HidSim Partner API",
    mounts=(Mount(HOST),),
    other_hosts=OTHER_HOSTS,
    endpoints=endpoints.ENDPOINTS,
    annexes=documentation.ANNEXES,
    identify=_identify,
    mistakes=errors.MISTAKES,
    wrap=errors.wrap,
    refuse=errors.refuse,
    plain=errors.plain,
    failure_schema="hidsim/error",
    rules=rules.RULES,
    headers=_headers,
    offers=_offers,
    settings=SETTINGS,
    cors=CORS,
    customers=_customers,
    common_mistakes=(
        MissingCredential,
        BadToken,
        ExpiredToken,
        AccountDisabled,
    ),
)

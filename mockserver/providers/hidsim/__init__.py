"""HidSim Partner API. Much of it is undocumented: what is assumed says so, and most of that can be switched."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mockserver.domain.accounts import Account
from mockserver.domain.mistakes import (
    AccountDisabled,
    MissingCredential,
)
from mockserver.http.call import Call
from mockserver.http.cors import Cors
from mockserver.http.provider import Endpoint, Mount, Provider
from mockserver.providers.hidsim import documentation, endpoints, errors, trade
from mockserver.providers.hidsim.tokens import BadToken, ExpiredToken
from mockserver.sandbox.settings import Setting

if TYPE_CHECKING:
    from mockserver.http.customers import Customers

_PRIVATE = ("auth", "operations", "transactions")


async def _identify(call: Call) -> Account:
    from mockserver.providers.hidsim.auth import identify

    return await identify(call)


def _headers(call: Call, status: int) -> tuple[tuple[str, str], ...]:
    """Nothing about a session or an operation is to be cached, refusals included (assumed); what a purchase ignored."""
    area = call.entry.path.lstrip("/").partition("/")[0]
    if area in _PRIVATE:
        return (("Cache-Control", "no-store"),)
    if call.entry.ignored:
        from mockserver.http.ignored import header_text

        return (("X-Mock-Ignored", header_text(call.entry.ignored)),)
    return ()


def _offers(endpoint: Endpoint, settings: Mapping[str, Any]) -> bool:
    """Under the profile `documented` the assumed endpoints do not exist."""
    return not (endpoint.provenance == "assumed" and settings["hidsim.profile"] == "documented")


_CORS = Cors("hidsim", ("https://hidsim.com", "https://www.hidsim.com"), exposes=("X-Total-Count",))

_SETTINGS = (
    _CORS.setting,
    Setting(
        "hidsim.profile",
        "all",
        "choice",
        "all: eighteen endpoints and /docs and /redoc, those that no page names marked X-Mock-Assumed;"
        " documented: the twelve only",
        ("all", "documented"),
    ),
    Setting(
        "hidsim.list_envelope",
        "data",
        "choice",
        "data: {data, total, limit, skip}; array: a bare list; docs: {docs, totalDocs, limit, page, totalPages};"
        " results: {results, total, limit, skip}; X-Total-Count always (not documented)",
        ("data", "array", "docs", "results"),
    ),
    Setting(
        "hidsim.error_envelope",
        "boom",
        "choice",
        "boom: {statusCode, error, message, ...}; message: {code, message}; ok: {ok: false, msg} (not documented)",
        ("boom", "message", "ok"),
    ),
    Setting(
        "hidsim.state_field",
        "both",
        "choice",
        "under which name operations tell their state (the page names the states, not the field)",
        ("both", "state", "status"),
    ),
    Setting(
        "hidsim.number_plus",
        True,
        "boolean",
        "whether telephone numbers begin with + (not documented)",
    ),
    Setting(
        "hidsim.purchase_status",
        201,
        "choice",
        "the HTTP status of a purchase (not documented)",
        (201, 200),
    ),
    Setting(
        "hidsim.close_after",
        "120s",
        "duration",
        "how old a pending operation must be before it can be closed; earlier it is 425 (the span is not documented)",
    ),
    Setting(
        "hidsim.expire_after",
        "20m",
        "duration",
        "when an operation bought from now on gives up waiting for an SMS, counted from the purchase (not documented)",
    ),
    Setting(
        "hidsim.token_lifetime",
        "24h",
        "duration",
        "how long tokens signed from now on are good, on the sandbox's clock (not documented)",
    ),
    Setting(
        "hidsim.extra_fields",
        False,
        "boolean",
        "whether every object has a member `undocumented`, to prove that a client takes what it does not know"
        " (the page: extra fields may appear)",
    ),
)


def _customers() -> "Customers":
    from mockserver.providers.hidsim.customers import NumberCustomers

    return NumberCustomers()


PROVIDER = Provider(
    name="hidsim",
    title="HidSim Partner API",
    mounts=(Mount(documentation.HOST),),
    endpoints=endpoints.ENDPOINTS,
    annexes=documentation.ANNEXES,
    identify=_identify,
    mistakes=errors.MISTAKES,
    wrap=errors.wrap,
    refuse=errors.refuse,
    plain=errors.plain,
    failure_schema="hidsim/error",
    trade=trade.TRADE,
    headers=_headers,
    offers=_offers,
    settings=_SETTINGS,
    cors=_CORS,
    customers=_customers,
    common_mistakes=(
        MissingCredential,
        BadToken,
        ExpiredToken,
        AccountDisabled,
    ),
)

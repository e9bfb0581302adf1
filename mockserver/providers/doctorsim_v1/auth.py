"""The credential of a call: the headers `DSIM_KEY` and `DSIM_SECRET` (documented); the pair decides the mode."""

from mockserver.domain.accounts import Account
from mockserver.domain.errors import MissingCredential, UnknownCredential
from mockserver.http.call import Call
from mockserver.providers.doctorsim_v1.errors import PlainHttp
from mockserver.providers.doctorsim_v1.settings import KEY_HEADER, SECRET_HEADER

SANDBOX = "sandbox"
PRODUCTION = "production"


async def identify(call: Call) -> Account:
    """Return the caller's account; raises PlainHttp where HTTPS is required, MissingCredential, UnknownCredential."""
    if call.state.settings.values["doctorsim_v1.require_https"] and not call.base_url.startswith("https://"):
        raise PlainHttp
    key, secret = call.headers.get(KEY_HEADER, "").strip(), call.headers.get(SECRET_HEADER, "").strip()
    if not key or not secret:
        raise MissingCredential
    # A call that no method takes opens no account, whatever key it has.
    account = await call.find_account((key, secret), known_only=call.endpoint is None)
    if account is None:
        raise UnknownCredential
    return account


def authenticates_first(call: Call) -> bool:
    """Return whether a call that no method takes is refused for a bad credential rather than for its path.

    That is so at the base URL, where the page shows how to authenticate (assumed), and everywhere if the setting
    `doctorsim_v1.authenticate` is `every_call`.
    """
    return call.entry.path in ("", "/") or call.state.settings.values["doctorsim_v1.authenticate"] == "every_call"


def mode_of(account: Account) -> str:
    """Return the mode of an account: `sandbox` or `production`."""
    mode: str = account.details["mode"]
    return mode

"""`DSIM_KEY` and `DSIM_SECRET`, two headers with underscores (documented); the pair picks the mode."""

from mockserver.domain.accounts import Account
from mockserver.domain.errors import MissingCredential, UnknownCredential
from mockserver.http.call import Call
from mockserver.providers.doctorsim_v1.errors import PlainHttp
from mockserver.providers.doctorsim_v1.settings import KEY_HEADER, SECRET_HEADER

SANDBOX = "sandbox"
PRODUCTION = "production"


async def identify(call: Call) -> Account:
    """Raises PlainHttp where HTTPS is required, MissingCredential and UnknownCredential."""
    if call.state.settings.values["doctorsim_v1.require_https"] and not call.base_url.startswith("https://"):
        raise PlainHttp
    key, secret = call.headers.get(KEY_HEADER, "").strip(), call.headers.get(SECRET_HEADER, "").strip()
    if not key or not secret:
        raise MissingCredential
    # A call of no method opens no account, whatever key it has.
    account = await call.find_account((key, secret), known_only=call.endpoint is None)
    if account is None:
        raise UnknownCredential
    return account


def authenticates_first(call: Call) -> bool:
    """Whether a call of no method is refused for its credential before its path.

    So it is at the base URL itself, where the page shows how to authenticate (assumed), and wherever a setting says so.
    """
    return call.entry.path in ("", "/") or call.state.settings.values["doctorsim_v1.authenticate"] == "every_call"


def mode_of(account: Account) -> str:
    """`sandbox` or `production`."""
    mode: str = account.details["mode"]
    return mode

"""`Authorization: Bearer KEY` (documented)."""

from mockserver.domain.accounts import Account
from mockserver.domain.mistakes import MissingCredential, UnknownCredential
from mockserver.http.call import Call


async def identify(call: Call) -> Account:
    """Raises MissingCredential without a bearer token, UnknownCredential for one that belongs to nobody."""
    scheme, _, key = call.headers.get("authorization", "").strip().partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        raise MissingCredential
    account = await call.find_account((key,))
    if account is None:
        raise UnknownCredential
    return account

"""Credentials as clients send them in the Authorization header."""

from mockserver.domain.accounts import Account
from mockserver.domain.errors import MissingCredential, UnknownCredential
from mockserver.http.call import Call


def bearer_token(call: Call) -> str:
    """Return the token of `Authorization: Bearer TOKEN`; raises MissingCredential where there is none.

    The scheme is read in any case (RFC 9110, 11.1).
    """
    scheme, _, token = call.headers.get("authorization", "").strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise MissingCredential
    return token


async def bearer_account(call: Call) -> Account:
    """Return the account whose key is the bearer token; the `identify` of providers with plain keys.

    Raises MissingCredential without a token, UnknownCredential for a token that belongs to no account.
    """
    account = await call.find_account((bearer_token(call),))
    if account is None:
        raise UnknownCredential
    return account

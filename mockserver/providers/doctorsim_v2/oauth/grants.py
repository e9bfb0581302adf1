"""Clients, codes and grants as rows. Secrets, codes and refresh tokens are kept as digests.

A grant is what an account allowed a client: all its tokens fall with it.
"""

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any

from mockserver.domain.mistakes import NotFound
from mockserver.domain.moments import from_micros, to_micros
from mockserver.providers.doctorsim_v2.oauth.errors import InvalidGrant
from mockserver.sandbox.codec import decode_json, encode_json
from mockserver.sandbox.work import Work

_CLIENTS, _CODES, _GRANTS = "doctorsim_v2 clients", "doctorsim_v2 codes", "doctorsim_v2 grants"
_HEX = "0123456789abcdef"
_URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
#: How long a code may wait (the contract's), and a refresh token (assumed).
CODE_LIVES = timedelta(seconds=60)
REFRESH_LIVES = timedelta(days=30)
#: Of how many rotated refresh tokens a grant knows that they were its own, so that it falls when one comes back.
MOST_RETIRED = 100
_INVALID_GRANT = "the refresh token is not valid or has expired"


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


async def draw(work: Work, alphabet: str, count: int, purpose: str) -> str:
    """A text that no other sandbox and no other call draws."""
    number = await work.next_number(f"doctorsim_v2/oauth {purpose}")
    return work.dice.letters(alphabet, count, "oauth", purpose, work.identity, number)


async def add_client(work: Work, metadata: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The client with its id, and its secret unless it is public."""
    client = {
        "client_id": "cli_" + await draw(work, _HEX, 24, "client"),
        "client_id_issued_at": to_micros(work.now) // 1_000_000,
        **metadata,
    }
    secret = None
    kept = dict(client)
    if metadata["token_endpoint_auth_method"] != "none":
        secret = "cs_" + await draw(work, _HEX, 48, "client secret")
        kept["secret_digest"] = digest(secret)
    await work.tx.put(_CLIENTS, client["client_id"], encode_json(kept))
    return client, secret


async def find_client(work: Work, client_id: str) -> dict[str, Any] | None:
    """The client, or None."""
    row = await work.tx.get(_CLIENTS, client_id)
    return decode_json(row) if row is not None else None


async def add_code(work: Work, facts: Mapping[str, Any]) -> str:
    """A code for a new grant. `facts`: client, account, scope, challenge, redirect_uri (None: not sent), resource."""
    grant = await draw(work, _HEX, 24, "grant")
    code = "ac_" + await draw(work, _URL_SAFE, 40, "code")
    row = {**facts, "grant": grant, "expires": to_micros(work.now + CODE_LIVES), "used": False}
    await work.tx.put(_CODES, digest(code), encode_json(row))
    return code


async def find_code(work: Work, code: str) -> dict[str, Any] | None:
    """What the code stands for, used or not, or None."""
    row = await work.tx.get(_CODES, digest(code))
    return decode_json(row) if row is not None else None


async def use_code(work: Work, code: str, row: Mapping[str, Any]) -> None:
    """Mark it as used."""
    await work.tx.put(_CODES, digest(code), encode_json({**row, "used": True}))


async def open_grant(work: Work, grant: str, *, client: str, account: str, scope: str, resource: str) -> dict[str, Any]:
    """A grant without tokens yet."""
    row = {
        "id": grant,
        "client": client,
        "account": account,
        "scope": scope,
        "resource": resource,
        "revoked": False,
        "tokens": 0,
        "refresh": None,
        "refresh_expires": 0,
        "retired": [],
        "revoked_tokens": [],
    }
    await keep_grant(work, row)
    return row


async def new_grant_id(work: Work) -> str:
    """For a grant that no code began."""
    return await draw(work, _HEX, 24, "grant")


async def find_grant(work: Work, grant: str) -> dict[str, Any] | None:
    """The grant, or None."""
    row = await work.tx.get(_GRANTS, grant)
    return decode_json(row) if row is not None else None


async def keep_grant(work: Work, row: Mapping[str, Any]) -> None:
    """Write the grant."""
    await work.tx.put(_GRANTS, row["id"], encode_json(row))


async def revoke_grant(work: Work, grant: str) -> None:
    """Let all its tokens fall."""
    row = await find_grant(work, grant)
    if row is not None:
        await keep_grant(work, row | {"revoked": True})


async def next_refresh_token(work: Work, row: dict[str, Any]) -> str:
    """A new refresh token in place of the grant's last one; writes it into `row`, which the caller keeps."""
    token = f"rt_{row['id']}_{await draw(work, _URL_SAFE, 32, 'refresh')}"
    row |= {
        "retired": [*row["retired"], row["refresh"]][-MOST_RETIRED:] if row["refresh"] else [],
        "refresh": digest(token),
        "refresh_expires": to_micros(work.now + REFRESH_LIVES),
    }
    return token


async def grant_of_refresh(work: Work, token: str) -> tuple[dict[str, Any], bool]:
    """The grant, and whether the token is its current one; an older one was rotated away.

    Raises OAuthError for a token that is not of this sandbox, is altered, revoked or too old.
    """
    parts = token.split("_", 2)
    row = await find_grant(work, parts[1]) if len(parts) == 3 and parts[0] == "rt" else None
    if row is None or row["revoked"]:
        raise InvalidGrant(_INVALID_GRANT)
    if digest(token) == row["refresh"]:
        if work.now >= from_micros(row["refresh_expires"]):
            raise InvalidGrant(_INVALID_GRANT)
        return row, True
    if digest(token) in row["retired"]:
        return row, False
    raise InvalidGrant(_INVALID_GRANT)


async def account_exists(work: Work, account: str) -> bool:
    """Whether the sandbox has the account."""
    try:
        await work.account("doctorsim_v2", account)
    except NotFound:
        return False
    return True

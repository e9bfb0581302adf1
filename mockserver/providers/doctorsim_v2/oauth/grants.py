"""Grants as rows: a grant is what an account allowed a client; to revoke it is to revoke all its tokens.

Refresh tokens are kept as digests. `refresh` is the newest, `twins` are others that are valid as well (with the setting
`doctorsim_v2.refresh_grace`), `retired` are former ones, `rotated` says when those within the grace were replaced.
"""

from collections.abc import Mapping
from typing import Any, Literal

from mockserver.domain.moments import MICROSECOND, from_micros, parse_span, to_micros
from mockserver.providers.doctorsim_v2.oauth.drawing import HEX, URL_SAFE, digest, draw
from mockserver.providers.doctorsim_v2.oauth.rows import make_room
from mockserver.providers.doctorsim_v2.oauth_errors import InvalidGrant
from mockserver.providers.doctorsim_v2.settings import (
    MOST_GRANTS,
    MOST_LIVE,
    MOST_RETIRED_TOKENS,
    MOST_REVOKED,
    REFRESH_LIVES,
)
from mockserver.sandbox.codec import decode_json, encode_json
from mockserver.sandbox.sandbox import Sandbox
from mockserver.sandbox.unit_of_work import UnitOfWork

_GRANTS = "doctorsim_v2 grants"
_INVALID_GRANT = "the refresh token is not valid or has expired"

#: The standing of a refresh token: good, used again within the grace (again), or used before that (old).
Standing = Literal["good", "again", "old"]


async def open_grant(
    work: UnitOfWork, grant: str, *, client: str, account: str, scope: str, resource: str
) -> dict[str, Any]:
    """Return a new grant without tokens, which the caller stores when it has some."""
    await make_room(work, _GRANTS, most=MOST_GRANTS)
    return {
        "id": grant,
        "client": client,
        "account": account,
        "scope": scope,
        "resource": resource,
        "revoked": False,
        "tokens": 0,
        "ends": 0,
        "refresh": None,
        "refresh_expires": 0,
        "twins": [],
        "retired": [],
        "rotated": [],
        "revoked_tokens": [],
    }


async def new_grant_id(work: UnitOfWork) -> str:
    """Return the id of a grant that did not begin with a code."""
    return await draw(work, HEX, 24, "grant")


async def find_grant(work: UnitOfWork, grant: str) -> dict[str, Any] | None:
    """Return the grant, or None."""
    row = await work.tx.get(_GRANTS, grant)
    return decode_json(row) if row is not None else None


async def committed_grant(sandbox: Sandbox, grant: str) -> dict[str, Any] | None:
    """Return the grant as it is committed, or None; for calls that only read."""
    row = await sandbox.read(_GRANTS, grant)
    return decode_json(row) if row is not None else None


async def keep_grant(work: UnitOfWork, row: Mapping[str, Any]) -> None:
    """Store the grant; it is deleted when its last token has ended."""
    ends = max(row.get("ends", 0), row["refresh_expires"])
    await work.tx.put(_GRANTS, row["id"], encode_json(dict(row)), due=from_micros(ends))


async def revoke_grant(work: UnitOfWork, grant: str) -> None:
    """Revoke a grant, and so all its tokens."""
    row = await find_grant(work, grant)
    if row is not None:
        await keep_grant(work, row | {"revoked": True})


async def revoke_access_token(work: UnitOfWork, row: dict[str, Any], token_id: str) -> None:
    """Revoke one access token; beyond MOST_REVOKED of them, revoke the grant."""
    if token_id not in row["revoked_tokens"]:
        row["revoked_tokens"].append(token_id)
    row["revoked"] = row["revoked"] or len(row["revoked_tokens"]) > MOST_REVOKED
    await keep_grant(work, row)


async def next_refresh_token(work: UnitOfWork, row: dict[str, Any], *, used: str | None = None) -> str:
    """Issue a refresh token in place of the `used` one; writes it into `row`, which the caller stores."""
    token = f"rt_{row['id']}_{await draw(work, URL_SAFE, 32, 'refresh')}"
    live = _live(row)
    used_digest = digest(used) if used is not None else None
    if used_digest in live:
        del live[used_digest]
        row["retired"] = [*row["retired"], used_digest][-MOST_RETIRED_TOKENS:]
        row["rotated"] = [*_within_grace(work, row), [used_digest, to_micros(work.now)]][-MOST_LIVE:]
    row |= {
        "twins": [[token_digest, expires] for token_digest, expires in live.items()][1 - MOST_LIVE :],
        "refresh": digest(token),
        "refresh_expires": to_micros(work.now + REFRESH_LIVES),
    }
    return token


async def grant_of_refresh_token(work: UnitOfWork, token: str) -> tuple[dict[str, Any], Standing]:
    """Return the grant of a refresh token, and the token's standing.

    Raises OAuthError for a token that is not of this sandbox, is altered, revoked or too old.
    """
    parts = token.split("_", 2)
    row = await find_grant(work, parts[1]) if len(parts) == 3 and parts[0] == "rt" else None
    if row is None or row["revoked"]:
        raise InvalidGrant(_INVALID_GRANT)
    token_digest = digest(token)
    expires = _live(row).get(token_digest)
    if expires is not None:
        if work.now >= from_micros(expires):
            raise InvalidGrant(_INVALID_GRANT)
        return row, "good"
    if token_digest in row["retired"]:
        return row, "again" if any(former == token_digest for former, _ in _within_grace(work, row)) else "old"
    raise InvalidGrant(_INVALID_GRANT)


def is_refresh_token_of(row: Mapping[str, Any], token: str) -> bool:
    """Return whether the token belongs to the grant, used or not."""
    token_digest = digest(token)
    return token_digest in _live(row) or token_digest in row["retired"]


def _live(row: Mapping[str, Any]) -> dict[str, int]:
    """Return when each valid refresh token ends, in microseconds since 1970, by its digest; the newest comes last."""
    newest = {row["refresh"]: row["refresh_expires"]} if row["refresh"] else {}
    return {**dict(row.get("twins", ())), **newest}


def _within_grace(work: UnitOfWork, row: Mapping[str, Any]) -> list[list[Any]]:
    grace = parse_span(work.settings["doctorsim_v2.refresh_grace"]) // MICROSECOND
    return [pair for pair in row.get("rotated", ()) if to_micros(work.now) - pair[1] < grace]

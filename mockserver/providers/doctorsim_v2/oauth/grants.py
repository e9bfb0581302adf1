"""Grants as rows: a grant is what an account allowed a client, and all its tokens fall with it.

Refresh tokens are kept as digests. `refresh` is the newest, `twins` are others that are good as well (with the setting
`doctorsim_v2.refresh_grace`), `retired` were rotated away, `rotated` tells when, of those within the grace.
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

#: What a refresh token is: good, used a moment ago (within the grace), or used before.
Standing = Literal["good", "again", "old"]


async def open_grant(
    work: UnitOfWork, grant: str, *, client: str, account: str, scope: str, resource: str
) -> dict[str, Any]:
    """A grant without tokens yet, which the caller keeps when it has some."""
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
    """For a grant that no code began."""
    return await draw(work, HEX, 24, "grant")


async def find_grant(work: UnitOfWork, grant: str) -> dict[str, Any] | None:
    """The grant, or None."""
    row = await work.tx.get(_GRANTS, grant)
    return decode_json(row) if row is not None else None


async def committed_grant(sandbox: Sandbox, grant: str) -> dict[str, Any] | None:
    """The grant as it is committed, or None; for calls that only look."""
    row = await sandbox.read(_GRANTS, grant)
    return decode_json(row) if row is not None else None


async def keep_grant(work: UnitOfWork, row: Mapping[str, Any]) -> None:
    """Write the grant; it is forgotten when its last token has ended."""
    ends = max(row.get("ends", 0), row["refresh_expires"])
    await work.tx.put(_GRANTS, row["id"], encode_json(dict(row)), due=from_micros(ends))


async def revoke_grant(work: UnitOfWork, grant: str) -> None:
    """Let all its tokens fall."""
    row = await find_grant(work, grant)
    if row is not None:
        await keep_grant(work, row | {"revoked": True})


async def revoke_access_token(work: UnitOfWork, row: dict[str, Any], token_id: str) -> None:
    """Let one access token fall."""
    if token_id not in row["revoked_tokens"]:
        row["revoked_tokens"].append(token_id)
    row["revoked"] = row["revoked"] or len(row["revoked_tokens"]) > MOST_REVOKED
    await keep_grant(work, row)


async def next_refresh_token(work: UnitOfWork, row: dict[str, Any], *, used: str | None = None) -> str:
    """A new refresh token in place of the one that was `used`; writes it into `row`, which the caller keeps."""
    token = f"rt_{row['id']}_{await draw(work, URL_SAFE, 32, 'refresh')}"
    live = _live(row)
    before = digest(used) if used is not None else None
    if before in live:
        del live[before]
        row["retired"] = [*row["retired"], before][-MOST_RETIRED_TOKENS:]
        row["rotated"] = [*_within_grace(work, row), [before, to_micros(work.now)]][-MOST_LIVE:]
    row |= {
        "twins": [[one, expires] for one, expires in live.items()][1 - MOST_LIVE :],
        "refresh": digest(token),
        "refresh_expires": to_micros(work.now + REFRESH_LIVES),
    }
    return token


async def grant_of_refresh(work: UnitOfWork, token: str) -> tuple[dict[str, Any], Standing]:
    """The grant of a refresh token, and what the token is to it.

    Raises OAuthError for a token that is not of this sandbox, is altered, revoked or too old.
    """
    parts = token.split("_", 2)
    row = await find_grant(work, parts[1]) if len(parts) == 3 and parts[0] == "rt" else None
    if row is None or row["revoked"]:
        raise InvalidGrant(_INVALID_GRANT)
    given = digest(token)
    expires = _live(row).get(given)
    if expires is not None:
        if work.now >= from_micros(expires):
            raise InvalidGrant(_INVALID_GRANT)
        return row, "good"
    if given in row["retired"]:
        return row, "again" if any(one == given for one, _ in _within_grace(work, row)) else "old"
    raise InvalidGrant(_INVALID_GRANT)


def is_refresh_token_of(row: Mapping[str, Any], token: str) -> bool:
    """Whether the grant knows it as its own, used or not."""
    given = digest(token)
    return given in _live(row) or given in row["retired"]


def _live(row: Mapping[str, Any]) -> dict[str, int]:
    """When each good refresh token ends, by its digest; the newest comes last."""
    newest = {row["refresh"]: row["refresh_expires"]} if row["refresh"] else {}
    return {**dict(row.get("twins", ())), **newest}


def _within_grace(work: UnitOfWork, row: Mapping[str, Any]) -> list[list[Any]]:
    grace = parse_span(work.settings["doctorsim_v2.refresh_grace"]) // MICROSECOND
    return [one for one in row.get("rotated", ()) if to_micros(work.now) - one[1] < grace]

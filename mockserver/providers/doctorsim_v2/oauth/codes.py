"""Authorization codes as rows: a digest of each code is kept for 60 seconds, and longer once the code was used.

A used code is remembered, so that its tokens are revoked when it comes again (RFC 6749, 4.1.2).
"""

from collections.abc import Mapping
from typing import Any

from mockserver.domain.moments import to_micros
from mockserver.providers.doctorsim_v2.oauth.drawing import HEX, URL_SAFE, digest, draw
from mockserver.providers.doctorsim_v2.oauth.rows import make_room
from mockserver.providers.doctorsim_v2.settings import CODE_LIVES, MOST_CODES, USED_CODE_LIVES
from mockserver.sandbox.codec import decode_json, encode_json
from mockserver.sandbox.unit_of_work import UnitOfWork

_WAITING, _USED = "doctorsim_v2 codes", "doctorsim_v2 used codes"


async def add_code(work: UnitOfWork, facts: Mapping[str, Any]) -> str:
    """Issue a code. `facts`: client, account, scope, challenge, redirect_uri (None: not sent), resource, identity."""
    await make_room(work, _WAITING, most=MOST_CODES)
    grant = await draw(work, HEX, 24, "grant")
    code = "ac_" + await draw(work, URL_SAFE, 40, "code")
    ends = work.now + CODE_LIVES
    row = {**facts, "grant": grant, "expires": to_micros(ends), "used": False}
    await work.tx.put(_WAITING, digest(code), encode_json(row), due=ends)
    return code


async def find_code(work: UnitOfWork, code: str) -> dict[str, Any] | None:
    """Return the row of a code, used or not, or None."""
    key = digest(code)
    row = await work.tx.get(_WAITING, key) or await work.tx.get(_USED, key)
    return decode_json(row) if row is not None else None


async def use_code(work: UnitOfWork, code: str, row: Mapping[str, Any]) -> None:
    """Mark a code as used."""
    key = digest(code)
    await work.tx.delete(_WAITING, key)
    await make_room(work, _USED, most=MOST_CODES)
    await work.tx.put(_USED, key, encode_json({**row, "used": True}), due=work.now + USED_CODE_LIVES)

"""The header `Idempotency-Key`: the same key gives the answer of the first call, byte for byte.

A stored answer expires after `IDEMPOTENCY_LIVES`.
"""

import re

from mockserver.domain.errors import Invalid
from mockserver.domain.moments import from_micros, to_micros
from mockserver.http.call import Call
from mockserver.http.replies import Reply
from mockserver.providers.doctorsim_v2.settings import IDEMPOTENCY_LIVES, LONGEST_IDEMPOTENCY_KEY, MOST_KEPT
from mockserver.sandbox.codec import decode_json, encode_json
from mockserver.sandbox.unit_of_work import UnitOfWork

_TABLE = "doctorsim_v2 idempotency"
#: How many expired answers are deleted with each new one.
_AT_ONCE = 10
_KEY = re.compile(rf"[\x20-\x7e]{{1,{LONGEST_IDEMPOTENCY_KEY}}}")


def key_of(call: Call) -> str | None:
    """Return the call's key, None without one; raises Invalid when it is not 1 to 128 printable ASCII characters."""
    key = call.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        rule = f"must be 1 to {LONGEST_IDEMPOTENCY_KEY} printable ASCII characters"
        raise Invalid({"Idempotency-Key": [f"The Idempotency-Key header {rule}."]})
    return key


async def find_reply(work: UnitOfWork, account: str, key: str | None) -> tuple[Reply, str] | None:
    """Return the answer stored under this key, and the order it was about; None where it has expired or is missing."""
    if key is None:
        return None
    row = await work.tx.get(_TABLE, f"{account}/{key}")
    if row is None:
        return None
    at, status, body, order = decode_json(row)
    if work.now - from_micros(at) >= IDEMPOTENCY_LIVES:
        return None
    return Reply(body.encode(), status=status), order


async def keep_reply(work: UnitOfWork, account: str, key: str | None, reply: Reply, order: str) -> None:
    """Store an answer, whose data are encoded, and delete some that have expired."""
    if key is None:
        return
    entry = encode_json([to_micros(work.now), reply.status, reply.data.decode(), order])
    await work.tx.put(_TABLE, f"{account}/{key}", entry, due=work.now + IDEMPOTENCY_LIVES)
    expired = await work.tx.due(_TABLE, until=work.now, limit=_AT_ONCE)
    if await work.tx.count(_TABLE) - len(expired) > MOST_KEPT:
        expired += await work.tx.due(_TABLE, until=work.now + IDEMPOTENCY_LIVES, limit=1)
    for row in expired:
        await work.tx.delete(_TABLE, row.key)

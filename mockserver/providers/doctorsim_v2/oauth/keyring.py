"""The keys in use: the one that signs, and earlier ones whose tokens have not ended yet."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from mockserver.clockwork.clock import machine_now
from mockserver.domain.errors import ApiError
from mockserver.domain.moments import parse_span, to_micros
from mockserver.engine.dice import Dice
from mockserver.providers.doctorsim_v2.oauth.keys import signing_key
from mockserver.providers.doctorsim_v2.settings import MOST_RETIRED_KEYS
from mockserver.sandbox.codec import decode_json, encode_json
from mockserver.sandbox.sandbox import Sandbox
from mockserver.sandbox.unit_of_work import UnitOfWork

_TABLE, _RING = "doctorsim_v2 keys", "ring"


class KeySetFull(ApiError):
    """The key set has as many keys as it can hold."""


class Retired(NamedTuple):
    """A key that no longer signs; all its tokens have ended at `ends` (seconds since 1970)."""

    number: int
    ends: int


class Ring(NamedTuple):
    """The number of the key that signs, the end of its last token (seconds since 1970), and the keys before it."""

    number: int = 0
    ends: int = 0
    retired: tuple[Retired, ...] = ()

    def numbers(self, now: int) -> tuple[int, ...]:
        """Return the numbers of the keys in use at a moment (seconds since 1970); the one that signs comes first."""
        if not self.retired:
            return (self.number,)
        return (self.number, *(key.number for key in self.retired if key.ends > now))


_FIRST = Ring()


def token_time(settings: Mapping[str, Any], now: datetime) -> int:
    """Return now in seconds since 1970 on the clock of tokens: the sandbox's, or real time if the setting says so."""
    moment = machine_now() if settings["doctorsim_v2.token_clock"] == "real" else now
    return to_micros(moment) // 1_000_000


def token_lifetime(work: UnitOfWork) -> int:
    """Return how many seconds an access token lives."""
    return max(1, parse_span(work.settings["doctorsim_v2.access_token_lifetime"]) // timedelta(seconds=1))


async def find_ring(work: UnitOfWork) -> Ring:
    """Return the current ring; before the first rotation it has the seed's first key alone."""
    return _decode(await work.tx.get(_TABLE, _RING))


async def ring_of(sandbox: Sandbox) -> Ring:
    """Return the ring as it is committed, after computing its keys in a thread: each takes half a second."""
    ring = _decode(await sandbox.read(_TABLE, _RING))
    computed: set[int] = sandbox.state.catalogue("doctorsim_v2 keys", _no_keys)
    if ring.number not in computed:
        for number in (ring.number, *(key.number for key in ring.retired)):
            await asyncio.to_thread(signing_key, sandbox.state.dice.seed, number)
        computed.add(ring.number)
    return ring


def _decode(row: bytes | None) -> Ring:
    if row is None:
        return _FIRST
    data: dict[str, Any] = decode_json(row)
    return Ring(data["number"], data["ends"], tuple(Retired(*key) for key in data["retired"]))


def _no_keys(_dice: Dice) -> set[int]:
    return set()


async def note_token(work: UnitOfWork, ring: Ring, ends: int) -> None:
    """Note the end of a token (seconds since 1970) that was signed with the ring's key."""
    if ends > ring.ends:
        await _keep(work, ring._replace(ends=ends))


async def rotate(sandbox: Sandbox) -> Ring:
    """Sign with a new key from now on; the former key stays in the key set until its tokens have ended.

    Raises KeySetFull.
    """
    number = (await ring_of(sandbox)).number + 1
    await asyncio.to_thread(signing_key, sandbox.state.dice.seed, number)
    async with sandbox.work("rotate_key") as work:
        ring, now = await find_ring(work), token_time(work.settings, work.now)
        retired = tuple(key for key in ring.retired if key.ends > now)
        if len(retired) >= MOST_RETIRED_KEYS:
            raise KeySetFull(f"{MOST_RETIRED_KEYS} keys wait for their tokens to end; advance the clock first")
        last = Retired(ring.number, max(ring.ends, now + token_lifetime(work)))
        ring = Ring(ring.number + 1, 0, (*retired, last))
        await _keep(work, ring)
    return ring


async def rotate_key(sandbox: Sandbox) -> dict[str, Any]:
    """Rotate, and return the `kid` of the key that signs now and the `keys` of the whole key set."""
    ring = await rotate(sandbox)
    numbers = (ring.number, *(key.number for key in ring.retired))
    names = [signing_key(sandbox.state.dice.seed, number).kid for number in numbers]
    return {"kid": names[0], "keys": names}


async def _keep(work: UnitOfWork, ring: Ring) -> None:
    row = {"number": ring.number, "ends": ring.ends, "retired": [list(key) for key in ring.retired]}
    await work.tx.put(_TABLE, _RING, encode_json(row))

"""Which keys are in use: the one that signs, and those before it whose tokens have not ended yet."""

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
    """The key set has as many keys as it can."""


class Retired(NamedTuple):
    """A key that signs no more; all its tokens have ended at `ends` (seconds since 1970)."""

    number: int
    ends: int


class Ring(NamedTuple):
    """The number of the key that signs, when the last of its tokens ends, and the keys before it."""

    number: int = 0
    ends: int = 0
    retired: tuple[Retired, ...] = ()

    def numbers(self, now: int) -> tuple[int, ...]:
        """The keys of the key set at a moment, in seconds since 1970; the one that signs comes first."""
        if not self.retired:
            return (self.number,)
        return (self.number, *(one.number for one in self.retired if one.ends > now))


_FIRST = Ring()


def token_time(settings: Mapping[str, Any], now: datetime) -> int:
    """Now, in seconds since 1970, on the clock that tokens live on: the sandbox's, or real time where it is set so."""
    moment = machine_now() if settings["doctorsim_v2.token_clock"] == "real" else now
    return to_micros(moment) // 1_000_000


def token_lifetime(work: UnitOfWork) -> int:
    """How many seconds an access token lives."""
    return max(1, parse_span(work.settings["doctorsim_v2.access_token_lifetime"]) // timedelta(seconds=1))


async def find_ring(work: UnitOfWork) -> Ring:
    """The keys as they are; before the first rotation the seed's first key alone."""
    return _ring(await work.tx.get(_TABLE, _RING))


async def ring_of(sandbox: Sandbox) -> Ring:
    """The keys as they are committed, all of them made: one takes half a second, spent in a thread."""
    ring = _ring(await sandbox.read(_TABLE, _RING))
    made: set[int] = sandbox.state.catalogue("doctorsim_v2 keys", _none_made)
    if ring.number not in made:
        for number in (ring.number, *(one.number for one in ring.retired)):
            await asyncio.to_thread(signing_key, sandbox.state.dice.seed, number)
        made.add(ring.number)
    return ring


def _ring(row: bytes | None) -> Ring:
    if row is None:
        return _FIRST
    held: dict[str, Any] = decode_json(row)
    return Ring(held["number"], held["ends"], tuple(Retired(*one) for one in held["retired"]))


def _none_made(_dice: Dice) -> set[int]:
    return set()


async def note_token(work: UnitOfWork, ring: Ring, ends: int) -> None:
    """Remember that a token of the key that signs ends then."""
    if ends > ring.ends:
        await _keep(work, ring._replace(ends=ends))


async def rotate(sandbox: Sandbox) -> Ring:
    """Sign with a new key from now on; the one before stays in the key set until its tokens have ended.

    Raises KeySetFull.
    """
    number = (await ring_of(sandbox)).number + 1
    await asyncio.to_thread(signing_key, sandbox.state.dice.seed, number)
    async with sandbox.work("rotate_key") as work:
        ring, now = await find_ring(work), token_time(work.settings, work.now)
        retired = tuple(one for one in ring.retired if one.ends > now)
        if len(retired) >= MOST_RETIRED_KEYS:
            raise KeySetFull(f"{MOST_RETIRED_KEYS} keys wait for their tokens to end; advance the clock first")
        last = Retired(ring.number, max(ring.ends, now + token_lifetime(work)))
        ring = Ring(ring.number + 1, 0, (*retired, last))
        await _keep(work, ring)
    return ring


async def rotate_key(sandbox: Sandbox) -> dict[str, Any]:
    """Rotate, and tell the names of the keys: of the one that signs now, and of the whole key set."""
    ring = await rotate(sandbox)
    numbers = (ring.number, *(one.number for one in ring.retired))
    names = [signing_key(sandbox.state.dice.seed, number).kid for number in numbers]
    return {"kid": names[0], "keys": names}


async def _keep(work: UnitOfWork, ring: Ring) -> None:
    row = {"number": ring.number, "ends": ring.ends, "retired": [list(one) for one in ring.retired]}
    await work.tx.put(_TABLE, _RING, encode_json(row))

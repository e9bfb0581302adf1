"""Loads what takes long at the first use, in a thread: everybody else is served meanwhile."""

import asyncio
from functools import cache

from mockserver.providers.hidsim.catalogue import catalogue


async def warm_up() -> None:
    """Make the catalogue and import what reads and signs tokens, unless that has been done."""
    if not load.cache_info().currsize:
        await asyncio.to_thread(load)


@cache
def load() -> None:
    """Do so here and now, once in a process."""
    import joserfc.jwk
    import joserfc.jwt  # noqa: F401

    catalogue()

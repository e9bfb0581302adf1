"""Load the parts whose first use takes long, in a thread, so that other requests are served meanwhile."""

import asyncio
from functools import cache

from mockserver.providers.hidsim.catalogue import catalogue


async def warm_up() -> None:
    """Build the catalogue and import the token library in a thread, unless that has been done."""
    if not load.cache_info().currsize:
        await asyncio.to_thread(load)


@cache
def load() -> None:
    """Build the catalogue and import the token library, once in a process."""
    import joserfc.jwk
    import joserfc.jwt  # noqa: F401

    catalogue()

"""A check whether webhooks to a URL can arrive, made when the URL is set and not only when the first is sent."""

import asyncio

from mockserver.webhooks.targets import RefusedTarget, TargetGuard, UnresolvedTarget

#: How long to wait for the addresses of the host, in real seconds; a request that sets a URL waits no longer.
PATIENCE = 1.0


async def objection_to(guard: TargetGuard, url: str, *, patience: float = PATIENCE) -> str | None:
    """Return why nothing that is sent to this URL arrives, as far as can be seen now; None where it may arrive."""
    try:
        async with asyncio.timeout(patience):
            await guard.resolve(url)
    except (RefusedTarget, UnresolvedTarget) as error:
        return error.reason
    except TimeoutError:
        return None
    return None

"""Whether a webhook can ever arrive, told when its URL is set and not only when the first is sent."""

import asyncio

from mockserver.webhooks.targets import RefusedTarget, TargetGuard, UnresolvedTarget

#: How long the host's addresses are waited for, in real seconds: whoever sets a URL waits no longer.
PATIENCE = 1.0


async def objection_to(guard: TargetGuard, url: str, *, patience: float = PATIENCE) -> str | None:
    """Why nothing that is sent to this URL arrives, as far as that can be told now; None where it may."""
    try:
        async with asyncio.timeout(patience):
            await guard.resolve(url)
    except (RefusedTarget, UnresolvedTarget) as refused:
        return refused.reason
    except TimeoutError:
        return None
    return None

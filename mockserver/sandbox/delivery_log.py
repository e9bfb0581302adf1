"""Limits on the webhook deliveries that a sandbox keeps, at a constant cost for each delivery."""

import logging

from mockserver.sandbox.provider_rules import UnitOfWorkPort

#: How many finished deliveries a sandbox keeps; those that finished first are forgotten first.
LOG_SIZE = 5_000
#: How many deliveries of a sandbox may wait to be sent; later ones are dropped until some are done.
MOST_PENDING = 20_000
#: How many attempts of one delivery are kept: the newest ones.
MOST_ATTEMPTS = 100

#: The table that numbers finished deliveries from 1, to find the one to forget without a search.
_FINISHED = "finished"

log = logging.getLogger("mockserver")


class DeliveryLog:
    """Limits how many deliveries one sandbox's outbox takes, and how many finished ones are kept."""

    def __init__(self, sandbox: str) -> None:
        self._sandbox = sandbox
        self._full = False

    async def refusal(self, work: UnitOfWorkPort) -> str | None:
        """Return why the outbox takes no further delivery, or None where it has room."""
        if await work.tx.count("outbox") < MOST_PENDING:
            self._full = False
            return None
        reason = f"{MOST_PENDING} deliveries are waiting to be sent, more are not kept"
        if not self._full:
            # Logged once until there is room again; each delivery has the reason, too.
            log.warning("sandbox %r drops webhooks: %s", self._sandbox, reason)
        self._full = True
        return reason

    async def add(self, work: UnitOfWorkPort, delivery_id: str) -> None:
        """Count a delivery as finished, and forget the one that finished `LOG_SIZE` before it."""
        number = await work.next_number(_FINISHED)
        await work.tx.put(_FINISHED, str(number), delivery_id.encode())
        oldest = await work.tx.get(_FINISHED, str(number - LOG_SIZE))
        if oldest is None:
            return
        await work.tx.delete(_FINISHED, str(number - LOG_SIZE))
        forgotten = oldest.decode()
        # A delivery that is being sent again will finish again, and is forgotten then.
        if await work.tx.get("outbox", forgotten) is None:
            await work.tx.delete("deliveries", forgotten)

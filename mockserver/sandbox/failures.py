"""The newest failed webhook attempts and dropped timers with their reasons, for the callers that moved time."""

import logging
from collections import deque
from typing import NamedTuple

from mockserver.webhooks.model import Delivery, Outcome

#: How many failures are kept.
MOST = 20
_LONGEST = 200
log = logging.getLogger("mockserver")


class Failure(NamedTuple):
    """A failed attempt, or a timer or delivery that was dropped; then `id` is the key of its row, and `url` is empty.

    `url` is without its query, where receivers keep secrets; `number` counts up.
    """

    number: int
    id: str
    url: str
    reason: str


class RecentFailures:
    """The newest failures of a sandbox."""

    __slots__ = ("_kept", "number")

    def __init__(self) -> None:
        self.number = 0
        self._kept: deque[Failure] = deque(maxlen=MOST)

    def add(self, delivery: Delivery, outcome: Outcome) -> None:
        """Add a failed attempt."""
        self.number += 1
        self._kept.append(Failure(self.number, delivery.id, _place(delivery.url), _reason(outcome)))

    def add_dropped(self, what: str, key: str, error: Exception) -> None:
        """Add and log a timer or delivery (`what`) that an unexpected error made impossible.

        It never comes again: otherwise every call of the sandbox would meet the same error.
        """
        self.number += 1
        log.error("%s %s was dropped", what, key, exc_info=error)
        reason = f"the {what} was dropped: {type(error).__name__}: {error}"
        self._kept.append(Failure(self.number, key, "", reason[:_LONGEST]))

    def since(self, number: int) -> list[Failure]:
        """Return the failures after this number, oldest first; of many, the newest."""
        return [failure for failure in self._kept if failure.number > number]


def _place(url: str) -> str:
    """Return scheme, host and path of a URL, without user information, query and fragment."""
    scheme, colon, rest = url.partition("://")
    rest = rest.partition("?")[0].partition("#")[0]
    host, slash, path = rest.partition("/")
    return f"{scheme}{colon}{host.rpartition('@')[2]}{slash}{path}"


def _reason(outcome: Outcome) -> str:
    if outcome.status is not None:
        return f"the receiver answered {outcome.status}"
    return outcome.detail or outcome.verdict

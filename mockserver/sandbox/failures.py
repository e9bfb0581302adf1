"""Why the newest webhook attempts failed, for whoever moved time and waits for what became of them."""

from collections import deque
from typing import NamedTuple

from mockserver.webhooks.model import Delivery, Outcome

#: How many are remembered.
MOST = 20


class Failure(NamedTuple):
    """A failed attempt. `url` is without its query, where receivers keep secrets; `number` counts up."""

    number: int
    id: str
    url: str
    reason: str


class RecentFailures:
    """The newest failed attempts of a sandbox."""

    __slots__ = ("_kept", "number")

    def __init__(self) -> None:
        self.number = 0
        self._kept: deque[Failure] = deque(maxlen=MOST)

    def add(self, delivery: Delivery, outcome: Outcome) -> None:
        """An attempt failed."""
        self.number += 1
        self._kept.append(Failure(self.number, delivery.id, _place(delivery.url), _reason(outcome)))

    def since(self, number: int) -> list[Failure]:
        """Those after this number, oldest first; of many the newest."""
        return [one for one in self._kept if one.number > number]


def _place(url: str) -> str:
    """Scheme, host and path: neither user information nor query or fragment."""
    scheme, colon, rest = url.partition("://")
    rest = rest.partition("?")[0].partition("#")[0]
    host, slash, path = rest.partition("/")
    return f"{scheme}{colon}{host.rpartition('@')[2]}{slash}{path}"


def _reason(outcome: Outcome) -> str:
    if outcome.status is not None:
        return f"the receiver answered {outcome.status}"
    return outcome.detail or outcome.verdict

"""The moments of further attempts after a delivery failed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mockserver.webhooks.model import Outcome

_GONE = 410


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The pause before each further attempt; none means one attempt only. Raises ValueError for a negative pause."""

    pauses: tuple[timedelta, ...] = ()

    def __post_init__(self) -> None:
        for pause in self.pauses:
            if pause < timedelta():
                raise ValueError(f"a pause is never negative: {pause}")


def next_try(policy: RetryPolicy, attempts_made: int, outcome: Outcome, now: datetime) -> datetime | None:
    """Return the moment of the next attempt, when the last of `attempts_made` had this outcome at `now`.

    None where no attempt follows: it was delivered, no pause is left, or the receiver says that it is gone (410).
    """
    if attempts_made < 1:
        raise ValueError(f"a next try follows at least one attempt, not {attempts_made}")
    if outcome.verdict == "delivered" or outcome.status == _GONE or attempts_made > len(policy.pauses):
        return None
    return now + policy.pauses[attempts_made - 1]

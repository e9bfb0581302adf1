"""When a delivery that failed is tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mockserver.webhooks.model import Outcome

_GONE = 410


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The pause before each further try; none means one try only. Raises ValueError for a negative pause."""

    pauses: tuple[timedelta, ...] = ()

    def __post_init__(self) -> None:
        for pause in self.pauses:
            if pause < timedelta():
                raise ValueError(f"a pause is never negative: {pause}")


def next_try(policy: RetryPolicy, attempts_made: int, outcome: Outcome, now: datetime) -> datetime | None:
    """The moment of the next try after the last of `attempts_made` met `outcome` at `now`.

    None when there is none: delivered, no pauses left, or the receiver says that it is gone (410).
    """
    if attempts_made < 1:
        raise ValueError(f"a next try follows at least one attempt, not {attempts_made}")
    if outcome.verdict == "delivered" or outcome.status == _GONE or attempts_made > len(policy.pauses):
        return None
    return now + policy.pauses[attempts_made - 1]

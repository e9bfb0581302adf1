"""The moments of further delivery attempts."""

from datetime import UTC, datetime, timedelta

import pytest

from mockserver.webhooks.backoff import RetryPolicy, next_try
from mockserver.webhooks.model import Outcome, Verdict

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
POLICY = RetryPolicy((timedelta(seconds=30), timedelta(minutes=5)))


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome("answered", status=500),
        Outcome("answered", status=302),
        Outcome("timeout"),
        Outcome("unreachable"),
        Outcome("garbage"),
        Outcome("refused_target"),
    ],
)
def test_a_failure_is_tried_again_after_each_pause_in_turn(outcome: Outcome) -> None:
    assert next_try(POLICY, 1, outcome, NOON) == NOON + timedelta(seconds=30)
    assert next_try(POLICY, 2, outcome, NOON) == NOON + timedelta(minutes=5)
    assert next_try(POLICY, 3, outcome, NOON) is None


@pytest.mark.parametrize(("verdict", "status"), [("delivered", 200), ("delivered", 204), ("answered", 410)])
def test_a_delivery_that_arrived_or_is_unwanted_is_over(verdict: Verdict, status: int) -> None:
    assert next_try(POLICY, 1, Outcome(verdict, status=status), NOON) is None


def test_without_pauses_there_is_one_try() -> None:
    assert next_try(RetryPolicy(), 1, Outcome("timeout"), NOON) is None


def test_a_negative_pause_or_count_is_an_error() -> None:
    with pytest.raises(ValueError, match="never negative"):
        RetryPolicy((timedelta(seconds=-1),))
    with pytest.raises(ValueError, match="at least one attempt, not 0"):
        next_try(POLICY, 0, Outcome("timeout"), NOON)

"""Tests of the proofs themselves: which answers they accept as an effect, and which not."""

from typing import Any

import pytest

from tests.conformance.client import Seen
from tests.conformance.proofs import bounds, check_life
from tests.conformance.proofs_of_magic import check_effect
from tests.conformance.wanted import ABSENT, Wanted

STATES = {"waiting", "completed", "cancelled"}


def order(*history: tuple[int, str, str]) -> dict[str, Any]:
    """An order that was in these states: second, state, cause."""
    rows = [
        {"at": f"2026-01-31T12:{second // 60:02}:{second % 60:02}Z", "state": state, "cause": cause}
        for second, state, cause in history
    ]
    return {"history": rows, "state": rows[-1]["state"]}


LATE = order((0, "waiting", "purchase req_00000001"), (90, "completed", "timer sms"))
NEVER = order((0, "waiting", "purchase req_00000001"), (60, "cancelled", "cancel by cancel req_00000002"))


@pytest.mark.parametrize(
    "life",
    [
        {"delays": {"sms": "90s"}},
        {"delays": {"sms": {"uniform": ["1m", "2m"]}}},
        {"never": ["expire"]},
        {"start": "waiting", "outcomes": {"sms": "completed"}},
    ],
)
def test_a_life_that_went_as_the_rule_says_is_proved(life: dict[str, Any]) -> None:
    check_life(LATE, life)


@pytest.mark.parametrize(
    "life",
    [
        {"delays": {"sms": "8s"}},
        {"delays": {"sms": {"uniform": ["2m", "3m"]}}},
        {"delays": {"expire": "90s"}},
        {"never": ["sms"]},
        {"start": "completed"},
        {"outcomes": {"sms": "cancelled"}},
        {"outcomes": {"expire": "completed"}},
    ],
)
def test_a_life_that_went_otherwise_is_not(life: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        check_life(LATE, life)


SOLD = Seen(201, "{}", None, LATE)
REFUSED = Seen(503, '{"code":"NO_NUMBERS_AVAILABLE"}', "OutOfStock", None)


@pytest.mark.parametrize(
    ("effect", "seen", "told"),
    [
        ("the code comes after 90 seconds", [SOLD], 1),
        ("completed after 90 seconds", [SOLD], 2),
        ("always sold out (503 NO_NUMBERS_AVAILABLE)", [REFUSED], 2),
        ("exactly one number left", [SOLD, REFUSED], 1),
        ("no SMS ever: cancel after 60 seconds", [Seen(201, "{}", None, NEVER)], 1),
        ("a text in another script", [SOLD], 0),
    ],
)
def test_what_a_text_tells_is_counted_where_it_was_seen(effect: str, seen: list[Seen], told: int) -> None:
    assert check_effect(effect, seen, STATES) == told


@pytest.mark.parametrize(
    ("effect", "seen"),
    [
        ("the code comes after 80 seconds", [SOLD]),
        ("the code is there at once", [SOLD]),
        ("cancelled", [SOLD]),
        ("stays in waiting", [SOLD]),
        ("no SMS ever", [SOLD]),
        ("exactly one number left", [SOLD, SOLD]),
        ("always sold out (503)", [SOLD]),
        ("the purchase answers PROVIDER_ERROR", [REFUSED]),
    ],
)
def test_what_was_not_seen_is_not_proved(effect: str, seen: list[Seen]) -> None:
    with pytest.raises(AssertionError):
        check_effect(effect, seen, STATES)


def test_values_are_picked_that_the_conditions_allow() -> None:
    wanted = Wanted.of({"order.country": {"ne": "ZZ"}, "request.max": {"exists": True}, "operation": ["a", "b"]})
    assert wanted.pick("order.country", "ZZ", "ES") == "ES"
    assert wanted.pick("request.max", ABSENT, 5) == 5
    assert wanted.pick("order.other", "any") == "any"
    assert wanted.values("operation") == ["a", "b"]
    with pytest.raises(AssertionError, match="give the samples one"):
        wanted.pick("order.country", "ZZ")


def test_the_bounds_of_a_delay_are_read() -> None:
    assert [span.total_seconds() for span in bounds({"uniform": ["3m", "5m"]})] == [180, 300]
    assert [span.total_seconds() for span in bounds({"fixed": "30s", "clock": "sandbox"})] == [30, 30]

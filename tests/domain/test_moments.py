"""Moments and spans, as people and programs write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.errors import whole_seconds
from mockserver.domain.moments import (
    EPOCH,
    from_micros,
    moment_text,
    parse_moment,
    parse_span,
    seconds_text,
    span_text,
    to_micros,
)

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
MOMENTS = st.datetimes(timezones=st.just(UTC))
SPANS = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=36_525))


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90s", timedelta(seconds=90)),
        ("10m", timedelta(minutes=10)),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
        ("1w", timedelta(days=7)),
        ("250ms", timedelta(milliseconds=250)),
        ("1m30s", timedelta(seconds=90)),
        ("1h30m", timedelta(minutes=90)),
        ("2d12h", timedelta(hours=60)),
        ("1w2d3h4m5s6ms", timedelta(weeks=1, days=2, hours=3, minutes=4, seconds=5, milliseconds=6)),
        ("1m1.5s", timedelta(seconds=61.5)),
        ("1m5ms", timedelta(seconds=60.005)),
        ("0h0s", timedelta()),
        ("1.5s", timedelta(seconds=1.5)),
        ("0.000001", timedelta(microseconds=1)),
        (" 8s ", timedelta(seconds=8)),
        ("60", timedelta(minutes=1)),
        (60, timedelta(minutes=1)),
        (0.25, timedelta(milliseconds=250)),
        (0.00002, timedelta(microseconds=20)),
        (0, timedelta()),
        (-0.0, timedelta()),
    ],
)
def test_a_span_is_a_text_with_a_unit_or_a_number_of_seconds(text: object, span: timedelta) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s",
        "-1s",
        "1 s",
        "10x",
        "1h30",
        "30m1h",
        "1m1m",
        "1h 30m",
        "1h.5m",
        "h",
        "٣s",
        "1e3",
        True,
        None,
        [],
        -1,
        -1e-9,
        float("nan"),
        float("inf"),
        1e30,
    ],
)
def test_anything_else_is_no_span_and_says_how_to_write_one(text: object) -> None:
    with pytest.raises(ValueError, match=r"not a duration: .*\(write 90s, 10m, 1h30m, 1d or a number of seconds\)"):
        parse_span(text)


@pytest.mark.parametrize("text", ["36526d", "999999999999w", "36525d1s"])
def test_a_span_is_at_most_a_hundred_years(text: str) -> None:
    with pytest.raises(ValueError, match="duration too long"):
        parse_span(text)


UNITS = ("w", "d", "h", "m", "s", "ms")


@given(st.lists(st.integers(0, 800), min_size=6, max_size=6), st.integers(1, 63))
def test_a_span_of_several_parts_is_the_sum_of_its_parts(counts: list[int], chosen: int) -> None:
    parts = [f"{counts[place]}{unit}" for place, unit in enumerate(UNITS) if chosen >> place & 1]
    assert parse_span("".join(parts)) == sum(map(parse_span, parts), timedelta())


@given(SPANS)
def test_a_span_reads_back_from_its_text(span: timedelta) -> None:
    assert parse_span(span_text(span)) == span


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(), "0s"),
        (timedelta(seconds=90), "90s"),
        (timedelta(minutes=20), "20m"),
        (timedelta(days=14), "14d"),
        (timedelta(milliseconds=1500), "1.5s"),
    ],
)
def test_a_span_has_the_largest_unit_that_fits(span: timedelta, text: str) -> None:
    assert span_text(span) == text


@pytest.mark.parametrize(
    "text", ["2026-01-31T12:00:00Z", "2026-01-31T13:00:00+01:00", "2026-01-31 12:00:00.000000+00:00"]
)
def test_a_moment_with_an_offset_is_read_as_utc(text: str) -> None:
    moment = parse_moment(text)
    assert moment == NOON
    assert moment.tzinfo is UTC


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30T00:00:00Z", None, 1_700_000_000, "12:00"])
def test_what_is_no_moment_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="not a moment"):
        parse_moment(text)


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        parse_moment("2026-01-31T12:00:00")


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-10:00", "0001-01-01T00:00:00+10:00"])
def test_a_moment_that_utc_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a moment"):
        parse_moment(text)


@given(MOMENTS)
def test_a_moment_reads_back_from_its_text_and_from_its_microseconds(moment: datetime) -> None:
    assert parse_moment(moment_text(moment)) == moment
    assert from_micros(to_micros(moment)) == moment


@given(MOMENTS)
def test_whole_seconds_cut_and_never_round_up(moment: datetime) -> None:
    assert timedelta() <= moment - parse_moment(seconds_text(moment)) < timedelta(seconds=1)


def test_moments_end_with_z_and_show_microseconds_only_where_there_are_any() -> None:
    assert moment_text(NOON) == "2026-01-31T12:00:00Z"
    assert moment_text(NOON + timedelta(microseconds=5)) == "2026-01-31T12:00:00.000005Z"
    assert seconds_text(NOON + timedelta(microseconds=999_999)) == "2026-01-31T12:00:00Z"


def test_microseconds_count_from_1970_whatever_the_offset() -> None:
    assert to_micros(EPOCH) == 0
    assert to_micros(datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))) == 0
    assert to_micros(EPOCH - timedelta(microseconds=1)) == -1


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=2)))
def test_whoever_waits_the_whole_seconds_told_is_never_early(span: timedelta) -> None:
    told = timedelta(seconds=whole_seconds(span))
    assert span <= told < span + timedelta(seconds=1)

"""Five kinds of delay, written as data."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from mockserver.domain.moments import SPAN_PATTERN
from mockserver.engine.delays import (
    Delay,
    Fixed,
    FromFact,
    FromSetting,
    LogNormal,
    Uniform,
    delay_from_data,
    resolve,
    span_from_data,
)
from mockserver.engine.dice import Dice
from mockserver.scenario.schema import scenario_schema

DICE = Dice("delays")
SECOND = timedelta(seconds=1)


def spans(delay: Delay, count: int = 300) -> list[timedelta]:
    return [resolve(delay, DICE, number, facts={}, settings={}) for number in range(count)]


@pytest.mark.parametrize(
    ("data", "delay"),
    [
        ("8s", Fixed(8 * SECOND)),
        (8, Fixed(8 * SECOND)),
        ({"uniform": ["1s", "3s"]}, Uniform(Fixed(SECOND), Fixed(3 * SECOND))),
        ({"lognormal": {"median": "1s", "sigma": 0.5}}, LogNormal(Fixed(SECOND), 0.5)),
        ({"fact": "eta"}, FromFact("eta")),
        ({"setting": "acme.wait"}, FromSetting("acme.wait")),
        ({"uniform": ["1s", {"setting": "acme.wait"}]}, Uniform(Fixed(SECOND), FromSetting("acme.wait"))),
    ],
)
def test_data_writes_a_delay(data: object, delay: Delay) -> None:
    assert delay_from_data(data) == delay


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"uniform": ["1s"]},
        {"uniform": ["1s", "2s"], "fact": "x"},
        {"lognormal": {"median": "1s"}},
        {"lognormal": {"median": "1s", "sigma": 9}},
        {"lognormal": {"median": "1s", "sigma": -1}},
        {"fact": 3},
        {"sometime": "1s"},
        {"uniform": ["1s", "soon"]},
        "soon",
        None,
        True,
    ],
)
def test_other_data_is_refused_with_a_sentence(data: object) -> None:
    with pytest.raises(ValueError, match=r"not a delay|not a duration|sigma must be"):
        delay_from_data(data)


def test_a_fact_or_a_setting_is_read_when_it_counts() -> None:
    facts, settings = {"eta": "2m"}, {"acme.wait": 90}
    assert resolve(FromFact("eta"), DICE, facts=facts, settings=settings) == timedelta(minutes=2)
    assert resolve(FromSetting("acme.wait"), DICE, facts=facts, settings=settings) == 90 * SECOND
    with pytest.raises(KeyError):
        resolve(FromFact("gone"), DICE, facts=facts, settings=settings)
    with pytest.raises(KeyError):
        resolve(FromSetting("gone"), DICE, facts=facts, settings=settings)


def test_uniform_reaches_both_ends_in_whole_milliseconds() -> None:
    found = set(spans(Uniform(Fixed(SECOND), Fixed(SECOND + timedelta(milliseconds=3)))))
    assert found == {SECOND + timedelta(milliseconds=more) for more in range(4)}


def test_uniform_with_its_ends_the_wrong_way_round_is_the_lower_named_first() -> None:
    assert set(spans(Uniform(Fixed(3 * SECOND), Fixed(SECOND)), 20)) == {3 * SECOND}


def test_lognormal_scatters_around_its_median_and_not_without_sigma() -> None:
    found = spans(LogNormal(Fixed(10 * SECOND), 0.5), 800)
    assert 9 < median(span.total_seconds() for span in found) < 11
    assert min(found) < timedelta(seconds=5)
    assert max(found) > timedelta(seconds=20)
    assert set(spans(LogNormal(Fixed(10 * SECOND), 0.0), 20)) == {10 * SECOND}


def test_a_delay_within_a_delay_falls_by_itself() -> None:
    inner = Uniform(Fixed(SECOND * 0), Fixed(100 * SECOND))
    found = spans(Uniform(inner, Fixed(100 * SECOND)), 800)
    # Cast alike, both would be short at once: a quarter of all, and not the seventh that chance alone gives.
    assert 0.11 < sum(span < 50 * SECOND for span in found) / 800 < 0.2


@given(
    st.recursive(
        st.integers(min_value=0, max_value=10**6).map(lambda number: f"{number}ms"),
        lambda inner: st.one_of(
            st.tuples(inner, inner).map(lambda pair: {"uniform": list(pair)}),
            st.tuples(inner, st.floats(0, 5)).map(lambda pair: {"lognormal": {"median": pair[0], "sigma": pair[1]}}),
        ),
        max_leaves=4,
    ),
    st.integers(),
)
def test_no_delay_is_negative_and_each_purpose_has_its_own(data: object, number: int) -> None:
    delay = delay_from_data(data)
    first = resolve(delay, DICE, "order", number, facts={}, settings={})
    assert first >= timedelta()
    assert first == resolve(delay, DICE, "order", number, facts={}, settings={})


UNITS = ("w", "d", "h", "m", "s", "ms")
PARTS = st.lists(st.tuples(st.sampled_from(["0", "1", "30", "1.5", "9" * 13, ""]), st.sampled_from([*UNITS, ""])))
WRITTEN = PARTS.map(lambda parts: "".join(number + unit for number, unit in parts)) | st.from_regex(SPAN_PATTERN)


@given(WRITTEN)
def test_the_pattern_of_schemas_takes_the_durations_that_the_reader_takes_and_no_others(text: str) -> None:
    """But for those of more than a hundred years, which no pattern can know."""
    fits = Draft202012Validator({"pattern": SPAN_PATTERN}).is_valid(text)
    assert (refusal_of(text) or "duration too long").startswith("duration too long" if fits else "not a duration")


def refusal_of(text: str) -> str | None:
    """What the reader has against a duration, or None."""
    try:
        span_from_data(text)
    except ValueError as error:
        return str(error)
    return None


def test_wherever_the_schema_of_scenario_files_has_a_duration_it_has_this_pattern() -> None:
    def patterns(data: Any) -> Iterator[str]:
        if isinstance(data, Mapping):
            if "a duration" in str(data.get("patternErrorMessage", "")):
                yield data["pattern"]
            for value in data.values():
                yield from patterns(value)

    found = list(patterns(scenario_schema()))
    assert len(found) >= 3
    assert set(found) == {SPAN_PATTERN}

"""Delays: five ways to say how long something takes, resolved with dice, facts and settings."""

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from math import exp
from typing import Any, NamedTuple

from mockserver.domain.moments import parse_span
from mockserver.engine.dice import Dice

_MILLISECOND = timedelta(milliseconds=1)


class Fixed(NamedTuple):
    """A delay that is always `span`."""

    span: timedelta


class Uniform(NamedTuple):
    """A delay between `low` and `high`, both included, in whole milliseconds."""

    low: "Delay"
    high: "Delay"


class LogNormal(NamedTuple):
    """A delay that is mostly near `median`, with a long tail that grows with `sigma`."""

    median: "Delay"
    sigma: float


class FromFact(NamedTuple):
    """A delay that the order's fact `name` holds: a duration text or a number of seconds."""

    name: str


class FromSetting(NamedTuple):
    """A delay that the sandbox's setting `name` holds: a duration text or a number of seconds."""

    name: str


Delay = Fixed | Uniform | LogNormal | FromFact | FromSetting


def resolve(
    delay: Delay, dice: Dice, *purpose: object, facts: Mapping[str, Any], settings: Mapping[str, Any]
) -> timedelta:
    """Return the span of this delay for this purpose; a delay inside it is cast for a purpose of its own.

    Raises KeyError when a fact or setting is missing, ValueError when it is no duration.
    """
    if isinstance(delay, Fixed):
        return delay.span
    if isinstance(delay, FromFact):
        return parse_span(facts[delay.name])
    if isinstance(delay, FromSetting):
        return _setting_span(settings[delay.name])
    if isinstance(delay, Uniform):
        low = resolve(delay.low, dice, *purpose, "low", facts=facts, settings=settings)
        high = resolve(delay.high, dice, *purpose, "high", facts=facts, settings=settings)
        if high <= low:
            return low
        return low + dice.between(0, (high - low) // _MILLISECOND, *purpose) * _MILLISECOND
    median = resolve(delay.median, dice, *purpose, "median", facts=facts, settings=settings)
    from statistics import NormalDist

    place = min(max(dice.fraction(*purpose), 1e-6), 1 - 1e-6)
    factor = exp(delay.sigma * NormalDist().inv_cdf(place))
    return round(median / _MILLISECOND * factor) * _MILLISECOND


@lru_cache(maxsize=256, typed=True)
def _setting_span(written: object) -> timedelta:
    # Each order asks for the same few settings.
    return parse_span(written)


def span_from_data(data: object) -> timedelta:
    """Return the duration that this JSON data writes; unlike `parse_span`, takes no blanks around a text."""
    if isinstance(data, str) and data != data.strip():
        raise ValueError(f"not a duration: {data!r} (no blanks around it)")
    return parse_span(data)


def delay_from_data(data: object) -> Delay:
    """Return the delay that this JSON data describes; raises ValueError with a sentence when it describes none.

    `8s`, `{uniform: [1s, 3s]}`, `{lognormal: {median: 1s, sigma: 0.5}}`, `{fact: name}`, `{setting: name}`.
    """
    if not isinstance(data, Mapping):
        return Fixed(span_from_data(data))
    match dict(data):
        case {"uniform": [low, high], **rest} if not rest:
            return Uniform(delay_from_data(low), delay_from_data(high))
        case {"lognormal": {"median": median, "sigma": int() | float() as sigma, **inner}, **rest} if not rest | inner:
            if isinstance(sigma, bool) or not 0 <= sigma <= 5:
                raise ValueError(f"sigma must be between 0 and 5: {sigma}")
            return LogNormal(delay_from_data(median), float(sigma))
        case {"fact": str() as name, **rest} if name and not rest:
            return FromFact(name)
        case {"setting": str() as name, **rest} if name and not rest:
            return FromSetting(name)
    raise ValueError(f"not a delay: {dict(data)!r} (a duration, uniform, lognormal, fact or setting)")


def settings_of(delay: Delay | None) -> list[str]:
    """Return the names of the settings that the delay asks for."""
    match delay:
        case FromSetting():
            return [delay.name]
        case Uniform():
            return settings_of(delay.low) + settings_of(delay.high)
        case LogNormal():
            return settings_of(delay.median)
    return []


def asks_the_order(delay: Delay) -> bool:
    """Return whether the delay depends on a fact of the order, which then must exist."""
    match delay:
        case Uniform(low=low, high=high):
            return asks_the_order(low) or asks_the_order(high)
        case LogNormal(median=median):
            return asks_the_order(median)
    return isinstance(delay, FromFact)

"""Brands and their devices, with the ids that clients know them by.

Real ids come first (documented or observed); the others are counted up and are the same in every sandbox. Names are
those of phones, written as series: `Galaxy S[2-4]{, Mini}` stands for six. Some of these names were never sold.
"""

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from mockserver.catalogue.data_files import read_json

_FIRST_DEVICE_ID = 1003
_DEVICE_STEP = 7

_CHOICES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"\[(\d+)-(\d+)\]")


@dataclass(frozen=True, slots=True)
class Device:
    """A model; `id` is a text of digits."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Brand:
    """A brand and its devices; `place` counts the brands from 0."""

    id: str
    name: str
    place: int
    devices: tuple[Device, ...]


class BrandRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A brand of `models.json`: its series, and the ids that the real API has for some of its devices.

    Brand ids 1, 6, 15, 22 and 29 are real, 32 is assumed, the others are ours.
    """

    id: str
    name: str
    ids: Mapping[str, int]
    series: tuple[str, ...]


def brands() -> list[Brand]:
    """Return all brands, by id."""
    rows = read_json(__file__, "models.json", tuple[BrandRow, ...])
    ids = _free_ids({number for row in rows for number in row.ids.values()})
    result = []
    for place, row in enumerate(rows):
        names = dict.fromkeys(model for series in row.series for model in _models(series))
        devices = tuple(Device(str(row.ids.get(model) or next(ids)), model) for model in names)
        result.append(Brand(row.id, row.name, place, devices))
    return result


def _models(series: str) -> Iterator[str]:
    """Yield every name that a series stands for; a choice is used as written, its spaces included."""
    span, choices = _RANGE.search(series), _CHOICES.search(series)
    if span:
        for number in range(int(span[1]), int(span[2]) + 1):
            yield from _models(f"{series[: span.start()]}{number}{series[span.end() :]}")
    elif choices:
        for choice in choices[1].split(","):
            yield from _models(f"{series[: choices.start()]}{choice}{series[choices.end() :]}")
    else:
        yield " ".join(series.split())


def _free_ids(used_ids: Container[int]) -> Iterator[int]:
    number = _FIRST_DEVICE_ID
    while True:
        if number not in used_ids:
            yield number
        number += _DEVICE_STEP

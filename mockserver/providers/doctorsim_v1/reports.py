"""The answers of the IMEI check; each depends on the IMEI alone, save for the four documented test IMEIs.

Answers are in Spanish (`lang` is documented as `es`); names of countries and operators as reports show them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from mockserver.catalogue.data_files import once, read_csv
from mockserver.engine.dice import Dice
from mockserver.providers.doctorsim_v1.catalogue import Model, catalogue, image_url
from mockserver.providers.doctorsim_v1.imei import type_allocation
from mockserver.providers.doctorsim_v1.settings import (
    EARLIEST_REPORT,
    HISTORY_GAP,
    IMAGE_HOSTS,
    IMAGES,
    IMEI_LENGTH,
    MOST_HISTORY,
    PAID_ONE_IN,
    REPORT_DAYS,
    REPORT_NAME_LENGTH,
    REPORTED_ONE_IN,
)
from mockserver.providers.doctorsim_v1.wire import php_moment

BLACK, USABLE, UNCONFIRMED = "0", "1", "2"
_DICE = Dice("doctorsim imei reports")

Listing = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
"""Countries with their operators and the phone's status at each: BLACK, USABLE or UNCONFIRMED."""


@dataclass(frozen=True, slots=True)
class Phone:
    """The phone that has an IMEI; `maker` is the brand as /brands writes it."""

    maker: str
    brand: str
    marketing_name: str
    name: str
    image: str
    kind: str = "Smartphone"


UNKNOWN = Phone("NA", "NA", "NA", "NA", image_url(None), "NA")


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One line of the history: an operator put the phone on its list, or took it off."""

    action: str
    date: str
    operator: str
    country: str


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report; `name` is the last part of its address."""

    imei: str
    phone: Phone
    listed: bool
    history: tuple[HistoryEntry, ...]
    black: Listing
    white: Listing
    name: str


class ReportRow(NamedTuple):
    """A line of `report_operators.csv`: a country as reports call it, and its operators."""

    country: str
    operators: tuple[str, ...]


@once
def _operators() -> Mapping[str, tuple[str, ...]]:
    """Return the operators by country, in the order of reports: by the country's name, descending (documented)."""
    return {row.country: row.operators for row in read_csv(__file__, "report_operators.csv", ReportRow)}


_GROUPS: Sequence[tuple[str, ...]] = (
    ("Mexico",),
    ("España",),
    ("Colombia",),
    ("Argentina", "Chile", "Uruguay"),
    ("Estados Unidos", "Canadá"),
    ("Reino Unido", "Irlanda"),
)
"""Countries whose operators share a list: a phone that one of them reports is refused by all."""

_IPHONE_X = Phone(
    "iPhone",
    "IPHONE",
    "Apple iPhone X (A1901)",
    "iPhone X (A1901)",
    IMAGES.format(IMAGE_HOSTS["iphone_x"], "iphone_x"),
)
#: The models of the documented test IMEIs, by TAC.
_TYPES: Mapping[str, Phone] = {"35304709": _IPHONE_X, "35940508": _IPHONE_X}
_GERMANY: Listing = (("Alemania", (("Alemania-E-Plus", UNCONFIRMED), ("Alemania-O2", USABLE))),)

#: The test IMEIs of the page, for sandbox pairs: the first two have reports, field by field as the page shows them.
BLACKLISTED = Report(
    "353047098598802",
    _IPHONE_X,
    True,
    (HistoryEntry("Black Insert", "2018-10-17 17:59:19", "TELCEL MEXICO", "Mexico"),),
    (("Mexico", (("Mexico-Iusacell", BLACK), ("Mexico-Movistar", BLACK))),),
    _GERMANY,
    "zl6fpnyqkewa-1milgoxbj7cu",
)
WHITELISTED = Report(
    "359405085972766", _IPHONE_X, False, (), (), _GERMANY, "zdt2eu4jkzeg-1mzlvvrqowrc"
)  # fmt: skip
TEST_REPORTS: Mapping[str, Report] = {report.imei: report for report in (BLACKLISTED, WHITELISTED)}
#: The page prints one body for the first: a phone that is not known, and an error; the second is said to give an error.
TEST_ERRORS = frozenset({"123456789876543", "123456789987654"})


def phone_of(imei: str) -> Phone:
    """Return the phone of an IMEI; IMEIs with the same TAC are of the same model."""
    tac = type_allocation(imei)
    phone = _TYPES.get(tac)
    if phone is not None:
        return phone
    models = [model for model in catalogue().models.values() if "all models" not in model.device.name]
    model: Model = models[_DICE.below(len(models), "model", tac)]
    maker = model.brand.name
    return Phone(maker, maker.upper(), _marketing_name(model), model.device.name, image_url(model))


def is_paid(imei: str) -> bool:
    """Return whether the phone is recognised and its report has to be paid for."""
    return _DICE.below(PAID_ONE_IN, "paid", imei) == 0


def report_of(imei: str) -> Report:
    """Return the report of a valid IMEI."""
    phone = phone_of(imei)
    listed = _DICE.below(REPORTED_ONE_IN, "listed", imei) == 0
    group = _DICE.choice(_GROUPS, "group", imei) if listed else ()
    return Report(
        imei=imei,
        phone=phone,
        listed=listed,
        history=_history(imei, group) if listed else (),
        black=tuple(_country(imei, country, black=True) for country in _operators() if country in group),
        white=tuple(_country(imei, country, black=False) for country in _operators() if country not in group),
        name=report_name(imei),
    )


def _marketing_name(model: Model) -> str:
    return f"Apple {model.full_name}" if model.brand.name == "iPhone" else model.full_name


def _country(imei: str, country: str, *, black: bool) -> tuple[str, tuple[tuple[str, str], ...]]:
    rows = []
    for operator in _operators()[country]:
        unconfirmed = _DICE.below(4, "unconfirmed", imei, country, operator) == 0
        rows.append((f"{country}-{operator}", BLACK if black else UNCONFIRMED if unconfirmed else USABLE))
    return country, tuple(rows)


def _history(imei: str, group: tuple[str, ...]) -> tuple[HistoryEntry, ...]:
    """Return the history, newest first: listings and removals in turn, of which the newest is a listing."""
    count = _DICE.between(1, MOST_HISTORY, "history", imei)
    moment = EARLIEST_REPORT + timedelta(seconds=_DICE.below(REPORT_DAYS * 86_400, "last listed", imei))
    rows = []
    for place in range(count):
        country = _DICE.choice(group, "history country", imei, place)
        operator = _DICE.choice(_operators()[country], "history operator", imei, place)
        action = "Black Insert" if place % 2 == 0 else "Black Remove"
        rows.append(HistoryEntry(action, php_moment(moment), f"{operator} {country}".upper(), country))
        moment -= timedelta(seconds=_DICE.between(*HISTORY_GAP, "history gap", imei, place))
    return tuple(rows)


# -- addresses: twelve characters that hold the IMEI, twelve that only its own report has ---------------------------

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_SIZE = len(_ALPHABET) ** REPORT_NAME_LENGTH
_FACTOR = 2_862_933_555_777_941  # no factor in common with the size, so that it has an inverse
_SHIFT = 1_442_695_040_888_963


def report_name(imei: str) -> str:
    """Return the last part of a report's address (documented form): {12}-{12} small letters and digits."""
    own = _DICE.letters(_ALPHABET, REPORT_NAME_LENGTH, "report", imei)
    return f"{_encode((int(imei) * _FACTOR + _SHIFT) % _SIZE)}-{own}"


def report_named(name: str) -> Report | None:
    """Return the report whose address ends in this name, or None."""
    for report in TEST_REPORTS.values():
        if report.name == name:
            return report
    first = name.partition("-")[0]
    if len(first) != REPORT_NAME_LENGTH or not set(first) <= set(_ALPHABET):
        return None
    number = (_decode(first) - _SHIFT) * pow(_FACTOR, -1, _SIZE) % _SIZE
    imei = str(number).zfill(IMEI_LENGTH)
    return report_of(imei) if len(imei) == IMEI_LENGTH and report_name(imei) == name else None


def _encode(number: int) -> str:
    letters = []
    for _ in range(REPORT_NAME_LENGTH):
        number, place = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[place])
    return "".join(letters)


def _decode(text: str) -> int:
    number = 0
    for letter in reversed(text):
        number = number * len(_ALPHABET) + _ALPHABET.index(letter)
    return number

"""The instructions to unlock a phone, by brand: several lines in our own words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.catalogue.data_files import once, read_json
from mockserver.engine.dice import Dice


@dataclass(frozen=True, slots=True)
class Guide:
    """The instructions for the codes of a brand, and their number of digits; `{code}` and `{network}` are filled in."""

    digits: int
    steps: tuple[str, ...]
    note: str


#: The labels of the page's sample: clients find the code after the last.
_HEAD = ("IMEI number: {imei}", "Model: {model}", "Network Provider: {network_name}")
_CODE = "Enter your unlock code: {code}"


@dataclass(frozen=True, slots=True)
class Guides:
    """The guides of some brands, and the `general` one of all others."""

    general: Guide
    brands: Mapping[str, Guide]


@once
def guides() -> Guides:
    """Return the guides."""
    return read_json(__file__, "guides.json", Guides)


def guide_of(brand: str) -> Guide:
    """Return the guide for the phones of a brand."""
    return guides().brands.get(brand, guides().general)


def code_for(brand: str, dice: Dice, *purpose: object) -> str:
    """Return an unlock code that looks like those of the brand."""
    digits = dice.digits(guide_of(brand).digits, *purpose)
    return f"#pw+{digits}+1#" if brand == "Nokia" else digits


def howto(facts: Mapping[str, Any]) -> str:
    """Return the instructions of an order whose facts hold imei, model, network_name, brand, tool_type and code."""
    head = [line.format_map(facts) for line in _HEAD]
    if facts["tool_type"] == "check":
        return "\n".join([*head, "", f"{facts['service']}: done.", f"Code of the report: {facts['code']}"])
    guide = guide_of(facts["brand"])
    values = {"code": facts["code"], "network": facts["network_name"]}
    steps = [f"{number}. {step.format(**values)}" for number, step in enumerate(guide.steps, start=1)]
    return "\n".join([*head, _CODE.format(**values), "", "How to unlock it:", "", *steps, "", guide.note])

"""What a client reads to unlock a phone: by brand, in our own words, several lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.engine.dice import Dice


@dataclass(frozen=True, slots=True)
class Guide:
    """How many digits the codes of a brand have, and what to do with one; `{code}` and `{network}` are filled in."""

    digits: int
    steps: tuple[str, ...]
    note: str


_FOREIGN = "Put in a SIM card of an operator other than {network} and turn the phone on."
_TRIES = "The phone takes a wrong code only a few times: type it slowly."
#: The labels of the page's sample: clients find the code behind the last.
_HEAD = ("IMEI number: {imei}", "Model: {model}", "Network Provider: {network_name}")
_CODE = "Enter your unlock code: {code}"

_GENERAL = Guide(
    8,
    (
        _FOREIGN,
        "When the phone asks for a network or SIM code, type {code}.",
        "Confirm. The phone restarts without a lock.",
    ),
    _TRIES,
)
GUIDES: Mapping[str, Guide] = {
    "Nokia": Guide(
        15,
        (
            _FOREIGN,
            "Type {code} as if it were a number to call. Star pressed quickly gives other signs: twice for +, three"
            " times for p, four times for w.",
            "The phone says that its restriction is off.",
        ),
        "On a phone with a full keyboard type the letters themselves. " + _TRIES,
    ),
    "Samsung": Guide(
        8,
        (_FOREIGN, 'When the phone asks for its "network unlock PIN", type {code}.', "Choose Unlock."),
        "If the phone speaks of a frozen SIM, type the code once more: it thaws first and unlocks then.",
    ),
    "iPhone": Guide(
        6,
        (
            "{network} has released the phone; the confirmation is {code}.",
            "Put in a SIM card of an operator other than {network}, and connect to Wi-Fi.",
            "If the phone does not activate within minutes, connect it to a computer, make a backup and restore it.",
        ),
        "There is nothing to type. The release is kept by Apple and outlives updates.",
    ),
    "Alcatel": Guide(10, (_FOREIGN, "At the question for the NCK type {code}.", "Press OK."), _TRIES),
    "BlackBerry": Guide(
        16,
        (
            _FOREIGN,
            "Open Options, Device, Advanced, SIM card. Type MEPD, then MEP2.",
            "At the question for the network MEP code type {code} and press Enter.",
        ),
        "The number of tries that are left is on the same screen. " + _TRIES,
    ),
    "LG": Guide(
        16,
        (_FOREIGN, "If nothing is asked for, dial 2945#*# and choose Unlock.", "Type {code} and confirm."),
        _TRIES,
    ),
    "Huawei": Guide(
        8,
        (_FOREIGN, "A phone asks by itself; a modem asks in its application.", "Type {code} and confirm."),
        _TRIES,
    ),
}


def code_for(brand: str, dice: Dice, *purpose: object) -> str:
    """A code that looks like those of the brand."""
    digits = dice.digits(GUIDES.get(brand, _GENERAL).digits, *purpose)
    return f"#pw+{digits}+1#" if brand == "Nokia" else digits


def howto(facts: Mapping[str, Any]) -> str:
    """The instructions of an order whose facts hold imei, model, network_name, brand, tool_type and code."""
    head = [line.format_map(facts) for line in _HEAD]
    if facts["tool_type"] == "check":
        return "\n".join([*head, "", f"{facts['service']}: done.", f"Code of the report: {facts['code']}"])
    guide = GUIDES.get(facts["brand"], _GENERAL)
    filled = {"code": facts["code"], "network": facts["network_name"]}
    steps = [f"{number}. {step.format(**filled)}" for number, step in enumerate(guide.steps, start=1)]
    return "\n".join([*head, _CODE.format(**filled), "", "How to unlock it:", "", *steps, "", guide.note])

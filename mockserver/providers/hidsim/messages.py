"""SMS messages: a code, which is decided first, and a text that writes the code as the service does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.catalogue.codes import find_code, without_separators
from mockserver.domain.errors import Invalid
from mockserver.domain.orders import Order
from mockserver.engine.dice import Dice
from mockserver.providers.hidsim.catalogue import catalogue
from mockserver.providers.hidsim.languages import NON_LATIN, TEXTS_WITHOUT_CODE, language_of, texts
from mockserver.providers.hidsim.services import ServiceSeed
from mockserver.providers.hidsim.settings import LONGEST_CODE, LONGEST_SENDER, LONGEST_TEXT

#: Letters that look like no other sign, so that nobody mistypes them.
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_LETTERS_AND_DIGITS = _LETTERS + "23456789"
_SHAPES = {"hyphen": "ddd-ddd", "alphanumeric": "LAAdAA", "leading-zero": "0ddddd"}


@dataclass(frozen=True, slots=True)
class Sms:
    """An SMS that arrived. `code` is without separators; None when the text holds none."""

    sender: str
    text: str
    code: str | None


def sms_for(dice: Dice, order: Order, data: Mapping[str, Any]) -> Sms:
    """Return the order's next message, from what a test pushed (`code`, `text`, `sender`) and from the dice.

    The code of a text alone is the one that a provider would find in it; a `code` of None says that there is none.
    Raises Invalid for what cannot be a code, a text or a sender.
    """
    service = catalogue().shapes[order.facts["service"]]
    _check(data)
    sender = data.get("sender", service.sender)
    purpose = ("hidsim sms", order.id, len(order.facts["messages"]))
    code, text = data.get("code"), data.get("text")
    if text is not None:
        return Sms(sender, text, _code_of(text, data))
    style = order.facts.get("style", "plain")
    if code is not None:
        return Sms(sender, _text(dice, order, style, service, code, purpose), without_separators(code))
    if style == "no-code" or "code" in data:
        return Sms(sender, dice.choice(TEXTS_WITHOUT_CODE, *purpose, "text").format(name=service.name), None)
    prefix, _, shape = (_SHAPES.get(style) or service.shape).rpartition("|")
    code_text = "".join(_sign(dice, sign, *purpose, place) for place, sign in enumerate(shape))
    return Sms(sender, _text(dice, order, style, service, prefix + code_text, purpose), without_separators(code_text))


def _code_of(text: str, data: Mapping[str, Any]) -> str | None:
    """Return the code that was pushed, without separators, or the one in the text where none was pushed."""
    if "code" not in data:
        return find_code(text)
    code: str | None = data["code"]
    return None if code is None else without_separators(code)


def _text(dice: Dice, order: Order, style: str, service: ServiceSeed, code: str, purpose: tuple[object, ...]) -> str:
    if style == "non-latin":
        language = dice.choice(NON_LATIN, *purpose, "language")
    else:
        language = language_of(order.facts["country"])
    return dice.choice(texts()[language], *purpose, "text").format(name=service.name, code=code)


def _sign(dice: Dice, sign: str, *purpose: object) -> str:
    match sign:
        case "d":
            return dice.digits(1, *purpose)
        case "L":
            return dice.letters(_LETTERS, 1, *purpose)
        case "A":
            return dice.letters(_LETTERS_AND_DIGITS, 1, *purpose)
    return sign


def _check(data: Mapping[str, Any]) -> None:
    errors = {}
    code = data.get("code")
    if code is not None and not (_is_text(code, LONGEST_CODE) and code.isprintable() and without_separators(code)):
        errors["code"] = [f"must be a text of 1 to {LONGEST_CODE} printable characters, not only separators"]
    if data.get("text") is not None and not _is_text(data["text"], LONGEST_TEXT):
        errors["text"] = [f"must be a text of 1 to {LONGEST_TEXT} characters"]
    if "sender" in data and not _is_text(data["sender"], LONGEST_SENDER):
        errors["sender"] = [f"must be a text of 1 to {LONGEST_SENDER} characters"]
    if errors:
        raise Invalid(errors)


def _is_text(value: object, most: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= most and value.encode("utf-8", "replace").decode() == value

"""Telephone numbers in international form (E.164 with `+`): their validity, their country, and their kind."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber


@dataclass(frozen=True, slots=True)
class Line:
    """A valid number: the ISO code of its country, and whether it may be that of a mobile phone.

    Some numbering plans do not tell mobile numbers from fixed ones (North America, Mexico); theirs may be mobile.
    """

    iso2: str
    mobile: bool


@lru_cache(maxsize=4096)
def line_of(phone: str) -> Line | None:
    """Read a text as a number; None when it is no valid one."""
    import phonenumbers
    from phonenumbers import PhoneNumberType

    number = _parsed(phone)
    if number is None or not phonenumbers.is_valid_number(number):
        return None
    kind = phonenumbers.number_type(number)
    mobile = kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return Line(phonenumbers.region_code_for_number(number) or "", mobile)


@lru_cache(maxsize=4096)
def is_valid_in(phone: str, iso2: str) -> bool:
    """Return whether this is a valid number of the country.

    `line_of` does not tell: neighbours that share a calling code may share numbers as well, and of those
    `line_of` names the larger country only.
    """
    import phonenumbers

    number = _parsed(phone)
    return number is not None and phonenumbers.is_valid_number_for_region(number, iso2)


def _parsed(phone: str) -> "PhoneNumber | None":
    import phonenumbers

    try:
        return phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return None

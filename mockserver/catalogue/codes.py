"""Verification codes in the texts of messages: finds the code as a provider would."""

import re
import unicodedata

#: The hyphens of Unicode, which services write between the digits of a code.
_HYPHENS = "\\-\u2010-\u2015"
_BLANKS = " \u00a0\u2007\u202f"
#: Digits, in groups that one blank or hyphen joins.
_CHAIN = re.compile(rf"\d+(?:[{_BLANKS}{_HYPHENS}]\d+)*")
_GROUPS = re.compile(rf"(\d+)([{_BLANKS}{_HYPHENS}]?)")
_SEPARATORS = re.compile(rf"[\s.{_HYPHENS}]+")
#: Signs that make digits on both sides a decimal, a time, a date or an address.
_INSIDE_NUMBERS = ".,:/\u066b\u066c"
_FEWEST, _MOST = 4, 8


def find_code(text: str) -> str | None:
    """Return the first code of the text, in ASCII digits and without separators, or None where it holds none.

    A code is a run of 4 to 8 digits, which one blank or hyphen may divide. A prefix such as `G-` is dropped.
    Digits that belong to a word, a decimal, a time, a date or a telephone number are no code. A blank joins two
    groups of about the same length only: of `123456 10 minutes` the code is `123456`.

    >>> find_code("G-123456 is your Google verification code.")
    '123456'
    >>> find_code("Your WhatsApp code is 123-456. It is valid for 10 minutes.")
    '123456'
    >>> find_code("Welcome! Call +44 20 7946 0958 for help.")
    """
    for chain in _CHAIN.finditer(text):
        if _is_part_of_more(text, chain.start(), chain.end()):
            continue
        for digits in _runs(chain[0]):
            if _FEWEST <= len(digits) <= _MOST:
                return "".join(str(unicodedata.decimal(digit)) for digit in digits)
    return None


def without_separators(code: str) -> str:
    """Return a code without the blanks, hyphens and dots that divide it for people, so that programs can compare it."""
    return _SEPARATORS.sub("", code)


def _is_part_of_more(text: str, start: int, end: int) -> bool:
    """Tell whether the digits go on to either side: as a word, a decimal, a time, a path, a telephone number."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if before and (_is_latin(before[-1]) or before[-1] in "+/"):
        return True
    if len(before) == 2 and before[1] in _INSIDE_NUMBERS and before[0].isdecimal():
        return True
    if after and _is_latin(after[0]):
        return True
    return len(after) == 2 and after[0] in _INSIDE_NUMBERS and after[1].isdecimal()


def _is_latin(sign: str) -> bool:
    """Tell whether the character is a Latin letter: other scripts may write a code right beside their letters."""
    return sign == "_" or (sign.isalpha() and unicodedata.name(sign, "").startswith("LATIN"))


def _runs(chain: str) -> list[str]:
    """Return the digits of each part of a chain that can be a code, judged by its separators.

    Several separators make a date or a telephone number, which is no code.
    """
    runs: list[list[str]] = [[]]
    joined_by = ""
    for digits, separator in _GROUPS.findall(chain):
        if joined_by and joined_by in _BLANKS and abs(len(runs[-1][-1]) - len(digits)) > 1:
            runs.append([])
        runs[-1].append(digits)
        joined_by = separator
    return ["".join(groups) for groups in runs if len(groups) <= 2]

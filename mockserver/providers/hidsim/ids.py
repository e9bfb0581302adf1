"""The two ids of every object: 24 hexadecimal digits as MongoDB writes them, and 8 letters or digits."""

import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

from mockserver.engine.dice import Dice
from mockserver.providers.hidsim.settings import CATALOGUE_AGE, FIRST_OPERATION

OBJECT_ID = re.compile(r"[0-9a-fA-F]{24}")
_SHORT_ID = re.compile(r"[0-9a-z]{8}")
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_PAIRS = tuple(f"{first}{second}" for first in _ALPHABET for second in _ALPHABET)
_SHORT_IDS = 36**8


def object_id(*parts: object) -> str:
    """Return the `_id` of the object that these parts name; the same in every sandbox."""
    return CATALOGUE_AGE + _digest(parts, 8).hex()


def short_id(*parts: object) -> str:
    """Return the short id of the object that these parts name; the same in every sandbox."""
    return _base36(int.from_bytes(_digest(parts, 8), "big") % _SHORT_IDS)


def both_ids(*parts: object) -> tuple[str, str]:
    """Return the `_id` and the short id of the object that these parts name, in half the time of two calls."""
    digest = _digest(parts, 8)
    return CATALOGUE_AGE + digest.hex(), _base36(int.from_bytes(digest, "big") % _SHORT_IDS)


def operation_id(dice: Dice, kind: str, number: int) -> str:
    """Return the `_id` of a sandbox's n-th operation; these ids ascend."""
    counter = (dice.below(1 << 24, "hidsim ids", "counter") + number) & 0xFFFFFF
    maker = dice.below(1 << 40, "hidsim ids", "maker")
    return f"{FIRST_OPERATION + number:08x}{maker:010x}{counter:06x}"


def operation_short_id(dice: Dice, identifier: str) -> str:
    """Return the short id of the operation with this `_id`."""
    step, start = _stride(dice)
    return _base36((start + step * _number_of(identifier)) % _SHORT_IDS)


def read_operation_id(dice: Dice, text: str) -> str:
    """Return the `_id` for a text that is an `_id` or a short id; the text itself when it is neither."""
    if OBJECT_ID.fullmatch(text):
        return text.lower()
    if not _SHORT_ID.fullmatch(text):
        return text
    step, start = _stride(dice)
    number = (int(text, 36) - start) * pow(step, -1, _SHORT_IDS) % _SHORT_IDS
    return operation_id(dice, "operation", number) if 0 < number < 1 << 28 else text


def drawn_id(dice: Dice, *purpose: object) -> str:
    """Return the `_id` of an object of the sandbox that is never looked up by it."""
    return f"{FIRST_OPERATION:08x}{dice.cast('hidsim ids', *purpose):016x}"


def drawn_short_id(dice: Dice, *purpose: object) -> str:
    """Return the short id of an object of the sandbox that is never looked up by it."""
    return _base36(dice.below(_SHORT_IDS, "hidsim short ids", *purpose))


def _number_of(identifier: str) -> int:
    return int(identifier[:8], 16) - FIRST_OPERATION


@lru_cache(maxsize=128)
def _stride(dice: Dice) -> tuple[int, int]:
    """Return a step and a start; the step has no divisor in common with 36, so that no short id comes twice."""
    step = dice.below(_SHORT_IDS // 6, "hidsim ids", "step") * 6 + 1
    return step, dice.below(_SHORT_IDS, "hidsim ids", "start")


def _digest(parts: Sequence[object], size: int) -> bytes:
    return blake2b("/".join(map(str, parts)).encode(), digest_size=size).digest()


def _base36(number: int) -> str:
    number, fourth = divmod(number, 1296)
    number, third = divmod(number, 1296)
    first, second = divmod(number, 1296)
    return f"{_PAIRS[first]}{_PAIRS[second]}{_PAIRS[third]}{_PAIRS[fourth]}"

"""Names of sandboxes, also made from other texts, such as the names of tests."""

import re
from hashlib import blake2b
from unicodedata import normalize

LONGEST = 64
NAME = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{LONGEST - 1}}}")
RULE = f"1 to {LONGEST} of a-z, 0-9, - and _, beginning with a letter or a digit"
DEFAULT = "default"

_OTHERS = re.compile(r"[^a-z0-9_-]+")
_HASH_BYTES = 4


def is_name(text: str) -> bool:
    """Return whether a sandbox can have this name without changes."""
    return NAME.fullmatch(text) is not None


def name_from(text: str) -> str:
    """Return the sandbox name for any text: the text itself where it is a name, else its letters and a hash of it.

    >>> name_from("worker-3")
    'worker-3'
    >>> name_from("tests/test_shop.py::test_refund[EUR]")
    'tests-test_shop-py-test_refund-eur-56ed026a'
    """
    if is_name(text):
        return text
    mark = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES).hexdigest()
    # An accent is dropped, a letter of another script becomes a hyphen.
    plain = normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    stem = _OTHERS.sub("-", plain).strip("-_")[: LONGEST - len(mark) - 1].rstrip("-_")
    return f"{stem}-{mark}" if stem else mark

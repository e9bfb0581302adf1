"""Names of sandboxes, also made of what tests call themselves."""

import re
from hashlib import blake2b
from unicodedata import normalize

LONGEST = 64
NAME = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{LONGEST - 1}}}")
DEFAULT = "default"

_OTHERS = re.compile(r"[^a-z0-9_-]+")
_HASH_BYTES = 4


def is_name(text: str) -> bool:
    """Whether a sandbox can have this name, as it stands."""
    return NAME.fullmatch(text) is not None


def folded(text: str) -> str:
    """The name for any text: the text itself where it is one, else what is left of it and a hash of the original.

    >>> folded("worker-3")
    'worker-3'
    >>> folded("tests/test_shop.py::test_refund[EUR]")
    'tests-test_shop-py-test_refund-eur-56ed026a'
    """
    if is_name(text):
        return text
    mark = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES).hexdigest()
    # An accent is dropped, a letter of another script becomes a hyphen.
    plain = normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    stem = _OTHERS.sub("-", plain).strip("-_")[: LONGEST - len(mark) - 1].rstrip("-_")
    return f"{stem}-{mark}" if stem else mark

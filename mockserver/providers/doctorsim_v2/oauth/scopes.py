"""Scopes: a set of names, written with spaces between them (RFC 6749, 3.3)."""

from collections.abc import Iterable, Mapping

#: The meaning of each scope, in the order in which scopes are written.
MEANINGS: Mapping[str, str] = {
    "openid": "to know which account it is",
    "profile": "nothing yet",
    "orders:read": "to preview, list and read orders",
    "orders:write": "to place orders",
    "balance:read": "to read the balance and its history",
    "webhooks:read": "to list and read webhooks",
    "webhooks:write": "to make, change and delete webhooks",
}
SCOPES = tuple(MEANINGS)
_ORDER = {name: place for place, name in enumerate(SCOPES)}


def parse_scope(text: str) -> frozenset[str] | None:
    """Return the names in a text; None when one of them is unknown."""
    names = frozenset(text.split())
    return names if names <= frozenset(SCOPES) else None


def scope_text(names: Iterable[str]) -> str:
    """Return the names as a text, always in the same order."""
    return " ".join(sorted(names, key=_ORDER.__getitem__))


def grantable(scopes: Iterable[str], key_scope: str) -> frozenset[str]:
    """Return the scopes that an account whose key has this scope (read, read-write) can grant."""
    return frozenset(name for name in scopes if key_scope == "read-write" or not name.endswith(":write"))

"""Scopes: a set written with spaces (RFC 6749, 3.3)."""

from collections.abc import Iterable, Mapping

#: What each scope allows, in the order in which they are written.
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
    """The names in a text, None when one of them is none of ours."""
    names = frozenset(text.split())
    return names if names <= frozenset(SCOPES) else None


def scope_text(names: Iterable[str]) -> str:
    """Always in the same order."""
    return " ".join(sorted(names, key=_ORDER.__getitem__))


def within(scopes: Iterable[str], key_scope: str) -> frozenset[str]:
    """What an account with a key of this scope (read, read-write) can grant at all."""
    return frozenset(one for one in scopes if key_scope == "read-write" or not one.endswith(":write"))

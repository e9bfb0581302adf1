"""Credentials: kept as digests, found by digest, sealed in snapshots."""

from collections.abc import Sequence
from hashlib import blake2b

from mockserver.sandbox.provider_rules import ProviderRules
from mockserver.scenario.model import AccountSeed

#: Marks a value that is the digest of a whole credential, in place of one of its parts.
SEALED = "digest:"


def digest(provider: str, parts: Sequence[str]) -> str:
    """Return the digest of a credential: enough to recognise it, not enough to use it."""
    text = "\x1f".join((provider, *parts)).encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=16).hexdigest()


def mark_of(rules: ProviderRules, parts: Sequence[str]) -> str:
    """Return the digest under which a credential of the provider is kept."""
    return digest(rules.provider, rules.fold(parts) if rules.fold is not None else parts)


def is_sealed(seed: AccountSeed) -> bool:
    """Return whether only digests of the account's credential are known."""
    return any(value.startswith(SEALED) for value in seed.credentials.values())

"""An account of any provider, without its money (the ledger's) and its credentials (kept as digests)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STATUSES = ("active", "suspended", "locked", "disabled", "revoked", "denied")


@dataclass(frozen=True, slots=True)
class Account:
    """A customer of one provider. `details` are the provider's own fields (e-mail, tier, environment; JSON data).

    `total_spent` is in minor units and sums up the completed orders.
    """

    provider: str
    id: str
    status: str
    webhook_url: str | None
    total_spent: int
    details: Mapping[str, Any]

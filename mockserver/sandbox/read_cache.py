"""Reads committed orders and accounts without waiting for units of work, and caches them decoded."""

from collections.abc import Sequence
from functools import lru_cache

from mockserver.domain.accounts import Account
from mockserver.domain.errors import NotFound
from mockserver.domain.orders import Order
from mockserver.sandbox.codec import decode_account, decode_order
from mockserver.sandbox.credentials import digest
from mockserver.stores.base import Store

#: How many decoded orders are cached: clients read the same few again and again.
MOST_ORDERS = 256
#: Cached, because the digest takes most of the time of finding an account.
_digest = lru_cache(maxsize=256)(digest)


class ReadCache:
    """Reads orders and accounts of one store; a row that has changed is decoded again."""

    __slots__ = ("_accounts", "_orders", "_store")

    def __init__(self, store: Store) -> None:
        self._store = store
        self._accounts: dict[str, tuple[bytes, Account]] = {}
        self._orders: dict[str, tuple[bytes, Order]] = {}

    async def order(self, provider: str, order_id: str) -> Order:
        """Return the committed order; raises NotFound."""
        key = f"{provider}/{order_id}"
        row = await self._store.read("orders", key)
        if row is None:
            raise NotFound("order", order_id)
        entry = self._orders.get(key)
        if entry is not None and entry[0] == row:
            return entry[1]
        order = decode_order(row)
        if entry is None and len(self._orders) >= MOST_ORDERS:
            del self._orders[next(iter(self._orders))]
        self._orders[key] = (row, order)
        return order

    async def account(self, provider: str, account_id: str) -> Account | None:
        """Return the committed account, or None."""
        key = f"{provider}/{account_id}"
        row = await self._store.read("accounts", key)
        if row is None:
            return None
        entry = self._accounts.get(key)
        if entry is None or entry[0] != row:
            entry = self._accounts[key] = (row, decode_account(row))
        return entry[1]

    async def owner(self, provider: str, parts: Sequence[str]) -> Account | None:
        """Return the account that a credential opens, or None."""
        row = await self._store.read("credentials", _digest(provider, tuple(parts)))
        return None if row is None else await self.account(provider, row.decode())

    def forget(self) -> None:
        """Empty the cache."""
        self._accounts.clear()
        self._orders.clear()

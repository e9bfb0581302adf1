"""Looks at what is committed, without waiting for anybody's turn; what was decoded last is remembered."""

from collections.abc import Sequence
from functools import lru_cache

from mockserver.domain.accounts import Account
from mockserver.domain.errors import NotFound
from mockserver.domain.orders import Order
from mockserver.sandbox.codec import decode_account, decode_order
from mockserver.sandbox.credentials import digest
from mockserver.stores.base import Store

#: How many decoded orders are remembered: clients ask for the same few again and again.
MOST_ORDERS = 256
#: A digest takes longer than everything else that it takes to find an account.
_digest = lru_cache(maxsize=256)(digest)


class ReadCache:
    """Reads orders and accounts of one store; a row that was replaced is decoded anew."""

    __slots__ = ("_accounts", "_orders", "_store")

    def __init__(self, store: Store) -> None:
        self._store = store
        self._accounts: dict[str, tuple[bytes, Account]] = {}
        self._orders: dict[str, tuple[bytes, Order]] = {}

    async def order(self, provider: str, order_id: str) -> Order:
        """The order as it is committed; raises NotFound."""
        key = f"{provider}/{order_id}"
        row = await self._store.read("orders", key)
        if row is None:
            raise NotFound("order", order_id)
        seen = self._orders.get(key)
        if seen is not None and seen[0] == row:
            return seen[1]
        order = decode_order(row)
        if seen is None and len(self._orders) >= MOST_ORDERS:
            del self._orders[next(iter(self._orders))]
        self._orders[key] = (row, order)
        return order

    async def account(self, provider: str, account_id: str) -> Account | None:
        """The account as it is committed."""
        key = f"{provider}/{account_id}"
        row = await self._store.read("accounts", key)
        if row is None:
            return None
        seen = self._accounts.get(key)
        if seen is None or seen[0] != row:
            seen = self._accounts[key] = (row, decode_account(row))
        return seen[1]

    async def owner(self, provider: str, parts: Sequence[str]) -> Account | None:
        """The account that a credential opens."""
        found = await self._store.read("credentials", _digest(provider, tuple(parts)))
        return None if found is None else await self.account(provider, found.decode())

    def forget(self) -> None:
        """Remember nothing."""
        self._accounts.clear()
        self._orders.clear()

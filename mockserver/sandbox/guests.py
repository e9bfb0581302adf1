"""Guests: accounts that only the scenarios or settings of one request's view have, and that exist in such views alone.

With the last request that has such a view, its guests are deleted, except those that have placed orders or moved money:
these stay as the owners of what they did, and their credentials open them in a view that has them and nowhere else.
"""

from collections.abc import Sequence
from weakref import WeakSet

from mockserver.domain.accounts import Account
from mockserver.sandbox import accounts
from mockserver.sandbox.codec import decode_json, encode_json
from mockserver.sandbox.provider_rules import ProviderRules
from mockserver.sandbox.transactions import Transactions, View
from mockserver.sandbox.unit_of_work import UnitOfWork
from mockserver.sandbox.view import RequestView
from mockserver.scenario.model import AccountSeed

#: The table of guests: provider and id -> the rows of their credentials.
TABLE = "guests"
_MOST = 10_000


async def keep(work: UnitOfWork, provider: str, account_id: str) -> None:
    """Let the account exist for every request from now on."""
    await work.tx.delete(TABLE, f"{provider}/{account_id}")


class Guests:
    """The guests of one sandbox. `present`: whether there may be any, which is quick to ask."""

    __slots__ = ("_turns", "_views", "present")

    def __init__(self, turns: Transactions) -> None:
        self._turns = turns
        self._views: WeakSet[RequestView] = WeakSet()
        """The views of requests under way; of a request that is cancelled, nothing stays."""
        self.present = False

    async def admit(self, view: RequestView) -> None:
        """Open the accounts that only this view has, at least until `leave`."""
        self._views.add(view)
        async with self._turns.begin("opening", view=view) as work:
            for provider, rules in work.state.provider_rules.items():
                for seed in work.state.active_scenarios.accounts(provider):
                    if await work.tx.get("accounts", f"{provider}/{seed.id}") is None:
                        await self._open(work, rules, seed)

    async def find_or_open(
        self, work: UnitOfWork, rules: ProviderRules, parts: Sequence[str], *, lasting: bool
    ) -> Account:
        """Return the account of a credential, opened where there is none: a guest unless it is `lasting`."""
        seed = accounts.seed_of_any(rules, parts)
        if not lasting and await work.tx.get("accounts", f"{rules.provider}/{seed.id}") is None:
            return await self._open(work, rules, seed)
        account = await accounts.find_or_open(work, rules, parts)
        if lasting:
            await keep(work, rules.provider, account.id)
        return account

    async def hides(self, account: Account, view: View | None) -> bool:
        """Return whether the account is a guest that does not exist for a request with this view, or with none."""
        if await self._turns.store.read(TABLE, f"{account.provider}/{account.id}") is None:
            return False
        state = self._turns.state if view is None else view(self._turns.state)
        if account.id.startswith(accounts.ANY) and state.settings.values["accept_any_key"]:
            return False
        return all(seed.id != account.id for seed in state.active_scenarios.accounts(account.provider))

    async def leave(self, view: View) -> None:
        """End the visit of a view; with the last one, delete the guests that did nothing."""
        if isinstance(view, RequestView):
            self._views.discard(view)
        if self._views or not self.present:
            return
        async with self._turns.begin("leaving", settle=False) as work:
            if self._views:
                return
            rows = await work.tx.scan(TABLE, limit=_MOST)
            idle = [row for row in rows if await _is_idle(work, row.key)]
            for row in idle:
                await _delete(work, row.key, decode_json(row.data))
        self.present = len(idle) < len(rows)

    async def _open(self, work: UnitOfWork, rules: ProviderRules, seed: AccountSeed) -> Account:
        self.present = True
        account = await accounts.open_account(work, rules, seed)
        keys = accounts.credential_rows(rules, seed.id, seed.credentials)
        await work.tx.put(TABLE, f"{rules.provider}/{seed.id}", encode_json(keys))
        return account


async def _is_idle(work: UnitOfWork, key: str) -> bool:
    """Return whether the account has no order, and no money moved since its opening."""
    orders = await work.tx.count("by_account", prefix=f"{key}/")
    return orders == 0 and await work.tx.count("movements", prefix=f"{key}/") <= 1


async def _delete(work: UnitOfWork, key: str, credentials: Sequence[str]) -> None:
    for row in await work.tx.scan("movements", prefix=f"{key}/"):
        await work.tx.delete("movements", row.key)
    for credential in credentials:
        await work.tx.delete("credentials", credential)
    for table in ("wallets", "accounts", TABLE):
        await work.tx.delete(table, key)

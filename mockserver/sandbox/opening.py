"""Opens the accounts that the scenarios in force declare."""

from mockserver.sandbox import accounts, guests
from mockserver.sandbox.active_scenarios import ActiveScenarios
from mockserver.sandbox.state import SandboxState
from mockserver.sandbox.unit_of_work import UnitOfWork
from mockserver.sandbox.world import World
from mockserver.stores.memory import MemoryStore

_WHOLE = 1 << 40


async def open_accounts(work: UnitOfWork, active_scenarios: ActiveScenarios) -> None:
    """Open the accounts of these scenarios that do not exist yet; guests among them stay from now on."""
    for provider, rules in work.state.provider_rules.items():
        for seed in active_scenarios.accounts(provider):
            if await work.tx.get("accounts", f"{provider}/{seed.id}") is None:
                await accounts.open_account(work, rules, seed)
            else:
                await guests.keep(work, provider, seed.id)


async def new_world(state: SandboxState) -> World:
    """Return the world in which this state begins: only the accounts of its scenarios exist. Raises Invalid."""
    store = MemoryStore()
    async with store.transaction() as tx:
        await open_accounts(UnitOfWork(state, tx, state.clock.now(), "opening"), state.active_scenarios)
        tables = await tx.tables()
        rows = {table: {row.key: row.data for row in await tx.scan(table, limit=_WHOLE)} for table in tables}
    return World(state, 0, rows, {})

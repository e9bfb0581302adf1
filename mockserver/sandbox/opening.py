"""Opens the accounts that the scenarios in force declare."""

from mockserver.domain.errors import Invalid
from mockserver.sandbox import guests
from mockserver.sandbox.accounts import open_account
from mockserver.sandbox.active_scenarios import ActiveScenarios
from mockserver.sandbox.state import SandboxState
from mockserver.sandbox.unit_of_work import UnitOfWork
from mockserver.sandbox.world import World
from mockserver.scenario.model import AccountSeed
from mockserver.stores.memory import MemoryStore

_WHOLE = 1 << 40


async def open_seeds(work: UnitOfWork, active_scenarios: ActiveScenarios | None = None) -> None:
    """Open the accounts that do not exist yet; guests among them stay. The scenarios are the active ones unless given.

    Raises Invalid, which names the place in the scenario's file.
    """
    active = active_scenarios or work.state.active_scenarios
    for provider, rules in work.state.provider_rules.items():
        for seed in active.accounts(provider):
            if await work.tx.get("accounts", f"{provider}/{seed.id}") is not None:
                await guests.keep(work, provider, seed.id)
                continue
            try:
                await open_account(work, rules, seed)
            except Invalid as error:
                raise _with_place(error, active, provider, seed) from None


async def new_world(state: SandboxState) -> World:
    """Return the world in which this state begins: only the accounts of its scenarios exist. Raises Invalid."""
    store = MemoryStore()
    async with store.transaction() as tx:
        await open_seeds(UnitOfWork(state, tx, state.clock.now(), "opening"))
        tables = await tx.tables()
        rows = {table: {row.key: row.data for row in await tx.scan(table, limit=_WHOLE)} for table in tables}
    return World(state, 0, rows, {})


def _with_place(error: Invalid, active: ActiveScenarios, provider: str, seed: AccountSeed) -> Invalid:
    # Imported lazily to keep start-up fast: only a refused account needs it.
    from mockserver.scenario.check import place_of

    scenario, number = next(
        (scenario, number)
        for scenario in active.layers[provider]
        for number, candidate in enumerate(scenario.accounts)
        if candidate is seed
    )
    line, column = place_of(scenario, ("accounts", number, next(iter(error.errors))))
    return Invalid({f"{scenario.source}:{line}:{column}": [f"account {seed.id!r} of {provider}: {error}"]})

"""Opens the accounts that the scenarios in force declare."""

from mockserver.domain.errors import Invalid
from mockserver.sandbox.accounts import open_account
from mockserver.sandbox.active_scenarios import ActiveScenarios
from mockserver.sandbox.unit_of_work import UnitOfWork
from mockserver.scenario.model import AccountSeed


async def open_seeds(work: UnitOfWork) -> None:
    """Open the accounts that do not exist yet; raises Invalid, which names the place in the scenario's file."""
    for provider, rules in work.state.provider_rules.items():
        for seed in work.state.active_scenarios.accounts(provider):
            if await work.tx.get("accounts", f"{provider}/{seed.id}") is None:
                try:
                    await open_account(work, rules, seed)
                except Invalid as error:
                    raise _with_place(error, work.state.active_scenarios, provider, seed) from None


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

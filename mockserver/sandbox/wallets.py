"""Wallets in an invented history: they end with their documented balance, whatever was bought before."""

from dataclasses import dataclass, replace

from mockserver.domain.accounts import Account
from mockserver.domain.ledger import TOP_UPS
from mockserver.sandbox import ledger
from mockserver.sandbox.accounts import minor
from mockserver.sandbox.provider_rules import ProviderRules
from mockserver.sandbox.unit_of_work import UnitOfWork

#: The sums that people top up by, in whole units of the currency, the largest first.
_ROUND = (500, 250, 100, 50, 25, 20, 10, 5)


@dataclass(frozen=True, slots=True)
class Wallet:
    """An account with its balance and total spending at the end of a history, in minor units.

    `documented`: they are those of a scenario in force; else those of the account before the history.
    """

    rules: ProviderRules
    account: str
    balance: int
    total_spent: int
    documented: bool


async def documented_wallet(work: UnitOfWork, rules: ProviderRules, account: Account) -> Wallet:
    """Return the wallet of an account as the scenarios in force declare it, else as it is now."""
    for seed in work.state.active_scenarios.accounts(rules.provider):
        if seed.id == account.id:
            balance = minor(rules, "balance", seed.balance)
            return Wallet(rules, account.id, balance, minor(rules, "total_spent", seed.total_spent), documented=True)
    return Wallet(rules, account.id, await work.balance(account), account.total_spent, documented=False)


async def top_up(work: UnitOfWork, wallet: Wallet, *, needed: int) -> None:
    """Top up the wallet to hold `needed`: by a round sum, unless its balance would exceed the one at the end."""
    balance = await ledger.balance_of(work.tx, wallet.rules.provider, wallet.account)
    least, most = needed - balance, wallet.balance - balance
    if least <= 0:
        return
    rounds = (units * 10**wallet.rules.currency.digits for units in _ROUND)
    # A wallet that must end below the price gets the price on top of its final balance.
    amount = next((amount for amount in rounds if least <= amount <= most), most if most >= least else most + needed)
    await ledger.give(
        work.tx,
        wallet.rules.provider,
        wallet.account,
        amount,
        of=TOP_UPS,
        at=work.now,
        cause="top-up by card",
        order=None,
    )


async def book_difference(work: UnitOfWork, wallet: Wallet) -> None:
    """Book the difference, so that the account has the balance and spending of `wallet` at the end."""
    account = await work.account(wallet.rules.provider, wallet.account)
    provider, over = wallet.rules.provider, await work.balance(account) - wallet.balance
    if over > 0:
        await ledger.adjust(work.tx, provider, account.id, -over, at=work.now, cause="paid out")
    elif over < 0:
        await ledger.give(
            work.tx, provider, account.id, -over, of=TOP_UPS, at=work.now, cause="top-up by card", order=None
        )
    await ledger.unmark(work.tx, provider, account.id)
    if account.total_spent != wallet.total_spent:
        await work.keep_account(replace(account, total_spent=wallet.total_spent))

"""Wallets that end where they are documented to stand, whatever was bought from them in between."""

from dataclasses import dataclass, replace

from mockserver.domain.accounts import Account
from mockserver.domain.ledger import TOP_UPS
from mockserver.sandbox import ledger
from mockserver.sandbox.accounts import minor
from mockserver.sandbox.provider_rules import ProviderRules
from mockserver.sandbox.unit_of_work import UnitOfWork

#: What people top up by, in whole units of the currency, the largest first.
_ROUND = (500, 250, 100, 50, 25, 20, 10, 5)


@dataclass(frozen=True, slots=True)
class Wallet:
    """An account, and what it holds and has spent in all when everything is over (minor units).

    `documented`: whether a scenario in force says so; else it is what the account held and had spent before.
    """

    rules: ProviderRules
    account: str
    balance: int
    total_spent: int
    documented: bool


async def documented(work: UnitOfWork, rules: ProviderRules, account: Account) -> Wallet:
    """The wallet of an account as the scenarios in force have it."""
    for seed in work.state.active_scenarios.accounts(rules.provider):
        if seed.id == account.id:
            balance = minor(rules, "balance", seed.balance)
            return Wallet(rules, account.id, balance, minor(rules, "total_spent", seed.total_spent), documented=True)
    return Wallet(rules, account.id, await work.balance(account), account.total_spent, documented=False)


async def top_up(work: UnitOfWork, wallet: Wallet, *, needed: int) -> None:
    """Put in what `needed` takes: a round sum while that leaves the wallet below what it is to hold in the end."""
    held = await ledger.balance_of(work.tx, wallet.rules.provider, wallet.account)
    least, most = needed - held, wallet.balance - held
    if least <= 0:
        return
    rounds = (units * 10**wallet.rules.currency.digits for units in _ROUND)
    # What is to hold less than the price in the end gets the price on top of that.
    amount = next((one for one in rounds if least <= one <= most), most if most >= least else most + needed)
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


async def settle(work: UnitOfWork, wallet: Wallet) -> None:
    """Book what is missing or over, so that the account holds and has spent what it is documented to."""
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

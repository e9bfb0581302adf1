"""Wallets that end where they are documented to stand, whatever was bought from them in between."""

from dataclasses import dataclass, replace

from mockserver.domain.accounts import Account
from mockserver.domain.ledger import TOP_UPS
from mockserver.sandbox import ledger
from mockserver.sandbox.accounts import minor
from mockserver.sandbox.trade import Trade
from mockserver.sandbox.work import Work

#: What people top up by, in whole units of the currency, the largest first.
_ROUND = (500, 250, 100, 50, 25, 20, 10, 5)


@dataclass(frozen=True, slots=True)
class Wallet:
    """An account, and what it holds and has spent in all when everything is over (minor units).

    `documented`: whether a scenario in force says so; else it is what the account held and had spent before.
    """

    trade: Trade
    account: str
    balance: int
    total_spent: int
    documented: bool


async def documented(work: Work, trade: Trade, account: Account) -> Wallet:
    """The wallet of an account as the scenarios in force have it."""
    for seed in work.state.force.accounts(trade.provider):
        if seed.id == account.id:
            balance = minor(trade, "balance", seed.balance)
            return Wallet(trade, account.id, balance, minor(trade, "total_spent", seed.total_spent), documented=True)
    return Wallet(trade, account.id, await work.balance(account), account.total_spent, documented=False)


async def top_up(work: Work, wallet: Wallet, *, needed: int) -> None:
    """Put in what `needed` takes: a round sum while that leaves the wallet below what it is to hold in the end."""
    held = await ledger.balance_of(work.tx, wallet.trade.provider, wallet.account)
    least, most = needed - held, wallet.balance - held
    if least <= 0:
        return
    rounds = (units * 10**wallet.trade.currency.digits for units in _ROUND)
    # What is to hold less than the price in the end gets the price on top of that.
    amount = next((one for one in rounds if least <= one <= most), most if most >= least else most + needed)
    await ledger.give(
        work.tx,
        wallet.trade.provider,
        wallet.account,
        amount,
        of=TOP_UPS,
        at=work.now,
        cause="top-up by card",
        order=None,
    )


async def settle(work: Work, wallet: Wallet) -> None:
    """Book what is missing or over, so that the account holds and has spent what it is documented to."""
    account = await work.account(wallet.trade.provider, wallet.account)
    provider, over = wallet.trade.provider, await work.balance(account) - wallet.balance
    if over > 0:
        await ledger.adjust(work.tx, provider, account.id, -over, at=work.now, cause="paid out")
    elif over < 0:
        await ledger.give(
            work.tx, provider, account.id, -over, of=TOP_UPS, at=work.now, cause="top-up by card", order=None
        )
    if account.total_spent != wallet.total_spent:
        await work.keep_account(replace(account, total_spent=wallet.total_spent))

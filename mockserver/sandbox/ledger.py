"""Money: every change of a wallet is one movement in double entry, with its cause.

Laws, kept by property tests: folding an account's movements gives its balance; a wallet is never negative.
"""

from datetime import datetime

from mockserver.domain.errors import InsufficientBalance
from mockserver.domain.ledger import ADJUSTMENTS, Movement
from mockserver.sandbox.codec import decode_json, decode_movement, encode_json, encode_movement
from mockserver.stores.base import Transaction

_WALLET = "wallet"
#: How many fields a wallet's row has whose balance rests on an assumed event: balance, newest movement, true.
_MARKED = 3


async def balance_of(tx: Transaction, provider: str, account: str) -> int:
    """Return the wallet's balance in minor units; 0 for a wallet that never moved."""
    return (await wallet_of(tx, provider, account))[0]


async def wallet_of(tx: Transaction, provider: str, account: str) -> tuple[int, bool]:
    """Return the wallet's balance in minor units, and whether money is in it that came back by an assumed event."""
    row = await tx.get("wallets", f"{provider}/{account}")
    if row is None:
        return 0, False
    wallet = decode_json(row)
    return wallet[0], len(wallet) == _MARKED


async def unmark(tx: Transaction, provider: str, account: str) -> None:
    """Forget that the balance rests on an assumed event: somebody says that this is what it is."""
    key = f"{provider}/{account}"
    row = await tx.get("wallets", key)
    if row is not None and len(wallet := decode_json(row)) == _MARKED:
        await tx.put("wallets", key, encode_json(wallet[:2]))


async def take(
    tx: Transaction, provider: str, account: str, amount: int, *, to: str, at: datetime, cause: str, order: str | None
) -> int:
    """Move an amount from the wallet to the book `to`; return the balance after. Raises InsufficientBalance."""
    return await _move(tx, provider, account, -amount, to, at, cause, order)


async def give(
    tx: Transaction,
    provider: str,
    account: str,
    amount: int,
    *,
    of: str,
    at: datetime,
    cause: str,
    order: str | None,
    is_assumed: bool = False,
) -> int:
    """Put money into the wallet out of the book `of`; return the balance after. `is_assumed` marks the wallet."""
    return await _move(tx, provider, account, amount, of, at, cause, order, is_assumed=is_assumed)


async def adjust(tx: Transaction, provider: str, account: str, change: int, *, at: datetime, cause: str) -> int:
    """Change the balance by an amount, against the book of adjustments; return the balance after.

    Raises InsufficientBalance.
    """
    return await _move(tx, provider, account, change, ADJUSTMENTS, at, cause, None)


async def movements(tx: Transaction, provider: str, account: str) -> list[Movement]:
    """Return every movement of the wallet, oldest first."""
    prefix = f"{provider}/{account}/"
    moves: list[Movement] = []
    after = ""
    while True:
        rows = await tx.scan("movements", prefix=prefix, after=after, limit=1000)
        moves += [decode_movement(provider, account, int(row.key[len(prefix) :]), row.data) for row in rows]
        if len(rows) < 1000:
            return moves
        after = rows[-1].key


async def movements_after(tx: Transaction, provider: str, account: str, sequence: int, *, limit: int) -> list[Movement]:
    """Return movements of the wallet whose sequence is above this one, oldest first."""
    prefix = f"{provider}/{account}/"
    rows = await tx.scan("movements", prefix=prefix, after=f"{prefix}{sequence:010d}", limit=limit)
    return [decode_movement(provider, account, int(row.key[len(prefix) :]), row.data) for row in rows]


async def first_and_last(tx: Transaction, provider: str, account: str) -> tuple[Movement, Movement]:
    """Return the opening of the wallet and its newest movement; every account has an opening."""
    prefix = f"{provider}/{account}/"
    rows = [(await tx.scan("movements", prefix=prefix, limit=1, reverse=last))[0] for last in (False, True)]
    first, last = (decode_movement(provider, account, int(row.key[len(prefix) :]), row.data) for row in rows)
    return first, last


async def newest(tx: Transaction, provider: str, account: str, *, skip: int, limit: int) -> tuple[list[Movement], int]:
    """Return movements of the wallet, newest first, and the count of all its movements."""
    prefix = f"{provider}/{account}/"
    rows = await tx.scan("movements", prefix=prefix, skip=skip, limit=limit, reverse=True)
    moves = [decode_movement(provider, account, int(row.key[len(prefix) :]), row.data) for row in rows]
    return moves, await tx.count("movements", prefix=prefix)


async def page_movements(
    tx: Transaction, provider: str, account: str, *, before: int | None = None, limit: int = 100
) -> list[Movement]:
    """Return movements of the wallet whose sequence is below `before`, newest first."""
    prefix = f"{provider}/{account}/"
    after = "" if before is None else f"{prefix}{before:010d}"
    rows = await tx.scan("movements", prefix=prefix, after=after, limit=limit, reverse=True)
    return [decode_movement(provider, account, int(row.key[len(prefix) :]), row.data) for row in rows]


async def _move(
    tx: Transaction,
    provider: str,
    account: str,
    change: int,
    book: str,
    at: datetime,
    cause: str,
    order: str | None,
    *,
    is_assumed: bool = False,
) -> int:
    key = f"{provider}/{account}"
    row = await tx.get("wallets", key)
    balance, sequence, *mark = decode_json(row) if row is not None else (0, 0)
    after = balance + change
    if after < 0:
        raise InsufficientBalance(balance, -change)
    debit, credit = (book, _WALLET) if change >= 0 else (_WALLET, book)
    move = Movement(provider, account, sequence + 1, at, debit, credit, abs(change), cause, order, after)
    tx.facts.append(move)
    await tx.put("movements", f"{key}/{move.sequence:010d}", encode_movement(move))
    await tx.put("wallets", key, encode_json([after, move.sequence, *([True] if is_assumed else mark)]))
    return after

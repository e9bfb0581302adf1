"""Accounts and credentials: opened for scenarios or tests, found by digest, changed all or nothing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from mockserver.domain.accounts import STATUSES, Account
from mockserver.domain.errors import Invalid
from mockserver.domain.ledger import OPENING
from mockserver.domain.suggestions import did_you_mean, suggestion
from mockserver.sandbox import ledger
from mockserver.sandbox.codec import decode_account
from mockserver.sandbox.credentials import SEALED, digest, mark_of
from mockserver.sandbox.provider_rules import ProviderRules
from mockserver.sandbox.unit_of_work import UnitOfWork
from mockserver.scenario.model import AccountSeed

_CHANGEABLE = ("balance", "status", "webhook_url", "total_spent")
#: An amount as a text; other texts that Python reads as numbers, such as `1e3`, are not amounts.
_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
#: How many characters a text of an account may have, and how many of a refused text an error shows.
_LONGEST, _MOST_SHOWN = 1_000, 100
#: The largest number in an account's details: every JSON parser keeps it exactly.
_LARGEST = 2**53 - 1
#: The table of public parts of credentials: digest of the part -> id of the account.
NAMES = "account_names"
#: How the ids of accounts begin that `accept_any_key` opened.
ANY = "any-"


async def open_account(work: UnitOfWork, rules: ProviderRules, seed: AccountSeed) -> Account:
    """Open an account with its opening balance; raises Invalid when its id or a credential is taken."""
    key = f"{rules.provider}/{seed.id}"
    if await work.tx.get("accounts", key) is not None:
        raise Invalid({"id": [f"already taken: {seed.id!r}"]})
    await keep_credential(work, rules, seed.id, seed.credentials)
    account = Account(
        provider=rules.provider,
        id=seed.id,
        status=seed.status,
        webhook_url=seed.webhook_url,
        total_spent=minor(rules, "total_spent", seed.total_spent),
        details={**rules.account_details(seed.id), **seed.details},
    )
    await work.keep_account(account)
    opening = minor(rules, "balance", seed.balance)
    if opening < 0:
        raise Invalid({"balance": [f"must not be negative: {seed.balance}"]})
    await ledger.give(
        work.tx, rules.provider, seed.id, opening, of=OPENING, at=work.now, cause="opening balance", order=None
    )
    return account


def check_seed(rules: ProviderRules, seed: AccountSeed) -> None:
    """Raise Invalid when no account could be opened from the seed, even in an empty sandbox."""
    wrong = [name for name in rules.credential if not seed.credentials.get(name)]
    unknown = [name for name in seed.credentials if name not in rules.credential]
    if wrong or unknown:
        parts = f"{', '.join(rules.credential)}, not {', '.join(seed.credentials)}"
        raise Invalid({f"account {seed.id!r}": [f"the parts of a credential are {parts}"]})
    wrong_details = wrong_details_of(rules, seed.id, seed.details)
    if wrong_details:
        raise Invalid({name: [f"{name} {text}"] for name, text in wrong_details.items()})
    minor(rules, "balance", seed.balance)
    minor(rules, "total_spent", seed.total_spent)


def wrong_details_of(rules: ProviderRules, account_id: str, details: Mapping[str, Any]) -> dict[str, str]:
    """Return the errors of an account's details by their names; the provider's own defaults say the types."""
    known = rules.account_details(account_id)
    return {name: text for name, value in details.items() if (text := _detail_problem(rules, known, name, value))}


async def keep_credential(
    work: UnitOfWork, rules: ProviderRules, account_id: str, credential: Mapping[str, str]
) -> None:
    """Register a credential of the account; raises Invalid when parts of it are missing or it is taken."""
    missing = [name for name in rules.credential if not credential.get(name)]
    if missing:
        raise Invalid({"credentials": [f"missing: {', '.join(missing)}"]})
    mark, *others = credential_rows(rules, account_id, credential)
    if await work.tx.get("credentials", mark) is not None:
        raise Invalid({"credentials": ["already in use by another account"]})
    for key in (*others, mark):
        await work.tx.put("credentials", key, account_id.encode())


def credential_rows(rules: ProviderRules, account_id: str, credential: Mapping[str, str]) -> list[str]:
    """Return the keys of the rows under which a complete credential of the account is kept, its digest first."""
    parts = [credential[name] for name in rules.credential]
    if len(set(parts)) == 1 and parts[0].startswith(SEALED):
        return [parts[0].removeprefix(SEALED)]
    secret = rules.secret_of
    others = [digest(rules.provider, secret(account_id, parts))] if secret is not None else []
    return [mark_of(rules, parts), *others]


async def keep_public_name(
    work: UnitOfWork, rules: ProviderRules, account_id: str, credential: Mapping[str, str]
) -> None:
    """Register the public part of a credential as a name of the account; of two accounts, the first has it.

    Accounts of scenarios do not need this: their names are found in the scenarios.
    """
    if rules.public is None:
        return
    name = digest(rules.provider, ("public", credential[rules.public]))
    if await work.tx.get(NAMES, name) is None:
        await work.tx.put(NAMES, name, account_id.encode())


async def find_or_open(work: UnitOfWork, rules: ProviderRules, parts: Sequence[str]) -> Account:
    """Return the account that the credential opens; for an unknown credential, open a new account."""
    mark = mark_of(rules, parts)
    row = await work.tx.get("credentials", mark)
    if row is not None:
        return await work.account(rules.provider, row.decode())
    seed = seed_of_any(rules, parts)
    account = await open_account(work, rules, seed)
    await keep_public_name(work, rules, account.id, seed.credentials)
    return account


def seed_of_any(rules: ProviderRules, parts: Sequence[str]) -> AccountSeed:
    """Return the seed of the account that `accept_any_key` opens for this credential."""
    credential = dict(zip(rules.credential, parts, strict=True))
    return seed_of(f"{ANY}{mark_of(rules, parts)[:12]}", credential, balance=rules.new_balance)


def seed_of(account_id: str, credentials: Mapping[str, str], *, balance: str = "0") -> AccountSeed:
    """Return the seed of an account that no scenario declares."""
    return AccountSeed(account_id, credentials, balance, "0", "active", "", {})


async def change_account(
    work: UnitOfWork, rules: ProviderRules, account: Account, changes: Mapping[str, Any]
) -> Account:
    """Set some of balance, status, webhook_url, total_spent and the account's details, all or none.

    Setting a balance books an adjustment. Raises Invalid, which names every wrong value.
    """
    errors = {name: [text] for name, value in changes.items() if (text := _problem(rules, account, name, value))}
    if errors:
        raise Invalid(errors)
    if "balance" in changes:
        wanted = minor(rules, "balance", changes["balance"])
        change = wanted - await work.balance(account)
        await ledger.unmark(work.tx, rules.provider, account.id)
        if change:
            await ledger.adjust(work.tx, rules.provider, account.id, change, at=work.now, cause="balance set by a test")
    changed = replace(
        account,
        status=changes.get("status", account.status),
        webhook_url=changes.get("webhook_url", account.webhook_url),
        total_spent=minor(rules, "total_spent", changes["total_spent"])
        if "total_spent" in changes
        else account.total_spent,
        details={name: changes.get(name, value) for name, value in account.details.items()},
    )
    await work.keep_account(changed)
    return changed


async def list_accounts(work: UnitOfWork) -> list[Account]:
    """Return every account of the sandbox, sorted by provider and id."""
    accounts: list[Account] = []
    after = ""
    while rows := await work.tx.scan("accounts", after=after, limit=500):
        accounts += [decode_account(row.data) for row in rows]
        after = rows[-1].key
    return accounts


def minor(rules: ProviderRules, name: str, amount: object) -> int:
    """Return an amount, a text or an exact number, in minor units; raises Invalid, which names the field `name`."""
    refusal = Invalid({name: [f"must be an amount such as '12.50' or 12.5: {_shown(amount)}"]})
    if isinstance(amount, bool) or not isinstance(amount, str | int | Decimal):
        raise refusal
    if isinstance(amount, str) and _AMOUNT.fullmatch(amount) is None:
        raise refusal
    try:
        return rules.currency.minor(amount)
    except ValueError as error:
        raise Invalid({name: [str(error)]}) from None


def _problem(rules: ProviderRules, account: Account, name: str, value: object) -> str | None:
    if name in ("balance", "total_spent"):
        try:
            return "must not be negative" if minor(rules, name, value) < 0 else None
        except Invalid as invalid:
            return invalid.errors[name][0]
    if name == "status":
        return _unlisted(STATUSES, value)
    if name == "webhook_url":
        if value is None or isinstance(value, str):
            return _unfit(value)
        return f"must be a URL or null: {_shown(value)}"
    if name in account.details:
        return _detail_problem(rules, account.details, name, value)
    changeable = (*_CHANGEABLE, *account.details)
    return f"cannot be changed; changeable are {', '.join(changeable)}{did_you_mean(name, changeable)}"


def _detail_problem(rules: ProviderRules, details: Mapping[str, Any], name: str, value: object) -> str | None:
    if name in rules.choices:
        return _unlisted(rules.choices[name], value)
    if name not in details:
        return f"is not known ({suggestion(name, details) if details else 'there are none'})"
    known = details[name]
    same = known is None or type(value) is type(known)
    return _unfit(value) if same else f"must be of the same type as {known!r}: {_shown(value)}"


def _unfit(value: object) -> str | None:
    """Return why the value is refused, or None; an account's values must fit into every answer that shows it."""
    if isinstance(value, int) and not -_LARGEST <= value <= _LARGEST:
        return f"must be from {-_LARGEST} to {_LARGEST}"
    if len(str(value)) > _LONGEST:
        return f"must have at most {_LONGEST} characters"
    if isinstance(value, str) and _CONTROL.search(value):
        return "must have no control characters"
    return None


def _unlisted(allowed: Sequence[str], value: object) -> str | None:
    if value in allowed:
        return None
    hint = did_you_mean(value, allowed) if isinstance(value, str) else ""
    return f"must be one of {', '.join(allowed)}: {_shown(value)}{hint}"


def _shown(value: object) -> str:
    """Return the value for an error message: shortened, numbers as they were written."""
    text = str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."

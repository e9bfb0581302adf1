"""Finds accounts by their id, or by the part of their credential that is no secret.

A provider says which part that is (`ProviderRules.public`). Where a credential is a single secret, it names its
account only if the scenarios in force publish it, such as `daisy-demo`.
"""

from collections.abc import Mapping

from mockserver.domain.accounts import Account
from mockserver.domain.errors import NotFound
from mockserver.domain.suggestions import did_you_mean
from mockserver.sandbox.accounts import NAMES
from mockserver.sandbox.codec import decode_account
from mockserver.sandbox.credentials import digest, is_sealed
from mockserver.sandbox.provider_rules import ProviderRules
from mockserver.sandbox.unit_of_work import UnitOfWork

#: How many accounts are searched for a suggestion.
MOST_LOOKED_AT = 500


async def account_id_of(work: UnitOfWork, rules: ProviderRules, name: str) -> str | None:
    """Return the id of the account with this id or public part; None where there is none."""
    if await work.tx.get("accounts", f"{rules.provider}/{name}") is not None:
        return name
    row = await work.tx.get(NAMES, digest(rules.provider, ("public", name)))
    if row is not None:
        return row.decode()
    return next((account_id for account_id, public in _printed(work, rules).items() if public == name), None)


async def account_named(work: UnitOfWork, rules: ProviderRules, name: str) -> Account:
    """Return the account with this id or public part; raises NotFound, without the name: it may be a secret."""
    account_id = await account_id_of(work, rules, name)
    if account_id is None:
        raise NotFound("account", hint=did_you_mean(name, await known_names(work, rules)))
    return await work.account(rules.provider, account_id)


async def known_names(work: UnitOfWork, rules: ProviderRules) -> list[str]:
    """Return the ids of the provider's accounts and their known public parts."""
    public = await public_names(work, rules)
    return list(dict.fromkeys([*public, *filter(None, public.values())]))


async def public_names(work: UnitOfWork, rules: ProviderRules) -> Mapping[str, str | None]:
    """Return the public parts of credentials by account id, of the first 500 accounts.

    A part is None where only its digest is kept, as of an account that a test opened.
    """
    rows = await work.tx.scan("accounts", prefix=f"{rules.provider}/", limit=MOST_LOOKED_AT)
    printed = _printed(work, rules)
    return {account_id: printed.get(account_id) for account_id in (decode_account(row.data).id for row in rows)}


def _printed(work: UnitOfWork, rules: ProviderRules) -> dict[str, str]:
    """Return the public (or only) part of each credential in the scenarios in force, by account id."""
    part = rules.public or (rules.credential[0] if len(rules.credential) == 1 else None)
    if part is None:
        return {}
    seeds = work.state.active_scenarios.accounts(rules.provider)
    return {seed.id: seed.credentials[part] for seed in seeds if not is_sealed(seed)}

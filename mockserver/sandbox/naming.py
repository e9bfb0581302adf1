"""Accounts by their id, or by what of their credential is no secret.

A provider says which part that is (`ProviderRules.public`). Where a credential is one secret, only those that the
scenarios in force print for everybody name their accounts, such as `daisy-demo`.
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

#: How many accounts are looked through for a suggestion.
MOST_LOOKED_AT = 500


async def account_id_of(work: UnitOfWork, rules: ProviderRules, name: str) -> str | None:
    """The id of the account that this id or public part names; None where it names none."""
    if await work.tx.get("accounts", f"{rules.provider}/{name}") is not None:
        return name
    row = await work.tx.get(NAMES, digest(rules.provider, ("public", name)))
    if row is not None:
        return row.decode()
    return next((one for one, public in _printed(work, rules).items() if public == name), None)


async def account_named(work: UnitOfWork, rules: ProviderRules, name: str) -> Account:
    """The account of this id or public part; raises NotFound, which does not repeat the name: it may be a secret."""
    account_id = await account_id_of(work, rules, name)
    if account_id is None:
        raise NotFound("account", hint=did_you_mean(name, await known_names(work, rules)))
    return await work.account(rules.provider, account_id)


async def known_names(work: UnitOfWork, rules: ProviderRules) -> list[str]:
    """Ids of the provider's accounts and the public parts that are known of them."""
    public = await public_names(work, rules)
    return list(dict.fromkeys([*public, *filter(None, public.values())]))


async def public_names(work: UnitOfWork, rules: ProviderRules) -> Mapping[str, str | None]:
    """Account id -> the public part of its credential, of the first 500.

    None where only its digest is kept, as of an account that a test opened.
    """
    rows = await work.tx.scan("accounts", prefix=f"{rules.provider}/", limit=MOST_LOOKED_AT)
    printed = _printed(work, rules)
    return {one: printed.get(one) for one in (decode_account(row.data).id for row in rows)}


def _printed(work: UnitOfWork, rules: ProviderRules) -> dict[str, str]:
    """Account id -> the public part, or the only one, of a credential that the scenarios in force print."""
    part = rules.public or (rules.credential[0] if len(rules.credential) == 1 else None)
    if part is None:
        return {}
    seeds = work.state.active_scenarios.accounts(rules.provider)
    return {seed.id: seed.credentials[part] for seed in seeds if not is_sealed(seed)}

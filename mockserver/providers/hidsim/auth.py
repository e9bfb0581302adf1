"""The credential of a call, `Authorization: Bearer JWT` (documented), and the three endpoints of sessions."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from mockserver.domain.accounts import Account
from mockserver.domain.errors import AccountDisabled, RateLimited, UnknownCredential
from mockserver.domain.moments import parse_span
from mockserver.http.call import Call
from mockserver.http.credentials import bearer_token
from mockserver.http.replies import Reply
from mockserver.providers.hidsim import wire
from mockserver.providers.hidsim.rules import fold_name, secret_of
from mockserver.providers.hidsim.settings import FAILURES_WINDOW, MOST_FAILURES
from mockserver.providers.hidsim.tokens import BadToken, Tokens
from mockserver.providers.hidsim.warming import warm_up
from mockserver.sandbox import ledger
from mockserver.sandbox.codec import decode_account
from mockserver.sandbox.sandbox import Sandbox
from mockserver.sandbox.state import SandboxState
from mockserver.sandbox.transactions import View
from mockserver.sandbox.unit_of_work import UnitOfWork

_BATCH = 500


class Users:
    """A cache of account ids by the `_id` of their users, since a token names the `_id`."""

    def __init__(self, _dice: object) -> None:
        self._accounts: dict[str, str] = {}

    async def account(self, sandbox: Sandbox, identifier: str, view: View | None) -> Account:
        """Return the account of the user with this `_id`; raises BadToken."""
        if identifier not in self._accounts:
            async with sandbox.work("credential", settle=False) as work:
                self._accounts = {wire.user_id(user.id): user.id async for user in _accounts(work)}
        account_id = self._accounts.get(identifier)
        account = await sandbox.account("hidsim", account_id, view=view) if account_id is not None else None
        if account is None:
            raise BadToken
        return account


def tokens_of(state: SandboxState) -> Tokens:
    """Return the object that signs and reads this sandbox's tokens."""
    tokens: Tokens = state.catalogue("hidsim tokens", Tokens)
    return tokens


async def identify(call: Call) -> Account:
    """Return the account of the bearer token; raises MissingCredential, BadToken or ExpiredToken."""
    token = bearer_token(call)
    state = call.state
    tokens = tokens_of(state)
    if not tokens.knows(token):
        await warm_up()
    claims = tokens.read(state.identity, token, now=state.clock.now())
    users: Users = state.catalogue("hidsim users", Users)
    return await users.account(call.sandbox, claims.subject, call.view)


async def login(call: Call) -> Reply:
    """Open a session; a wrong password and an unknown identifier are refused in the same way."""
    identifier, password = fold_name(call.fields["identifier"]), call.fields["password"]
    _refuse_many_failures(call, identifier)
    await warm_up()
    account = await _find_user(call, identifier, password)
    if account is None:
        _count_failure(call, identifier)
        raise UnknownCredential
    call.identify(account)
    if account.status != "active":
        raise AccountDisabled
    return await _session(call, account)


async def _find_user(call: Call, identifier: str, password: str) -> Account | None:
    """Return the account with this e-mail or user name, in any case, if the password is its own; else None."""
    account = await call.find_account((identifier, password), known_only=True)
    if account is not None:
        return account
    async with call.sandbox.work("credential", settle=False) as work:
        namesakes = [other async for other in _accounts(work) if identifier in _names(other)]
    for namesake in namesakes:
        account = await call.find_account(secret_of(namesake.id, (identifier, password)), known_only=True)
        if account is not None:
            return account
    return await call.find_account((identifier, password))


async def _accounts(work: UnitOfWork) -> AsyncIterator[Account]:
    """Yield HidSim's accounts; other requests are served between one batch and the next."""
    after = ""
    while rows := await work.tx.scan("accounts", prefix="hidsim/", after=after, limit=_BATCH):
        for row in rows:
            yield decode_account(row.data)
        after = rows[-1].key
        await asyncio.sleep(0)


def _names(account: Account) -> tuple[str, ...]:
    return tuple(fold_name(account.details[name]) for name in ("email", "username"))


async def renew(call: Call) -> Reply:
    """Issue another token; the one that the call came with stays good."""
    return await _session(call, call.account)


async def me(call: Call) -> Reply:
    """Return the user who calls, with the balance after everything that is due."""
    async with call.work() as work:
        return Reply(await user_row(work, await work.account("hidsim", call.account.id)))


async def user_row(work: UnitOfWork, account: Account) -> dict[str, Any]:
    """Return the user of an account, as clients see it."""
    first, last = await ledger.first_and_last(work.tx, "hidsim", account.id)
    return wire.user(account, balance=await work.balance(account), opened_at=first.at, moved_at=last.at)


async def _session(call: Call, account: Account) -> Reply:
    state = call.state
    async with call.work() as work:
        lifetime = parse_span(_settings(call)["hidsim.token_lifetime"])
        number = await work.next_number("hidsim/tokens")
        user = await user_row(work, account)
        token = tokens_of(state).sign(
            state.identity, wire.user_id(account.id), now=work.now, lifetime=lifetime, number=number
        )
    return Reply({"token": token, "user": user})


def _refuse_many_failures(call: Call, identifier: str) -> None:
    if _settings(call)["rate_limits"] == "off":
        return
    now = call.state.clock.now()
    count, ends = call.state.limiter.state(_failures(identifier), window=FAILURES_WINDOW, now=now)
    if count >= MOST_FAILURES:
        raise RateLimited("login", ends - now)


def _count_failure(call: Call, identifier: str) -> None:
    now = call.state.clock.now()
    call.state.limiter.take(_failures(identifier), calls=MOST_FAILURES, window=FAILURES_WINDOW, now=now)


def _failures(identifier: str) -> str:
    return f"hidsim/failed login/{identifier}"


def _settings(call: Call) -> Mapping[str, Any]:
    return call.state.settings.values

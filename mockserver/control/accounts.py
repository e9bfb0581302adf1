"""`/_mock/accounts` and `/_mock/ledger`: accounts, and the movements of their money."""

from typing import Any

from mockserver.control.operation import Answer, ControlCall, Operation, list_of, object_schema, text_schema
from mockserver.control.paging import PAGING, after_of, limit_of, page_of, serialise_rows
from mockserver.domain.accounts import STATUSES, Account
from mockserver.domain.errors import Invalid
from mockserver.domain.ledger import Movement
from mockserver.domain.moments import moment_text
from mockserver.sandbox import ledger
from mockserver.sandbox.accounts import change_account, keep_public_name, list_accounts, minor, open_account, seed_of
from mockserver.sandbox.naming import account_named
from mockserver.sandbox.provider_rules import ProviderRules
from mockserver.sandbox.refusals import HistoryUnderWay
from mockserver.sandbox.unit_of_work import UnitOfWork

_AMOUNT = {"type": "string", "description": "A decimal text in the provider's currency, such as 12.50."}
_AMOUNT_INPUT = {
    "type": ["string", "number"],
    "description": "An amount in the provider's currency, such as 12.5 or '12.50'.",
}
_AMOUNTS = ("balance", "total_spent")
_URL = {"type": ["string", "null"], "description": "Where the account's webhooks go."}
_CHANGES: dict[str, Any] = {
    "balance": _AMOUNT_INPUT,
    "status": {"type": "string", "enum": list(STATUSES), "description": "Whether the account may act."},
    "webhook_url": _URL,
    "total_spent": _AMOUNT_INPUT,
}
#: Members that each provider names.
_DETAILS = {"description": "Also the provider's own details of an account, such as `email`."}
CHANGE = {"type": "object", "properties": _CHANGES, "additionalProperties": _DETAILS}
NEW = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": text_schema("The account's id.", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$"),
        "credentials": {"type": "object", "additionalProperties": {"type": "string"}},
        **_CHANGES,
    },
    "additionalProperties": _DETAILS,
}
ACCOUNT = {"type": "object", "required": ["provider", "id", "balance", "currency", "status", "webhook_url"]}


async def account_data(work: UnitOfWork, rules: ProviderRules, account: Account) -> dict[str, Any]:
    """Return an account as the control API shows it, without credentials."""
    return {
        "provider": account.provider,
        "id": account.id,
        "balance": rules.currency.text(await work.balance(account)),
        "currency": rules.currency.code,
        "status": account.status,
        "webhook_url": account.webhook_url,
        "total_spent": rules.currency.text(account.total_spent),
        **account.details,
    }


async def listing(call: ControlCall) -> Answer:
    """List every account of the sandbox."""
    sandbox = await call.sandbox()
    async with sandbox.work("control") as work:
        accounts = await list_accounts(work)
        rows = [
            await account_data(work, sandbox.state.provider_rules[account.provider], account) for account in accounts
        ]
    return Answer({"accounts": rows})


async def show(call: ControlCall) -> Answer:
    """Show one account."""
    sandbox, rules = await call.sandbox(), call.provider().rules
    async with sandbox.work("control") as work:
        account = await account_named(work, rules, call.path_fields["id"])
        return Answer(await account_data(work, rules, account))


async def change(call: ControlCall) -> Answer:
    """Change some values of an account, all or none; refused with 409 for amounts while a history is made."""
    sandbox, rules = await call.sandbox(), call.provider().rules
    async with sandbox.work("control") as work:
        account = await account_named(work, rules, call.path_fields["id"])
        if work.state.populating and any(name in call.body for name in _AMOUNTS):
            raise HistoryUnderWay
        account = await change_account(work, rules, account, call.body)
        data = await account_data(work, rules, account)
    return Answer(await _with_warnings(call, data))


async def create(call: ControlCall) -> Answer:
    """Open an account; the answer is the only place that ever shows its credentials."""
    sandbox, rules = await call.sandbox(), call.provider().rules
    body = dict(call.body)
    account_id = body.pop("id")
    credentials = body.pop("credentials", None) or rules.new_credential(sandbox.state.dice, account_id)
    unknown = [name for name in credentials if name not in rules.credential]
    if unknown:
        raise Invalid({"credentials": [f"unknown: {', '.join(unknown)}; they are {', '.join(rules.credential)}"]})
    async with sandbox.work("control") as work:
        balance = rules.currency.text(minor(rules, "balance", body.pop("balance", "0")))
        account = await open_account(work, rules, seed_of(account_id, credentials, balance=balance))
        await keep_public_name(work, rules, account_id, credentials)
        account = await change_account(work, rules, account, body)
        data = await account_data(work, rules, account)
    return Answer(await _with_warnings(call, {**data, "credentials": credentials}), status=201)


async def _with_warnings(call: ControlCall, data: dict[str, Any]) -> dict[str, Any]:
    """Add `warnings` where no webhook can arrive at the URL that was just set.

    The name is resolved outside the unit of work, so that the sandbox's lock does not wait for DNS.
    """
    url = call.body.get("webhook_url")
    objection = await call.server.objection(url) if url else None
    if objection is None:
        return data
    return {**data, "warnings": [{"field": "webhook_url", "message": f"no webhook will arrive there: {objection}"}]}


async def movements(call: ControlCall) -> Answer:
    """List the movements of an account's balance, oldest first, in pages."""
    sandbox, rules = await call.sandbox(), call.provider().rules
    limit, after = limit_of(call), after_of(call, "[1-9][0-9]{0,9}", "100")
    async with sandbox.work("control") as work:
        account = await account_named(work, rules, call.path_fields["id"])
        moves = await ledger.movements_after(work.tx, rules.provider, account.id, int(after or 0), limit=limit + 1)
        balance = await work.balance(account)
    page, rest = moves[:limit], moves[limit:]
    return Answer(
        {
            "balance": rules.currency.text(balance),
            "currency": rules.currency.code,
            "entries": await serialise_rows(_entry(rules, move) for move in page),
            "next": str(page[-1].sequence) if rest else None,
        }
    )


def _entry(rules: ProviderRules, move: Movement) -> dict[str, Any]:
    return {
        "number": move.sequence,
        "at": moment_text(move.at),
        "amount": rules.currency.text(move.signed),
        "cause": move.cause,
        "order": move.order,
        "balance_after": rules.currency.text(move.balance_after),
        "debit": move.debit,
        "credit": move.credit,
    }


OPERATIONS = (
    Operation(
        "GET", "/accounts", listing, name="accounts", summary="Every account", gives=list_of("accounts", ACCOUNT)
    ),
    Operation(
        "POST",
        "/accounts/{provider}",
        create,
        name="createAccount",
        summary="Open an account",
        takes=NEW,
        gives=ACCOUNT,
        decimals=_AMOUNTS,
        status=201,
    ),
    Operation("GET", "/accounts/{provider}/{id}", show, name="account", summary="One account", gives=ACCOUNT),
    Operation(
        "PATCH",
        "/accounts/{provider}/{id}",
        change,
        name="changeAccount",
        summary="Set balance, status, webhook URL or details",
        takes=CHANGE,
        gives=ACCOUNT,
        decimals=_AMOUNTS,
    ),
    Operation(
        "GET",
        "/ledger/{provider}/{id}",
        movements,
        name="ledger",
        summary="What moved an account's money, oldest first",
        gives=object_schema(
            ("balance", "currency", "entries", "next"),
            balance=_AMOUNT,
            currency=text_schema("ISO 4217."),
            **page_of("entries")["properties"],
        ),
        query=PAGING,
    ),
)

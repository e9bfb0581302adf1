"""Calls of an API without HTTP, for invented customers."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mockserver.domain.accounts import Account
from mockserver.domain.errors import mistake_named
from mockserver.http.call import Call
from mockserver.http.customers import ApiAnswer, Ask
from mockserver.http.provider import Endpoint, Provider
from mockserver.journal.journal import Entry
from mockserver.sandbox.sandbox import Sandbox
from mockserver.sandbox.transactions import View


def asking(
    provider: Provider, sandbox: Sandbox, account: Account, identity: Any, *, name: str, view: View | None = None
) -> Ask:
    """Return a function that calls the provider's handlers as this account.

    `name` is the cause in histories and in the ledger. The rules of the scenarios in force apply, refusals included.
    Credentials, rate limits, faults on the wire and the journal are left out: there is no client.
    """
    endpoints = {endpoint.name: endpoint for endpoint in provider.endpoints}

    async def ask(operation: str, fields: Mapping[str, Any]) -> ApiAnswer:
        endpoint = endpoints[operation]
        call = _call(provider, endpoint, sandbox, name)
        if view is not None:
            call.see(view)
        call.fields = dict(fields)
        call.identity = identity
        call.identify(account)
        if call.state.active_scenarios.speaking("refuse", provider.name, operation):
            rule = call.decide("refuse")
            if rule is not None:
                raise mistake_named(rule.then["refuse"])
        reply = await endpoint.handler(call)
        return ApiAnswer(json.loads(provider.wrap(call, reply), parse_float=Decimal), call.entry.order)

    return ask


def _call(provider: Provider, endpoint: Endpoint, sandbox: Sandbox, name: str) -> Call:
    entry = Entry(
        name,
        sandbox.state.clock.now(),
        provider.name,
        endpoint.method,
        endpoint.path,
        "",
        (),
        b"",
        operation=endpoint.name,
    )
    scope = {"type": "http", "query_string": b"", "headers": [], "method": endpoint.method, "path": endpoint.path}
    return Call(sandbox, provider, endpoint, entry, {}, scope, "", b"")

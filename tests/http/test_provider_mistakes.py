"""What a provider's code does wrong while it serves is a 500 for the client, and one line in the server's log."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from mockserver.app import App
from mockserver.http.call import Call
from mockserver.http.provider import Provider
from mockserver.http.replies import Reply
from tests.acme.endpoints import ENDPOINTS
from tests.acme.rules import RULES
from tests.outside import AcmeWorld
from tests.served import ACME
from tests.support import InProcess, frozen_settings

pytestmark = pytest.mark.anyio


async def identifies_nobody(call: Call) -> Any:
    return None


async def looks_up_a_mapping(call: Call) -> Any:
    key: Any = {"key": "acme-demo"}
    return await call.find_account(key)


async def looks_up_a_text(call: Call) -> Any:
    return await call.find_account("acme-demo")


async def places_an_unknown_kind(call: Call) -> Reply:
    async with call.work() as work:
        await work.place(RULES, kind="activaton", account=call.account.id, amount=1, facts={})
    return Reply({})


def placing_an_unknown_kind() -> Provider:
    endpoints = [one._replace(handler=places_an_unknown_kind) if one.name == "buy" else one for one in ENDPOINTS]
    return replace(ACME, endpoints=tuple(endpoints))


@pytest.mark.parametrize(
    ("provider", "wanted"),
    [
        (
            replace(ACME, identify=identifies_nobody),
            "identify of acme returned None: it must raise UnknownCredential where a credential opens no account",
        ),
        (
            replace(ACME, identify=looks_up_a_mapping),
            "find_account of acme takes the values of the credential, such as (key,), not a dict",
        ),
        (
            replace(ACME, identify=looks_up_a_text),
            "find_account of acme takes the values of the credential, such as (key,), not a str",
        ),
        (
            placing_an_unknown_kind(),
            "no scenario of acme has a machine of kind 'activaton' (did you mean 'activation'?)",
        ),
    ],
    ids=["identify", "mapping", "text", "kind"],
)
@pytest.mark.parametrize("headers", [{}, {"Prefer": "mock-scenario=no-sms"}], ids=["plain", "preferring"])
async def test_it_is_one_line_of_the_log(
    provider: Provider, wanted: str, headers: Mapping[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    app = App(frozen_settings(), [provider])
    await app.startup()
    try:
        async with InProcess(app) as client:
            with caplog.at_level(logging.ERROR, logger="mockserver"):
                answer = await AcmeWorld(app, client).ask("POST", "/orders", {"service": "chat"}, headers=dict(headers))
    finally:
        await app.shutdown()
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_server_error")
    [record] = caplog.records
    assert record.getMessage().endswith(f"/orders failed: {wanted}")
    assert record.exc_info is None

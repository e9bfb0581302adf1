"""Errors that nobody expected are answered in the provider's words, wherever they happen."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from mockserver.app import App
from mockserver.http.provider import Provider
from tests.outside import BASE, DEMO
from tests.served import ACME
from tests.support import frozen_settings, started

pytestmark = pytest.mark.anyio


def broken(*arguments: Any) -> Any:
    raise OverflowError("date value out of range")


async def balance(provider: Provider) -> httpx.Response:
    async with started(App(frozen_settings(), [provider])) as world:
        return await world.call("GET", f"{BASE}/balance", headers=DEMO)


async def test_headers_that_fail_are_an_internal_error_of_the_provider() -> None:
    answer = await balance(replace(ACME, headers=broken))
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_server_error")
    assert answer.headers["x-mock-request-id"]


async def test_an_envelope_that_cannot_even_refuse_leaves_json(caplog: pytest.LogCaptureFixture) -> None:
    answer = await balance(replace(ACME, wrap=broken, refuse=broken))
    assert (answer.status_code, answer.json()) == (500, {"error": "internal error"})
    assert "date value out of range" in caplog.text

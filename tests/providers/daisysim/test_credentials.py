"""`Authorization: Bearer KEY`: which keys and accounts are accepted."""

import re

import pytest

from mockserver.providers.daisysim import PROVIDER
from tests.conformance.client import Client
from tests.conformance.samples.daisysim import SAMPLES
from tests.providers.daisysim.judged import Daisy
from tests.support import code_of

pytestmark = pytest.mark.anyio

CALLS = (
    ("GET", "/balance", None),
    ("GET", "/countries", None),
    ("GET", "/services/6", None),
    ("POST", "/prices", {"country": 6, "service": "wa"}),
    ("POST", "/purchase", {"country": 6, "service": "wa", "price": 1}),
    ("GET", "/check/1", None),
    ("POST", "/cancel/1", None),
    ("GET", "/history", None),
)


def test_every_endpoint_is_among_the_calls() -> None:
    assert len(CALLS) == len(SAMPLES.asks)


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
async def test_no_header_is_a_missing_token(world: Daisy, method: str, path: str, body: object) -> None:
    assert await world.refused(method, path, body, key=None) == (401, "MISSING_TOKEN")


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic ZGFpc3k6ZGVtbw==", "daisy-demo", "Token daisy-demo"])
async def test_a_header_without_a_bearer_token_is_a_missing_token(world: Daisy, value: str) -> None:
    assert await world.refused("GET", "/balance", headers={"Authorization": value}) == (401, "MISSING_TOKEN")


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
async def test_an_unknown_key_is_an_invalid_token(world: Daisy, method: str, path: str, body: object) -> None:
    assert await world.refused(method, path, body, key="DA_" + "x" * 40) == (401, "INVALID_TOKEN")


@pytest.mark.parametrize("key", ["daisy-dem", "daisy-demo1", "Daisy-Demo", "daisy-demo, Bearer daisy-demo", "x" * 5000])
async def test_a_key_must_be_exact(world: Daisy, key: str) -> None:
    assert await world.refused("GET", "/balance", key=key) == (401, "INVALID_TOKEN")


async def test_a_key_outside_ascii_is_an_invalid_token(world: Daisy) -> None:
    headers = {b"authorization": b"Bearer daisy-\xff\xc3\xa9"}
    assert code_of(await world.daisy("GET", "/balance", key=None, headers=headers)) == (401, "INVALID_TOKEN")


async def test_the_scheme_may_be_written_in_any_case(world: Daisy) -> None:
    for scheme in ("bearer", "BEARER", "Bearer "):
        answer = await world.daisy("GET", "/balance", headers={"Authorization": f"{scheme} daisy-demo"})
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("key", "code"), [("daisy-suspended", "ACCOUNT_SUSPENDED"), ("daisy-locked", "ACCOUNT_LOCKED")]
)
@pytest.mark.parametrize(("method", "path", "body"), CALLS)
async def test_blocked_and_locked_accounts_are_refused(
    world: Daisy, method: str, path: str, body: object, key: str, code: str
) -> None:
    assert await world.refused(method, path, body, key=key) == (403, code)


async def test_an_account_is_refused_while_it_is_suspended(world: Daisy) -> None:
    for status, code in (("suspended", "ACCOUNT_SUSPENDED"), ("locked", "ACCOUNT_LOCKED")):
        await world.change(status=status)
        assert await world.refused("GET", "/balance") == (403, code)
    await world.change(status="active")
    assert (await world.daisy("GET", "/balance")).status_code == 200


async def test_the_documented_keys_open_their_accounts(world: Daisy) -> None:
    for key, email in (("daisy-demo", "demo@example.com"), ("daisy-poor", "poor@example.com")):
        assert (await world.data("GET", "/balance", key=key))["email"] == email


async def test_a_new_accounts_key_looks_like_a_real_one_and_works(world: Daisy) -> None:
    key = await world.open_account("fresh", balance="7.5000")
    assert re.fullmatch(r"DA_[A-Za-z0-9]{40}", key)
    answer = await world.daisy("GET", "/balance", key=key)
    assert '"balance":7.5000' in answer.text


async def test_any_key_opens_an_account_where_the_setting_says_so(world: Daisy) -> None:
    await world.steer("PATCH", "/settings", {"accept_any_key": True})
    first = await world.data("GET", "/balance", key="whatever")
    assert await world.data("GET", "/balance", key="whatever") == first
    assert (await world.data("GET", "/balance", key="another"))["email"] != first["email"]
    assert await world.refused("GET", "/balance", key=None) == (401, "MISSING_TOKEN")


async def test_two_authorization_headers_are_no_credential(world: Daisy) -> None:
    headers = [("Authorization", "Bearer daisy-demo"), ("Authorization", "Bearer daisy-poor")]
    answer = await Client(world, PROVIDER).send("GET", "/balance", headers=headers)
    assert code_of(answer) == (401, "INVALID_TOKEN")

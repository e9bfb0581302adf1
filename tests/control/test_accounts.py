"""Accounts and their ledgers."""

from typing import Any

import pytest

from mockserver.app import App
from tests.control.problems import fields_of, problem_of
from tests.support import World, frozen_settings, started

pytestmark = pytest.mark.anyio
DEMO = {
    "provider": "daisysim",
    "id": "demo",
    "balance": "100.0000",
    "currency": "USD",
    "status": "active",
    "webhook_url": None,
    "total_spent": "45.2000",
    "email": "demo@example.com",
}


async def test_every_account_is_listed_in_full_without_credentials(world: World) -> None:
    accounts = (await world.steer("GET", "/accounts"))["accounts"]
    assert [one["id"] for one in accounts] == ["demo", "locked", "poor", "suspended"]
    assert accounts[0] == DEMO
    assert await world.steer("GET", "/accounts/daisysim/demo") == DEMO


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"balance": "12.5"}, {"balance": "12.5000"}),
        ({"balance": "0"}, {"balance": "0.0000"}),
        ({"balance": 3}, {"balance": "3.0000"}),
        ({"balance": 0.1}, {"balance": "0.1000"}),
        ({"balance": 12.50, "total_spent": 0.3}, {"balance": "12.5000", "total_spent": "0.3000"}),
        ({"status": "locked"}, {"status": "locked"}),
        ({"webhook_url": "http://127.0.0.1:1/a?b=c"}, {"webhook_url": "http://127.0.0.1:1/a?b=c"}),
        ({"total_spent": "500"}, {"total_spent": "500.0000"}),
        ({"email": "new@example.com"}, {"email": "new@example.com"}),
        ({}, {}),
    ],
)
async def test_what_is_changed_is_changed_and_nothing_else(
    world: World, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert await world.steer("PATCH", "/accounts/daisysim/demo", changes) == {**DEMO, **expected}
    assert await world.steer("GET", "/accounts/daisysim/demo") == {**DEMO, **expected}


@pytest.mark.parametrize(
    ("written", "balance"),
    [
        ("0.1", "0.1000"),
        ("0.30000000000000000", "0.3000"),
        ("99999999999999.1234", "99999999999999.1234"),
        ("90071992547409.9301", "90071992547409.9301"),
        ("1.2e1", "12.0000"),
    ],
)
async def test_a_number_is_read_as_it_is_written_and_never_as_a_binary_one(
    world: World, written: str, balance: str
) -> None:
    body = f'{{"balance": {written}, "total_spent": {written}}}'.encode()
    answer = await world.control("PATCH", "/accounts/daisysim/demo", content=body)
    assert (answer.json()["balance"], answer.json()["total_spent"]) == (balance, balance)
    made = await world.control(
        "POST", "/accounts/daisysim", content=b'{"id": "mine", "balance": %b}' % written.encode()
    )
    assert made.json()["balance"] == balance


@pytest.mark.parametrize("written", ["0.12345", "0." + "0" * 40 + "1", "1" * 200, "1e50", "1." + "9" * 100_000])
async def test_a_number_that_is_no_amount_is_422(world: World, written: str) -> None:
    answer = await world.control("PATCH", "/accounts/daisysim/demo", content=b'{"balance": %b}' % written.encode())
    assert fields_of(answer) == ["balance"]
    assert len(answer.content) < 1000


async def test_a_webhook_url_is_taken_away_with_null(world: World) -> None:
    await world.steer("PATCH", "/accounts/daisysim/demo", {"webhook_url": "http://127.0.0.1:1/"})
    assert await world.steer("PATCH", "/accounts/daisysim/demo", {"webhook_url": None}) == DEMO


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"balance": "-1"}, "balance"),
        ({"balance": "1.23456"}, "balance"),
        ({"balance": "much"}, "balance"),
        ({"balance": "NaN"}, "balance"),
        ({"balance": "1e400"}, "balance"),
        ({"balance": "9000000000000000"}, "balance"),
        ({"balance": 1.23456}, "balance"),
        ({"balance": -3}, "balance"),
        ({"balance": 1e30}, "balance"),
        ({"balance": [1]}, "balance"),
        ({"balance": None}, "balance"),
        ({"balance": True}, "balance"),
        ({"total_spent": "-0.0001"}, "total_spent"),
        ({"total_spent": "99999999999999999999"}, "total_spent"),
        ({"status": "happy"}, "status"),
        ({"webhook_url": 5}, "webhook_url"),
        ({"email": 5}, "email"),
        ({"provider": "hidsim"}, "provider"),
        ({"id": "other"}, "id"),
        ({"currency": "EUR"}, "currency"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_cannot_be_is_422_and_changes_nothing(world: World, changes: dict[str, Any], field: str) -> None:
    answer = await world.control("PATCH", "/accounts/daisysim/demo", {"email": "x@example.com", **changes})
    assert fields_of(answer) == [field]
    assert await world.steer("GET", "/accounts/daisysim/demo") == DEMO


@pytest.mark.parametrize(
    ("account", "changes", "fine"),
    [
        ("doctorsim_v1/sandbox", {"mode": "bogus"}, {"mode": "production"}),
        ("doctorsim_v2/test_demo", {"tier": "Gold"}, {"tier": "Free"}),
        ("doctorsim_v2/test_demo", {"scope": "write"}, {"scope": "read"}),
        ("doctorsim_v2/test_demo", {"ip_allowlist": ""}, {"ip_allowlist": "other"}),
    ],
)
async def test_details_that_mean_something_are_one_of_a_few(
    account: str, changes: dict[str, Any], fine: dict[str, Any]
) -> None:
    async with started(App(frozen_settings(rate_limits="off"))) as world:
        assert fields_of(await world.control("PATCH", f"/accounts/{account}", changes)) == list(changes)
        changed = await world.steer("PATCH", f"/accounts/{account}", fine)
    assert changed | fine == changed


@pytest.mark.parametrize(
    ("status", "http", "code"), [("suspended", 403, "ACCOUNT_SUSPENDED"), ("locked", 403, "ACCOUNT_LOCKED")]
)
async def test_a_status_decides_what_the_provider_answers(world: World, status: str, http: int, code: str) -> None:
    await world.steer("PATCH", "/accounts/daisysim/demo", {"status": status})
    answer = await world.daisy("GET", "/balance")
    assert (answer.status_code, answer.json()["code"]) == (http, code)
    await world.steer("PATCH", "/accounts/daisysim/demo", {"status": "active"})
    assert (await world.daisy("GET", "/balance")).status_code == 200


async def test_setting_a_balance_books_an_adjustment_and_none_where_nothing_changes(world: World) -> None:
    for balance in ("12.50", "12.5", "99"):
        await world.steer("PATCH", "/accounts/daisysim/demo", {"balance": balance})
    ledger = await world.steer("GET", "/ledger/daisysim/demo")
    assert (ledger["balance"], ledger["currency"]) == ("99.0000", "USD")
    told = [(one["amount"], one["balance_after"], one["cause"]) for one in ledger["entries"]]
    assert told == [
        ("100.0000", "100.0000", "opening balance"),
        ("-87.5000", "12.5000", "balance set by a test"),
        ("86.5000", "99.0000", "balance set by a test"),
    ]
    assert {"at", "amount", "cause", "order", "balance_after"} <= set(ledger["entries"][0])


async def test_a_purchase_is_booked_with_its_order_and_a_negative_amount(world: World) -> None:
    bought = await world.buy()
    entry = (await world.steer("GET", "/ledger/daisysim/demo"))["entries"][-1]
    assert entry["order"] == bought["activation_id"]
    assert entry["amount"].startswith("-")
    assert float(entry["amount"]) == -bought["amount_charged"]
    assert float(entry["balance_after"]) == bought["balance_after"]


async def test_a_new_account_shows_its_credentials_once_and_works(world: World) -> None:
    new = {"id": "mine", "credentials": {"key": "my-key"}, "balance": "5.00", "status": "active", "total_spent": "25"}
    answer = await world.control("POST", "/accounts/daisysim", new)
    assert answer.status_code == 201
    made = answer.json()
    assert made["credentials"] == {"key": "my-key"}
    assert (made["id"], made["balance"], made["total_spent"]) == ("mine", "5.0000", "25.0000")
    assert (await world.daisy("GET", "/balance", key="my-key")).json()["data"]["balance"] == 5
    assert "my-key" not in (await world.control("GET", "/accounts/daisysim/mine")).text
    assert "credentials" not in await world.steer("GET", "/accounts/daisysim/mine")


async def test_credentials_are_made_up_where_none_are_given_and_differ(world: World) -> None:
    keys = [(await world.steer("POST", "/accounts/daisysim", {"id": name}))["credentials"]["key"] for name in "ab"]
    assert len(set(keys)) == 2
    for key in keys:
        assert key.startswith("DA_")
        assert len(key) == 43
        assert (await world.daisy("GET", "/balance", key=key)).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "id"),
        ({"id": ""}, "id"),
        ({"id": "a/b"}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"id": "demo"}, "id"),
        ({"id": "mine", "credentials": {"key": "daisy-demo"}}, "credentials"),
        ({"id": "mine", "credentials": {"key": ""}}, "credentials"),
        ({"id": "mine", "credentials": {"password": "x"}}, "credentials"),
        ({"id": "mine", "credentials": {"key": "x", "more": "y"}}, "credentials"),
        ({"id": "mine", "credentials": {"key": 5}}, "credentials.key"),
        ({"id": "mine", "balance": "-1"}, "balance"),
        ({"id": "mine", "balance": "lots"}, "balance"),
        ({"id": "mine", "status": "happy"}, "status"),
        ({"id": "mine", "colour": "red"}, "colour"),
    ],
)
async def test_an_account_that_cannot_be_is_422_and_not_made(world: World, body: dict[str, Any], field: str) -> None:
    assert fields_of(await world.control("POST", "/accounts/daisysim", body)) == [field]
    assert len((await world.steer("GET", "/accounts"))["accounts"]) == 4
    problem_of(await world.control("GET", "/accounts/daisysim/mine"), 404)


async def test_a_credential_that_is_taken_is_not_told(world: World) -> None:
    answer = await world.control("POST", "/accounts/daisysim", {"id": "mine", "credentials": {"key": "daisy-demo"}})
    assert "daisy-demo" not in answer.text


@pytest.mark.parametrize("amount", ["1_000", "١٢", " 5 ", ".5", "5.", "+5", "1e3", "1E+30", "", "NaN", "5\n"])
async def test_an_amount_is_a_plain_decimal_text(world: World, amount: str) -> None:
    for name in ("balance", "total_spent"):
        answers = [
            await world.control("PATCH", "/accounts/daisysim/demo", {name: amount}),
            await world.control("POST", "/accounts/daisysim", {"id": "new", name: amount}),
        ]
        for answer in answers:
            assert fields_of(answer) == [name]


@pytest.mark.parametrize("path", ["/accounts/daisysim/demo", "/accounts/daisysim"])
@pytest.mark.parametrize("number", ["1e30", "12.12345", "[1.5]", "1e300"])
async def test_a_refused_number_is_shown_as_a_number(world: World, path: str, number: str) -> None:
    method = "PATCH" if path.endswith("demo") else "POST"
    body = f'{{"id": "new", "balance": {number}}}' if method == "POST" else f'{{"balance": {number}}}'
    answer = await world.control(method, path, content=body, headers={"Content-Type": "application/json"})
    assert "Decimal" not in str(problem_of(answer, 422))


async def test_a_new_account_may_have_a_balance_written_as_any_number(world: World) -> None:
    made = await world.steer("POST", "/accounts/daisysim", content=b'{"id": "new", "balance": 1.2e1}')
    assert made["balance"] == "12.0000"


@pytest.mark.parametrize("text", ["x" * 1_001, "a@b.c\r\nX: y", "a\x00", "a\x85"])
async def test_an_account_keeps_no_long_text_and_no_control_characters(world: World, text: str) -> None:
    before = await world.steer("GET", "/accounts/daisysim/demo")
    for name in ("email", "webhook_url"):
        answer = await world.control("PATCH", "/accounts/daisysim/demo", {name: text})
        assert fields_of(answer) == [name]
        assert len(answer.content) < 1_000
    assert await world.steer("GET", "/accounts/daisysim/demo") == before

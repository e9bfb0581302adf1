"""Accounts and their ledgers."""

from typing import Any

import pytest

from mockserver.app import App
from tests.control.problems import fields_of, problem_of
from tests.outside import AcmeWorld
from tests.support import frozen_settings, started

pytestmark = pytest.mark.anyio
DEMO = {
    "provider": "acme",
    "id": "demo",
    "balance": "100.00",
    "currency": "EUR",
    "status": "active",
    "webhook_url": None,
    "total_spent": "0.00",
    "email": "demo@example.com",
}


async def test_every_account_is_listed_in_full_without_credentials(world: AcmeWorld) -> None:
    accounts = (await world.steer("GET", "/accounts"))["accounts"]
    assert [one["id"] for one in accounts] == ["closed", "demo", "poor"]
    assert accounts[1] == DEMO
    assert await world.steer("GET", "/accounts/acme/demo") == DEMO


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"balance": "12.5"}, {"balance": "12.50"}),
        ({"balance": "0"}, {"balance": "0.00"}),
        ({"balance": 3}, {"balance": "3.00"}),
        ({"balance": 0.1}, {"balance": "0.10"}),
        ({"balance": 12.50, "total_spent": 0.3}, {"balance": "12.50", "total_spent": "0.30"}),
        ({"status": "locked"}, {"status": "locked"}),
        ({"webhook_url": "http://127.0.0.1:1/a?b=c"}, {"webhook_url": "http://127.0.0.1:1/a?b=c"}),
        ({"total_spent": "500"}, {"total_spent": "500.00"}),
        ({"email": "new@example.com"}, {"email": "new@example.com"}),
        ({}, {}),
    ],
)
async def test_what_is_changed_is_changed_and_nothing_else(
    world: AcmeWorld, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert await world.steer("PATCH", "/accounts/acme/demo", changes) == {**DEMO, **expected}
    assert await world.steer("GET", "/accounts/acme/demo") == {**DEMO, **expected}


@pytest.mark.parametrize(
    ("written", "balance"),
    [
        ("0.1", "0.10"),
        ("0.30000000000000000", "0.30"),
        ("99999999999999.12", "99999999999999.12"),
        ("90071992547409.93", "90071992547409.93"),
        ("1.2e1", "12.00"),
    ],
)
async def test_a_number_is_read_as_it_is_written_and_never_as_a_binary_one(
    world: AcmeWorld, written: str, balance: str
) -> None:
    body = f'{{"balance": {written}, "total_spent": {written}}}'.encode()
    answer = await world.control("PATCH", "/accounts/acme/demo", content=body)
    assert (answer.json()["balance"], answer.json()["total_spent"]) == (balance, balance)
    made = await world.control("POST", "/accounts/acme", content=b'{"id": "mine", "balance": %b}' % written.encode())
    assert made.json()["balance"] == balance


@pytest.mark.parametrize("written", ["0.125", "0." + "0" * 40 + "1", "1" * 200, "1e50", "1." + "9" * 100_000])
async def test_a_number_that_is_no_amount_is_422(world: AcmeWorld, written: str) -> None:
    answer = await world.control("PATCH", "/accounts/acme/demo", content=b'{"balance": %b}' % written.encode())
    assert fields_of(answer) == ["balance"]
    assert len(answer.content) < 1000


async def test_a_webhook_url_is_taken_away_with_null(world: AcmeWorld) -> None:
    await world.steer("PATCH", "/accounts/acme/demo", {"webhook_url": "http://127.0.0.1:1/"})
    assert await world.steer("PATCH", "/accounts/acme/demo", {"webhook_url": None}) == DEMO


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"balance": "-1"}, "balance"),
        ({"balance": "1.234"}, "balance"),
        ({"balance": "much"}, "balance"),
        ({"balance": "NaN"}, "balance"),
        ({"balance": "1e400"}, "balance"),
        ({"balance": "900000000000000000"}, "balance"),
        ({"balance": 1.234}, "balance"),
        ({"balance": -3}, "balance"),
        ({"balance": 1e30}, "balance"),
        ({"balance": [1]}, "balance"),
        ({"balance": None}, "balance"),
        ({"balance": True}, "balance"),
        ({"total_spent": "-0.01"}, "total_spent"),
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
async def test_what_cannot_be_is_422_and_changes_nothing(world: AcmeWorld, changes: dict[str, Any], field: str) -> None:
    answer = await world.control("PATCH", "/accounts/acme/demo", {"email": "x@example.com", **changes})
    assert fields_of(answer) == [field]
    assert await world.steer("GET", "/accounts/acme/demo") == DEMO


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


@pytest.mark.parametrize(("status", "http", "code"), [("suspended", 403, "forbidden"), ("locked", 403, "forbidden")])
async def test_a_status_decides_what_the_provider_answers(world: AcmeWorld, status: str, http: int, code: str) -> None:
    await world.steer("PATCH", "/accounts/acme/demo", {"status": status})
    answer = await world.ask("GET", "/balance")
    assert (answer.status_code, answer.json()["error"]["code"]) == (http, code)
    await world.steer("PATCH", "/accounts/acme/demo", {"status": "active"})
    assert (await world.ask("GET", "/balance")).status_code == 200


async def test_setting_a_balance_books_an_adjustment_and_none_where_nothing_changes(world: AcmeWorld) -> None:
    for balance in ("12.50", "12.5", "99"):
        await world.steer("PATCH", "/accounts/acme/demo", {"balance": balance})
    ledger = await world.steer("GET", "/ledger/acme/demo")
    assert (ledger["balance"], ledger["currency"]) == ("99.00", "EUR")
    told = [(one["amount"], one["balance_after"], one["cause"]) for one in ledger["entries"]]
    assert told == [
        ("100.00", "100.00", "opening balance"),
        ("-87.50", "12.50", "balance set by a test"),
        ("86.50", "99.00", "balance set by a test"),
    ]
    assert {"at", "amount", "cause", "order", "balance_after"} <= set(ledger["entries"][0])


async def test_a_purchase_is_booked_with_its_order_and_a_negative_amount(world: AcmeWorld) -> None:
    bought = (await world.ask("POST", "/orders", {"service": "chat"})).json()
    entry = (await world.steer("GET", "/ledger/acme/demo"))["entries"][-1]
    assert entry["order"] == bought["id"]
    assert entry["amount"] == f"-{bought['price']}"
    assert entry["balance_after"] == (await world.ask("GET", "/balance")).json()["balance"]


async def test_a_new_account_shows_its_credentials_once_and_works(world: AcmeWorld) -> None:
    new = {"id": "mine", "credentials": {"key": "my-key"}, "balance": "5.00", "status": "active", "total_spent": "25"}
    answer = await world.control("POST", "/accounts/acme", new)
    assert answer.status_code == 201
    made = answer.json()
    assert made["credentials"] == {"key": "my-key"}
    assert (made["id"], made["balance"], made["total_spent"]) == ("mine", "5.00", "25.00")
    assert (await world.ask("GET", "/balance", key="my-key")).json()["balance"] == "5.00"
    assert "my-key" not in (await world.control("GET", "/accounts/acme/mine")).text
    assert "credentials" not in await world.steer("GET", "/accounts/acme/mine")


async def test_credentials_are_made_up_where_none_are_given_and_differ(world: AcmeWorld) -> None:
    keys = [(await world.steer("POST", "/accounts/acme", {"id": name}))["credentials"]["key"] for name in "ab"]
    assert len(set(keys)) == 2
    for key in keys:
        assert key.startswith("acme-")
        assert len(key) == 29
        assert (await world.ask("GET", "/balance", key=key)).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "id"),
        ({"id": ""}, "id"),
        ({"id": "a/b"}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"id": "demo"}, "id"),
        ({"id": "mine", "credentials": {"key": "acme-demo"}}, "credentials"),
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
async def test_an_account_that_cannot_be_is_422_and_not_made(
    world: AcmeWorld, body: dict[str, Any], field: str
) -> None:
    assert fields_of(await world.control("POST", "/accounts/acme", body)) == [field]
    assert len((await world.steer("GET", "/accounts"))["accounts"]) == 3
    problem_of(await world.control("GET", "/accounts/acme/mine"), 404)


async def test_a_credential_that_is_taken_is_not_told(world: AcmeWorld) -> None:
    answer = await world.control("POST", "/accounts/acme", {"id": "mine", "credentials": {"key": "acme-demo"}})
    assert "acme-demo" not in answer.text


@pytest.mark.parametrize("amount", ["1_000", "١٢", " 5 ", ".5", "5.", "+5", "1e3", "1E+30", "", "NaN", "5\n"])
async def test_an_amount_is_a_plain_decimal_text(world: AcmeWorld, amount: str) -> None:
    for name in ("balance", "total_spent"):
        answers = [
            await world.control("PATCH", "/accounts/acme/demo", {name: amount}),
            await world.control("POST", "/accounts/acme", {"id": "new", name: amount}),
        ]
        for answer in answers:
            assert fields_of(answer) == [name]


@pytest.mark.parametrize("path", ["/accounts/acme/demo", "/accounts/acme"])
@pytest.mark.parametrize("number", ["1e30", "12.125", "[1.5]", "1e300"])
async def test_a_refused_number_is_shown_as_a_number(world: AcmeWorld, path: str, number: str) -> None:
    method = "PATCH" if path.endswith("demo") else "POST"
    body = f'{{"id": "new", "balance": {number}}}' if method == "POST" else f'{{"balance": {number}}}'
    answer = await world.control(method, path, content=body, headers={"Content-Type": "application/json"})
    assert "Decimal" not in str(problem_of(answer, 422))


async def test_a_new_account_may_have_a_balance_written_as_any_number(world: AcmeWorld) -> None:
    made = await world.steer("POST", "/accounts/acme", content=b'{"id": "new", "balance": 1.2e1}')
    assert made["balance"] == "12.00"


@pytest.mark.parametrize("text", ["x" * 1_001, "a@b.c\r\nX: y", "a\x00", "a\x85"])
async def test_an_account_keeps_no_long_text_and_no_control_characters(world: AcmeWorld, text: str) -> None:
    before = await world.steer("GET", "/accounts/acme/demo")
    for name in ("email", "webhook_url"):
        answer = await world.control("PATCH", "/accounts/acme/demo", {name: text})
        assert fields_of(answer) == [name]
        assert len(answer.content) < 1_000
    assert await world.steer("GET", "/accounts/acme/demo") == before

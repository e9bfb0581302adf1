"""Credentials, scopes of keys, addresses, tiers."""

import pytest

from mockserver.domain.moments import parse_moment
from mockserver.http.provider import word
from mockserver.providers.doctorsim_v2 import PROVIDER
from mockserver.providers.doctorsim_v2.errors import AddressNotAllowed, AddressRefused, AllowlistRequired
from tests.providers.doctorsim_v2.judged import V2, v2_running

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("value", "status", "code"),
    [
        (None, 401, "UNAUTHORIZED"),
        ("", 401, "UNAUTHORIZED"),
        ("Bearer", 401, "UNAUTHORIZED"),
        ("Bearer  ", 401, "UNAUTHORIZED"),
        ("Basic dGVzdF9kZW1vOnNrX2RlbW8=", 401, "UNAUTHORIZED"),
        ("Bearer test_nobody:sk_demo", 401, "INVALID_API_KEY"),
        ("Bearer :sk_demo", 401, "INVALID_API_KEY"),
        ("Bearer :", 401, "INVALID_API_KEY"),
        ("Bearer test_demo:wrong", 401, "INVALID_API_SECRET"),
        ("Bearer test_demo:", 401, "INVALID_API_SECRET"),
        ("Bearer test_demo:sk_demo:x", 401, "INVALID_API_SECRET"),
        ("Bearer live_demo:sk_readonly", 401, "INVALID_API_SECRET"),
        ("Bearer test_demo", 401, "INVALID_TOKEN"),
        ("Bearer a.b.c", 401, "INVALID_TOKEN"),
        ("Bearer test_revoked:sk_revoked", 401, "API_KEY_REVOKED"),
        ("Bearer test_denied:sk_denied", 403, "API_ACCESS_DENIED"),
        ("Bearer live_noip:sk_noip", 403, "IP_ALLOWLIST_REQUIRED"),
        ("Bearer live_otherip:sk_otherip", 403, "IP_NOT_ALLOWED"),
    ],
)
async def test_a_bad_credential_is_refused_in_its_own_way(world: V2, value: str | None, status: int, code: str) -> None:
    headers = {} if value is None else {"Authorization": value}
    for path in ("/balance", "/countries", "/webhooks"):
        answer = await world.v2("GET", path, key=None, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert ("www-authenticate" in answer.headers) is (status == 401)


async def test_a_refused_address_is_told_in_the_message_too(world: V2) -> None:
    for key in ("live_noip", "live_otherip"):
        answer = await world.v2("GET", "/balance", key=key)
        error = answer.json()["error"]
        assert error["client_ip"] == "127.0.0.1"
        assert "127.0.0.1" in error["message"]
        assert "x-mock-assumed" not in answer.headers


@pytest.mark.parametrize("kind", [AllowlistRequired, AddressNotAllowed])
def test_an_address_that_is_not_known_leaves_a_whole_sentence(kind: type[AddressRefused]) -> None:
    for client in ("203.0.113.7", "2001:db8::1", ""):
        wording = word(PROVIDER, kind(client))
        assert client in wording.text
        assert "  " not in wording.text
        assert wording.extra["client_ip"] == client


async def test_the_scheme_is_read_in_any_case(world: V2) -> None:
    assert await world.data("GET", "/balance", key=None, headers={"Authorization": "bearer  test_demo:sk_demo "})


async def test_a_read_only_key_reads_and_cannot_order(world: V2) -> None:
    body = await world.order_body()
    assert await world.refused("POST", "/orders", body, key="test_readonly") == (403, "INSUFFICIENT_SCOPE")
    for method, path in (("POST", "/webhooks"), ("PATCH", "/webhooks/1"), ("DELETE", "/webhooks/1")):
        assert await world.refused(method, path, {}, key="test_readonly") == (403, "INSUFFICIENT_SCOPE")
    for path in ("/orders", "/balance", "/balance/history", "/webhooks", "/countries"):
        assert (await world.v2("GET", path, key="test_readonly")).is_success
    assert await world.data("POST", "/orders/preview", body, key="test_readonly")


async def test_a_status_set_by_a_test_refuses(world: V2) -> None:
    for status, code in (
        ("revoked", "API_KEY_REVOKED"),
        ("denied", "API_ACCESS_DENIED"),
        ("locked", "API_ACCESS_DENIED"),
    ):
        await world.steer("PATCH", "/accounts/doctorsim_v2/test_demo", {"status": status})
        assert (await world.refused("GET", "/balance"))[1] == code
    details = {"status": "active", "scope": "read", "ip_allowlist": "other"}
    await world.steer("PATCH", "/accounts/doctorsim_v2/test_demo", details)
    assert (await world.refused("GET", "/balance"))[1] == "IP_NOT_ALLOWED"


async def test_an_account_made_by_a_test_orders(world: V2) -> None:
    made = await world.steer("POST", "/accounts/doctorsim_v2", {"id": "live_shop", "balance": "20.00"})
    key = ":".join(made["credentials"].values())
    assert key.startswith("live_shop:sk_")
    assert (await world.data("GET", "/balance", key=key))["environment"] == "production"
    order = await world.data("POST", "/orders", await world.order_body(), key=key)
    assert order["environment"] == "production"
    worker = await world.steer("POST", "/accounts/doctorsim_v2", {"id": "worker", "balance": "20.00"})
    data = await world.data("GET", "/balance", key=":".join(worker["credentials"].values()))
    assert data["environment"] == "sandbox"


async def test_any_key_may_be_let_in(world: V2) -> None:
    await world.steer("PATCH", "/settings", {"accept_any_key": True})
    assert (await world.data("GET", "/balance", key="live_new:secret"))["environment"] == "production"
    order = await world.data("POST", "/orders", await world.order_body(), key="live_new:secret")
    assert order["environment"] == "production"
    assert (await world.data("GET", "/balance", key="test_new:secret"))["environment"] == "sandbox"
    assert await world.refused("GET", "/balance", key="test_demo:wrong") == (401, "INVALID_API_SECRET")
    assert await world.refused("GET", "/balance", key="test_new:") == (401, "INVALID_API_KEY")


@pytest.mark.parametrize(
    ("key", "calls"), [("test_readonly", 50), ("live_poor", 50), ("test_demo", 500), ("live_demo", 5000)]
)
async def test_each_tier_has_its_limit_over_all_endpoints(world: V2, key: str, calls: int) -> None:
    now = int(parse_moment((await world.steer("GET", "/clock"))["now"]).timestamp())
    for number, path in enumerate(("/balance", "/service-types", "/webhooks", "/balance"), start=1):
        answer = await world.v2("GET", path, key=key)
        assert answer.headers["x-ratelimit-limit"] == str(calls)
        assert answer.headers["x-ratelimit-remaining"] == str(calls - number)
        assert answer.headers["x-ratelimit-reset"] == str(now + 60)


@pytest.mark.parametrize(
    ("key", "calls"),
    [("test_readonly", 50), ("test_revoked", 500), ("test_denied", 500), ("live_noip", 500), ("live_otherip", 500)],
)
async def test_a_refusal_of_a_known_account_has_the_headers_of_its_tier(world: V2, key: str, calls: int) -> None:
    used = int((await world.v2("GET", "/balance", key=key)).is_success)
    answer = await world.v2("POST", "/orders", {}, key=key)
    assert answer.status_code in (401, 403)
    assert answer.headers["x-ratelimit-limit"] == str(calls)
    assert answer.headers["x-ratelimit-remaining"] == str(calls - used)


async def test_too_many_calls_wait_for_the_window_to_end(world: V2) -> None:
    for _ in range(50):
        assert (await world.v2("GET", "/balance", key="test_readonly")).is_success
    await world.advance("45s")
    answer = await world.v2("GET", "/countries", key="test_readonly")
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert (answer.headers["retry-after"], answer.headers["x-ratelimit-remaining"]) == ("15", "0")
    assert (await world.v2("GET", "/balance", key="live_poor")).is_success
    await world.advance("15s")
    assert (await world.v2("GET", "/balance", key="test_readonly")).headers["x-ratelimit-remaining"] == "49"


async def test_bad_requests_count_and_refused_credentials_do_not(world: V2) -> None:
    await world.v2("GET", "/operators", key="test_readonly")
    await world.v2("GET", "/nowhere", key="test_readonly")
    await world.v2("GET", "/balance", key="test_readonly:wrong")
    answer = await world.v2("GET", "/balance", key="test_readonly")
    assert answer.headers["x-ratelimit-remaining"] == "47"


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("DELETE", "/balance", 405)])
async def test_what_no_endpoint_takes_counts_for_whoever_is_known(
    world: V2, method: str, path: str, status: int
) -> None:
    answer = await world.v2(method, path, key="live_demo")
    assert answer.status_code == status
    assert (answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"]) == ("5000", "4999")
    for key in (None, "test_nobody:sk_demo"):
        answer = await world.v2(method, path, key=key)
        assert answer.status_code == status
        assert (answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"]) == ("50", "50")


async def test_a_body_that_is_too_large_counts_for_whoever_is_known(world: V2) -> None:
    answer = await world.v2("POST", "/orders", {"price_token": "x" * 1_100_000}, key="live_demo")
    assert answer.status_code == 413
    assert (answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"]) == ("5000", "4999")


async def test_limits_that_are_switched_off_leave_remaining_whole(world: V2) -> None:
    await world.v2("GET", "/balance", key="test_readonly")
    await world.steer("PATCH", "/settings", {"rate_limits": "off"})
    assert (await world.v2("GET", "/balance", key="test_readonly")).headers["x-ratelimit-remaining"] == "50"
    await world.steer("PATCH", "/settings", {"rate_limits": "documented"})
    assert (await world.v2("GET", "/balance", key="test_readonly")).headers["x-ratelimit-remaining"] == "48"


async def test_with_limits_off_remaining_stays_at_the_limit() -> None:
    async with v2_running(rate_limits="off") as world:
        for _ in range(60):
            answer = await world.v2("GET", "/balance", key="test_readonly")
            assert answer.headers["x-ratelimit-remaining"] == answer.headers["x-ratelimit-limit"] == "50"


@pytest.mark.parametrize(
    "path", ["/nope", "/", "/orders/", "/operators/1/nope", "/mcp", "/topup", "/topup/status", "/topup/balance"]
)
async def test_unknown_paths_answer_in_the_envelope(world: V2, path: str) -> None:
    assert await world.refused("GET", path) == (404, "NOT_FOUND")


async def test_a_wrong_method_names_the_right_ones(world: V2) -> None:
    answer = await world.v2("PUT", "/orders")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "GET, POST"

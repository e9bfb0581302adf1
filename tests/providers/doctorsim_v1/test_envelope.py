"""Credentials, the envelope, statuses, the dialect, HTTPS, limits."""

import json
import re
from typing import Any

import pytest

from tests.providers.doctorsim_v1.client import BASE, IMEI, PAIRS, V1, error_of

pytestmark = pytest.mark.anyio

WITHOUT_CODE = (
    ("DELETE", "/cancel_order/1"),
    ("GET", "/retrieve_order_instructions/1"),
    ("POST", f"/imeicheck/{IMEI}"),
    ("POST", f"/imeicheck/{IMEI}/aGFzaA=="),
)


async def test_an_answer_has_code_as_a_text_status_empty_info_and_res(v1: V1) -> None:
    answer = await v1.call("GET", "/countries")
    assert list(answer.json()) == ["code", "status", "info", "res"]
    assert answer.text.startswith('{"code":"200","status":"OK","info":"","res":{')


async def test_three_methods_answer_without_code(v1: V1) -> None:
    ticket = await v1.order(imei="123456789876543")
    for method, path in (
        ("GET", f"/retrieve_order_instructions/{ticket}"),
        ("POST", f"/imeicheck/{IMEI}"),
        ("DELETE", f"/cancel_order/{await v1.order()}"),
    ):
        answer = await v1.call(method, path)
        assert answer.status_code == 200
        assert list(answer.json()) == ["status", "info", "res"]


@pytest.mark.parametrize(("method", "path"), WITHOUT_CODE)
async def test_their_refusals_have_no_code_either(v1: V1, method: str, path: str) -> None:
    for answer in (await v1.call(method, path, pair="wrong"), await v1.call("PATCH", path)):
        assert answer.status_code in (401, 405)
        assert list(answer.json()) == ["status", "info", "res"]


async def test_other_refusals_have_the_status_as_code(v1: V1) -> None:
    for method, path, status in (("GET", "/nothing", 404), ("POST", "/countries", 405), ("GET", "/tools/x/1", 400)):
        answer = await v1.call(method, path)
        assert answer.status_code == status
        assert list(answer.json()) == ["code", "status", "info", "res"]
        assert answer.json()["code"] == str(status)
        assert error_of(answer)[1] == "API_ERROR"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"DSIM_KEY": "sandbox-key"},
        {"DSIM_SECRET": "sandbox-secret"},
        {"DSIM_KEY": "sandbox-key", "DSIM_SECRET": ""},
        {"DSIM_KEY": "sandbox-key", "DSIM_SECRET": "live-secret"},
        {"DSIM-KEY": "sandbox-key", "DSIM-SECRET": "sandbox-secret"},
        {"Authorization": "Bearer sandbox-key"},
    ],
)
async def test_bad_or_missing_credentials_are_wrong_access(v1: V1, headers: dict[str, str]) -> None:
    answer = await v1.world.call("GET", f"{BASE}/countries", headers=headers)
    status, word, info = error_of(answer)
    assert (status, word) == (401, "WRONG_ACCESS")
    assert info


@pytest.mark.parametrize("pair", ["sandbox", "live", "poor"])
async def test_all_pairs_share_one_host(v1: V1, pair: str) -> None:
    assert (await v1.call("GET", "/brands", pair=pair)).status_code == 200


async def test_the_pairs_hold_what_is_documented(v1: V1) -> None:
    assert [await v1.balance(name) for name in ("sandbox", "live", "poor")] == ["1000.00", "1000.00", "1.00"]


@pytest.mark.parametrize("status", ["suspended", "locked", "disabled", "revoked", "denied"])
async def test_an_account_that_may_not_act_is_wrong_access(v1: V1, status: str) -> None:
    await v1.world.steer("PATCH", "/accounts/doctorsim_v1/sandbox", {"status": status})
    answer = await v1.call("GET", "/brands")
    assert error_of(answer)[:2] == (401, "WRONG_ACCESS")
    assert answer.headers["x-mock-assumed"] == "true"


async def test_any_pair_opens_a_sandbox_account_where_the_setting_says_so(v1: V1) -> None:
    await v1.world.steer("PATCH", "/settings", {"accept_any_key": True})
    ticket = await v1.order(imei="123456789876543", pair="wrong")
    assert await v1.status(ticket, pair="wrong") == "available"


async def test_credentials_are_never_in_the_journal(v1: V1) -> None:
    answer = await v1.call("GET", "/brands")
    entry = await v1.world.steer("GET", f"/requests/{answer.headers['x-mock-request-id']}")
    text = json.dumps(entry)
    assert "sandbox-key" not in text
    assert "sandbox-secret" not in text
    assert entry["account"] == "sandbox"


async def test_slashes_and_letters_beyond_ascii_are_escaped_as_php_does(v1: V1) -> None:
    devices, networks = (await v1.call("GET", "/devices/29/15910")).text, (await v1.call("GET", "/networks")).text
    assert "https:\\/\\/img1.doctorsim.com\\/img\\/term\\/iphone_6.png" in devices
    assert "K\\u00f6lbi" in networks
    assert devices.isascii()
    assert networks.isascii()
    assert "Kölbi" in json.loads(networks)["res"][_id_of(await v1.res("GET", "/countries"), "Costa Rica")].values()


async def test_there_are_no_cors_headers(v1: V1) -> None:
    answer = await v1.call("GET", "/brands", headers={"Origin": "http://localhost:7460"})
    assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_queries_are_ignored(v1: V1) -> None:
    assert (await v1.call("GET", "/networks/34?country_id=1146&x=%ff")).json() == (
        await v1.call("GET", "/networks/34")
    ).json()


async def test_plain_http_is_refused_only_where_https_is_required(v1: V1) -> None:
    await v1.setting("require_https", True)
    status, word, info = error_of(await v1.call("GET", "/brands"))
    assert (status, word) == (400, "API_ERROR")
    assert "HTTPS" in info
    secure = await v1.world.client.request("GET", f"https://localhost{BASE}/brands", headers=PAIRS["sandbox"])
    assert secure.status_code == 200


@pytest.mark.parametrize("status", [429, 409])
async def test_the_501st_call_in_a_minute_is_one_too_many_whatever_the_methods(v1: V1, status: int) -> None:
    await v1.setting("limit_status", status)
    for number in range(500):
        method, path = (("GET", "/networks/34"), ("POST", "/imeicheck/1"), ("DELETE", "/cancel_order/1"))[number % 3]
        assert (await v1.call(method, path)).status_code != status
    assert error_of(await v1.call("GET", "/brands"))[:2] == (status, "TOO_MANY_REQUESTS")
    assert "code" not in (await v1.call("POST", "/imeicheck/1")).json()
    assert (await v1.call("GET", "/brands", pair="live")).status_code == 200
    await v1.world.advance("59s")
    assert (await v1.call("GET", "/brands")).status_code == status
    await v1.world.advance("1s")
    assert (await v1.call("GET", "/brands")).status_code == 200


async def test_an_unexpected_failure_is_an_api_error(v1: V1) -> None:
    scenario = "scenario: down\nprovider: doctorsim_v1\nabout: x\nrules: [{then: {refuse: InternalError}}]\n"
    await v1.world.control("POST", "/scenarios", content=scenario)
    await v1.scenario("down")
    assert error_of(await v1.call("GET", "/brands"))[:2] == (500, "API_ERROR")


async def test_the_documented_host_is_found_by_its_name_alone(v1: V1) -> None:
    answer = await v1.world.call("GET", "/brands", headers={**PAIRS["sandbox"], "Host": "api.doctorsim.com"})
    assert answer.json() == (await v1.call("GET", "/brands")).json()


# -- parameters that are missing ---------------------------------------------------------------------------------------

LEFT_OUT = [
    ("GET", "/tools", ("device_id", "network_id")),
    ("POST", "/tools", ("device_id", "network_id")),
    ("GET", "/tools/15429", ("network_id",)),
    ("GET", "/tools/15429/", ("network_id",)),
    ("GET", "/tools//5815", ("device_id",)),
    ("POST", f"/create_order/1697/3/{IMEI}", ("tool_id",)),
    ("POST", "/create_order/1697/3", ("imei", "tool_id")),
    ("POST", "/create_order", ("device_id", "network_id", "imei", "tool_id")),
    ("POST", "/imeicheck", ("imei",)),
    ("POST", f"/imeicheck/{IMEI}/", ("hash",)),
    ("DELETE", "/cancel_order", ("ticket_id",)),
    ("GET", "/retrieve_order_instructions", ("ticket_id",)),
    ("POST", "/update_order", ("ticket_id",)),
    ("GET", "/check_order_status/", ("ticket_id",)),
    ("GET", "/networks/", ("country_id",)),
    ("GET", "/devices/29/", ("device_id",)),
]


@pytest.mark.parametrize(("method", "path", "parameters"), LEFT_OUT)
async def test_a_missing_parameter_is_an_api_error_that_names_it(
    v1: V1, method: str, path: str, parameters: tuple[str, ...]
) -> None:
    answer = await v1.call(method, path)
    status, word, info = error_of(answer)
    assert (status, word) == (400, "API_ERROR")
    assert re.findall(r"\b[a-z]+_id\b|\bimei\b|\bhash\b", info) == list(parameters)
    assert ("code" in answer.json()) is (path.split("/")[1] not in without_code())
    entry = await v1.world.steer("GET", f"/requests/{answer.headers['x-mock-request-id']}")
    assert (entry["mistake"], entry["account"]) == ("MissingParameter", "sandbox")
    assert error_of(await v1.call(method, path, pair="wrong"))[:2] == (401, "WRONG_ACCESS")


@pytest.mark.parametrize("path", ["/nothing", "/tool", "/tools/1/2/3", "/countries/", "/countries/34", "/nothing/"])
async def test_what_is_no_method_stays_not_found(v1: V1, path: str) -> None:
    for pair in ("sandbox", "wrong"):
        assert error_of(await v1.call("GET", path, pair=pair))[:2] == (404, "API_ERROR")


def without_code() -> set[str]:
    """The first segments whose answers have no `code`."""
    return {path.split("/")[1] for _, path in WITHOUT_CODE}


# -- what counts -------------------------------------------------------------------------------------------------------


async def counted(v1: V1) -> int:
    """How many calls may follow in this minute before one is refused."""
    left = 0
    while (await v1.call("GET", "/networks/34")).status_code == 200:
        left += 1
    return left


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        ("GET", "/nothing", {}, 404),
        ("PUT", "/countries", {}, 405),
        ("OPTIONS", "/tools/15910/1", {}, 405),
        ("GET", "/tools/15429", {}, 400),
        ("GET", "/networks/es", {}, 400),
        ("GET", "/networks/33", {}, 404),
        ("GET", "/", {}, 404),
        ("POST", f"/imeicheck/{IMEI}", {"content": b" " * 1_100_000}, 413),
        ("POST", "/countries", {"content": b" " * 1_100_000}, 405),
    ],
)
async def test_every_request_with_a_key_counts(v1: V1, method: str, path: str, more: Any, status: int) -> None:
    for _ in range(40):
        assert (await v1.call(method, path, **more)).status_code == status
    assert await counted(v1) == 460
    assert error_of(await v1.call(method, path, **more))[:2] == (429, "TOO_MANY_REQUESTS")
    assert (await v1.call(method, path, pair="live", **more)).status_code == status
    await v1.world.advance("60s")
    assert (await v1.call(method, path, **more)).status_code == status


async def test_requests_without_a_good_key_count_for_nobody(v1: V1) -> None:
    for _ in range(20):
        for method, path in (("GET", "/nothing"), ("PUT", "/countries"), ("GET", "/tools"), ("GET", "/countries")):
            await v1.call(method, path, pair="wrong")
    assert await counted(v1) == 500
    assert (await v1.call("GET", "/nothing", pair="wrong")).status_code == 404


async def test_unknown_paths_are_not_counted_where_limits_are_off(v1: V1) -> None:
    await v1.world.steer("PATCH", "/settings", {"rate_limits": "off"})
    assert {(await v1.call("GET", "/nothing")).status_code for _ in range(501)} == {404}


async def test_where_any_key_is_taken_calls_of_no_method_open_no_account(v1: V1) -> None:
    await v1.world.steer("PATCH", "/settings", {"accept_any_key": True})
    before = await v1.world.steer("GET", "/accounts")
    for method, path, status in (
        ("GET", "/nothing", 404),
        ("PUT", "/brands", 405),
        ("GET", "/tools", 400),
        ("GET", "/", 404),
    ):
        assert (await v1.call(method, path, pair="wrong")).status_code == status
    assert await v1.world.steer("GET", "/accounts") == before
    assert (await v1.call("GET", "/brands", pair="wrong")).status_code == 200
    for _ in range(9):
        await v1.call("GET", "/nothing", pair="wrong")
    left = 0
    while (await v1.call("GET", "/brands", pair="wrong")).status_code == 200:
        left += 1
    assert left == 490


async def test_other_hosts_of_the_provider_count_nothing(v1: V1) -> None:
    for _ in range(20):
        for path in ("/imei_report", "/imei_report/x/y"):
            answer = await v1.world.call("GET", f"/www.doctorsim.com{path}", headers=PAIRS["sandbox"])
            assert answer.status_code == 404
    assert await counted(v1) == 500


async def test_keys_can_be_tried_at_the_base_url(v1: V1) -> None:
    for path in ("", "/"):
        assert error_of(await v1.call("GET", path, pair="wrong"))[:2] == (401, "WRONG_ACCESS")
        assert error_of(await v1.call("GET", path))[:2] == (404, "API_ERROR")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("PUT", "/countries", 405)])
async def test_a_setting_looks_at_the_key_of_every_call_first(v1: V1, method: str, path: str, status: int) -> None:
    await v1.world.steer("PATCH", "/accounts/doctorsim_v1/live", {"status": "suspended"})
    for pair in ("wrong", "live"):
        assert (await v1.call(method, path, pair=pair)).status_code == status
    await v1.setting("authenticate", "every_call")
    for pair in ("wrong", "live"):
        assert error_of(await v1.call(method, path, pair=pair))[:2] == (401, "WRONG_ACCESS")
    assert (await v1.call(method, path)).status_code == status


def _id_of(countries: dict[str, str], name: str) -> str:
    return next(id for id, known in countries.items() if known == name)

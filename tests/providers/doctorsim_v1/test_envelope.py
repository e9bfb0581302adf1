"""Credentials, the envelope, statuses, the dialect, HTTPS, limits."""

import json

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


def _id_of(countries: dict[str, str], name: str) -> str:
    return next(id for id, known in countries.items() if known == name)

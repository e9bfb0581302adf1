"""The IMEI check: the documented test IMEIs, any other, bad ones, and the report's address."""

from typing import Any
from urllib.parse import unquote

import pytest

from mockserver.providers.doctorsim_v1.reports import report_name, report_named, report_of
from tests.providers.doctorsim_v1.client import BASE, IMEI, PAIRS, V1, error_of, serving, valid_imeis

pytestmark = pytest.mark.anyio

IPHONE_X = {
    "brandname": "IPHONE",
    "marketingname": "Apple iPhone X (A1901)",
    "modelname": "iPhone X (A1901)",
    "devicetype": "Smartphone",
    "img": "https://img2.doctorsim.com/img/term/iphone_x.png",
    "lang": "es",
}
GERMANY = [
    {
        "name": "Alemania",
        "opers": [{"txt": "Alemania-E-Plus", "status": "2"}, {"txt": "Alemania-O2", "status": "1"}],
    }
]


async def check(v1: V1, imei: str, suffix: str = "", **more: Any) -> Any:
    """`res` of a check."""
    return await v1.res("POST", f"/imeicheck/{imei}{suffix}", **more)


async def test_the_blacklisted_test_imei_is_answered_field_by_field(v1: V1) -> None:
    await v1.setting("report_url", "original")
    imei = "353047098598802"
    assert await check(v1, imei) == {
        "data": {"imei": imei, "tac": "TAC:3530470 SN:98598802", **IPHONE_X},
        "error": [],
        "result": {
            "blackliststatus": True,
            "imeihistory": [
                {
                    "imei": imei,
                    "action": "Black Insert",
                    "date": "2018-10-17 17:59:19",
                    "by": "TELCEL MEXICO",
                    "country": "Mexico",
                }
            ],
            "lists": {
                "black": [
                    {
                        "name": "Mexico",
                        "opers": [{"txt": "Mexico-Iusacell", "status": "0"}, {"txt": "Mexico-Movistar", "status": "0"}],
                    }
                ],
                "white": GERMANY,
            },
            "url_report": "https://www.doctorsim.com/imei_report/zl6fpnyqkewa-1milgoxbj7cu",
        },
        "type_pay": {"type": "F", "desc": "free"},
        "extra_info": [],
    }


async def test_the_whitelisted_test_imei_is_answered_field_by_field(v1: V1) -> None:
    await v1.setting("report_url", "original")
    imei, shop = "359405085972766", "https://www.doctorsim.com"
    assert await check(v1, imei) == {
        "data": {"imei": imei, "tac": "TAC:3594050 SN:85972766", **IPHONE_X},
        "error": [],
        "result": {
            "blackliststatus": False,
            "imeihistory": [],
            "lists": {"black": [], "white": GERMANY},
            "url_report": f"{shop}/imei_report/zdt2eu4jkzeg-1mzlvvrqowrc",
        },
        "type_pay": {"type": "F", "desc": "free"},
        "extra_info": [
            {
                "type": "button",
                "txt": "Libera tu iPhone",
                "url": f"{shop}/liberar-movil/iphone/iphone-x/liberar/",
            },
            {
                "type": "button",
                "txt": "Descubre si tu iPhone está Libre",
                "url": f"{shop}/comprobar-movil-imei/chequeo-estado-libre-bloqueado/solicitar/",
            },
        ],
    }


UNKNOWN = {
    **dict.fromkeys(("brandname", "marketingname", "modelname", "devicetype"), "NA"),
    "img": "https://img3.doctorsim.com/img/term/default.png",
    "lang": "es",
}


NO_MODEL = {"code": 404, "txt": "Lo sentimos, el IMEI facilitado no se corresponde con ningún modelo existente."}


@pytest.mark.parametrize(
    "imei",
    [
        *("123456789876543", "123456789987654"),
        *("35304709859880", "3530470985988020", "353047098598803", "0", "x", "%C3%A9", "9" * 900),
    ],
)
async def test_the_test_imeis_of_errors_and_those_that_cannot_be_have_the_body_of_the_page(v1: V1, imei: str) -> None:
    shown = unquote(imei)
    assert await check(v1, imei) == {
        "data": {"imei": shown, "tac": f"TAC:{shown[:7]} SN:{shown[7:]}", **UNKNOWN},
        "error": [NO_MODEL],
        "result": {},
        "type_pay": {"type": "P", "desc": "pay"},
        "extra_info": [],
    }


async def test_a_recognised_phone_may_have_to_be_paid_for(v1: V1) -> None:
    await v1.world.steer("PATCH", "/settings", {"rate_limits": "off"})
    paid = []
    for imei in valid_imeis(250):
        found = await check(v1, imei)
        assert found["error"] == []
        assert found["data"]["brandname"] != "NA"
        if found["type_pay"] == {"type": "P", "desc": "pay"}:
            assert (found["result"], found["extra_info"]) == ({}, [])
            paid.append(imei)
        else:
            assert found["type_pay"] == {"type": "F", "desc": "free"}
            assert found["result"]["url_report"]
    assert 5 <= len(paid) <= 30
    await v1.setting("paid_checks", "none")
    assert {(await check(v1, imei))["type_pay"]["type"] for imei in paid} == {"F"}


async def test_where_all_have_to_be_paid_for_the_answer_is_the_pages_sample(v1: V1) -> None:
    await v1.setting("paid_checks", "all")
    imei = "359405085972766"
    assert await check(v1, imei, "/aGFzaA==", pair="live") == {
        "data": {"imei": imei, "tac": "TAC:3594050 SN:85972766", **IPHONE_X},
        "error": [],
        "result": {},
        "type_pay": {"type": "P", "desc": "pay"},
        "extra_info": [],
    }


async def test_buttons_name_the_brand_as_it_is_listed(v1: V1) -> None:
    await v1.setting("paid_checks", "none")
    known = {brand["brand"] for brand in (await v1.res("GET", "/brands")).values()}
    seen = set()
    for imei in valid_imeis(80):
        found = await check(v1, imei)
        for button in found["extra_info"]:
            name = button["txt"].removeprefix("Libera tu ").removeprefix("Descubre si tu ").removesuffix(" está Libre")
            assert name.upper() == found["data"]["brandname"]
            seen.add(name)
    assert len(seen) > 5
    assert seen <= known


async def test_a_phone_has_one_picture_wherever_it_is_shown(v1: V1) -> None:
    devices = (await v1.res("GET", "/devices/29"))["29"].values()
    (listed,) = [device["img"] for device in devices if device["name"] == "iPhone X"]
    assert listed == (await check(v1, "353047098598802"))["data"]["img"] == IPHONE_X["img"]


@pytest.mark.parametrize("imei", ["353047098598802", "359405085972766", "123456789876543", "123456789987654"])
async def test_for_a_production_pair_test_imeis_are_ordinary_numbers(v1: V1, imei: str) -> None:
    await v1.setting("paid_checks", "none")
    found = await check(v1, imei, "/aGFzaA==", pair="live")
    assert (found["error"], found["type_pay"]["type"]) == ([], "F")
    assert found["result"]["url_report"].endswith(f"/imei_report/{report_name(imei)}")


async def test_the_hash_may_be_missing_with_a_sandbox_pair_only(v1: V1) -> None:
    answer = await v1.call("POST", f"/imeicheck/{IMEI}", pair="live")
    status, word, info = error_of(answer)
    assert (status, word) == (400, "API_ERROR")
    assert "hash" in info
    plain = await check(v1, IMEI)
    for text in ("x", "aGFzaA==", "a%23%23%23%23b", "%20", "y" * 3000):
        for pair in ("sandbox", "live"):
            assert await check(v1, IMEI, f"/{text}", pair=pair) == plain


@pytest.mark.parametrize("content", [b"", b"{}", b"null", b"anything"])
async def test_the_body_does_not_matter(v1: V1, content: bytes) -> None:
    assert await check(v1, IMEI, content=content) == await check(v1, IMEI)


async def test_a_check_is_free_and_leaves_no_order(v1: V1) -> None:
    await check(v1, IMEI)
    assert await v1.balance() == "1000.00"
    assert await v1.res("GET", "/check_order_status") == {}


async def test_a_report_is_made_from_the_imei_alone() -> None:
    async def answer(seed: str, pair: str) -> Any:
        async with serving(seed=seed) as v1:
            await v1.world.advance("9d" if seed == "two" else "0s")
            return await check(v1, IMEI, "/hash", pair=pair)

    assert await answer("one", "sandbox") == await answer("two", "live")


def test_most_phones_are_not_listed_and_every_report_is_well_made() -> None:
    reports = [report_of(imei) for imei in valid_imeis(400)]
    listed = [report for report in reports if report.listed]
    assert 20 < len(listed) < 100
    assert max(len(report.history) for report in listed) == 10
    for report in reports:
        assert bool(report.history) == bool(report.black) == report.listed
        for listing, words in ((report.black, {"0"}), (report.white, {"1", "2"})):
            names = [name for name, _ in listing]
            assert names == sorted(names, reverse=True)
            assert {status for _, operators in listing for _, status in operators} <= words
        assert not {name for name, _ in report.black} & {name for name, _ in report.white}
        dates = [row.date for row in report.history]
        assert dates == sorted(dates, reverse=True)
    assert {row.action for report in listed for row in report.history} == {"Black Insert", "Black Remove"}


async def test_a_listed_phone_has_history_and_no_buttons_another_two(v1: V1) -> None:
    reports = [report_of(imei) for imei in valid_imeis(99)]
    for report in (next(one for one in reports if one.listed is wanted) for wanted in (True, False)):
        found = await check(v1, report.imei)
        assert found["result"]["blackliststatus"] is report.listed
        assert [row["imei"] for row in found["result"]["imeihistory"]] == [report.imei] * len(report.history)
        assert len(found["extra_info"]) == (0 if report.listed else 2)


async def test_phones_with_one_tac_are_of_one_model(v1: V1) -> None:
    first, second = [await check(v1, imei) for imei in ("011950004980028", "011950004980036")]
    assert first["data"]["modelname"] == second["data"]["modelname"]
    models = {(await check(v1, imei))["data"]["modelname"] for imei in valid_imeis(20)}
    assert len(models) > 10


def test_the_address_of_a_report_leads_back_to_its_imei_and_no_other_does() -> None:
    for imei in ["000000000000000", *valid_imeis(50)]:
        name = report_name(imei)
        report = report_named(name)
        assert report is not None
        assert report.imei == imei
        assert report_named(name[:-1] + ("a" if name[-1] != "a" else "b")) is None
        assert report_named(("a" if name[0] != "a" else "b") + name[1:]) is None


# -- where url_report leads ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "/~worker3"])
@pytest.mark.parametrize("origin", ["http://localhost:7460", "https://mock.test", "http://10.0.0.7:81"])
async def test_the_address_is_that_which_the_client_used(v1: V1, origin: str, prefix: str) -> None:
    url = f"{origin}{prefix}{BASE}/imeicheck/{IMEI}"
    answer = await v1.world.client.post(url, headers=PAIRS["sandbox"])
    expected = f"{origin}{prefix}/www.doctorsim.com/imei_report/{report_name(IMEI)}"
    assert answer.json()["res"]["result"]["url_report"] == expected


@pytest.mark.parametrize(("host", "expected"), [("api.doctorsim.com", ""), ("api.doctorsim.com:8080", ":8080")])
async def test_the_address_has_the_real_host_where_the_client_used_it(v1: V1, host: str, expected: str) -> None:
    answer = await v1.world.call("POST", f"/imeicheck/{IMEI}", headers={**PAIRS["sandbox"], "Host": host})
    url = answer.json()["res"]["result"]["url_report"]
    assert url == f"http://www.doctorsim.com{expected}/imei_report/{report_name(IMEI)}"
    report = await v1.world.call(
        "GET", url.partition(".com")[2][len(expected) :], headers={"Host": "www.doctorsim.com"}
    )
    assert report.content.startswith(b"%PDF-")


async def test_a_setting_keeps_the_original_address(v1: V1) -> None:
    await v1.setting("report_url", "original")
    url = (await check(v1, IMEI))["result"]["url_report"]
    assert url == f"https://www.doctorsim.com/imei_report/{report_name(IMEI)}"


@pytest.mark.parametrize("written", ["YWJj==", "a%2Fb%2fc%3D%3D", "%2F", "%E2%82%AC%2F", "a%00b"])
async def test_the_hash_is_taken_whatever_is_encoded_in_it(v1: V1, written: str) -> None:
    found = await check(v1, IMEI, f"/{written}", pair="live")
    assert found["data"]["imei"] == IMEI


@pytest.mark.parametrize("written", ["a/b", "%2F/b", "a%00%2F", ""])
async def test_a_further_part_belongs_to_no_hash(v1: V1, written: str) -> None:
    assert (await v1.call("POST", f"/imeicheck/{IMEI}/{written}", pair="live")).status_code in (400, 404)

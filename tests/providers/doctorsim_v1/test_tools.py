"""Services of a device on a network."""

from typing import Any

import pytest

from tests.providers.doctorsim_v1.client import V1, error_of, serving

pytestmark = pytest.mark.anyio

FIELDS = [
    *("name", "desc", "service_name", "service_desc", "guaranteed_time", "time", "average_time", "avg"),
    *("sn", "prd", "pin", "mep", "sro", "id_tool", "success_ratio", "tool_type", "custom", "price"),
]


async def of_brand(v1: V1, brand: str, network: str = "1") -> list[dict[str, Any]]:
    """The tools of the brand's first device on a network."""
    brands = await v1.res("GET", "/brands")
    id = next(id for id, known in brands.items() if known["brand"] == brand)
    device = next(iter((await v1.res("GET", f"/devices/{id}"))[id]))
    return await v1.tools(device, network)


async def test_a_tool_has_every_documented_and_observed_field(v1: V1) -> None:
    for brand in ("iPhone", "Nokia", "Samsung", "ZTE", "BlackBerry"):
        for tool in await of_brand(v1, brand):
            assert list(tool) == FIELDS
            texts = [tool[name] for name in ("name", "desc", "service_name", "service_desc")]
            assert all(isinstance(text, str) and text for text in texts)
            assert isinstance(tool["price"], int | float)
            assert tool["price"] > 0
            assert 0 <= float(tool["success_ratio"]) <= 1
            assert isinstance(tool["success_ratio"], str)
            assert tool["id_tool"].isdecimal()


async def test_times_are_texts_of_numbers_and_stand_there_twice(v1: V1) -> None:
    units = set()
    for brand in ("iPhone", "Nokia", "Samsung", "ZTE", "BlackBerry", "Alcatel"):
        for network in ("1", "2", "5815"):
            for tool in await of_brand(v1, brand, network):
                times = tool["guaranteed_time"]
                assert tool["time"] == times
                assert list(times) == ["min", "max", "type"]
                assert 0 < int(times["min"]) < int(times["max"])
                assert tool["avg"] == tool["average_time"]
                units.add(times["type"])
    assert units == {"minutes", "hours", "days", "weeks"}


async def test_tools_can_be_asked_for_with_post_as_the_best_practices_do(v1: V1) -> None:
    for path in ("/tools/15429/5815", "/tools/1697/5815", "/tools/1/3", "/tools/x/3"):
        got, posted = [await v1.call(method, path) for method in ("GET", "POST")]
        assert (posted.status_code, posted.content) == (got.status_code, got.content)


async def test_the_documented_tool_serves_samsung_on_att(v1: V1) -> None:
    tools = await of_brand(v1, "Samsung", "5815")
    tool = next(one for one in tools if one["id_tool"] == "452787")
    assert tool["name"] == "Samsung - USA Standard Service"
    assert tool["price"] == 24.95
    assert tool["guaranteed_time"] == {"min": "1", "max": "6", "type": "days"}
    assert (tool["average_time"], tool["success_ratio"]) == ("2 days, 8 hours", "0.72")
    assert (tool["tool_type"], tool["custom"]) == ("imei", "")


async def test_the_documented_pairs_have_their_tools(v1: V1) -> None:
    assert len(await v1.tools("15429", "5815")) > 1
    assert len(await v1.tools("15910", "1")) >= 1
    assert len(await v1.tools("1697", "3")) >= 1


@pytest.mark.parametrize(
    ("brand", "flags"), [("Alcatel", {"sn", "sro"}), ("BlackBerry", {"prd", "pin", "mep"}), ("LG", {"sn"})]
)
async def test_some_tools_want_an_extra_parameter(v1: V1, brand: str, flags: set[str]) -> None:
    found = set()
    for tool in await of_brand(v1, brand):
        assert all(tool[flag] in ("true", "false") for flag in ("sn", "prd", "pin", "mep", "sro"))
        wanted = {flag for flag in ("sn", "prd", "pin", "mep", "sro") if tool[flag] == "true"}
        assert len(wanted) <= 1
        found |= wanted
    assert found == flags


async def test_there_are_instant_imei_checks_and_other_types(v1: V1) -> None:
    checks = [tool for tool in await v1.tools("15910", "1") if tool["tool_type"] == "check"]
    assert checks
    assert all(tool["guaranteed_time"]["type"] == "minutes" for tool in checks)
    (usb,) = [tool for tool in await of_brand(v1, "Samsung") if tool["tool_type"] == "usb"]
    (file,) = [tool for tool in await of_brand(v1, "ZTE") if tool["tool_type"] == "file"]
    for tool in (usb, file):
        assert tool["custom"]
        assert all(isinstance(value, str) for value in tool["custom"].values())


async def test_a_pair_without_any_service_is_an_api_error_with_status_200(v1: V1) -> None:
    answer = await v1.call("GET", "/tools/1697/5815")
    status, word, info = error_of(answer)
    assert (status, word) == (200, "API_ERROR")
    assert "No service" in info
    assert answer.json()["code"] == "200"


async def test_few_pairs_have_no_service(v1: V1) -> None:
    bare = 0
    for device in (await v1.res("GET", "/devices/32"))["32"]:
        bare += (await v1.call("GET", f"/tools/{device}/2")).json()["status"] == "API_ERROR"
    assert 5 <= bare <= 50


async def test_tools_are_the_same_for_the_same_seed_and_have_other_prices_for_another() -> None:
    async def tools(seed: str) -> Any:
        async with serving(seed=seed) as v1:
            return await v1.tools("15910", "1")

    one, again, other = await tools("one"), await tools("one"), await tools("two")
    assert one == again
    assert [tool["id_tool"] for tool in one] == [tool["id_tool"] for tool in other]
    assert [tool["price"] for tool in one] != [tool["price"] for tool in other]


async def test_ids_of_tools_are_unique_across_networks_and_brands(v1: V1) -> None:
    seen: dict[str, str] = {}
    for brand in ("Alcatel", "BlackBerry", "LG", "Samsung", "iPhone", "Nokia"):
        for network in ("1", "2", "3", "5815"):
            for tool in await of_brand(v1, brand, network):
                assert seen.setdefault(tool["id_tool"], tool["name"]) == tool["name"]

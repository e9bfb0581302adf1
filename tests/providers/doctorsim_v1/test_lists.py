"""Countries, networks, brands and devices."""

import re
from typing import Any

import pytest

from mockserver.providers.doctorsim_v1.models import brands
from tests.providers.doctorsim_v1.client import V1, error_of, serving

pytestmark = pytest.mark.anyio


async def test_countries_have_their_real_ids(v1: V1) -> None:
    countries = await v1.res("GET", "/countries")
    real = {
        "34": "Spain",
        "1146": "Argentina",
        "1932": "Canada",
        "1937": "China",
        "1024": "Dominican Republic",
        "1150": "Venezuela",
    }
    assert {id: countries[id] for id in real} == real
    assert all(id.isdecimal() for id in countries)
    assert len(set(countries.values())) == len(countries) > 100


async def test_networks_are_nested_by_country_and_have_their_real_ids(v1: V1) -> None:
    networks, countries = await v1.res("GET", "/networks"), await v1.res("GET", "/countries")
    assert networks["34"] == {"1": "Movistar", "2": "Vodafone", "3": "Orange", "4": "Yoigo"}
    america = next(id for id, name in countries.items() if name == "United States")
    assert networks[america]["5815"] == "AT&T"
    assert set(networks) < set(countries)
    ids = [id for operators in networks.values() for id in operators]
    assert len(networks) > 100
    assert len(set(ids)) == len(ids) > 350
    assert all(networks.values())


async def test_networks_of_one_country_have_the_same_nesting(v1: V1) -> None:
    networks = await v1.res("GET", "/networks")
    for id in ("34", "1146"):
        assert await v1.res("GET", f"/networks/{id}") == {id: networks[id]}


async def test_a_country_without_networks_is_known_and_empty(v1: V1) -> None:
    networks, countries = await v1.res("GET", "/networks"), await v1.res("GET", "/countries")
    (bare,) = set(countries) - set(networks)
    assert await v1.res("GET", f"/networks/{bare}") == {bare: {}}


async def test_brands_have_a_name_and_a_description(v1: V1) -> None:
    found = await v1.res("GET", "/brands")
    real = {"1": "Alcatel", "6": "LG", "15": "Samsung", "22": "Huawei", "29": "iPhone", "32": "Nokia"}
    assert {id: found[id]["brand"] for id in real} == real
    assert "BlackBerry" in [brand["brand"] for brand in found.values()]
    assert all(set(brand) == {"brand", "desc"} for brand in found.values())
    assert {id: found[id]["desc"] for id in ("1", "6", "15", "29")} == dict.fromkeys(("1", "6", "15", "29"), "")
    assert any(brand["desc"] for brand in found.values())
    assert "0" not in found


async def test_the_list_of_all_devices_has_every_brand_and_a_dummy_one(v1: V1) -> None:
    devices, known = await v1.res("GET", "/devices"), await v1.res("GET", "/brands")
    assert set(devices) == {"0", *known}
    assert sum(len(of_brand) for brand, of_brand in devices.items() if brand != "0") > 1_300
    everything = [id for of_brand in devices.values() for id in of_brand]
    assert len(set(everything)) == len(everything)
    for id in known:
        assert await v1.res("GET", f"/devices/{id}") == {id: devices[id]}


async def test_devices_have_their_real_ids(v1: V1) -> None:
    devices = await v1.res("GET", "/devices")
    names = {"15910": "iPhone 6", "15429": "iPhone 5", "25327": "iPhone 14 Pro", "20403": "iPhone Xs"}
    assert {id: devices["29"][id]["name"] for id in names} == names
    assert "all models" in devices["22"]["15531"]["name"]
    assert devices["32"]["1697"]["name"] == "5230"


async def test_a_device_has_name_picture_and_paragraphs(v1: V1) -> None:
    found = await v1.res("GET", "/devices/29/15910")
    device = found["29"]["15910"]
    assert list(device) == ["name", "img", "desc"]
    assert device["img"] == "https://img1.doctorsim.com/img/term/iphone_6.png"
    assert re.fullmatch(r"(<p>.+</p>\n?)+", device["desc"])
    assert found == {"29": {"15910": (await v1.res("GET", "/devices"))["29"]["15910"]}}


@pytest.mark.parametrize(
    "path",
    [
        "/networks/33",
        "/networks/0",
        "/devices/0",
        "/devices/7",
        "/devices/7/15910",
        "/devices/29/1",
        "/devices/15/15910",
        "/tools/1/3",
        "/tools/15910/5",
        "/check_order_status/1",
    ],
)
async def test_what_is_unknown_is_not_found(v1: V1, path: str) -> None:
    status, word, info = error_of(await v1.call("GET", path))
    assert (status, word) == (404, "API_ERROR")
    assert info


@pytest.mark.parametrize(
    "path", ["/networks/es", "/devices/-1", "/devices/29/x", "/tools/15910/1e3", "/networks/3%204"]
)
async def test_an_id_that_is_no_number_is_a_bad_parameter(v1: V1, path: str) -> None:
    assert error_of(await v1.call("GET", path))[:2] == (400, "API_ERROR")


async def test_ids_and_names_are_the_same_whatever_the_seed() -> None:
    async def lists(seed: str) -> list[Any]:
        async with serving(seed=seed) as v1:
            return [(await v1.call("GET", path)).content for path in ("/countries", "/networks", "/brands", "/devices")]

    assert await lists("one") == await lists("two")


async def test_the_big_list_is_encoded_once(v1: V1, monkeypatch: pytest.MonkeyPatch) -> None:
    from mockserver.providers.doctorsim_v1 import shop

    first = await v1.call("GET", "/devices")
    monkeypatch.setattr(shop, "envelope", None)
    assert (await v1.beside("other").call("GET", "/devices")).content == first.content
    assert len(first.content) > 500_000


def test_no_brand_has_a_name_twice() -> None:
    for brand in brands():
        names = [device.name for device in brand.devices]
        assert len(set(names)) == len(names)
        assert all(name == " ".join(name.split()) and not set("{}[]") & set(name) for name in names)

"""With a setting every object has a member that no client knows."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.providers.hidsim.hid import BASE, PASSWORD, Hid, hidsim

pytestmark = pytest.mark.anyio
NAME = "undocumented"


def objects(data: Any) -> Iterator[dict[str, Any]]:
    """Every object in JSON data, at any depth."""
    if isinstance(data, dict):
        yield data
    for inner in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from objects(inner)


def without(data: Any) -> Any:
    """JSON data without the member."""
    if isinstance(data, dict):
        return {name: without(value) for name, value in data.items() if name != NAME}
    return [without(one) for one in data] if isinstance(data, list) else data


async def switched(hid: Hid, *, on: bool) -> None:
    """Whether there are extra fields."""
    await hid.world.steer("PATCH", "/settings", {"hidsim.extra_fields": on})


PATHS = (
    *("/auth/me", "/countries", "/services?limit=3&populate=_countryIds", "/services/search?q=wa", "/services/wa"),
    *("/products?limit=3&populate=_service,_country", "/products/tier0020?populate=_country", "/transactions"),
    *("/operations?populate=_user,_product", "/operations/{id}", "/operations/{id}/refetch", "/operations/{id}/close"),
    *("/countries/nothing", "/countries?limit=0&skip=x", "/nothing"),
)


@pytest.mark.parametrize("envelope", ["data", "array", "docs", "results"])
@pytest.mark.parametrize("path", PATHS)
async def test_every_object_has_an_unknown_member_and_is_else_the_same(path: str, envelope: str) -> None:
    async with hidsim() as hid:
        await hid.world.steer("PATCH", "/settings", {"hidsim.list_envelope": envelope})
        operation = await hid.buy("instant1")
        path = path.format(id=operation["_id"])
        await hid.world.advance("1s")
        plain = (await hid.call("GET", path)).json()
        assert all(NAME not in one for one in objects(plain))
        await switched(hid, on=True)
        answer = await hid.call("GET", path)
        assert answer.headers["content-length"] == str(len(answer.content))
        found = list(objects(answer.json()))
        assert found
        assert all(isinstance(one[NAME], list) for one in found), answer.text
        assert without(answer.json()) == plain


@pytest.mark.parametrize("envelope", ["boom", "message", "ok"])
async def test_refusals_and_sessions_have_it_too(envelope: str) -> None:
    async with hidsim(rate_limits="documented") as hid:
        await switched(hid, on=True)
        await hid.world.steer("PATCH", "/settings", {"hidsim.error_envelope": envelope})
        good = {"identifier": "partner", "password": PASSWORD}
        bodies: list[Any] = [good, {**good, "password": "x"}, {"identifier": ""}, []]
        for body in bodies:
            answer = await hid.world.call("POST", f"{BASE}/auth/login", json=body)
            assert all(NAME in one for one in objects(answer.json()))


@pytest.mark.parametrize("text", ['{"a":1}', "He said: {", "{", "{}", '{"', '\\{"a', 'x{","y', '"{"b"', "{'a'}", "\\"])
async def test_texts_that_look_like_objects_stay_as_they_are(text: str) -> None:
    async with hidsim() as hid:
        operation = await hid.buy("nosms001")
        await hid.world.advance("2s")
        assert (await hid.push(operation, "sms", text=text, sender=text)).status_code == 200
        await switched(hid, on=True)
        answer = await hid.call("GET", f"/operations/{operation['_id']}")
        shown = json.loads(answer.content)
        assert (shown["message"], shown["messages"][0]["sender"]) == (text, text)
        assert NAME in shown
        assert NAME in shown["messages"][0]

"""`/docs` and `/redoc` on HidSim's host lead to the documentation of the emulation."""

import pytest

from tests.providers.hidsim.hid import BASE, hidsim, refusal
from tests.support import ORIGIN

pytestmark = pytest.mark.anyio
PAGE = "/_mock/docs/hidsim"


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/docs/", "/redoc/"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_it_leads_to_the_page_of_the_same_sandbox(path: str, method: str) -> None:
    async with hidsim() as hid:
        for world, page in ((hid.world, PAGE), (hid.world.beside("other"), f"/~other{PAGE}")):
            answer = await world.call(method, f"{BASE}{path}")
            assert (answer.status_code, answer.headers["location"], answer.content) == (302, page, b"")
            assert answer.headers["X-Mock-Assumed"] == "true"


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_the_page_that_it_leads_to_is_there(path: str) -> None:
    async with hidsim() as hid:
        for world in (hid.world, hid.world.beside("other")):
            answer = await world.client.get(f"{world.prefix}{BASE}{path}", follow_redirects=True)
            assert (answer.status_code, answer.url.path) == (200, f"{world.prefix}{PAGE}")
            assert "POST /products/{productId}/purchase" in answer.text


@pytest.mark.parametrize("host", ["api.hidsim.com", "API.hidsim.com:7460"])
async def test_under_the_host_s_own_name_it_leads_to_the_server_s_own_address(host: str) -> None:
    async with hidsim() as hid:
        for world, page in ((hid.world, PAGE), (hid.world.beside("other"), f"/~other{PAGE}")):
            answer = await world.call("GET", "/docs", headers={"Host": host})
            assert answer.status_code == 302
            # The client in process tells no port but that of its address.
            assert answer.headers["location"] == f"{ORIGIN}{page}"


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/docs"), ("GET", "/docs/more"), ("GET", "/redoc/x"), ("GET", "/doc")]
)
async def test_nothing_else_is_there(method: str, path: str) -> None:
    async with hidsim() as hid:
        refusal(await hid.world.call(method, f"{BASE}{path}"), 404)


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_under_the_documented_profile_they_do_not_exist(path: str) -> None:
    async with hidsim() as hid:
        await hid.world.steer("PATCH", "/settings", {"hidsim.profile": "documented"})
        answer = await hid.world.call("GET", f"{BASE}{path}")
        refusal(answer, 404)
        assert "X-Mock-Assumed" not in answer.headers
